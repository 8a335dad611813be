# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames of a video file, of a folder of pictures, or of a camera."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from .cameras import Camera, StreamOptions, is_live

PICTURE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp')
PICTURES_PER_SECOND = 1.0


class FrameSource(Protocol):
    """Something that can be played, a file from its start and any number of times.

    Attributes:
        live: Whether it keeps its own time, as a camera does.
    """

    live: bool

    @property
    def rate_hz(self) -> float:
        """Frames a second at its own speed."""

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Give the frames from the start, shape (H, W, 3), uint8, BGR."""


class VideoFile:
    """A video file that OpenCV can read.

    Raises:
        ImageError: The file is missing, or is no video.
    """

    live = False

    def __init__(self, path: Path) -> None:
        self.path = path
        capture = self._open()
        self._rate_hz = float(capture.get(cv2.CAP_PROP_FPS))
        capture.release()

    @property
    def rate_hz(self) -> float:
        """Frames a second that the file states, or 30 where it states none."""
        return self._rate_hz if 0 < self._rate_hz < 1000 else 30.0

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Give the frames from the start, shape (H, W, 3), uint8, BGR."""
        capture = self._open()
        try:
            while True:
                there, frame = capture.read()
                if not there:
                    return
                yield frame.astype(np.uint8, copy=False)
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self.path))
        if not capture.isOpened():
            msg = f'cannot read {self.path} as a video; try to play it with ffplay'
            raise ImageError(msg)
        return capture


class PictureFolder:
    """The pictures of a folder by name, a single picture, or those that fit a pattern.

    Args:
        path: The folder or picture; ``*``, ``?`` and ``[`` in its last part make it a pattern.

    Raises:
        ImageError: There is no such picture.
    """

    live = False

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            names = sorted(path.iterdir())
        else:
            names = [path] if path.exists() else sorted(path.parent.glob(path.name))
        self.paths = [p for p in names if p.suffix.lower() in PICTURE_SUFFIXES]
        if not self.paths:
            msg = f'no picture in {path}; known are {", ".join(PICTURE_SUFFIXES)}'
            raise ImageError(msg)

    @property
    def rate_hz(self) -> float:
        """Pictures a second."""
        return PICTURES_PER_SECOND

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Give the pictures in order, shape (H, W, 3), uint8, BGR."""
        for path in self.paths:
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is None:
                msg = f'cannot read {path} as a picture; remove or replace it'
                raise ImageError(msg)
            yield picture.astype(np.uint8, copy=False)


def open_frames(resource: str, options: StreamOptions | None = None) -> FrameSource:
    """Open a video file, a picture, a folder or pattern of pictures, a camera or a stream.

    Args:
        resource: A path, with or without ``file://`` before it, or what ``Camera`` takes.
        options: What a camera or stream is asked for.

    Raises:
        ImageError: There is nothing at the path, or nothing that can be played. A camera that is
            away is told by its ``frames``, since it may come back.
    """
    if is_live(resource):
        return Camera(resource, options or StreamOptions())
    path = Path(resource.removeprefix('file://')).expanduser()
    pattern = any(sign in path.name for sign in '*?[') and path.parent.is_dir()
    if not resource or not (path.exists() or pattern):
        msg = f'no file or folder {resource!r}; want a video, a picture or a folder of pictures'
        raise ImageError(msg)
    if pattern or path.is_dir() or path.suffix.lower() in PICTURE_SUFFIXES:
        return PictureFolder(path)
    return VideoFile(path)
