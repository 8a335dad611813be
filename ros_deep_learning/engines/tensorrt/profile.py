# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which input shapes an engine is built for."""

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
    """The shapes that one input may have.

    Attributes:
        name: The input's name.
        smallest: Least size of each dimension.
        best: What the kernels are chosen for.
        largest: Greatest size of each dimension; the buffers have it.
    """

    name: str
    smallest: Shape
    best: Shape
    largest: Shape

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> InputRange:
        """Read a range back from JSON."""
        shapes = (tuple(int(n) for n in data[key]) for key in ('smallest', 'best', 'largest'))
        return cls(str(data['name']), *shapes)

    @property
    def is_open(self) -> bool:
        """Whether there is more than one shape."""
        return self.smallest != self.largest


@dataclass(frozen=True, slots=True)
class SizeRange:
    """Image sizes that an engine takes where its network leaves height and width open.

    Attributes:
        smallest_wh: Least width and height, pixels.
        largest_wh: Greatest width and height, pixels.
    """

    smallest_wh: tuple[int, int]
    largest_wh: tuple[int, int]


def input_ranges(
    inputs: Sequence[TensorSpec],
    spec: InputSpec | None,
    *,
    max_batch: int = 1,
    sizes: SizeRange | None = None,
) -> tuple[InputRange, ...]:
    """Settle the dimensions that a network leaves open.

    The first dimension of an input that leaves it open is the batch, 1 to ``max_batch``. Open
    height and width of the card's input are the card's, or the range that is asked for with the
    card's size as the best one.

    Args:
        inputs: The network's inputs; -1 is an open dimension.
        spec: The card's input; None where there is no card.
        max_batch: Most frames in one run.
        sizes: Image sizes to take; None is the card's alone.

    Raises:
        BuildError: A dimension stays open, the network is fixed to another size or batch than
            asked for, or the range does not hold the card's size.
    """
    ranges = []
    for tensor in inputs:
        image = spec is not None and len(tensor.shape) == 4 and spec.name in (None, tensor.name)
        if image and spec is not None:
            ranges.append(_image_range(tensor, spec, max_batch, sizes))
        else:
            ranges.append(_plain_range(tensor, max_batch))
    if max_batch > 1 and not any(item.largest[:1] == (max_batch,) for item in ranges):
        msg = (
            f'the network has a fixed batch, not {max_batch}; mend: max_batch 1, or export it '
            'with an open batch dimension'
        )
        raise BuildError(msg)
    return tuple(ranges)


def _image_range(
    tensor: TensorSpec, spec: InputSpec, max_batch: int, sizes: SizeRange | None
) -> InputRange:
    rows, columns = (2, 3) if spec.layout == 'nchw' else (1, 2)
    card = {rows: spec.height, columns: spec.width, 3 if spec.layout == 'nhwc' else 1: 3}
    for axis, size in card.items():
        if tensor.shape[axis] not in (-1, size):
            msg = (
                f'input {tensor.name!r} is {shape_text(tensor.shape)}, but the card says '
                f'{spec.width}x{spec.height} in {spec.layout}'
            )
            raise BuildError(msg)
    if sizes is not None and -1 not in (tensor.shape[rows], tensor.shape[columns]):
        msg = (
            f'input {tensor.name!r} has the fixed size {shape_text(tensor.shape)}; drop the range'
        )
        raise BuildError(msg)
    low_wh, high_wh = (
        (sizes.smallest_wh, sizes.largest_wh)
        if sizes is not None
        else ((spec.width, spec.height), (spec.width, spec.height))
    )
    for axis, low, high in ((columns, low_wh[0], high_wh[0]), (rows, low_wh[1], high_wh[1])):
        if tensor.shape[axis] == -1 and not 1 <= low <= card[axis] <= high:
            msg = f"the image sizes {low}..{high} do not hold the card's {card[axis]}"
            raise BuildError(msg)
    smallest, best, largest = [], [], []
    for axis, size in enumerate(tensor.shape):
        if size != -1:
            low = mid = high = size
        elif axis == 0:
            low, mid, high = 1, max_batch, max_batch
        elif axis == rows:
            low, mid, high = low_wh[1], spec.height, high_wh[1]
        elif axis == columns:
            low, mid, high = low_wh[0], spec.width, high_wh[0]
        else:
            low = mid = high = card[axis]
        smallest.append(low)
        best.append(mid)
        largest.append(high)
    return InputRange(tensor.name, tuple(smallest), tuple(best), tuple(largest))


def _plain_range(tensor: TensorSpec, max_batch: int) -> InputRange:
    if -1 in tensor.shape[1:]:
        msg = (
            f'input {tensor.name!r} is {shape_text(tensor.shape)}: its size is open; mend: give '
            'the network a card that says its width and height'
        )
        raise BuildError(msg)
    is_open = tensor.shape[:1] == (-1,)
    smallest = (1, *tensor.shape[1:]) if is_open else tensor.shape
    largest = (max_batch, *tensor.shape[1:]) if is_open else tensor.shape
    return InputRange(tensor.name, smallest, largest, largest)
