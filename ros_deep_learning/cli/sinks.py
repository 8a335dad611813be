# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a console program's frames go: nowhere, to a file, or to pictures of the same names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..imaging.frames import PICTURE_SUFFIXES, FrameSource, PictureFolder
from ..imaging.sinks import VIDEO_SUFFIXES, PictureSink, Sink, open_output


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
    if isinstance(source, PictureFolder) and suffix not in VIDEO_SUFFIXES:
        if suffix not in PICTURE_SUFFIXES and (path.is_dir() or not suffix):
            return PictureSink(path, [p.name for p in source.paths])
        if suffix in PICTURE_SUFFIXES and len(source.paths) == 1:
            return PictureSink(path.parent, [path.name])
    return open_output(output, source.rate_hz)


class _Nowhere:
    def __init__(self) -> None:
        self.paths: list[Path] = []

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Take one frame."""

    def close(self) -> None:
        """Finish."""
