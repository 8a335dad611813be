# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Outputs of a console program: none, a file, or pictures of the same names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..paths import user_path
from ..video.sinks import VIDEO_SUFFIXES, PictureSink, Sink, check_output_scheme, open_output
from ..video.sources import PICTURE_SUFFIXES, FrameSource, PictureFolder, VideoFile


def open_sink(output: str | None, source: FrameSource) -> Sink:
    """Open the output of a program.

    Args:
        output: A picture's path (``%d`` in it is the frame's number), a video's, or a folder,
            with or without ``file://`` before it; None writes nothing.
        source: Source of the frames; in a folder they keep its names.

    Raises:
        ImageError: The output is of no known kind, or would overwrite a source.
    """
    if not output:
        return _Nowhere()
    check_output_scheme(output)
    path = user_path(output.removeprefix('file://'))
    suffix = path.suffix.lower()
    if not isinstance(source, PictureFolder) or suffix in VIDEO_SUFFIXES:
        played = source.path if isinstance(source, VideoFile) else None
        _check_apart([path], [played] if isinstance(played, Path) else [])
        return open_output(output, source.rate_hz)
    sink: Sink
    if suffix not in PICTURE_SUFFIXES and (path.is_dir() or not suffix):
        sink = PictureSink(path, [p.name for p in source.paths])
    elif suffix in PICTURE_SUFFIXES and len(source.paths) == 1:
        sink = PictureSink(path.parent, [path.name])
    else:
        sink = open_output(output, source.rate_hz)
    if isinstance(sink, PictureSink):
        _check_apart([sink.target(k) for k in range(len(source.paths))], source.paths)
    return sink


def _check_apart(targets: Sequence[Path], sources: Sequence[Path]) -> None:
    taken = {path.resolve() for path in sources}
    for target in targets:
        if target.resolve() in taken:
            msg = f'{target} would be overwritten; give another output'
            raise ImageError(msg)


class _Nowhere:
    def __init__(self) -> None:
        self.paths: list[Path] = []

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Ignore a frame."""

    def close(self) -> None:
        """Do nothing."""
