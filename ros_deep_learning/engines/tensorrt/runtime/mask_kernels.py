# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A network's scores on their way to masks, made on the GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ....errors import InferenceError
from ....imaging.placement import place
from ....text import shape_text
from ...on_device import DeviceMask, MaskSpec, ScoreGrid
from ..kernels.arguments import DeviceFrame, DeviceScores, Layout, element_type, palette_rgba
from .cuda import GpuContext
from .gpu_arrays import GpuArray, GpuMemory, Room
from .memory import ExchangeBuffer, GrowingBuffer, ScratchBuffer
from .result_buffer import ResultBuffer

_PALETTE_BYTES = 256 * 4
_UINT8 = np.dtype(np.uint8)
_ArrayT = TypeVar('_ArrayT')
# The CPU path leaves a pixel without a class where the best probability is 0. Smaller floats than
# this may be flushed to 0 on the way.
_LEAST_ABOVE_ZERO = float(np.finfo(np.float32).tiny)


def score_grids(
    pointer: int, shape: tuple[int, ...], dtype: np.dtype[Any], grid: ScoreGrid
) -> list[DeviceScores]:
    """Find the scores of each batch entry in an output.

    Args:
        pointer: Its device address.
        shape: Its shape, with the batch axis.
        dtype: What it holds.
        grid: How it holds them.

    Raises:
        InferenceError: It has another shape or type than the grid says.
    """
    cells = shape[1:3] if grid.channels_last else shape[-2:]
    planes = shape[3:] if grid.channels_last else shape[1:-2]
    if len(shape) not in (3, 4) or len(cells) != 2 or prod(planes) != grid.planes:
        msg = f'output {grid.output!r}: expected {grid.planes} planes of scores, got a tensor '
        raise InferenceError(msg + shape_text(shape))
    height, width = cells
    element = element_type(dtype)
    layout: Layout = 'nhwc' if grid.channels_last else 'nchw'
    step = prod(shape[1:]) * dtype.itemsize
    return [
        DeviceScores(pointer + slot * step, width, height, grid.planes, element, layout)
        for slot in range(shape[0])
    ]


