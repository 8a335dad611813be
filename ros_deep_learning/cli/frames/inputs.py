# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Inputs of a console program, told apart from its output."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from time import monotonic

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import CameraError, ImageError, SenderAwaitedError
from ...imaging.compressed import decode_jpeg
from ...paths import PICTURE_SUFFIXES, user_path
from ...video.options import VideoOptions
from ...video.play import play, rounds
from ...video.sources import (
    FrameSource,
    PictureFolder,
    SeveralPictures,
    VideoFile,
    open_frames,
)
from ...video.turns import shaped

_log = logging.getLogger(__name__)

WARN_PERIOD_S = 30.0


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


def open_inputs(inputs: Sequence[str], options: VideoOptions) -> list[FrameSource]:
    """Open inputs; all pictures, folders and patterns of pictures together are one source.

    Args:
        inputs: Paths and addresses.
        options: What is asked of each.

    Raises:
        ImageError: As for ``open_frames``, or one of several inputs is a camera or a stream.
    """
    options = replace(options, decode_jpeg=decode_jpeg)
    if len(inputs) == 1:
        return [open_frames(inputs[0], options)]
    paths: list[Path] = []
    videos: list[FrameSource] = []
    for one in inputs:
        source = open_frames(one, options)
        if source.live:
            msg = (
                f'{one} has no end, so nothing comes after it: expected one camera or stream, or '
                'any number of pictures and videos; give each camera in a command of its own'
            )
            raise ImageError(msg)
        if isinstance(source, PictureFolder):
            paths += source.paths
        else:
            videos.append(source)
    return [*([SeveralPictures(paths)] if paths else []), *videos]


@dataclass(frozen=True, slots=True, eq=False)
class NamedFrame:
    """A frame and what to call it.

    Attributes:
        index: Its place in the input, counted from 0.
        name: File name of a picture, or such as ``frame 3``.
        stem: Name of the picture or video without its suffix.
        frame_bgr: Shape (H, W, 3), uint8.
    """

    index: int
    name: str
    stem: str
    frame_bgr: NDArray[np.uint8]


def named_frames(
    source: FrameSource, options: VideoOptions, *, several: bool = False
) -> Iterator[NamedFrame]:
    """Yield the frames of an input, turned, scaled and repeated as its options say.

    A picture that cannot be read is left out; those behind it keep their places. A camera or
    stream that was there and went away is waited for, with a warning in the log.

    Args:
        source: The input.
        options: What is asked of it.
        several: Whether there are others, so that names of frames need the name of the video.

    Raises:
        CameraError: A camera or stream is not there from the start.
        ImageError: A file cannot be played.
    """
    if isinstance(source, SeveralPictures):
        for played in rounds(options):
            for place, picture in source.numbered():
                index, path = played * len(source.paths) + place, source.paths[place]
                yield NamedFrame(index, path.name, path.stem, shaped(picture, options))
        return
    path = Path(source.path) if isinstance(source, VideoFile) else Path('frame')
    video = f'{path.name} ' if several else ''
    absence = _Absence()
    frames = play(source, options, stopped=Event(), on_absence=absence.tell)
    for index, frame in enumerate(frames):
        absence.has_seen = True
        yield NamedFrame(index, f'{video}frame {index}', path.stem, frame.image_bgr)


class _Absence:
    """Decides what an error of a camera means: before its first frame, the end."""

    def __init__(self) -> None:
        self.has_seen = False
        self._warned_s = -math.inf

    def tell(self, err: CameraError) -> None:
        if not self.has_seen and not isinstance(err, SenderAwaitedError):
            raise err
        if monotonic() - self._warned_s >= WARN_PERIOD_S:
            self._warned_s = monotonic()
            _log.warning('%s; waiting for it, Ctrl-C ends', err)


def frame_total(source: FrameSource, options: VideoOptions) -> int | None:
    """Return how many frames an input says it has, repetitions counted; None if it does not."""
    if options.loop < 0:
        return None
    if isinstance(source, SeveralPictures):
        return len(source.paths) * (options.loop + 1)
    if not isinstance(source, VideoFile):
        return None
    capture = cv2.VideoCapture(str(source.path))
    count = round(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    return count * (options.loop + 1) if count > 0 else None
