# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Outputs of a console program: none, a file, or pictures of the same names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic_ns

import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError
from ...paths import PICTURE_SUFFIXES, VIDEO_SUFFIXES, user_path
from ...video.options import VideoOptions
from ...video.pacing import PacedWriter
from ...video.screens import DISPLAY, is_screen, open_screen
from ...video.sinks import (
    PictureSink,
    Sink,
    VideoSink,
    check_output_scheme,
    is_stream_output,
    open_output,
)
from ...video.sources import FrameSource, SeveralPictures, VideoFile


def open_sinks(
    output: str | None,
    sources: Sequence[FrameSource],
    options: VideoOptions,
    *,
    force: bool = False,
) -> list[Sink]:
    """Open the output of each source: of several a file or files in a folder.

    Args:
        output: As for ``open_sink``; of several sources a folder, in which a video keeps its name
            and becomes a .mp4 unless its suffix is one of ``VIDEO_SUFFIXES``.
        sources: The sources.
        options: What is asked of each output; a rate of 0 is that of the source.
        force: Whether files that are there already are overwritten.

    Raises:
        ImageError: As for ``open_sink``, or two sources would have the same output.
    """
    if not output or len(sources) == 1:
        return [open_sink(output, source, options, force=force) for source in sources]
    if is_screen(output) or is_stream_output(output):
        msg = f'{output} shows one video, one camera or pictures; give each in its own command'
        raise ImageError(msg)
    check_output_scheme(output)
    folder = user_path(output.removeprefix('file://'))
    if folder.suffix.lower() in (*VIDEO_SUFFIXES, *PICTURE_SUFFIXES):
        msg = f'{output} is one file, but there are several inputs; give a folder: -o FOLDER'
        raise ImageError(msg)
    targets: list[Path] = []
    for source in sources:
        if isinstance(source, SeveralPictures):
            targets.append(folder)
            continue
        path = Path(source.path) if isinstance(source, VideoFile) else Path('frames')
        suffix = path.suffix if path.suffix.lower() in VIDEO_SUFFIXES else '.mp4'
        targets.append(folder / f'{path.stem}{suffix}')
    _check_distinct(targets, 'give each in a command of its own')
    pairs = zip(targets, sources, strict=True)
    return [open_sink(str(target), source, options, force=force) for target, source in pairs]


def open_sink(
    output: str | None, source: FrameSource, options: VideoOptions, *, force: bool = False
) -> Sink:
    """Open the output of a program.

    Args:
        output: A picture's path (``%d`` in it is the frame's number), a video's, or a folder,
            with or without ``file://`` before it, or the URL of a stream, a window or a page, as
            for ``open_output``; None writes nothing.
        source: Source of the frames; in a folder they keep its names.
        options: What is asked of the output; a rate of 0 is that of the source.
        force: Whether files that are there already are overwritten.

    Raises:
        ImageError: The output is of no known kind, would overwrite a source or, without
            ``force``, another file.
        SettingsError: A page cannot be served there.
    """
    sink: Sink
    options = replace(options, rate_hz=options.rate_hz or source.rate_hz)
    if not output:
        return _Nowhere()
    if is_screen(output):
        return open_screen(output)
    check_output_scheme(output)
    if is_stream_output(output):
        return open_output(output, options)
    path = user_path(output.removeprefix('file://'))
    suffix = path.suffix.lower()
    if not isinstance(source, SeveralPictures) or suffix in VIDEO_SUFFIXES:
        played = source.path if isinstance(source, VideoFile) else None
        _check_apart([path], [played] if isinstance(played, Path) else [])
        sink = open_output(output, options)
        # How many frames a video has is not known: the first picture stands for all.
        _check_new([sink.target(0)] if isinstance(sink, PictureSink) else [path], force=force)
        return sink
    if suffix not in PICTURE_SUFFIXES and (path.is_dir() or not suffix):
        sink = PictureSink(path, [p.name for p in source.paths])
    elif suffix in PICTURE_SUFFIXES and len(source.paths) == 1 and '%' not in path.name:
        sink = PictureSink(path.parent, [path.name])
    else:
        sink = open_output(output, options)
    if isinstance(sink, PictureSink):
        targets = [sink.target(k) for k in range(len(source.paths))]
        _check_apart(targets, source.paths)
        _check_distinct(targets, 'give an output such as out-%d.png')
        _check_new(targets, force=force)
    return sink


def seen_output(output: str | None, *, headless: bool) -> str | None:
    """Return the output; None for a window if ``--headless`` forbids one."""
    return None if headless and output and output.lower().startswith(DISPLAY) else output


def frame_writer(source: FrameSource, sink: Sink) -> Callable[[int, NDArray[np.uint8]], None]:
    """Return the function that writes a frame with its index, shape (H, W, 3), uint8, BGR.

    A video of a camera or stream keeps the time at which its frames are written.
    """
    if isinstance(sink, PictureSink):

        def write_picture(index: int, frame_bgr: NDArray[np.uint8]) -> None:
            sink.index = index
            sink.write(frame_bgr)

        return write_picture
    if isinstance(sink, VideoSink) and source.live:
        paced = PacedWriter(sink, sink.rate_hz)
        return lambda _, frame_bgr: paced.write(frame_bgr, monotonic_ns())
    return lambda _, frame_bgr: sink.write(frame_bgr)


def _check_apart(targets: Sequence[Path], sources: Sequence[Path]) -> None:
    taken = {path.resolve() for path in sources}
    for target in targets:
        if target.resolve() in taken:
            msg = f'{target} would be overwritten; give another output'
            raise ImageError(msg)


def _check_distinct(targets: Sequence[Path], fix: str) -> None:
    for target, count in Counter(targets).items():
        if count > 1:
            msg = f'{count} inputs would be written to {target}; {fix}'
            raise ImageError(msg)


def _check_new(targets: Sequence[Path], *, force: bool) -> None:
    for target in targets:
        if not force and target.is_file():
            msg = (
                f'{target} is there already: add --force to overwrite it, or give another output; '
                'to use it as an input, give -o OUTPUT'
            )
            raise ImageError(msg)


class _Nowhere:
    def __init__(self) -> None:
        self.paths: list[Path] = []

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Ignore a frame."""

    def close(self) -> None:
        """Do nothing."""
