# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Ways of a frame from host memory to where the preprocessing kernel reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ....imaging.bands import most_threads
from ....imaging.pixels import Pixels
from ....imaging.placement import Placement
from ..kernels.arguments import DeviceFrame
from ..kernels.row_selection import sampled_rows
from .memory import ExchangeBuffer, Room
from .quickest import WORTH_CHOOSING
from .resized_here import ResizedHere, ResizedInHalves, halves_of

if TYPE_CHECKING:
    from ....cards.card import InputSpec

_SLICE_BYTES = 1 << 20
"""What is copied before its upload starts, so that the rest is copied meanwhile."""
_WORTH_GATHERING = 0.9
"""Share of a crop's rows below which leaving some out is tried."""
_EQUAL_IN_OPENCV = ('nearest', 'bilinear')
"""Interpolations whose levels the kernel and OpenCV agree on."""


class FrameWay(Protocol):
    """A way for frames of one size, which lie in memory of one kind.

    Attributes:
        nbytes: Room that it needs for a frame.
        placement: How what it brings lies in the network's input.
        rows: Address of the kernel's table of rows; 0 is none.
    """

    nbytes: int
    placement: Placement
    rows: int

    def send(self, image: Pixels, room: Room) -> DeviceFrame:
        """Enqueue the upload of a frame.

        Returns:
            What the kernel reads; its pixels are those of the frame unless it is in parts only.
        """


class CopiedBox:
    """The part of the frame that is used, copied to pinned memory."""

    def __init__(self, placement: Placement, box: tuple[int, int, int, int]) -> None:
        x1, y1, x2, y2 = self._box = box
        crop_x1, crop_y1, crop_x2, crop_y2 = placement.crop_xyxy
        self._shape = (y2 - y1, x2 - x1, 3)
        self.nbytes = self._shape[0] * self._shape[1] * 3
        self.rows = 0
        self.placement = replace(
            placement,
            source_wh=(x2 - x1, y2 - y1),
            crop_xyxy=(crop_x1 - x1, crop_y1 - y1, crop_x2 - x1, crop_y2 - y1),
        )

    def __str__(self) -> str:
        """Describe the way, for people."""
        height, width, _ = self._shape
        return f'{width}x{height} pixels are copied'

    def send(self, image: Pixels, room: Room) -> DeviceFrame:
        """Enqueue the upload of a frame; see ``FrameWay``."""
        x1, y1, x2, y2 = self._box
        height, width, _ = self._shape
        host, part = room.host(self._shape), image.array[y1:y2, x1:x2]
        for begin, end in _slices(height, 3 * width):
            np.copyto(host[begin:end], part[begin:end])
            room.upload(3 * width * begin, 3 * width * (end - begin))
        return DeviceFrame(room.pointer, width, height, 3 * width, image.order)


class GatheredRows:
    """The rows that the resize reads, copied to pinned memory; the frame is contiguous."""

    def __init__(
        self, placement: Placement, rows: NDArray[np.intp], shared: bool, stream: Any
    ) -> None:
        self.placement = placement
        _, top, _, bottom = placement.crop_xyxy
        self._rows = rows + top
        self.nbytes = len(rows) * 3 * placement.source_wh[0]
        places = np.zeros(bottom - top, np.int32)
        places[rows] = np.arange(len(rows))
        self._table = ExchangeBuffer(places.nbytes, shared=shared)
        self._table.host(places.shape, places.dtype)[...] = places
        self._table.upload(places.nbytes, stream)
        self.rows = self._table.pointer

    def __str__(self) -> str:
        """Describe the way, for people."""
        return f'{len(self._rows)} of {self.placement.source_wh[1]} rows are copied'

    def send(self, image: Pixels, room: Room) -> DeviceFrame:
        """Enqueue the upload of a frame; see ``FrameWay``."""
        width, height = self.placement.source_wh
        step = 3 * width
        host = room.host((len(self._rows), step))
        lines = image.array.reshape(height, step)
        for begin, end in _slices(len(self._rows), step):
            # Any other mode than clip makes NumPy copy twice.
            lines.take(self._rows[begin:end], axis=0, out=host[begin:end], mode='clip')
            room.upload(step * begin, step * (end - begin))
        return DeviceFrame(room.pointer, width, height, step, image.order)

    def free(self) -> None:
        """Free the table."""
        self._table.free()


