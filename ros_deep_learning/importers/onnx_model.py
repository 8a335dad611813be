# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Check and serialise the ONNX model that a converter has built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConversionError
from ..text import one_line, printable
from .onnx_builder import OnnxBuilder

_OPSET = 13
_IR_VERSION = 8


def serialised(
    path: Path,
    builder: OnnxBuilder,
    inputs: Mapping[str, Sequence[int]],
    outputs: Mapping[str, Sequence[int]],
    version: int,
) -> bytes:
    """Check and serialise a network; removes the float constants from the builder.

    Args:
        path: The original file, for the graph's name and for errors.
        builder: The nodes and constants.
        inputs: Shapes of the float32 inputs by name.
        outputs: Shapes of the float32 outputs by name.
        version: Version of the converter.

    Returns:
        The serialised ONNX model, of opset 13.

    Raises:
        ConversionError: The ONNX checker refuses the network.
    """
    from onnx import TensorProto, helper, numpy_helper

    def values(shapes: Mapping[str, Sequence[int]]) -> list[Any]:
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in shapes.items()
        ]

    constants = builder.constants
    weights = {name for name, array in constants.items() if array.dtype == np.float32}
    graph = helper.make_graph(
        builder.nodes,
        # The name of a file need not be text.
        printable(path.stem) or 'network',
        values(inputs),
        values(outputs),
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
    # The checker copies a model several times, so it gets one that has inputs in place of the
    # weights, which can be hundreds of megabytes.
    light = type(model)()
    light.CopyFrom(model)
    light.graph.input.extend(values({name: constants[name].shape for name in sorted(weights)}))
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
