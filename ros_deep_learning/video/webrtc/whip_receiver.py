# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Take a WebRTC stream that is sent here by WHIP, as by OBS or a browser's camera."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError, SenderAwaitedError
from ..options import DEFAULT_RATE_HZ, VideoOptions
from .addresses import server_address
from .exchange import TIMEOUT_S
from .peers import load_aiortc

if TYPE_CHECKING:
    from .newest import Newest
    from .server import PeerServer

_log = logging.getLogger(__name__)

MOST_SENDERS = 4
"""The one that is shown, and those that try to take its place."""


class WhipReceiver:
    """A server of WHIP and of a page that sends the browser's camera; the newest sender is shown.

    It listens until the object is collected, so that a sender finds it also between two calls
    of ``frames``. A slow reader gets the newest frame; those before it are left out.

    Args:
        resource: ``webrtc://@:8554/name`` for senders of this machine alone, or
            ``webrtc://0.0.0.0:8554/name`` for those of the network who have the token.
        options: Requested rate.

    Raises:
        BackendUnavailableError: aiortc is not installed.
        SettingsError: The address is of no known form, taken, or not of this machine.
    """

    live = True

    def __init__(self, resource: str, options: VideoOptions) -> None:
        load_aiortc(resource)
        self._name, self._options = resource, options
        self._senders = _Senders(resource)
        weakref.finalize(self, self._senders.server.close)

    @property
    def url(self) -> str:
        """What to open in a browser to send its camera; on a network it has the token."""
        return self._senders.server.url

    @property
    def rate_hz(self) -> float:
        """Requested frame rate, or 30 if none was requested."""
        return self._options.rate_hz or DEFAULT_RATE_HZ

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the newest frame each time, shape (H, W, 3), uint8, BGR, until an error.

        Raises:
            SenderAwaitedError: Nobody has sent anything for 5 s.
        """
        number = 0
        while True:
            coming = asyncio.run_coroutine_threadsafe(
                self._senders.newest.after(number), self._senders.server.loop
            )
            try:
                number, frame = coming.result(TIMEOUT_S)
            except (FutureTimeoutError, TimeoutError) as err:
                coming.cancel()
                where = self._senders.server.offers_url
                msg = f'nobody sends to {self._name}; the address for WHIP, as in OBS, is {where}'
                raise SenderAwaitedError(msg) from err
            yield np.asarray(frame.to_ndarray(format='bgr24'), np.uint8)


class _Senders:
    """The frames of the newest sender; apart from the receiver, which the server outlives."""

    def __init__(self, resource: str) -> None:
        # aiohttp is an extra.
        from .newest import Newest
        from .server import PeerServer

        address, name = server_address(resource)
        self.newest: Newest[Any] = Newest(lambda function: self.server.call(function))
        self.server: PeerServer = PeerServer(
            address=address,
            name=name,
            method='whip',
            page='send',
            attach=self._attach,
            most_peers=MOST_SENDERS,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        words = 'waits for a camera: send it by WHIP to %s, or open %s in a browser'
        _log.info(words, self.server.offers_url, self.server.url)

    def _attach(self, key: str, peer: Any) -> None:
        transceivers = peer.getTransceivers()
        if all(transceiver.kind != 'video' for transceiver in transceivers):
            msg = 'it offers no video'
            raise ImageError(msg)
        for transceiver in transceivers:
            if transceiver.kind == 'video':
                task = asyncio.ensure_future(self._receive(key, transceiver.receiver.track))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                # Sound that nobody reads would pile up.
                transceiver.direction = 'inactive'

    async def _receive(self, key: str, track: Any) -> None:
        from aiortc.mediastreams import MediaStreamError

        has_begun = False
        try:
            while True:
                frame = await track.recv()
                if not has_begun:
                    has_begun = True
                    await self.server.leave_others(key)
                self.newest.put(frame)
        except MediaStreamError:
            await self.server.leave(key)
