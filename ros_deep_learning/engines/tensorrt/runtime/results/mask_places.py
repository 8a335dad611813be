# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a network's scores lie on the GPU, and where the masks that are made of them go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .....errors import InferenceError
from .....text import shape_text
from ....on_device import HEADROOM, DeviceMask, MaskSpec, ScoreGrid
from ...kernels.arguments import DeviceFrame, DeviceScores, Layout, element_type
from ..gpu_arrays import Room

_UINT8 = np.dtype(np.uint8)
_ArrayT = TypeVar('_ArrayT')


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


@dataclass(frozen=True, slots=True)
class MaskPlace:
    """Where in the results' memory one mask's parts begin; None is not wanted."""

    spec: MaskSpec
    size_wh: tuple[int, int]
    frame_wh: tuple[int, int]
    class_ids: int
    confidences: int | None
    counts: int | None
    colors: int | None
    overlay: int | None
    has_score: int | None

    @property
    def is_plain(self) -> bool:
        """Whether nothing is made of the classes."""
        return self.counts is None and self.colors is None and self.overlay is None

    def taken(
        self,
        part: Callable[[int, tuple[int, ...], np.dtype[Any]], _ArrayT],
        memory: NDArray[np.uint8] | None = None,
    ) -> DeviceMask[_ArrayT]:
        """Take the parts, by what makes an array of a place's start, shape and type.

        Args:
            part: Makes it.
            memory: What the arrays are parts of; None if they lie apart.
        """

        def wanted(start: int | None, shape: tuple[int, ...], dtype: str) -> _ArrayT | None:
            return None if start is None else part(start, shape, np.dtype(dtype))

        shape = self.size_wh[::-1]
        return DeviceMask(
            class_ids=part(self.class_ids, shape, _UINT8),
            confidences=wanted(self.confidences, shape, self.spec.confidence or 'float32'),
            counts=wanted(self.counts, (256,), 'uint32'),
            colors_rgb=wanted(self.colors, (*shape, 3), 'uint8'),
            overlay_rgb=wanted(self.overlay, (*self.frame_wh[::-1], 3), 'uint8'),
            memory=memory,
            has_score=wanted(self.has_score, (1,), 'uint32'),
        )


def placed(
    spec: MaskSpec,
    grid: DeviceScores,
    frame: DeviceFrame,
    room: Room,
    has_score: int | None = None,
) -> MaskPlace:
    """Find room for the parts of a mask that are wanted.

    Args:
        spec: What is wanted.
        grid: The scores that it is made of.
        frame: The frame, for an overlay.
        room: What is left of the results' memory.
        has_score: The place of what all masks of the frame share.
    """
    frame_wh = (frame.width, frame.height)
    size_wh = (grid.width, grid.height) if spec.on_grid else spec.placement.source_wh
    pixels = size_wh[0] * size_wh[1]
    confidence_bytes = 4 if spec.confidence == 'float32' else 1

    def take_image(nbytes: int) -> int:
        room.take(HEADROOM)
        return room.take(nbytes)

    return MaskPlace(
        spec=spec,
        size_wh=size_wh,
        frame_wh=frame_wh,
        class_ids=take_image(pixels),
        confidences=take_image(pixels * confidence_bytes) if spec.confidence else None,
        counts=room.take(256 * 4) if spec.counts else None,
        colors=None if spec.colors_rgb is None else take_image(pixels * 3),
        overlay=None if spec.overlay_rgba is None else take_image(prod(frame_wh) * 3),
        has_score=has_score,
    )
