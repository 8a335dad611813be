# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Streams that are received through PyAV: RTSP, RTP, MJPEG and HLS over HTTP, and others."""

from __future__ import annotations

import io
import logging
import math
import struct
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import CameraError, ImageError
from ..ahead import read_ahead
from ..options import DEFAULT_RATE_HZ, VideoOptions
from ..stamped import StampedFrame
from .addresses import read_address, without_password
from .pyav import cause, load_pyav
from .sdp import RTP_FORMATS, describe

_log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
WARN_PERIOD_S = 30.0
_PRFT = struct.Struct('@q')
"""Beginning of FFmpeg's AVProducerReferenceTime: microseconds since 1970."""


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """A decoded frame of PyAV or the bytes of a JPEG, which only the reader decodes."""

    content: Any
    captured_ns: int | None


class StreamReceiver:
    """A stream from a network, which may be unavailable at first and may end at any time.

    A slow reader gets the newest frame; those before it are left out.

    Args:
        resource: Such as ``rtsp://host/name``, ``rtp://@:5004`` or ``http://host/video``. Where
            rtp:// has no host, packets of this machine only are received.
        options: Requested rate; codec of rtp://, which is H.264 if unknown.

    Raises:
        BackendUnavailableError: PyAV is not installed.
        ImageError: The address or the codec is wrong.
    """

    live = True

    def __init__(self, resource: str, options: VideoOptions) -> None:
        self._name = without_password(resource)
        self._av = load_pyav(self._name)
        self._options = options
        self._resource = resource
        self._description = self._codec = ''
        self._damaged = 0
        self._warned_s = -math.inf
        if resource.lower().startswith('rtp://'):
            self._description = self._described(resource)

    @property
    def rate_hz(self) -> float:
        """Requested frame rate, or 30 if none was requested."""
        return self._options.rate_hz or DEFAULT_RATE_HZ

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames as ``stamped_frames`` does, shape (H, W, 3), uint8, BGR."""
        for frame in self.stamped_frames():
            yield frame.image_bgr

    def stamped_frames(self) -> Iterator[StampedFrame]:
        """Yield the newest frame each time, until an error.

        Frames have the time of capture once the sender has told it in RTCP. Damaged packets are
        left out, with a warning in the log.

        Raises:
            CameraError: The stream is unavailable, ends, or has no picture.
        """
        for picture in read_ahead(self._pictures()):
            try:
                image = self._decoded(picture.content)
            except ImageError as err:
                self._warn_of_damage(str(err))
                continue
            yield StampedFrame(image, picture.captured_ns)

    def _described(self, resource: str) -> str:
        codec = 'h264' if self._options.codec == 'unknown' else self._options.codec
        if codec not in RTP_FORMATS:
            known = ', '.join(RTP_FORMATS)
            msg = f'{resource}: codec {codec} is not one of RTP; expected one of {known}'
            raise ImageError(msg)
        address = read_address(resource)
        self._codec = codec
        self._host = address.host
        return describe(codec, address.host, address.port)

    def _pictures(self) -> Generator[_Picture, None, None]:
        container = self._opened()
        pictured_s = time.monotonic()
        try:
            video = container.streams.video[0]
            raw = self._options.decode_jpeg is not None and video.codec_context.name == 'mjpeg'
            # Threads that share the work by frames would hold frames back.
            video.thread_type = 'SLICE'
            times: dict[int | None, int] = {}
            for packet in container.demux(video):
                if not packet.size:
                    continue
                captured_ns = self._captured_ns(packet)
                if raw:
                    yield _Picture(bytes(packet), captured_ns)
                    continue
                if captured_ns is not None:
                    times[packet.pts] = captured_ns
                    if len(times) > 64:
                        del times[next(iter(times))]
                frames: list[Any] = []
                try:
                    frames = packet.decode()
                except self._av.FFmpegError as err:
                    self._warn_of_damage(cause(err))
                now_s = time.monotonic()
                pictured_s = now_s if frames else pictured_s
                if now_s - pictured_s > TIMEOUT_S:
                    raise CameraError(self._unpictured(video))
                for frame in frames:
                    yield _Picture(frame, times.pop(frame.pts, None))
        except self._av.FFmpegError as err:
            raise CameraError(self._broken(err)) from err
        finally:
            container.close()
        msg = f'{self._name} gives no more frames'
        raise CameraError(msg)

    def _opened(self) -> Any:
        options = {
            # Streams have no constant rate that would be worth waiting for.
            'fpsprobesize': '0',
            'max_delay': str(1000 * self._options.latency_ms),
        }
        timeout = (TIMEOUT_S, TIMEOUT_S)
        try:
            if self._description:
                # Unlike an address, a description of the stream opens other protocols too.
                options |= {'protocol_whitelist': 'udp,rtp', 'localaddr': self._host}
                content = io.BytesIO(self._description.encode())
                container = self._av.open(content, format='sdp', options=options, timeout=timeout)
            else:
                if self._resource.lower().startswith('rtsp'):
                    # Of UDP, a firewall would leave nothing, without an error.
                    options['rtsp_transport'] = 'tcp'
                container = self._av.open(self._resource, options=options, timeout=timeout)
        except self._av.FFmpegError as err:
            raise CameraError(self._unopened(err)) from err
        if not container.streams.video:
            container.close()
            msg = f'{self._name} has no video'
            raise CameraError(msg)
        return container

    def _captured_ns(self, packet: Any) -> int | None:
        with suppress(AttributeError):  # PyAV before 15 does not tell it
            if packet.has_sidedata('prft'):
                return 1000 * int(_PRFT.unpack_from(bytes(packet.get_sidedata('prft')))[0])
        return None

    def _decoded(self, content: Any) -> NDArray[np.uint8]:
        if isinstance(content, bytes):
            assert self._options.decode_jpeg is not None
            return self._options.decode_jpeg(np.frombuffer(content, np.uint8))
        try:
            return np.asarray(content.to_ndarray(format='bgr24'), np.uint8)
        except (ValueError, self._av.FFmpegError) as err:
            msg = f'pixels as {content.format.name} cannot be converted: {cause(err)}'
            raise ImageError(msg) from err

    def _unopened(self, err: Exception) -> str:
        if isinstance(err, self._av.error.ExitError):
            what = f' as {self._codec}' if self._codec else ''
            return f'{self._name} sent nothing that can be played{what} in {TIMEOUT_S:.0f} s'
        why = cause(err)
        if self._description and 'in use' in why:
            return f'{self._name}: the port or the one above it is in use by another program'
        return f'cannot open {self._name}: {why}'

    def _broken(self, err: Exception) -> str:
        if isinstance(err, self._av.error.ExitError):
            return f'{self._name} sent nothing for {TIMEOUT_S:.0f} s'
        why = cause(err)
        # A server that closes the connection has no other way to say so.
        end = '' if 'ends prematurely' in why else f': {why}'
        return f'{self._name} gives no more frames{end}'

    def _unpictured(self, video: Any) -> str:
        fix = '; to fix: name the codec that is sent' if self._codec else ''
        return (
            f'{self._name} sent packets, but no picture of {video.codec_context.name}, for '
            f'{TIMEOUT_S:.0f} s{fix}'
        )

    def _warn_of_damage(self, why: str) -> None:
        self._damaged += 1
        now_s = time.monotonic()
        if now_s - self._warned_s >= WARN_PERIOD_S:
            self._warned_s = now_s
            words = 'left out an image of %s (%d so far): %s'
            _log.warning(words, self._name, self._damaged, why)
