# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the translation of a layer has to hand."""

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

# Fields that say how to train or with which library to compute, and not what.
_HARMLESS = {
    'bias_filler',
    'engine',
    'filler',
    'force_nd_im2col',
    'moving_average_fraction',
    'stable_prod_grad',
    'weight_filler',
}


@dataclass(frozen=True, slots=True)
class Blob:
    """A value that depends on the image.

    Attributes:
        name: Its name in the ONNX graph.
        shape: Its shape as Caffe has it: (N, C, H, W) for images.
    """

    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class LayerContext:
    """A layer that is being translated.

    Attributes:
        layer: The layer.
        inputs: What it reads.
        targets: The ONNX names that its results shall have.
        stored: Its arrays in the caffemodel.
        builder: Gets the ONNX nodes and constants.
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
            ConversionError: It has another number of inputs or results.
        """
        self.expect(1)
        return self.inputs[0]

    def expect(self, inputs: int | None = None, results: int | None = 1) -> None:
        """Check the numbers of inputs and of results; None = at least one.

        Raises:
            ConversionError: They are others.
        """
        for what, want, found in (
            ('bottoms', inputs, len(self.inputs)),
            ('tops', results, len(self.targets)),
        ):
            if found != want if want is not None else found < 1:
                msg = f'{found} {what}, but want {want or "some"}'
                raise ConversionError(msg)

    def image(self) -> Blob:
        """The only input, of shape (N, C, H, W).

        Raises:
            ConversionError: It is another number of inputs, or no image.
        """
        if len(self.input.shape) != 4:
            msg = f'its bottom of shape {self.input.shape} is not (N, C, H, W)'
            raise ConversionError(msg)
        return self.input

    def parameters(self, name: str) -> Any:
        """Give one of the layer's parameter messages, all of which is understood.

        Raises:
            ConversionError: It sets fields that are not known here.
        """
        message = getattr(self.layer.message, name)
        known = {*message.DESCRIPTOR.fields_by_name, *_HARMLESS}
        for field in sorted(self.layer.text.fields):
            parent, _, child = field.partition('.')
            if parent == name and child not in known:
                msg = f'{name} has the field {child[:80]!r}, which is not known here'
                raise ConversionError(msg)
        return message

    def arrays(self, *shapes: Shape) -> list[Array]:
        """Give the layer's arrays from the caffemodel, float32 and of these shapes.

        Raises:
            ConversionError: It has other arrays there, or values that are not finite.
        """
        found = [blob.shape for blob in self.stored]
        if [_core(shape) for shape in found] != [_core(shape) for shape in shapes]:
            msg = (
                f'wants weights of shapes {list(shapes)}, but those in the caffemodel are '
                f'{str(found)[:200]}; do the files belong together, and is the input size right?'
            )
            raise ConversionError(msg)
        result = []
        for blob, shape in zip(self.stored, shapes, strict=True):
            with np.errstate(over='ignore'):
                values = blob.values.astype(np.float32, copy=False)
            if not math.isfinite(values.sum(dtype=np.float64)):
                msg = 'weights that are not finite numbers'
                raise ConversionError(msg)
            result.append(values.reshape(shape))
        return result

    def keep(self, suffix: str, value: Any) -> str:
        """Add a constant; gives its name."""
        return self.builder.keep(f'{self.targets[0]}:{suffix}', value)

    def emit(self, op: str, inputs: Iterable[str], shape: Shape, **attributes: Any) -> Blob:
        """Append the node that gives the layer's only result."""
        return Blob(self.builder.emit(op, inputs, self.targets[0], **attributes), shape)

    def emit_inner(self, suffix: str, op: str, inputs: Iterable[str], **attributes: Any) -> str:
        """Append a node on the way to a result; gives the name of what it gives."""
        return self.builder.emit(op, inputs, f'{self.targets[0]}:{suffix}', **attributes)

    def axis(self, number: int, count: int | None = None) -> int:
        """Give an axis of the first input, -1 being the last, as a number from 0.

        Raises:
            ConversionError: There is no such axis.
        """
        count = len(self.inputs[0].shape) if count is None else count
        if not -count <= number < count:
            msg = f'no axis {number} in its bottom of shape {self.inputs[0].shape}'
            raise ConversionError(msg)
        return number % count


Translator = Callable[[LayerContext], list[Blob]]
"""Translates a layer; gives its results in the order of its tops."""


def _core(shape: Shape) -> Shape:
    """Drop sizes of 1 in front, with which old files fill up to four."""
    first = next((i for i, size in enumerate(shape) if size != 1), len(shape))
    return shape[first:]
