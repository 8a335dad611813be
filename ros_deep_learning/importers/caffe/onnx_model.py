# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Make a checked ONNX file of what a converter has built."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConversionError
from ...text import one_line
from ..onnx_builder import OnnxBuilder
from .layer_context import Blob

_OPSET = 13
_IR_VERSION = 8


def serialised(
    path: Path, builder: OnnxBuilder, inputs: Sequence[Blob], outputs: Sequence[Blob], version: int
) -> bytes:
    """Check and serialise a network; the builder's constants are used up.

    Raises:
        ConversionError: The checker finds fault with it.
    """
    from onnx import TensorProto, helper, numpy_helper

    def value(name: str, shape: Sequence[int]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    constants = builder.constants
    weights = {name for name, array in constants.items() if array.dtype == np.float32}
    graph = helper.make_graph(
        builder.nodes,
        path.stem or 'caffe',
        [value(blob.name, blob.shape) for blob in inputs],
        [value(blob.name, blob.shape) for blob in outputs],
        [
            numpy_helper.from_array(array, name)
            for name, array in constants.items()
            if name not in weights
        ],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid('', _OPSET)],
        ir_version=_IR_VERSION,
        producer_name='ros_deep_learning',
        producer_version=str(version),
    )
    # The checker copies a model several times, so it gets one where the weights, hundreds of
    # megabytes, are inputs of their shapes.
    light = type(model)()
    light.CopyFrom(model)
    light.graph.input.extend(value(name, constants[name].shape) for name in sorted(weights))
    _check(path, light)
    for name in sorted(weights):
        model.graph.initializer.append(numpy_helper.from_array(constants.pop(name), name))
    return bytes(model.SerializeToString())


def _check(path: Path, model: Any) -> None:
    import onnx

    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as err:
        msg = f'{path}: cannot be converted: {one_line(err, 300)}'
        raise ConversionError(msg) from err
