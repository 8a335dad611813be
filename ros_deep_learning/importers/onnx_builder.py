# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Build an ONNX network node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConversionError

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value that depends on the image.

    Attributes:
        name: Name in the ONNX graph.
        shape: Shape with the channels last: (1, H, W, C) for images.
        planar: Whether the tensor in the ONNX graph has the shape (1, C, H, W) instead.
    """

    name: str
    shape: tuple[int, ...]
    planar: bool


class OnnxBuilder:
    """Collects nodes and constants; a duplicate name raises ConversionError.

    Attributes:
        nodes: The nodes so far, each after its inputs.
        constants: The constants by name; float32 or int64.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self._names: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def emit(self, op: str, inputs: Iterable[str], output: str, **attributes: Any) -> str:
        """Append a node with one output, and return the output's name."""
        from onnx import helper

        self._claim(output)
        self.nodes.append(helper.make_node(op, list(inputs), [output], output, **attributes))
        return output

    def keep(self, name: str, value: Any) -> str:
        """Add a copy of an array as a constant, and return its name.

        Raises:
            ConversionError: A value is not a finite number, as in a damaged file.
        """
        self._claim(name)
        array: NDArray[Any] = np.array(value, order='C')
        if not np.isfinite(array).all():
            msg = f'the constant {name!r} has values that are not finite numbers'
            raise ConversionError(msg)
        self.constants[name] = array
        return name

    def plain(self, tensor: Tensor) -> str:
        """Return the name of a tensor with the channels last; transpose it if needed."""
        if not tensor.planar:
            return tensor.name
        name = f'{tensor.name}/nhwc'
        if name not in self:
            self.emit('Transpose', [tensor.name], name, perm=[0, 2, 3, 1])
        return name

    def fold_into_convolutions(self) -> None:
        """Fold a product or sum with one constant per channel into the convolution before it.

        This removes batch normalisations and biases. A convolution stays unchanged if its result
        is also used elsewhere.
        """
        uses = Counter(name for node in self.nodes for name in node.input)
        convolutions: dict[str, onnx.NodeProto] = {}
        kept: list[onnx.NodeProto] = []
        for node in self.nodes:
            convolution = convolutions.get(node.input[0])
            values = self.constants.get(node.input[1]) if len(node.input) == 2 else None
            if (
                convolution is None
                or values is None
                or node.op_type not in ('Mul', 'Add')
                or uses[node.input[0]] != 1
                or values.shape != (1, values.size, 1, 1)
            ):
                kept.append(node)
                if node.op_type == 'Conv' and len(node.input) == 3:
                    convolutions[node.output[0]] = node
                continue
            weights, bias = (self.constants[name] for name in convolution.input[1:])
            if node.op_type == 'Mul':
                weights *= values.reshape(-1, 1, 1, 1)
                bias *= values.ravel()
            else:
                bias += values.ravel()
            del self.constants[node.input[1]]
            convolution.output[0] = node.output[0]
            convolutions[node.output[0]] = convolution
        self.nodes = kept

    def _claim(self, name: str) -> None:
        if name in self._names:
            msg = f'two tensors would have the name {name!r}'
            raise ConversionError(msg)
        self._names.add(name)
