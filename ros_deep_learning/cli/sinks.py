# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where annotated frames go: a picture, a folder of pictures, or a video."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..imaging.frames import PICTURE_SUFFIXES, FrameSource, PictureFolder

_CODECS = {'.avi': 'MJPG', '.mkv': 'mp4v', '.mov': 'mp4v', '.mp4': 'mp4v'}


class Sink(Protocol):
    """Takes frames in order; must be closed."""

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Take one frame, shape (H, W, 3), uint8."""

    def close(self) -> None:
        """Finish; twice is harmless."""


def open_sink(output: str | None, source: FrameSource) -> Sink:
    """Open what a program writes to.

    Args:
        output: A picture's path (``%d`` in it is the frame's number), a video's, or a folder;
            None is nowhere.
        source: What the frames come from; its names are kept in a folder.

    Raises:
        ImageError: There cannot be such an output.
    """
    if not output:
        return _Nowhere()
    path = Path(output).expanduser()
    suffix = path.suffix.lower()
    if suffix in _CODECS:
        return _Video(path, source.rate_hz)
    if suffix not in PICTURE_SUFFIXES:
        if suffix and not path.is_dir():
            known = ', '.join((*PICTURE_SUFFIXES, *_CODECS))
            msg = f'cannot write {path}: want a folder, or one of {known}'
            raise ImageError(msg)
        names = [p.name for p in source.paths] if isinstance(source, PictureFolder) else []
        return _Pictures(path, names)
    if isinstance(source, PictureFolder) and len(source.paths) == 1:
        return _Pictures(path.parent, [path.name])
    if '%' not in path.name:
        msg = f'{path} is one picture, but there are many frames; give a folder, or name-%d.jpg'
        raise ImageError(msg)
    return _Pictures(path.parent, [], path.name)


class _Nowhere:
    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Take one frame."""

    def close(self) -> None:
        """Finish."""


class _Pictures:
    def __init__(self, folder: Path, names: list[str], form: str = 'frame-%06d.jpg') -> None:
        self._folder, self._names, self._form = folder, names, form
        self._count = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            form % 0
        except (OSError, TypeError, ValueError) as err:
            msg = f'cannot write pictures {folder / form}: {err}'
            raise ImageError(msg) from err

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Take one frame."""
        count = self._count
        name = self._names[count] if count < len(self._names) else self._form % count
        if not cv2.imwrite(str(self._folder / name), frame_bgr):
            msg = f'cannot write {self._folder / name}'
            raise ImageError(msg)
        self._count += 1

    def close(self) -> None:
        """Finish."""


class _Video:
    def __init__(self, path: Path, rate_hz: float) -> None:
        self._path, self._rate_hz = path, rate_hz
        self._writer: Any = None
        self._size_wh = (0, 0)

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Take one frame; those after the first are brought to its size."""
        size_wh = (frame_bgr.shape[1], frame_bgr.shape[0])
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            codec = cv2.VideoWriter.fourcc(*_CODECS[self._path.suffix.lower()])
            self._writer = cv2.VideoWriter(str(self._path), codec, self._rate_hz, size_wh)
            self._size_wh = size_wh
            if not self._writer.isOpened():
                msg = f'cannot write the video {self._path}; try .avi'
                raise ImageError(msg)
        if size_wh != self._size_wh:
            frame_bgr = cv2.resize(frame_bgr, self._size_wh).astype(np.uint8, copy=False)
        self._writer.write(frame_bgr)

    def close(self) -> None:
        """Finish."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None
