# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Set the input size of a fully convolutional ONNX network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import ConversionError, OnnxError
from ..text import one_line, printable
from .external_data import external_files
from .load import load_onnx

CONVERTER_VERSION = 1
"""Version of the conversion; increase it with every change of the result."""


def resize_onnx(path: Path, size_wh: tuple[int, int]) -> bytes:
    """Set the size of a network's only input, (1, 3, H, W), and infer all other shapes again.

    Some exporters write the size of their example image into the file, although the network
    accepts any size; the shapes of its outputs are then wrong, too.

    Args:
        path: The network, with its weights in the same file.
        size_wh: Width and height of the input in pixels.

    Returns:
        The serialised ONNX model.

    Raises:
        ConversionError: The file is not such a network, has weights in other files, or the network
            does not support the size.
    """
    import onnx

    try:
        model = load_onnx(path, weights=False)
        others = external_files(path, model)
    except OnnxError as err:
        raise ConversionError(str(err)) from err
    if others:
        msg = (
            f'{path} has weights in {printable(others[0])}, but only a network in one file can be '
            'resized; to fix: onnx.save(onnx.load(path), path) of the Python package onnx'
        )
        raise ConversionError(msg)
    _set_size(model.graph, path, size_wh)
    try:
        for output in model.graph.output:
            output.type.tensor_type.ClearField('shape')
        del model.graph.value_info[:]
        model = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as err:
        msg = f'{path} is not a valid ONNX network: {one_line(err, 300)}'
        raise ConversionError(msg) from err
    except onnx.shape_inference.InferenceError as err:
        width, height = size_wh
        msg = f'{path} cannot take images of {width}x{height}: {one_line(err, 300)}'
        raise ConversionError(msg) from err
    return bytes(model.SerializeToString())


def _set_size(graph: Any, path: Path, size_wh: tuple[int, int]) -> None:
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    axes = inputs[0].type.tensor_type.shape.dim if len(inputs) == 1 else []
    if len(axes) != 4 or axes[1].dim_value not in (0, 3):
        msg = f'{path}: expected one input of shape (1, 3, H, W)'
        raise ConversionError(msg)
    width, height = size_wh
    for axis, size in zip(axes, (1, 3, height, width), strict=True):
        axis.dim_value = size
