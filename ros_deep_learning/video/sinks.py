# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where frames go: a folder of pictures, or a video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from .sources import PICTURE_SUFFIXES

OUTPUT_CODECS = {
    'h264': 'avc1',
    'h265': 'hvc1',
    'vp8': 'VP80',
    'vp9': 'VP90',
    'mpeg4': 'mp4v',
    'mjpeg': 'MJPG',
}
"""Four-character codes by jetson-inference's name."""

VIDEO_SUFFIXES = {'.avi': 'mjpeg', '.mkv': 'mpeg4', '.mov': 'mpeg4', '.mp4': 'mpeg4'}
"""The codec of each kind of file that every OpenCV can write."""

NUMBERED = 'frame-%06d.jpg'


class Sink(Protocol):
    """Takes frames in order; must be closed.

    Attributes:
        paths: The files that were written; those of a folder of pictures are one entry, the
            folder.
    """

    paths: list[Path]

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Take one frame, shape (H, W, 3), uint8."""

    def close(self) -> None:
        """Finish; twice is harmless."""


class PictureSink:
    """Writes each frame as a picture.

    Args:
        folder: Where they go; made if missing.
        names: Names of the first ones.
        form: Name of each further one, with its number as ``%d``.

    Raises:
        ImageError: The folder cannot be made, or the form is none.
    """

    def __init__(self, folder: Path, names: Sequence[str] = (), form: str = NUMBERED) -> None:
        self._folder, self._names, self._form = folder, names, form
        self._count = 0
        self.paths: list[Path] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            form % 0
        except (OSError, TypeError, ValueError) as err:
            msg = f'cannot write pictures {folder / form}: {err}'
            raise ImageError(msg) from err

    def target(self, index: int) -> Path:
        """Tell where a frame goes, counted from 0."""
        known = index < len(self._names)
        return self._folder / (self._names[index] if known else self._form % index)

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Take one frame."""
        path = self.target(self._count)
        if not cv2.imwrite(str(path), frame_bgr):
            msg = f'cannot write {path}'
            raise ImageError(msg)
        self._count += 1
        self.paths = [self._folder]

    def close(self) -> None:
        """Finish."""


class VideoSink:
    """Writes frames into a video file, which is made when the first one comes.

    Args:
        path: The file; its suffix is one of ``VIDEO_SUFFIXES``.
        rate_hz: Frames a second.
        codec: A key of ``OUTPUT_CODECS``, or ``unknown`` for the file's usual one.
    """

    def __init__(self, path: Path, rate_hz: float, codec: str = 'unknown') -> None:
        self._path, self._rate_hz = path, rate_hz
        self._codec = VIDEO_SUFFIXES[path.suffix.lower()] if codec == 'unknown' else codec
        self._writer: Any = None
        self._size_wh = (0, 0)
        self.paths: list[Path] = []

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Take one frame; those after the first are brought to its size.

        Raises:
            ImageError: OpenCV cannot write such a file there.
        """
        size_wh = (frame_bgr.shape[1], frame_bgr.shape[0])
        if self._writer is None:
            self._open(size_wh)
        if size_wh != self._size_wh:
            frame_bgr = cv2.resize(frame_bgr, self._size_wh).astype(np.uint8, copy=False)
        self._writer.write(frame_bgr)

    def close(self) -> None:
        """Finish."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    def _open(self, size_wh: tuple[int, int]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            msg = f'cannot write the video {self._path}: {err}'
            raise ImageError(msg) from err
        code = cv2.VideoWriter.fourcc(*OUTPUT_CODECS[self._codec])
        writer = cv2.VideoWriter(str(self._path), code, self._rate_hz, size_wh)
        if not writer.isOpened():
            msg = (
                f'cannot write the video {self._path} as {self._codec}; is the folder writable? '
                'every OpenCV has mjpeg in an .avi'
            )
            raise ImageError(msg)
        self._writer, self._size_wh = writer, size_wh
        self.paths = [self._path]


def open_output(output: str, rate_hz: float, codec: str = 'unknown') -> Sink:
    """Open a video file, a folder for numbered pictures, or a pattern of their names.

    Args:
        output: A path, with or without ``file://`` before it.
        rate_hz: Frames a second of a video.
        codec: See ``VideoSink``.

    Raises:
        ImageError: There cannot be such an output.
    """
    path = Path(output.removeprefix('file://')).expanduser()
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return VideoSink(path, rate_hz, codec)
    if suffix not in PICTURE_SUFFIXES:
        if not output or (suffix and not path.is_dir()):
            known = ', '.join((*PICTURE_SUFFIXES, *VIDEO_SUFFIXES))
            msg = f'cannot write {output!r}: want a folder, or one of {known}'
            raise ImageError(msg)
        return PictureSink(path)
    if '%' not in path.name:
        msg = f'{path} is one picture, but there are many frames; give a folder, or name-%d.jpg'
        raise ImageError(msg)
    return PictureSink(path.parent, form=path.name)
