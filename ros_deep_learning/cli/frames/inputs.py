# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Inputs of a console program, told apart from its output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError
from ...imaging.compressed import decode_jpeg
from ...paths import user_path
from ...video.cameras import is_live
from ...video.options import VideoOptions
from ...video.sources import (
    PICTURE_SUFFIXES,
    FrameSource,
    PictureFolder,
    SeveralPictures,
    open_frames,
)


def split_paths(paths: Sequence[str], output: str | None) -> tuple[list[str], str | None]:
    """Return the inputs and the output of a command line.

    Without ``-o`` the last of several paths is the output. Of three or more, one that is a
    picture already is an input, because many pictures do not fit into one: a shell gives such
    paths for ``*.png``.

    Args:
        paths: The arguments that are no options, at least one.
        output: The one of ``-o``; None if it was not given.
    """
    inputs = list(paths)
    if output is None and len(inputs) > 1:
        last = user_path(inputs[-1].removeprefix('file://'))
        if len(inputs) == 2 or not (last.is_file() and last.suffix.lower() in PICTURE_SUFFIXES):
            output = inputs.pop()
    return inputs, output


def open_inputs(inputs: Sequence[str]) -> FrameSource:
    """Open one input, or several pictures, folders and patterns of pictures as one.

    Raises:
        ImageError: As for ``open_frames``, or one of several inputs is no picture.
    """
    options = VideoOptions(decode_jpeg=decode_jpeg)
    if len(inputs) == 1:
        return open_frames(inputs[0], options)
    paths: list[Path] = []
    for one in inputs:
        source = None if is_live(one) else open_frames(one)
        if not isinstance(source, PictureFolder):
            msg = (
                f'{one} is no picture: expected one video or camera, or any number of pictures; '
                'give each video in a command of its own'
            )
            raise ImageError(msg)
        paths += source.paths
    return SeveralPictures(paths)


def named_frames(source: FrameSource) -> Iterator[tuple[int, str, NDArray[np.uint8]]]:
    """Yield the place, counted from 0, the name and the pixels of each frame.

    A picture that cannot be read is left out; those behind it keep their places.
    """
    if isinstance(source, SeveralPictures):
        for index, picture in source.numbered():
            yield index, source.paths[index].name, picture
    else:
        for index, frame in enumerate(source.frames()):
            yield index, f'frame {index}', frame
