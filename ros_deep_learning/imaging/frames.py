# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames of a video file or of a folder of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError

PICTURE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp')
PICTURES_PER_SECOND = 1.0


class FrameSource(Protocol):
    """Something that can be played from its start, any number of times."""

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
    """The pictures of a folder by name, or a single picture.

    Raises:
        ImageError: The folder has no picture.
    """

    def __init__(self, path: Path) -> None:
        names = sorted(path.iterdir()) if path.is_dir() else [path]
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


def open_frames(resource: str) -> FrameSource:
    """Open a video file, a picture, or a folder of pictures.

    Args:
        resource: A path, with or without ``file://`` before it.

    Raises:
        ImageError: There is nothing at the path, or nothing that can be played.
    """
    path = Path(resource.removeprefix('file://')).expanduser()
    if not resource or not path.exists():
        msg = f'no file or folder {resource!r}; want a video, a picture or a folder of pictures'
        raise ImageError(msg)
    if path.is_dir() or path.suffix.lower() in PICTURE_SUFFIXES:
        return PictureFolder(path)
    return VideoFile(path)