class SentRows:
    """The rows of a pinned frame that are used are uploaded from where they lie."""

    def __init__(self, placement: Placement, top: int, bottom: int) -> None:
        width = placement.source_wh[0]
        x1, y1, x2, y2 = placement.crop_xyxy
        self._top, self._bottom = top, bottom
        self.nbytes = (bottom - top) * 3 * width
        self.rows = 0
        self.placement = replace(
            placement, source_wh=(width, bottom - top), crop_xyxy=(x1, y1 - top, x2, y2 - top)
        )

    def __str__(self) -> str:
        """Describe the way, for people."""
        return f'{self._bottom - self._top} rows are uploaded from pinned memory'

    def send(self, image: Pixels, room: Room) -> DeviceFrame:
        """Enqueue the upload of a frame; see ``FrameWay``."""
        width, height = self.placement.source_wh
        room.upload_from(image.array[self._top : self._bottom].reshape(-1))
        return DeviceFrame(room.pointer, width, height, 3 * width, image.order)


class ReadThere:
    """The kernel reads a pinned frame where it lies, over the bus or in shared memory."""

    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        self.nbytes = self.rows = 0

    def __str__(self) -> str:
        """Describe the way, for people."""
        return 'the GPU reads pinned memory'

    def send(self, image: Pixels, room: Room) -> DeviceFrame:
        """Enqueue the upload of a frame; see ``FrameWay``."""
        width, height = self.placement.source_wh
        return DeviceFrame(room.pinned, width, height, image.array.strides[0], image.order)


def ways_for(
    image: Pixels,
    placement: Placement,
    spec: InputSpec,
    *,
    pinned: bool,
    whole: bool,
    shared: bool,
    stream: Any,
) -> list[FrameWay]:
    """List the ways for frames like this one; the one that always works is the first.

    Of a small frame it is the only one.

    Args:
        image: A frame of its size and memory.
        placement: Where it goes.
        spec: The card's input.
        pinned: Whether its memory is pinned, and stays as it is until the run is done.
        whole: Whether all of it is wanted on the GPU.
        shared: Whether the GPU maps the host's memory.
        stream: Where tables are uploaded.
    """
    width, height = image.size_wh
    _, top, _, bottom = box = (0, 0, width, height) if whole else placement.crop_xyxy
    contiguous = image.array.flags.c_contiguous
    ways: list[FrameWay] = [CopiedBox(placement, box)]
    if image.array.size < WORTH_CHOOSING:
        return ways
    if pinned and (shared or not whole):
        ways.append(ReadThere(placement))
    if pinned and contiguous and not shared:
        ways.append(SentRows(placement, top, bottom))
    if whole:
        return ways
    if spec.interpolation in _EQUAL_IN_OPENCV:
        ways.append(ResizedHere(placement, spec.interpolation))
        halves = halves_of(placement)
        if halves is not None and most_threads() > 1:
            ways.append(ResizedInHalves(placement, spec.interpolation, halves))
    rows = sampled_rows(placement, spec.interpolation)
    if contiguous and not pinned and len(rows) < _WORTH_GATHERING * (bottom - top):
        ways.append(GatheredRows(placement, rows, shared, stream))
    return ways


def _slices(rows: int, row_bytes: int) -> Iterator[tuple[int, int]]:
    """Cut rows into parts of about equal size."""
    count = max(1, min(rows, rows * row_bytes // _SLICE_BYTES))
    return ((rows * k // count, rows * (k + 1) // count) for k in range(count))
