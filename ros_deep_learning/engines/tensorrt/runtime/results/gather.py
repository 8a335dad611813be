# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector's boxes and scores on their way to candidates, picked on the GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .....errors import InferenceError
from .....text import shape_text
from ....on_device import DeviceCandidates
from ...kernels.arguments import element_type
from ...kernels.candidates import CANDIDATE, DeviceBoxes, read_candidates
from ..memory import ExchangeBuffer, GrowingBuffer

if TYPE_CHECKING:
    from .....cards.box_table import BoxTable
    from ...kernels.launcher import Kernels

_FIRST_COPY = 1024
"""Records that are copied before their number is known: 32 KB take as long as one word."""


@dataclass(frozen=True, slots=True)
class DeviceTensor:
    """An output in device memory: its address, its shape with the batch axis, and its type."""

    pointer: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class _Fields:
    """A tensor of rows of fields: how many, and the distance between them in elements."""

    rows: int
    fields: int
    row_stride: int
    field_stride: int

    @classmethod
    def of(cls, shape: tuple[int, ...], *, fields_first: bool) -> _Fields:
        if len(shape) < 2:
            return cls(0, 0, 0, 0)
        if fields_first:
            rows = prod(shape[1:])
            return cls(rows, shape[0], 1, rows)
        return cls(prod(shape[:-1]), shape[-1], shape[-1], 1)


def box_tables(table: BoxTable, scores: DeviceTensor, boxes: DeviceTensor) -> list[DeviceBoxes]:
    """Find the boxes and scores of each batch entry in the table's outputs.

    Raises:
        InferenceError: They have other shapes or types than the table says.
    """
    by_score, by_box = (
        _Fields.of(tensor.shape[1:], fields_first=table.fields_first) for tensor in (scores, boxes)
    )
    classes = by_score.fields - table.first_class
    if (
        classes < 1
        or by_box.fields < 4
        or by_score.rows != by_box.rows
        or scores.shape[0] != boxes.shape[0]
    ):
        msg = (
            f'outputs {table.scores!r} {shape_text(scores.shape)} and {table.boxes!r} '
            f'{shape_text(boxes.shape)} are no table of boxes and scores'
        )
        raise InferenceError(msg)

    def field(slot: int, index: int) -> int:
        elements = slot * prod(scores.shape[1:]) + index * by_score.field_stride
        return scores.pointer + elements * scores.dtype.itemsize

    return [
        DeviceBoxes(
            scores=field(slot, table.first_class),
            boxes=boxes.pointer + slot * prod(boxes.shape[1:]) * boxes.dtype.itemsize,
            count=by_score.rows,
            classes=classes,
            score_strides=(by_score.row_stride, by_score.field_stride),
            box_strides=(by_box.row_stride, by_box.field_stride),
            scores_dtype=element_type(scores.dtype),
            boxes_dtype=element_type(boxes.dtype),
            objectness=0 if table.objectness is None else field(slot, table.objectness),
            objectness_stride=by_score.row_stride,
        )
        for slot in range(scores.shape[0])
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """A batch entry's place in the memory for candidates.

    Attributes:
        start: Offset of its first record.
        launch: Starts to gather, for a least score and a stream.
        counts: Shape (1,), uint32, how many candidates there are.
        records: As many records as there is room for, the first of which holds the count.
    """

    start: int
    launch: Callable[[float, Any], None]
    counts: NDArray[np.uint32]
    records: NDArray[np.void]


class CandidateGatherer:
    """Gathers the candidates of one run; there is room for all, so that none is left out.

    All methods need the GPU's context current.
    """

    def __init__(self, kernels: Kernels, *, shared: bool) -> None:
        """Take the kernels; nothing is allocated yet.

        Args:
            kernels: Of the current context.
            shared: Whether the GPU maps the host's memory; see ``ExchangeBuffer``.
        """
        self._kernels = kernels
        self._memory = GrowingBuffer(partial(ExchangeBuffer, shared=shared))
        self._boxes: Sequence[DeviceBoxes] = ()
        self._table: BoxTable | None = None
        self._entries: list[_Entry] = []
        self._first_copy = 0

    def gather(
        self, boxes: Sequence[DeviceBoxes], table: BoxTable, least: float, stream: Any
    ) -> None:
        """Enqueue the picking of candidates on a stream, and the copy of the first of them.

        Args:
            boxes: Of each batch entry, all of one size.
            table: How they are read.
            least: Least score.
            stream: Where the work is put; the caller waits for it before ``take``.
        """
        if boxes is not self._boxes or table is not self._table:
            self._settle(boxes, table)
        memory = self._memory.sized(0)
        for entry in self._entries:
            entry.launch(least, stream)
            memory.download(self._first_copy * CANDIDATE.itemsize, stream, entry.start)

    def take(self, stream: Any) -> list[DeviceCandidates]:
        """Read the candidates of each entry, once the stream's work is done.

        More than were copied at first are copied now, which waits for the stream again.
        """
        counts = [int(entry.counts[0]) for entry in self._entries]
        missing = False
        for entry, count in zip(self._entries, counts, strict=True):
            more = 1 + count - self._first_copy
            if more > 0:
                at = entry.start + self._first_copy * CANDIDATE.itemsize
                self._memory.sized(0).download(more * CANDIDATE.itemsize, stream, at)
                missing = True
        if missing:
            stream.synchronize()
        return [
            read_candidates(entry.records[: 1 + count])
            for entry, count in zip(self._entries, counts, strict=True)
        ]

    def free(self) -> None:
        """Free the memory; freeing it again has no effect."""
        self._forget()
        self._memory.free()

    def _settle(self, boxes: Sequence[DeviceBoxes], table: BoxTable) -> None:
        """Settle where the candidates of some boxes go; others are seldom asked for."""
        self._forget()
        first = boxes[0]
        capacity = first.count * (1 if table.best_only else first.classes)
        stride = (1 + capacity) * CANDIDATE.itemsize
        memory = self._memory.sized(len(boxes) * stride)
        for slot, entry in enumerate(boxes):
            start = slot * stride
            launch = self._kernels.gathering(
                entry,
                memory.pointer + start,
                capacity,
                best_only=table.best_only,
                skipped_class=table.background,
            )
            counts = memory.host((1,), np.dtype(np.uint32), start)
            records = memory.host((1 + capacity,), CANDIDATE, start)
            self._entries.append(_Entry(start, launch, counts, records))
        self._first_copy = 1 + min(capacity, _FIRST_COPY)
        self._boxes, self._table = boxes, table

    def _forget(self) -> None:
        """Let go of all views of the memory."""
        self._boxes, self._table = (), None
        self._entries.clear()
