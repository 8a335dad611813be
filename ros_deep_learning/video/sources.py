# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read frames from a video file, a folder of pictures, or a camera."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..paths import PICTURE_SUFFIXES, user_path
from ..pictures.picture_files import read_picture_bgr
from .cameras import NETWORK_LIMITS, WEB, Camera, is_live, is_stream
from .options import VideoOptions
from .patterns import Pattern, is_pattern
from .streams.addresses import without_password
from .streams.pyav import has_pyav
from .streams.receiver import StreamReceiver
from .webrtc.addresses import is_served_here

_log = logging.getLogger(__name__)

PICTURES_PER_SECOND = 1.0
NEED_PYAV = ('rtp://',)
WEBRTC = 'webrtc://'
WHOLE_SHARE = 0.9
"""Some files declare their frames by duration and rate, which is not exact."""


class FrameSource(Protocol):
    """A source of frames; a file can be played from the start any number of times.

    Attributes:
        live: Whether frames arrive at the source's own pace, as from a camera.
    """

    live: bool

    @property
    def rate_hz(self) -> float:
        """Frame rate of the source."""

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames from the start, shape (H, W, 3), uint8, BGR."""


class VideoFile:
    """A video that OpenCV can read, with an end.

    Args:
        path: Its path, or its URL on a web server.

    Raises:
        ImageError: It is missing or not a video.
    """

    live = False

    def __init__(self, path: Path | str) -> None:
        self.path = path
        self._name = without_password(str(path))
        capture = self._open()
        self._rate_hz = float(capture.get(cv2.CAP_PROP_FPS))
        capture.release()

    @property
    def rate_hz(self) -> float:
        """Frame rate that the file declares, or 30 if it declares none."""
        return self._rate_hz if 0 < self._rate_hz < 1000 else 30.0

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames from the start, shape (H, W, 3), uint8, BGR.

        Raises:
            ImageError: No frame can be decoded.
        """
        capture = self._open()
        declared = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        count, seen_s = 0, 0.0
        try:
            while True:
                there, frame = capture.read()
                if not there:
                    break
                count += 1
                # Known until the end is read.
                seen_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
                yield frame.astype(np.uint8, copy=False)
        finally:
            capture.release()
        # Of a variable rate, fewer frames than declared last as long.
        if count and max(count, seen_s * self._rate_hz) < WHOLE_SHARE * declared:
            words = '%s broke off after %d of %d frames'
            _log.warning(words, self._name, count, declared)
        if not count:
            of_server = (
                'its server may not answer range requests, as python3 -m http.server does not; to '
                'fix: download it, or write it with ffmpeg -c copy -movflags +faststart'
            )
            fix = 'try to play it with ffplay' if isinstance(self.path, Path) else of_server
            msg = f'{self._name} has no frame that can be decoded; {fix}'
            raise ImageError(msg)

    def _open(self) -> cv2.VideoCapture:
        if isinstance(self.path, Path):
            capture = cv2.VideoCapture(str(self.path))
        else:
            capture = cv2.VideoCapture(self.path, cv2.CAP_FFMPEG, NETWORK_LIMITS)
        if not capture.isOpened():
            msg = f'cannot read {self._name} as a video; try to play it with ffplay'
            raise ImageError(msg)
        return capture


class SeveralPictures:
    """Pictures, each a frame.

    Attributes:
        paths: The files, in order.
        left_out: How many of them could not be read when they were played last.
    """

    live = False

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = list(paths)
        self.left_out = 0

    @property
    def rate_hz(self) -> float:
        """Pictures a second."""
        return PICTURES_PER_SECOND

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the pictures in order, shape (H, W, 3), uint8, BGR.

        One that cannot be read is left out, with a warning in the log.

        Raises:
            ImageError: None of them can be read.
        """
        for _, picture in self.numbered():
            yield picture

    def numbered(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield each picture as ``frames`` does, with its index in ``paths``."""
        self.left_out = 0
        for index, path in enumerate(self.paths):
            try:
                picture = read_picture_bgr(path)
            except ImageError as err:
                self.left_out += 1
                _log.warning('%s: left out (%d so far)', err, self.left_out)
                if self.left_out == len(self.paths):
                    msg = f'cannot read {path} as a picture; remove or replace it'
                    raise ImageError(msg) from err
                continue
            yield index, picture


class PictureFolder(SeveralPictures):
    """The pictures of a folder sorted by name, one picture, or those that match a pattern.

    Args:
        path: The folder or picture; ``*``, ``?`` and ``[`` in its last part make it a pattern.

    Raises:
        ImageError: There is no such picture.
    """

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            names = sorted(path.iterdir())
        else:
            names = [path] if path.exists() else sorted(path.parent.glob(path.name))
        super().__init__([p for p in names if p.suffix.lower() in PICTURE_SUFFIXES])
        if not self.paths:
            msg = f'no picture in {path}; known are {", ".join(PICTURE_SUFFIXES)}'
            raise ImageError(msg)


def open_frames(resource: str, options: VideoOptions | None = None) -> FrameSource:
    """Open a video file, a picture, a folder or pattern of pictures, a camera or a stream.

    What an http address has is looked up, which takes up to 5 s: a video with an end is a file.

    Args:
        resource: A path, with or without a leading ``file://``, or a resource of ``Camera``.
        options: Requested size, rate and codec of a camera or stream.

    Raises:
        ImageError: The path does not exist, or is neither a video nor a picture. A camera that is
            unavailable does not raise here but in its ``frames``, since it may come back.
    """
    if is_live(resource):
        return _open_live(resource, options or VideoOptions())
    path = user_path(resource.removeprefix('file://'))
    pattern = any(sign in path.name for sign in '*?[') and path.parent.is_dir()
    if not resource or not (path.exists() or pattern):
        msg = f'no file or folder {resource!r}; expected a video, picture or folder of pictures'
        raise ImageError(msg)
    if pattern or path.is_dir() or path.suffix.lower() in PICTURE_SUFFIXES:
        return PictureFolder(path)
    return VideoFile(path)


def _open_live(resource: str, options: VideoOptions) -> FrameSource:
    if is_pattern(resource):
        return Pattern(resource, options)
    if resource.lower().startswith(WEBRTC):
        return _open_webrtc(resource, options)
    if not is_stream(resource):
        return Camera(resource, options)
    if resource.lower().startswith(WEB):
        camera = Camera(resource, options)
        if camera.is_file():
            return VideoFile(resource)
        if not has_pyav():
            return camera
    elif not has_pyav() and not resource.lower().startswith(NEED_PYAV):
        return Camera(resource, options)
    return StreamReceiver(resource, options)


def _open_webrtc(resource: str, options: VideoOptions) -> FrameSource:
    # Here, since importing their HTTP takes a tenth of what a node imports, and few need it.
    from .webrtc.receiver import WhepReceiver
    from .webrtc.whip_receiver import WhipReceiver

    is_here = is_served_here(resource)
    return WhipReceiver(resource, options) if is_here else WhepReceiver(resource, options)


def has_end(resource: str) -> bool:
    """Return whether a resource is played to its end: a file, also one on a web server.

    Raises:
        ImageError: The scheme of the URL is not supported.
    """
    if not is_live(resource):
        return True
    return resource.lower().startswith(WEB) and not open_frames(resource).live
