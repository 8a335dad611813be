# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Typed launches of the loaded kernels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from ....errors import InferenceError
from ....imaging.placement import Placement
from .arguments import (
    ELEMENT_TYPES,
    PROBABILITY_SLACK,
    SCORE_KINDS,
    DeviceFrame,
    DeviceScores,
    ElementType,
    scores_type,
)
from .candidates import DeviceBoxes
from .grid_map import grid_maps
from .shapes import BLOCK_1D, BLOCK_2D, HISTOGRAM_BLOCKS, grid_1d, grid_2d, interpolation_code
from .source import SIGNATURES

if TYPE_CHECKING:
    from ....cards.card import InputSpec


class KernelFunction(Protocol):
    """A kernel as ``pycuda.driver.Function`` offers it."""

    def prepare(self, arg_types: str) -> Any:
        """Return the types of the parameters, in the letters of ``struct``."""

    def prepared_async_call(
        self, grid: tuple[int, int], block: tuple[int, int, int], stream: Any, *args: Any
    ) -> None:
        """Launch on a stream; None = the default stream."""


class KernelModule(Protocol):
    """Loaded kernels as ``pycuda.driver.Module`` offers them."""

    def get_function(self, name: str) -> KernelFunction:
        """Look a kernel up."""


class Kernels:
    """The kernels of one CUDA context, launched from the thread in which it is current.

    Args:
        module: Where they are; see ``loader.load_kernels``.
    """

    def __init__(self, module: KernelModule) -> None:
        self._module = module  # unloaded with its last reference
        self._functions: dict[str, KernelFunction] = {}
        for name, signature in SIGNATURES.items():
            function = module.get_function(name)
            function.prepare(signature)
            self._functions[name] = function

    def preprocess(
        self,
        frame: DeviceFrame,
        spec: InputSpec,
        placement: Placement,
        out: int,
        dtype: ElementType,
        *,
        slot: int = 0,
        rows: int = 0,
        stream: Any = None,
    ) -> None:
        """Resize, order, scale and lay out a frame into one slot of a network's input.

        Grey levels are resized to whole numbers, then (level * scale - mean) / std in float32;
        a card whose input is uint8 has them as they are.
        Nearest, bilinear and enlarging area give OpenCV's levels; shrinking area rounds the
        exact average, and bicubic the sum of OpenCV's weights, within one level of OpenCV. Grey
        is made of the resized levels, as OpenCV weights them. See ``preprocess.cu``.

        Args:
            frame: The frame; its size is the placement's source.
            spec: What the network wants.
            placement: Where the frame goes; its network size is the tensor's.
            out: Address of the whole input tensor.
            dtype: What the engine's tensor holds, which may differ from ``spec.dtype``; uint8
                values are rounded half to even and saturated.
            slot: Batch entry to fill.
            rows: Address of an int32 for each row of the placement's crop, its place among the
                rows that the frame's memory holds; 0 is a frame that holds all its rows. Only
                those of ``row_selection.sampled_rows`` are read.
            stream: A ``pycuda.driver.Stream``.

        Raises:
            InferenceError: The frame is not what the placement was made for.
        """
        launch = self.preprocessing(frame, spec, placement, out, dtype, rows=rows)
        launch(frame.pointer, slot, stream)

    def preprocessing(
        self,
        frame: DeviceFrame,
        spec: InputSpec,
        placement: Placement,
        out: int,
        dtype: ElementType,
        *,
        rows: int = 0,
    ) -> Callable[[int, int, Any], None]:
        """Settle the arguments of ``preprocess`` for all frames like this one.

        Returns:
            Launches it, for the address of such a frame, its batch entry and a stream.

        Raises:
            InferenceError: The frame is not what the placement was made for.
        """
        if (frame.width, frame.height) != placement.source_wh:
            msg = f'a frame of {frame.width}x{frame.height} pixels for {placement}'
            raise InferenceError(msg)
        width, height = placement.network_wh
        crop, paste = _xywh(placement.crop_xyxy), _xywh(placement.paste_xyxy)
        # Twice divided, as cv::resize does when it is given the sizes.
        scale_xy = 1 / (paste[2] / crop[2]), 1 / (paste[3] / crop[3])
        grey = spec.channels == 'grey'
        swap = frame.order != ('rgb' if grey else spec.channels)
        pad = spec.pad_levels[::-1] if swap else spec.pad_levels
        formula = spec.scale, *spec.mean, *spec.std
        if spec.dtype == 'uint8':
            formula = 1.0, *(0.0,) * 3, *(1.0,) * 3
        grid, entry = grid_2d(width, height), spec.depth * width * height
        call = self._functions['preprocess'].prepared_async_call
        first = (
            frame.step, rows, int(swap),
            *crop, *paste, width, height,
            interpolation_code(spec.interpolation, scale_xy), *scale_xy,
            *pad, *formula, out,
        )  # fmt: skip
        last = (int(spec.layout == 'nhwc'), int(grey), ELEMENT_TYPES[dtype])

        def launch(pointer: int, slot: int, stream: Any) -> None:
            call(grid, BLOCK_2D, stream, pointer, *first, slot * entry, *last)

        return launch

    def activate(
        self,
        scores: DeviceScores,
        kind: str,
        flag: int,
        planes: int,
        *,
        has_score: int = 0,
        stream: Any = None,
    ) -> None:
        """Turn a grid's scores into probabilities, as ``tasks.score_grid.read_scores`` does.

        Args:
            scores: The network's output; its ``classes`` are planes.
            kind: ``logits``, ``probabilities``, or ``scores`` for either of them: logits where
                any lies outside 0..1 by more than half precision's rounding.
            flag: Address of a uint32, written where ``scores`` are looked at.
            planes: Address of (C, H, W) float32, written; C is 2 for a single plane, which is the
                score of class 1.
            has_score: Address of a uint32, written: 1 where any probability is above 0, else 0;
                0 = not wanted.
            stream: A ``pycuda.driver.Stream``.
        """
        cells = scores.width * scores.height
        code = scores_type(scores.dtype)
        class_stride, _, cell_stride = scores.strides
        if kind == 'scores':
            count = scores.classes * cells
            self._launch('zero_words', (1, 1), BLOCK_1D, stream, flag, 1)
            self._launch(
                'find_logits', grid_1d(count), BLOCK_1D, stream, scores.pointer, code, count,
                -PROBABILITY_SLACK, 1 + PROBABILITY_SLACK, flag,
            )  # fmt: skip
        if has_score:
            self._launch('zero_words', (1, 1), BLOCK_1D, stream, has_score, 1)
        self._launch(
            'activate', grid_1d(cells), BLOCK_1D, stream, scores.pointer, code, scores.classes,
            cells, class_stride, cell_stride, SCORE_KINDS[kind], flag, has_score,
            planes,
        )  # fmt: skip

    def segment(
        self,
        scores: DeviceScores,
        placement: Placement,
        mask_wh: tuple[int, int],
        class_ids: int,
        *,
        linear: bool = False,
        ignored_class: int | None = None,
        min_confidence: float | None = None,
        confidences: int = 0,
        confidences_dtype: ElementType = 'float32',
        stream: Any = None,
    ) -> None:
        """Make the class mask of the source image at any size.

        The mask's pixel centres are mapped back through the placement. 255 (unlabelled) is given
        to pixels that the network did not see, or where no class is sure enough.

        Args:
            scores: The network's output.
            placement: How the frame was laid into the network's input.
            mask_wh: Size of the mask, which spans the whole source image.
            class_ids: Address of (H, W) uint8, written.
            linear: Interpolate the scores at each pixel before the arg-max; else take the cell.
            ignored_class: Never given; the runner-up wins.
            min_confidence: Least confidence of a labelled pixel; None = any.
            confidences: Address of (H, W), the winner's score, written; 0 = not wanted.
            confidences_dtype: What they are; uint8 is 255 * confidence, rounded.
            stream: A ``pycuda.driver.Stream``.
        """
        width, height = mask_wh
        x, y = grid_maps(placement, (scores.width, scores.height), mask_wh)
        self._launch(
            'segment', grid_2d(width, height), BLOCK_2D, stream,
            scores.pointer, scores_type(scores.dtype), scores.classes, *scores.strides,
            x.first, x.last, y.first, y.last, x.factor, x.shift, y.factor, y.shift,
            x.begin, y.begin, x.end, y.end, width, height, int(linear),
            -1 if ignored_class is None else ignored_class,
            -math.inf if min_confidence is None else min_confidence,
            class_ids, confidences, ELEMENT_TYPES[confidences_dtype],
        )  # fmt: skip

    def colorize(
        self, class_ids: int, pixels: int, palette: int, out_rgb: int, *, stream: Any = None
    ) -> None:
        """Write each pixel's colour.

        Args:
            class_ids: Address of the mask, uint8.
            pixels: Of the mask.
            palette: Address of ``arguments.palette_rgba``'s table.
            out_rgb: Address of (pixels, 3) uint8, written.
            stream: A ``pycuda.driver.Stream``.
        """
        self._launch(
            'colorize', grid_1d(pixels), BLOCK_1D, stream, class_ids, pixels, palette, out_rgb
        )

    def blend(
        self,
        frame: DeviceFrame,
        class_ids: int,
        mask_wh: tuple[int, int],
        palette: int,
        out_rgb: int,
        *,
        stream: Any = None,
    ) -> None:
        """Blend the colours of a mask over a frame.

        Args:
            frame: The frame.
            class_ids: Address of the mask, uint8, read at the nearest pixel.
            mask_wh: Size of the mask, which spans the whole frame.
            palette: Address of ``arguments.palette_rgba``'s table.
            out_rgb: Address of (H, W, 3) uint8 of the frame's size, written.
            stream: A ``pycuda.driver.Stream``.
        """
        self._launch(
            'blend', grid_2d(frame.width, frame.height), BLOCK_2D, stream,
            frame.pointer, frame.step, int(frame.order != 'rgb'),
            frame.width, frame.height, class_ids, *mask_wh, palette, out_rgb,
        )  # fmt: skip

    def count_classes(
        self, class_ids: int, pixels: int, counts: int, *, stream: Any = None
    ) -> None:
        """Count the pixels of each class.

        Args:
            class_ids: Address of the mask, uint8.
            pixels: Of the mask.
            counts: Address of (256,) uint32, written; the last one counts unlabelled pixels.
            stream: A ``pycuda.driver.Stream``.
        """
        self._launch('zero_words', grid_1d(256), BLOCK_1D, stream, counts, 256)
        blocks = min(grid_1d(pixels)[0], HISTOGRAM_BLOCKS)
        self._launch('count_classes', (blocks, 1), BLOCK_1D, stream, class_ids, pixels, counts)

    def gathering(
        self,
        boxes: DeviceBoxes,
        records: int,
        capacity: int,
        *,
        best_only: bool = False,
        skipped_class: int | None = None,
    ) -> Callable[[float, Any], None]:
        """Settle how the boxes with a score at or above a threshold are gathered.

        Args:
            boxes: The network's outputs.
            records: Address of 1 + capacity records of dtype ``candidates.CANDIDATE``, written in
                no fixed order; ``candidates.read_candidates`` makes sense of them.
            capacity: Most candidates that are kept.
            best_only: One candidate a box, with its best class; else one a (box, class) pair.
            skipped_class: Never given, such as an SSD's background.

        Returns:
            Launches it, for the least score, inclusive, and a ``pycuda.driver.Stream`` or None.
        """
        grid = grid_1d(boxes.count * (1 if best_only else boxes.classes))
        first = (
            boxes.scores, scores_type(boxes.scores_dtype),
            boxes.count, boxes.classes, *boxes.score_strides,
            boxes.objectness, boxes.objectness_stride,
            boxes.boxes, scores_type(boxes.boxes_dtype), *boxes.box_strides,
            -1 if skipped_class is None else skipped_class, int(best_only),
        )  # fmt: skip

        def launch(threshold: float, stream: Any) -> None:
            self._launch('zero_words', (1, 1), BLOCK_1D, stream, records, 8)
            self._launch(
                'gather_candidates', grid, BLOCK_1D, stream, *first, threshold, capacity, records
            )

        return launch

    def _launch(
        self,
        name: str,
        grid: tuple[int, int],
        block: tuple[int, int, int],
        stream: Any,
        *arguments: Any,
    ) -> None:
        if all(grid):  # CUDA refuses an empty grid
            self._functions[name].prepared_async_call(grid, block, stream, *arguments)


def _xywh(xyxy: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = xyxy
    return x1, y1, x2 - x1, y2 - y1