class MaskMaker:
    """Makes the masks of one run; its memory grows to the most it was asked for.

    All methods need the GPU's context current.
    """

    def __init__(self, gpu: GpuContext, *, shared: bool) -> None:
        """Load the kernels; nothing is allocated yet.

        Args:
            gpu: The context.
            shared: Whether the GPU maps the host's memory; see ``ExchangeBuffer``.

        Raises:
            BackendUnavailableError: There is no compiler for the kernels.
        """
        self._kernels = gpu.kernels()
        self._results = ResultBuffer(gpu, shared=shared)
        self._palettes = GrowingBuffer(partial(ExchangeBuffer, shared=shared))
        self._planes = GrowingBuffer(ScratchBuffer)
        self._places: list[list[_Place]] = []
        self._uploaded = b''

    def make(
        self,
        scores: Sequence[DeviceScores],
        kind: str,
        frames: Sequence[DeviceFrame],
        masks: Sequence[Sequence[MaskSpec]],
        stream: Any,
    ) -> None:
        """Enqueue the making of masks on a stream, and the copy of what was asked for.

        Args:
            scores: Of each batch entry.
            kind: What they are; see ``ScoreGrid``.
            frames: The frame of each batch entry, for overlays.
            masks: The masks that are wanted of each.
            stream: Where the work is put; the caller waits for it before ``take``.
        """
        room = Room()
        self._places = [
            [_placed(spec, grid, frame, room) for spec in specs]
            for grid, frame, specs in zip(scores, frames, masks, strict=True)
        ]
        results = self._results.begin(room.size, stream)
        palette = self._upload_palettes([spec for specs in masks for spec in specs], stream)
        for grid, frame, places in zip(scores, frames, self._places, strict=True):
            planes = self._activated(grid, kind, stream)
            for one in places:
                palette = self._launch(one, planes, frame, results, palette, stream)
        self._results.download(stream)

    def take(self) -> list[list[DeviceMask[NDArray[Any]]]]:
        """Return what was made, once the stream's work is done; it is the caller's."""
        part = self._results.part
        masks = [[one.taken(part) for one in places] for places in self._places]
        self._results.end()
        return masks

    def make_kept(
        self,
        scores: DeviceScores,
        kind: str,
        frame: DeviceFrame,
        spec: MaskSpec,
        allocate: Callable[[int], GpuMemory],
        stream: Any,
    ) -> tuple[GpuMemory, DeviceMask[GpuArray]]:
        """Enqueue the making of a mask in memory of its own, where it stays.

        Args:
            scores: Of the frame.
            kind: What they are; see ``ScoreGrid``.
            frame: The frame, for an overlay.
            spec: The mask that is wanted.
            allocate: Allocates memory of so many bytes.
            stream: Where the work is put.
        """
        room = Room()
        place_ = _placed(spec, scores, frame, room)
        memory = allocate(room.size)
        palette = self._upload_palettes([spec], stream)
        planes = self._activated(scores, kind, stream)
        self._launch(place_, planes, frame, memory.pointer, palette, stream)
        return memory, place_.taken(partial(GpuArray, memory))

    def free(self) -> None:
        """Free the memory; freeing it again has no effect."""
        for buffer in (self._results, self._palettes, self._planes):
            buffer.free()

    def _activated(self, grid: DeviceScores, kind: str, stream: Any) -> DeviceScores:
        """Make probabilities of one entry's scores, in memory that the next entry uses again."""
        classes = max(2, grid.classes)
        room = Room()
        flag = room.take(4)
        start = room.take(classes * grid.width * grid.height * 4)
        memory = self._planes.sized(room.size, stream)
        planes = memory.pointer + start
        self._kernels.activate(grid, kind, memory.pointer + flag, planes, stream=stream)
        return DeviceScores(planes, grid.width, grid.height, classes)

    def _upload_palettes(self, specs: Sequence[MaskSpec], stream: Any) -> int:
        """Upload the palettes in the order of their use; return the address of the first."""
        colors = [c for spec in specs for c in (spec.colors_rgb, spec.overlay_rgba)]
        tables = [palette_rgba(c, 255) for c in colors if c is not None]
        wanted = b''.join(table.tobytes() for table in tables)
        buffer = self._palettes.sized(len(wanted), stream)
        # They seldom change, and a run before may still be reading them.
        if wanted and wanted != self._uploaded:
            stream.synchronize()
            buffer.host((len(wanted),), _UINT8)[...] = np.frombuffer(wanted, np.uint8)
            buffer.upload(len(wanted), stream)
            self._uploaded = wanted
        return buffer.pointer

    def _launch(
        self,
        one: _Place,
        planes: DeviceScores,
        frame: DeviceFrame,
        base: int,
        palette: int,
        stream: Any,
    ) -> int:
        """Make one mask and its parts; return the address of the next palette."""
        kernels, spec, ids = self._kernels, one.spec, base + one.class_ids
        pixels = one.size_wh[0] * one.size_wh[1]
        kernels.segment(
            planes,
            place(one.size_wh, one.size_wh, 'stretch') if spec.on_grid else spec.placement,
            one.size_wh,
            ids,
            linear=spec.linear and not spec.on_grid,
            ignored_class=spec.ignored,
            min_confidence=max(spec.min_confidence, _LEAST_ABOVE_ZERO),
            confidences=0 if one.confidences is None else base + one.confidences,
            confidences_dtype=spec.confidence or 'float32',
            stream=stream,
        )
        if one.counts is not None:
            kernels.count_classes(ids, pixels, base + one.counts, stream=stream)
        if one.colors is not None:
            kernels.colorize(ids, pixels, palette, base + one.colors, stream=stream)
            palette += _PALETTE_BYTES
        if one.overlay is not None:
            kernels.blend(frame, ids, one.size_wh, palette, base + one.overlay, stream=stream)
            palette += _PALETTE_BYTES
        return palette


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the results' memory one mask's parts begin; None is not wanted."""

    spec: MaskSpec
    size_wh: tuple[int, int]
    frame_wh: tuple[int, int]
    class_ids: int
    confidences: int | None
    counts: int | None
    colors: int | None
    overlay: int | None

    def taken(
        self, part: Callable[[int, tuple[int, ...], np.dtype[Any]], _ArrayT]
    ) -> DeviceMask[_ArrayT]:
        """Take the parts, by what makes an array of a place's start, shape and type."""

        def wanted(start: int | None, shape: tuple[int, ...], dtype: str) -> _ArrayT | None:
            return None if start is None else part(start, shape, np.dtype(dtype))

        shape = self.size_wh[::-1]
        return DeviceMask(
            class_ids=part(self.class_ids, shape, _UINT8),
            confidences=wanted(self.confidences, shape, self.spec.confidence or 'float32'),
            counts=wanted(self.counts, (256,), 'uint32'),
            colors_rgb=wanted(self.colors, (*shape, 3), 'uint8'),
            overlay_rgb=wanted(self.overlay, (*self.frame_wh[::-1], 3), 'uint8'),
        )


def _placed(spec: MaskSpec, grid: DeviceScores, frame: DeviceFrame, room: Room) -> _Place:
    frame_wh = (frame.width, frame.height)
    size_wh = (grid.width, grid.height) if spec.on_grid else spec.placement.source_wh
    pixels = size_wh[0] * size_wh[1]
    confidence_bytes = 4 if spec.confidence == 'float32' else 1
    return _Place(
        spec=spec,
        size_wh=size_wh,
        frame_wh=frame_wh,
        class_ids=room.take(pixels),
        confidences=room.take(pixels * confidence_bytes) if spec.confidence else None,
        counts=room.take(256 * 4) if spec.counts else None,
        colors=None if spec.colors_rgb is None else room.take(pixels * 3),
        overlay=None if spec.overlay_rgba is None else room.take(prod(frame_wh) * 3),
    )
