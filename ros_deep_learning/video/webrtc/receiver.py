# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Receive a WebRTC stream by WHEP."""

from __future__ import annotations

import asyncio
import ipaddress
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from ...errors import CameraError
from ...text import one_line
from ..ahead import read_ahead
from ..options import DEFAULT_RATE_HZ, VideoOptions
from ..streams.addresses import without_password
from .peers import load_aiortc, new_peer, on_loopback

TIMEOUT_S = 5.0


class WhepReceiver:
    """A stream of WebRTC, which may be unavailable at first and may end at any time.

    A slow reader gets the newest frame; those before it are left out.

    Args:
        resource: ``webrtc://host:8554/name``; the stream is asked for at
            ``http://host:8554/name/whep``.
        options: Requested rate.

    Raises:
        BackendUnavailableError: aiortc is not installed.
    """

    live = True

    def __init__(self, resource: str, options: VideoOptions) -> None:
        self._name = without_password(resource).partition('?')[0]
        self._aiortc = load_aiortc(self._name)
        parts = urlsplit(resource)
        self._host = parts.hostname or 'localhost'
        port = f':{parts.port}' if parts.port else ''
        query = f'?{parts.query}' if parts.query else ''
        shown = f'[{self._host}]' if ':' in self._host else self._host
        self._url = f'http://{shown}{port}/{parts.path.strip("/")}/whep{query}'
        self._options = options

    @property
    def rate_hz(self) -> float:
        """Requested frame rate, or 30 if none was requested."""
        return self._options.rate_hz or DEFAULT_RATE_HZ

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the newest frame each time, shape (H, W, 3), uint8, BGR, until an error.

        Raises:
            CameraError: The stream is unavailable, ends, or sends nothing for 5 s.
        """
        for frame in read_ahead(self._received()):
            yield np.asarray(frame.to_ndarray(format='bgr24'), np.uint8)

    def _received(self) -> Generator[Any, None, None]:
        loop = asyncio.new_event_loop()
        peer = loop.run_until_complete(self._new_peer())
        try:
            track = loop.run_until_complete(self._connected(peer))
            while True:
                yield loop.run_until_complete(asyncio.wait_for(track.recv(), TIMEOUT_S))
        except (asyncio.TimeoutError, TimeoutError) as err:
            msg = f'{self._name} sent nothing for {TIMEOUT_S:.0f} s'
            raise CameraError(msg) from err
        except self._aiortc.mediastreams.MediaStreamError as err:
            msg = f'{self._name} gives no more frames'
            raise CameraError(msg) from err
        finally:
            loop.run_until_complete(peer.close())
            loop.close()

    async def _new_peer(self) -> Any:
        return new_peer(self._aiortc)

    async def _connected(self, peer: Any) -> Any:
        transceiver = peer.addTransceiver('video', direction='recvonly')
        with on_loopback(alone=_is_loopback(self._host)):
            await peer.setLocalDescription(await peer.createOffer())
            answer = await asyncio.get_running_loop().run_in_executor(
                None, self._ask, peer.localDescription.sdp
            )
            description = self._aiortc.RTCSessionDescription(answer, 'answer')
            try:
                await peer.setRemoteDescription(description)
            except Exception as err:
                msg = f'{self._name}: the answer is none of WebRTC ({one_line(err)})'
                raise CameraError(msg) from err
        return transceiver.receiver.track

    def _ask(self, offer: str) -> str:
        request = urllib.request.Request(  # noqa: S310  http:// is put before it above
            self._url, offer.encode(), {'Content-Type': 'application/sdp'}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                return str(answer.read(64 * 1024).decode('utf-8', 'replace'))
        except urllib.error.HTTPError as err:
            msg = f'{self._name}: its server answers {err.code} {err.reason}'
            raise CameraError(msg) from err
        except OSError as err:
            reason = getattr(err, 'reason', err)
            msg = f'cannot open {self._name}: {one_line(reason)}'
            raise CameraError(msg) from err


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'
