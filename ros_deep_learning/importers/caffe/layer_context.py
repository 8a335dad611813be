# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The inputs, weights and targets that the translator of a layer works with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ConversionError
from ..onnx_builder import OnnxBuilder
from .caffe_network import Layer, Shape
from .weights import StoredBlob

Array = NDArray[Any]

# Fields that affect training or the choice of a library, but not the result.
_HARMLESS = {
    'bias_filler',
    'engine',
    'filler',
    'force_nd_im2col',
    'moving_average_fraction',
    'random_seed',
    'scale_filler',
    'stable_prod_grad',
    'weight_filler',
}


@dataclass(frozen=True, slots=True)
class Blob:
    """A value that depends on the image.

    Attributes:
        name: Name in the ONNX graph.
        shape: Shape in Caffe's order: (N, C, H, W) for images.
    """

    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class LayerContext:
    """A layer that is being translated.

    Attributes:
        layer: The layer.
        inputs: The values that it reads.
        targets: ONNX names for its results.
        stored: Its arrays in the caffemodel.
        builder: Collects the ONNX nodes and constants.
    """

    layer: Layer
    inputs: tuple[Blob, ...]
    targets: tuple[str, ...]
    stored: tuple[StoredBlob, ...]
    builder: OnnxBuilder

    @property
    def input(self) -> Blob:
        """The only input of a layer with one result.

        Raises:
            ConversionError: The layer has another number of inputs or results.
        """
        self.expect(1)
        return self.inputs[0]

    def expect(self, inputs: int | None = None, results: int | None = 1) -> None:
        """Check the numbers of inputs and of results; None = at least one.

        Raises:
            ConversionError: A number differs.
        """
        for what, expected, found in (
            ('bottoms', inputs, len(self.inputs)),
            ('tops', results, len(self.targets)),
        ):
            if found != expected if expected is not None else found < 1:
                msg = f'expected {expected or "at least 1"} {what}, got {found}'
                raise ConversionError(msg)

    def image(self) -> Blob:
        """Return the only input, of shape (N, C, H, W).

        Raises:
            ConversionError: The layer has another number of inputs, or the input is not an image.
        """
        if len(self.input.shape) != 4:
            msg = f'its bottom of shape {self.input.shape} is not (N, C, H, W)'
            raise ConversionError(msg)
        return self.input

    def parameters(self, name: str) -> Any:
        """Return one of the layer's parameter messages, after checking that all fields are known.

        Raises:
            ConversionError: The layer sets an unknown field.
        """
        message = getattr(self.layer.message, name)
        known = {*message.DESCRIPTOR.fields_by_name, *_HARMLESS}
        for field in sorted(self.layer.text.fields):
            parent, _, child = field.partition('.')
            if parent == name and child not in known:
                msg = f'{name} has the field {child[:80]!r}, which cannot be converted'
                raise ConversionError(msg)
        return message

    def arrays(self, *shapes: Shape) -> list[Array]:
        """Return the layer's arrays from the caffemodel, float32 and of the given shapes.

        Raises:
            ConversionError: The caffemodel has other arrays, or values that are not finite.
        """
        found = [blob.shape for blob in self.stored]
        if len(found) != len(shapes) or not all(map(_fits, found, shapes)):
            msg = (
                f'expected weights of shapes {list(shapes)}, got {str(found)[:200]} in the '
                'caffemodel; do the files belong together, and is the input size right?'
            )
            raise ConversionError(msg)
        result = []
        for blob, shape in zip(self.stored, shapes, strict=True):
            with np.errstate(over='ignore', invalid='ignore'):
                values = blob.values.astype(np.float32, copy=False)
            if not math.isfinite(values.sum(dtype=np.float64)):
                msg = 'the weights are not finite numbers'
                raise ConversionError(msg)
            result.append(values.reshape(shape))
        return result

    def keep(self, suffix: str, value: Any) -> str:
        """Add a constant, and return its name."""
        return self.builder.keep(f'{self.targets[0]}:{suffix}', value)

    def emit(self, op: str, inputs: Iterable[str], shape: Shape, **attributes: Any) -> Blob:
        """Append the node that computes the layer's only result, and return the result."""
        return Blob(self.builder.emit(op, inputs, self.targets[0], **attributes), shape)

    def emit_inner(self, suffix: str, op: str, inputs: Iterable[str], **attributes: Any) -> str:
        """Append a node for an intermediate value, and return the name of its output."""
        return self.builder.emit(op, inputs, f'{self.targets[0]}:{suffix}', **attributes)

    def axis(self, number: int, count: int | None = None) -> int:
        """Return an axis of the first input as a number from 0; -1 is the last axis.

        Args:
            number: The axis, negative = counted from the end.
            count: Number of axes; None = that of the first input.

        Raises:
            ConversionError: There is no such axis.
        """
        count = len(self.inputs[0].shape) if count is None else count
        if not -count <= number < count:
            msg = f'no axis {number} in its bottom of shape {self.inputs[0].shape}'
            raise ConversionError(msg)
        return number % count


Translator = Callable[[LayerContext], list[Blob]]
"""Translates a layer, and returns its results in the order of its tops."""


def _fits(found: Shape, expected: Shape) -> bool:
    """Return whether a stored shape is the expected one, or another form of it.

    Old files pad a shape with 1 in front to four sizes; NVIDIA/caffe stores statistics of
    channels as (1, C, 1, 1).
    """
    if len(expected) == 1 and sum(size != 1 for size in found) <= 1:
        return math.prod(found) == expected[0]
    return _core(found) == _core(expected)


def _core(shape: Shape) -> Shape:
    """Drop leading sizes of 1."""
    first = next((i for i, size in enumerate(shape) if size != 1), len(shape))
    return shape[first:]
