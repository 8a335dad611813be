# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Input shapes that an engine is built for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import BuildError
from ...text import shape_text
from ..base import TensorSpec

if TYPE_CHECKING:
    from ...cards.card import InputSpec

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InputRange:
    """Range of shapes of one input, as in TensorRT's optimisation profiles.

    Attributes:
        name: Name of the input.
        smallest: Smallest size of each dimension.
        best: Shape that the kernels are chosen for.
        largest: Largest size of each dimension; buffers are allocated for it.
    """

    name: str
    smallest: Shape
    best: Shape
    largest: Shape

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> InputRange:
        """Read a range from JSON."""
        shapes = (tuple(int(n) for n in data[key]) for key in ('smallest', 'best', 'largest'))
        return cls(str(data['name']), *shapes)


def input_ranges(
    inputs: Sequence[TensorSpec], spec: InputSpec | None, *, max_batch: int = 1
) -> tuple[InputRange, ...]:
    """Compute the shapes to build for.

    If the first dimension of an input is open, it is the batch, 1 to ``max_batch``. Open height
    and width of the card's input take the sizes of the card.

    Args:
        inputs: Inputs of the network; -1 is an open dimension.
        spec: Input of the card; None if there is no card.
        max_batch: Largest number of frames in one run.

    Raises:
        BuildError: The size of a dimension is not known, or the network has another fixed size
            or batch than requested.
    """
    ranges = []
    for tensor in inputs:
        image = spec is not None and len(tensor.shape) == 4 and spec.name in (None, tensor.name)
        shape = _with_size(tensor, spec) if image and spec is not None else tensor.shape
        if -1 in shape[1:]:
            msg = (
                f'input {tensor.name!r} is {shape_text(tensor.shape)}: its size is open; to fix: '
                'give the network a card with its width and height'
            )
            raise BuildError(msg)
        is_open = shape[:1] == (-1,)
        smallest = (1, *shape[1:]) if is_open else shape
        largest = (max_batch, *shape[1:]) if is_open else shape
        ranges.append(InputRange(tensor.name, smallest, largest, largest))
    if max_batch > 1 and not any(item.largest[:1] == (max_batch,) for item in ranges):
        msg = (
            f'the network has a fixed batch, and max_batch is {max_batch}; to fix: max_batch 1, '
            'or export the network with an open batch dimension'
        )
        raise BuildError(msg)
    return tuple(ranges)


def _with_size(tensor: TensorSpec, spec: InputSpec) -> Shape:
    """Return the shape of an image input, with open dimensions set to the card's sizes."""
    rows, columns, channels = (2, 3, 1) if spec.layout == 'nchw' else (1, 2, 3)
    card = {rows: spec.height, columns: spec.width, channels: spec.depth}
    for axis, size in card.items():
        if tensor.shape[axis] not in (-1, size):
            msg = (
                f'input {tensor.name!r} is {shape_text(tensor.shape)}, but the card has '
                f'{spec.width}x{spec.height} in {spec.layout}'
            )
            raise BuildError(msg)
    return tuple(card.get(axis, size) for axis, size in enumerate(tensor.shape))
