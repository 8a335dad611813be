# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Let an ONNX network take 8-bit pixels, and compute its input from them itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConversionError
from .load import load_onnx
from .onnx_edit import captured_names, new_name, tensor_names

if TYPE_CHECKING:
    from ..cards.card import InputSpec

_VALUES = 256


def take_pixels(path: Path, name: str, spec: InputSpec) -> bytes:
    """Put what preprocessing does with pixel values in front of a network.

    Args:
        path: The network; weights in other files stay there.
        name: Its input for the image.
        spec: The card's input, float32 or float16, whose ``(pixel * scale - mean[c]) / std[c]``
            the network looks up then.

    Returns:
        The serialised ONNX model, whose input of that name is ``uint8``, with the same shape.

    Raises:
        OnnxError: The file is no ONNX network.
        ConversionError: The network has no such input, takes 8-bit pixels already, or reads the
            image in the body of a control flow.
    """
    from onnx import TensorProto, helper, numpy_helper

    model = load_onnx(path, weights=False)
    graph = model.graph
    value = next((one for one in graph.input if one.name == name), None)
    kinds = {'float32': TensorProto.FLOAT, 'float16': TensorProto.FLOAT16}
    kind = kinds.get(spec.dtype, TensorProto.UNDEFINED)
    if value is None or value.type.tensor_type.elem_type != kind:
        msg = f'{path}: expected an input {name!r} of float32 or float16 to make 8-bit pixels of'
        raise ConversionError(msg)
    if name in captured_names(graph):
        msg = (
            f'{path}: a branch or loop in it reads {name!r}; to fix: leave out --pixels or --jpeg'
        )
        raise ConversionError(msg)
    names = tensor_names(graph)
    whole, numbers, ready = (
        new_name(f'{name}_{step}', names) for step in ('whole', 'numbers', 'ready')
    )
    table, starts = new_name(f'{name}_table', names), new_name(f'{name}_starts', names)
    shape = (spec.depth, 1, 1) if spec.layout == 'nchw' else (spec.depth,)
    first = np.arange(spec.depth, dtype=np.int32).reshape(shape) * _VALUES
    graph.initializer.append(numpy_helper.from_array(_table(spec), table))
    graph.initializer.append(numpy_helper.from_array(first, starts))
    for node in graph.node:
        for k, used in enumerate(node.input):
            if used == name:
                node.input[k] = ready
    # A table has preprocessing's own values, to the last bit.
    nodes = [
        helper.make_node('Cast', [name], [whole], to=TensorProto.INT32),
        helper.make_node('Add', [whole, starts], [numbers]),
        helper.make_node('Gather', [table, numbers], [ready]),
        *graph.node,
    ]
    del graph.node[:]
    graph.node.extend(nodes)
    value.type.tensor_type.elem_type = TensorProto.UINT8
    return bytes(model.SerializeToString())


def _table(spec: InputSpec) -> NDArray[Any]:
    """Return what each pixel value of each channel becomes, channel by channel."""
    values = np.arange(_VALUES, dtype=np.float64) * spec.scale
    channels = zip(spec.mean[: spec.depth], spec.std[: spec.depth], strict=True)
    rows = [np.float32((values - mean) / std) for mean, std in channels]
    return np.concatenate(rows).astype(spec.dtype)
