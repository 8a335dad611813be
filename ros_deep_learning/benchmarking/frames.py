# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames for a benchmark: held in memory and sent at any rate, or from a camera at its own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..imaging.compressed import decode_jpeg
from ..paths import user_path
from ..video.options import VideoOptions
from ..video.patterns import Pattern, is_pattern
from ..video.sources import FrameSource, open_frames
from .bag_frames import bag_frames, is_bag

_MOST_FRAMES, _MOST_BYTES = 100, 2**27
LEAST_SENT = 25
"""Frames of the shortest trial; one that is lost must be less than 5 %."""
_FAST_HZ = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """What a benchmark sends.

    Attributes:
        name: What the user calls it.
        frames: In memory, each (H, W, 3) uint8 BGR and of the same size; a camera's first one.
        camera: A live source, whose rate is its own; None where the frames are sent.
        size_wh: To which a camera's frames are scaled; None leaves them.
    """

    name: str
    frames: Sequence[NDArray[np.uint8]]
    camera: FrameSource | None = None
    size_wh: tuple[int, int] | None = None

    @property
    def frame_wh(self) -> tuple[int, int]:
        """Width and height of the frames."""
        height, width = self.frames[0].shape[:2]
        return width, height


def open_input(resource: str, size_wh: tuple[int, int] | None = None) -> Input:
    """Open an input, and read frames into memory unless it is a camera or a stream.

    Args:
        resource: A bag, or what ``open_frames`` takes: ``pattern://bars``, ``street.mp4``.
        size_wh: Scale frames to this width and height; None leaves them as they are.

    Raises:
        ImageError: It cannot be opened, or gives no frame.
        BagError: It is a bag that cannot be read, or has no images.
    """
    if is_bag(resource):
        return Input(resource, _held(bag_frames(user_path(resource)), resource, size_wh))
    options = VideoOptions(decode_jpeg=decode_jpeg)
    if is_pattern(resource):
        # Only the pictures matter: they are sent at rates of the benchmark.
        width, height = size_wh or (0, 0)
        options = VideoOptions(width=width, height=height, rate_hz=_FAST_HZ)
    source = open_frames(resource, options)
    live = source.live and not isinstance(source, Pattern)
    read = islice(source.frames(), 1) if live else source.frames()
    return Input(resource, _held(read, resource, size_wh), source if live else None, size_wh)


def sent_frames(
    given: Input, rate_hz: float | None, seconds: float, least: int
) -> Iterator[NDArray[np.uint8]]:
    """Yield frames when they are due: those in memory at a rate, a camera's as they come.

    Args:
        given: The frames.
        rate_hz: Frames a second; None is a camera's own rate.
        seconds: How long.
        least: How many of those in memory are sent at least, also where that takes longer.
    """
    if rate_hz is None:
        yield from _from_camera(given, seconds)
        return
    began_s, count = time.monotonic(), max(least, round(rate_hz * seconds))
    for number, frame in enumerate(islice(cycle(given.frames), count)):
        time.sleep(max(0.0, began_s + number / rate_hz - time.monotonic()))
        yield frame


def _held(
    read: Iterator[NDArray[np.uint8]], resource: str, size_wh: tuple[int, int] | None
) -> list[NDArray[np.uint8]]:
    """Hold frames in one size, as those of a camera: up to 100, or 128 MiB."""
    frames: list[NDArray[np.uint8]] = []
    for frame in islice(read, _MOST_FRAMES):
        first = frames[0] if frames else frame
        frames.append(_scaled(frame, size_wh or (first.shape[1], first.shape[0])))
        if len(frames) * frames[0].nbytes >= _MOST_BYTES:
            break
    if not frames:
        msg = f'{resource} has no frame'
        raise ImageError(msg)
    return frames


def _from_camera(given: Input, seconds: float) -> Iterator[NDArray[np.uint8]]:
    if given.camera is None:
        msg = f'{given.name} is no camera: its frames need a rate'
        raise ImageError(msg)
    began_s: float | None = None
    for frame in given.camera.frames():
        began_s = began_s or time.monotonic()
        yield _scaled(frame, given.size_wh)
        if time.monotonic() - began_s >= seconds:
            return


def _scaled(frame: NDArray[np.uint8], size_wh: tuple[int, int] | None) -> NDArray[np.uint8]:
    if size_wh is None or (frame.shape[1], frame.shape[0]) == size_wh:
        return frame
    return cv2.resize(frame, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
