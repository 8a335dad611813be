# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A network's scores on their way to masks, made on the GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .....imaging.placement import place
from ....on_device import DeviceMask, MaskSpec
from ...kernels.arguments import DeviceFrame, DeviceScores, palette_rgba
from ..cuda import GpuContext
from ..gpu_arrays import GpuArray, GpuMemory, Room
from ..memory import ExchangeBuffer, GrowingBuffer, ScratchBuffer
from ..quickest import WORTH_CHOOSING, quickest
from .mask_places import MaskPlace, placed
from .result_buffer import ResultBuffer

_PALETTE_BYTES = 256 * 4
_UINT8 = np.dtype(np.uint8)
_MOST_KINDS = 16
"""Kinds of results, such as sizes, that a way is remembered for."""
# The CPU path leaves a pixel without a class where the best probability is 0. Smaller floats than
# this may be flushed to 0 on the way.
_LEAST_ABOVE_ZERO = float(np.finfo(np.float32).tiny)

Choose = Callable[[Sequence[tuple[bool, Callable[[], None]]], bool], bool]


class MaskMaker:
    """Makes the masks of one run; its memory grows to the most it was asked for.

    Masks that no other kernel reads can be written through the bus as they are made, or made in
    the GPU's memory and copied; for the first of a size both ways are tried, and the quicker one
    is kept.

    All methods need the GPU's context current.
    """

    def __init__(self, gpu: GpuContext, *, shared: bool, choose: Choose = quickest) -> None:
        """Load the kernels; nothing is allocated yet.

        Args:
            gpu: The context.
            shared: Whether the GPU maps the host's memory; see ``ExchangeBuffer``.
            choose: Chooses whether results of a kind are copied.

        Raises:
            BackendUnavailableError: There is no compiler for the kernels.
        """
        self._kernels = gpu.kernels()
        self._results = ResultBuffer(gpu, shared=shared)
        self._palettes = GrowingBuffer(partial(ExchangeBuffer, shared=shared))
        self._planes = GrowingBuffer(ScratchBuffer)
        self._places: list[list[MaskPlace]] = []
        self._uploaded = b''
        self._shared = shared
        self._choose = choose
        self._copied: dict[tuple[Any, ...], bool] = {}

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
        flags = [room.take(4) if any(map(_may_hide_scores, specs)) else None for specs in masks]
        self._places = [
            [placed(spec, grid, frame, room, flag) for spec in specs]
            for grid, frame, specs, flag in zip(scores, frames, masks, flags, strict=True)
        ]
        palettes = self._upload_palettes([spec for specs in masks for spec in specs], stream)

        def enqueue(copied: bool) -> None:
            palette = palettes
            results = self._results.begin(room.size, stream, copied=copied)
            for grid, frame, places, flag in zip(scores, frames, self._places, flags, strict=True):
                has_score = 0 if flag is None else results + flag
                planes = self._activated(grid, kind, stream, has_score)
                for one in places:
                    palette = self._launch(one, planes, frame, results, palette, stream)
            self._results.download(stream)

        def run(copied: bool) -> None:
            enqueue(copied)
            stream.synchronize()
            self._results.end()

        enqueue(self._is_copied(room.size, run))

    def take(self) -> list[list[DeviceMask[NDArray[Any]]]]:
        """Return what was made, once the stream's work is done; it is the caller's."""
        part, memory = self._results.part, self._results.memory
        masks = [[one.taken(part, memory) for one in places] for places in self._places]
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
        placed_one = placed(spec, scores, frame, room)
        memory = allocate(room.size)
        palette = self._upload_palettes([spec], stream)
        planes = self._activated(scores, kind, stream)
        self._launch(placed_one, planes, frame, memory.pointer, palette, stream)
        return memory, placed_one.taken(partial(GpuArray, memory))

    def free(self) -> None:
        """Free the memory; freeing it again has no effect."""
        for buffer in (self._results, self._palettes, self._planes):
            buffer.free()

    def _is_copied(self, nbytes: int, run: Callable[[bool], None]) -> bool:
        """Return whether results like those of ``_places`` are copied; ``run`` makes them."""
        every = [one for places in self._places for one in places]
        if self._shared or nbytes < WORTH_CHOOSING or not all(one.is_plain for one in every):
            return True
        kind = tuple([(one.size_wh, one.spec.confidence) for one in every])
        copied = self._copied.get(kind)
        if copied is None:
            if len(self._copied) >= _MOST_KINDS:
                self._copied.clear()
            tries = [(way, partial(run, way)) for way in (True, False)]
            copied = self._copied[kind] = self._choose(tries, False)
        return copied

    def _activated(
        self, grid: DeviceScores, kind: str, stream: Any, has_score: int = 0
    ) -> DeviceScores:
        """Make probabilities of one entry's scores, in memory that the next entry uses again."""
        classes = max(2, grid.classes)
        room = Room()
        flag = room.take(4)
        start = room.take(classes * grid.width * grid.height * 4)
        memory = self._planes.sized(room.size, stream)
        planes = memory.pointer + start
        self._kernels.activate(
            grid, kind, memory.pointer + flag, planes, has_score=has_score, stream=stream
        )
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
        one: MaskPlace,
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


def _may_hide_scores(spec: MaskSpec) -> bool:
    """Return whether confidences that are all 0 do not say that there are no scores."""
    return spec.confidence == 'float32' and spec.ignored is not None
