# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The precision that an ONNX graph computes in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import OnnxError
from ..text import one_line

if TYPE_CHECKING:
    from onnx import ModelProto

GraphPrecision = Literal['fp32', 'fp16', 'int8', 'mixed']

_WEIGHTED = frozenset({'Conv', 'ConvTranspose', 'Gemm', 'MatMul'})
_QUANTIZED = frozenset(
    {
        'QuantizeLinear',
        'DynamicQuantizeLinear',
        'QLinearConv',
        'QLinearMatMul',
        'ConvInteger',
        'MatMulInteger',
    }
)
_LARGE_BYTES = 1024


def graph_precision(path: Path, model: ModelProto) -> GraphPrecision:
    """Return the precision that the convolutions and matrix products of a network have.

    Weights that are stored in half precision and cast to float32 count as fp32. A network with
    quantise nodes for its activations is int8, although its first and last layers may be float.
    A network with both fp32 and fp16 products is mixed. Bodies of control flow are ignored.

    Args:
        path: The network's file, for error messages.
        model: The network. Its large weights are dropped, since the inference of types is slow
            with them and does not use them.

    Raises:
        OnnxError: The types of the tensors cannot be inferred.
    """
    from onnx import TensorProto

    types = _product_types(path, model)
    if any(node.op_type in _QUANTIZED for node in model.graph.node):
        return 'int8'
    if types <= {TensorProto.FLOAT}:
        return 'fp32'
    return 'fp16' if types == {TensorProto.FLOAT16} else 'mixed'


def _product_types(path: Path, model: ModelProto) -> set[int]:
    from onnx import shape_inference

    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > _LARGE_BYTES:
            tensor.ClearField('raw_data')
    try:
        graph = shape_inference.infer_shapes(model).graph
    except Exception as err:
        msg = f'cannot infer the types in {path}: {one_line(err)}'
        raise OnnxError(msg) from err
    known = {
        value.name: value.type.tensor_type.elem_type
        for value in (*graph.input, *graph.output, *graph.value_info)
    }
    products = [node.output[0] for node in graph.node if node.op_type in _WEIGHTED]
    return {known[name] for name in products if known.get(name)}
