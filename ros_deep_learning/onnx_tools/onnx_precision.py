# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What precision an ONNX graph computes in, as its own types say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import EngineError
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


def graph_precision(onnx_path: Path) -> GraphPrecision:
    """Read what the convolutions and matrix products of a network are computed in.

    Weights that are only stored in half and cast up are fp32. Activations that pass through
    quantise nodes make a network int8, even though its first and last layers may not be.
    Networks with fp32 and fp16 products side by side are mixed. Bodies of control flow are not
    looked into.

    Raises:
        EngineError: The file cannot be read as ONNX.
    """
    import onnx

    try:
        model = onnx.load(str(onnx_path), load_external_data=False)
        types = _product_types(model)
    except Exception as err:
        msg = f'cannot read {onnx_path} as ONNX: {one_line(err)}'
        raise EngineError(msg) from err
    if any(node.op_type in _QUANTIZED for node in model.graph.node):
        return 'int8'
    if types <= {onnx.TensorProto.FLOAT}:
        return 'fp32'
    return 'fp16' if types == {onnx.TensorProto.FLOAT16} else 'mixed'


def _product_types(model: ModelProto) -> set[int]:
    from onnx import shape_inference

    # Types follow without the weights' values, and a graph without them is inferred at once.
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > _LARGE_BYTES:
            tensor.ClearField('raw_data')
    graph = shape_inference.infer_shapes(model).graph
    known = {
        value.name: value.type.tensor_type.elem_type
        for value in (*graph.input, *graph.output, *graph.value_info)
    }
    products = [node.output[0] for node in graph.node if node.op_type in _WEIGHTED]
    return {known[name] for name in products if known.get(name)}
