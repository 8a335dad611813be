# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Cameras and network streams, read through OpenCV."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import CameraError, ImageError
from .devices import devices_text
from .options import CAMERA_CODECS, DEFAULT_RATE_HZ, VideoOptions
from .streams.addresses import without_password

_log = logging.getLogger(__name__)

TIMEOUT_MS = 5000
NETWORK_LIMITS = (
    *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, TIMEOUT_MS),
    *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, TIMEOUT_MS),
)
WARN_PERIOD_S = 30.0
JPEG_CODES = (b'MJPG', b'JPEG')
WEB = ('http://', 'https://')
STREAM_SCHEMES = ('rtsp', 'rtsps', 'rtp', 'http', 'https', 'rtmp', 'udp', 'tcp')
LIVE_SCHEMES = ('v4l2', 'csi', *STREAM_SCHEMES, 'webrtc', 'pattern')
PIPELINE = 'gst:'
APPSINK = 'videoconvert ! video/x-raw, format=BGR ! appsink drop=true max-buffers=1'
_SCHEME = re.compile(r'([a-z0-9+.-]+)://', re.IGNORECASE)


class Camera:
    """A live source, which may be unavailable at first and may disappear at any time.

    Args:
        resource: ``/dev/video0``, ``v4l2:///dev/video0``, ``csi://0``, ``gst:`` and a pipeline, or
            the URL of a stream.
        options: Requested size, rate and codec.

    Raises:
        ImageError: This OpenCV is built without support for such a source.
    """

    live = True

    def __init__(self, resource: str, options: VideoOptions) -> None:
        self._resource, self._options = resource, options
        self._damaged = 0
        self._warned_s = -math.inf
        scheme, _, rest = resource.partition('://')
        if resource.startswith(PIPELINE):
            _require_backend(cv2.CAP_GSTREAMER, 'GStreamer', resource)
            self._source, self._api = whole_pipeline(resource), cv2.CAP_GSTREAMER
        elif scheme == 'csi':
            _require_backend(cv2.CAP_GSTREAMER, 'GStreamer', resource)
            self._source, self._api = csi_pipeline(rest, options), cv2.CAP_GSTREAMER
        elif scheme == 'v4l2' or resource.startswith('/dev/'):
            _require_backend(cv2.CAP_V4L2, 'V4L2', resource)
            self._source = rest if scheme == 'v4l2' else resource
            self._api = cv2.CAP_V4L2
        elif _has_backend(cv2.CAP_FFMPEG):
            self._source, self._api = resource, cv2.CAP_FFMPEG
        else:
            _require_backend(cv2.CAP_GSTREAMER, 'FFmpeg or GStreamer', resource)
            self._source = stream_pipeline(resource, options)
            self._api = cv2.CAP_GSTREAMER

    @property
    def rate_hz(self) -> float:
        """Requested frame rate, or 30 if none was requested."""
        return self._options.rate_hz or DEFAULT_RATE_HZ

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames as they arrive, shape (H, W, 3), uint8, BGR, until an error.

        Damaged JPEG images are left out, with a warning in the log.

        Raises:
            CameraError: The camera is unavailable, or delivers no more frames.
        """
        capture = self._open()
        decode = self._options.decode_jpeg if self._gives_jpeg(capture) else None
        try:
            while True:
                there, frame = capture.read()
                if not there:
                    msg = f'{without_password(self._resource)} gives no more frames'
                    raise CameraError(msg)
                image = frame.astype(np.uint8, copy=False)
                try:
                    if decode is not None:
                        image = decode(image.ravel())
                except ImageError as err:
                    self._warn_of_damage(err)
                else:
                    yield image
        finally:
            capture.release()

    def is_file(self) -> bool:
        """Return whether it is a video on a web server: one that can be opened and has an end."""
        if self._api != cv2.CAP_FFMPEG or not self._resource.lower().startswith(WEB):
            return False
        try:
            capture = self._open()
        except CameraError:
            return False
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        capture.release()
        return bool(count > 0)

    def _gives_jpeg(self, capture: cv2.VideoCapture) -> bool:
        """Ask OpenCV for the JPEG images of a camera undecoded; return whether it gives them."""
        code = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, 'little', signed=True)
        if self._options.decode_jpeg is None or code not in JPEG_CODES:
            return False
        as_they_are = {
            cv2.CAP_V4L2: (cv2.CAP_PROP_CONVERT_RGB, 0),
            cv2.CAP_FFMPEG: (cv2.CAP_PROP_FORMAT, -1),
        }
        return self._api in as_they_are and capture.set(*as_they_are[self._api])

    def _warn_of_damage(self, err: ImageError) -> None:
        self._damaged += 1
        now_s = time.monotonic()
        if now_s - self._warned_s >= WARN_PERIOD_S:
            self._warned_s = now_s
            words = 'left out an image of %s (%d so far): %s'
            _log.warning(words, without_password(self._resource), self._damaged, err)

    def _open(self) -> cv2.VideoCapture:
        if self._api == cv2.CAP_V4L2 and not Path(self._source).exists():
            msg = f'no camera at {self._source}; {devices_text()}'
            raise CameraError(msg)
        limits = NETWORK_LIMITS if self._api == cv2.CAP_FFMPEG else ()
        capture = cv2.VideoCapture(self._source, self._api, limits)
        if not capture.isOpened():
            there = f'; {devices_text()}' if self._api == cv2.CAP_V4L2 else ''
            msg = (
                f'cannot open {without_password(self._resource)}; is it there, and not in use by '
                f'another program{there or "?"}'
            )
            raise CameraError(msg)
        if self._api == cv2.CAP_V4L2:
            self._request_format(capture)
        return capture

    def _request_format(self, capture: cv2.VideoCapture) -> None:
        options = self._options
        if code := CAMERA_CODECS[options.codec]:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*code))
        requested: tuple[tuple[int, Any], ...] = (
            (cv2.CAP_PROP_FRAME_WIDTH, options.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, options.height),
            (cv2.CAP_PROP_FPS, options.rate_hz),
        )
        for name, value in requested:
            if value:
                capture.set(name, value)
        got = [round(capture.get(name), 2) for name, _ in requested]
        if any(value and value != given for (_, value), given in zip(requested, got, strict=True)):
            asked = [value or 'any' for _, value in requested]
            words = '%s was asked for %sx%s at %s Hz and gives %gx%g at %g Hz'
            _log.warning(words, without_password(self._resource), *asked, *got)


def is_live(resource: str) -> bool:
    """Return whether a resource is a camera or a stream, not a file.

    Raises:
        ImageError: The scheme of the URL is not supported.
    """
    found = _SCHEME.match(resource)
    if not found or resource.startswith(PIPELINE):
        return resource.startswith(('/dev/', PIPELINE))
    scheme = found[1].lower()
    if scheme == 'file':
        return False
    if scheme not in LIVE_SCHEMES:
        known = ', '.join(f'{name}://' for name in ('file', *LIVE_SCHEMES))
        msg = f'cannot play {resource}: known are {known}, gst:, paths and /dev/video0'
        raise ImageError(msg)
    return True


def is_stream(resource: str) -> bool:
    """Return whether a resource is a stream from a network."""
    return resource.partition('://')[0].lower() in STREAM_SCHEMES and '://' in resource


def csi_pipeline(sensor: str, options: VideoOptions) -> str:
    """Return the GStreamer pipeline of a camera at a Jetson's CSI port.

    Args:
        sensor: Number of the sensor, as text.
        options: Requested size and rate.

    Raises:
        ImageError: The sensor is not a number.
    """
    if not sensor.isdecimal():
        msg = f'csi://{sensor}: expected a number, as in csi://0'
        raise ImageError(msg)
    caps = ['video/x-raw(memory:NVMM)']
    if options.width and options.height:
        caps += [f'width={options.width}', f'height={options.height}']
    if options.rate_hz:
        caps.append(f'framerate={round(options.rate_hz * 1000)}/1000')
    return (
        f'nvarguscamerasrc sensor-id={sensor} ! {", ".join(caps)} ! nvvidconv ! '
        f'video/x-raw, format=BGRx ! {APPSINK}'
    )


def stream_pipeline(address: str, options: VideoOptions) -> str:
    """Return the GStreamer pipeline of a network stream.

    Raises:
        ImageError: The address contains a quote or a backslash, which would end it early in the
            pipeline's text.
    """
    if '"' in address or '\\' in address:
        msg = f'{address}: an address cannot have quotes or backslashes'
        raise ImageError(msg)
    if address.startswith('rtsp'):
        source = f'rtspsrc location="{address}" latency={options.latency_ms} ! decodebin'
    else:
        source = f'uridecodebin uri="{address}"'
    return f'{source} ! {APPSINK}'


def whole_pipeline(resource: str) -> str:
    """Return a user's GStreamer pipeline, with an end that hands over the frames.

    Args:
        resource: ``gst:`` and the pipeline; one that ends with an appsink stays as it is.

    Raises:
        ImageError: There is no pipeline.
    """
    text = resource[len(PIPELINE) :].strip().rstrip('!').rstrip()
    if not text:
        msg = f'{resource!r} has no pipeline; expected such as gst:videotestsrc'
        raise ImageError(msg)
    return text if 'appsink' in text.rpartition('!')[2] else f'{text} ! {APPSINK}'


def _has_backend(api: int) -> bool:
    return bool(cv2.videoio_registry.hasBackend(api))


def _require_backend(api: int, name: str, resource: str) -> None:
    if not _has_backend(api):
        msg = (
            f'{resource} needs an OpenCV built with {name}, which this one is not; '
            "apt's python3-opencv and JetPack's have it"
        )
        raise ImageError(msg)
