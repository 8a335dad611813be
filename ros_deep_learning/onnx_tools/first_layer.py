# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read from the weights of the first convolution what range of numbers it was trained for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

_MOVES = frozenset(
    [
        *('Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Transpose', 'Slice', 'Split'),
        *('Concat', 'Gather', 'Pad', 'Resize', 'Upsample', 'SpaceToDepth', 'Add', 'Sub'),
    ]
)
"""Operators that leave the spread of the numbers about as it is."""


def first_layer_gain(model: ModelProto) -> float | None:
    """Return by how much the first convolution amplifies an image.

    That is the median over its filters of the root of the sum of their squared weights. Factors
    that the graph applies before it, and a batch normalisation behind it, are included. After
    training, gain times standard deviation of the input is about 1.

    Returns:
        None where no convolution is found, or its weights are not plain numbers in the file.
    """
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == 'Constant' and node.output:
            value = next((one.t for one in node.attribute if one.name == 'value'), None)
            constants |= {} if value is None else {node.output[0]: value}
    factors = {value.name: 1.0 for value in model.graph.input if value.name not in constants}
    try:
        for node in model.graph.node:
            factor = next((factors[name] for name in node.input if name in factors), None)
            if factor is None:
                continue
            if node.op_type == 'Conv':
                return _gain(model, node, constants, factor)
            factor *= _factor(node, constants, factors)
            if math.isfinite(factor):
                factors |= dict.fromkeys(node.output, factor)
    except (KeyError, IndexError, ValueError, TypeError):
        # Weights in another file, made by other operators, or of a wrong form.
        return None
    return None


def _factor(
    node: NodeProto, constants: Mapping[str, TensorProto], factors: Mapping[str, float]
) -> float:
    """Return what an operator multiplies its input by; NaN where that is not known."""
    if node.op_type in _MOVES:
        return 1.0
    if node.op_type == 'BatchNormalization':
        return float(np.median(_normalisation(node, constants)))
    if node.op_type in ('Mul', 'Div') and node.input[0] in factors:
        size = float(np.abs(_array(constants[node.input[1]])).mean())
        return size if node.op_type == 'Mul' else 1 / size if size else math.nan
    return math.nan


def _gain(
    model: ModelProto, conv: NodeProto, constants: Mapping[str, TensorProto], factor: float
) -> float | None:
    weights = _array(constants[conv.input[1]])
    norms = np.sqrt(np.square(weights.reshape(len(weights), -1)).sum(axis=1))
    after = [node for node in model.graph.node if conv.output[0] in node.input]
    if len(after) == 1 and after[0].op_type == 'BatchNormalization':
        norms = norms * _normalisation(after[0], constants)
    gain = factor * float(np.median(norms))
    return gain if math.isfinite(gain) and gain > 0 else None


def _normalisation(node: NodeProto, constants: Mapping[str, TensorProto]) -> NDArray[np.float64]:
    scale, variance = (_array(constants[node.input[k]]) for k in (1, 4))
    return np.asarray(np.abs(scale) / np.sqrt(np.maximum(variance, 0) + 1e-5))


def _array(tensor: TensorProto) -> NDArray[np.float64]:
    from onnx import numpy_helper

    if tensor.external_data:
        raise KeyError(tensor.name)
    array: NDArray[Any] = numpy_helper.to_array(tensor)
    return array.astype(np.float64)
