# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Load ONNX files."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OnnxError
from ..text import one_line

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, TensorProto


def import_onnx() -> Any:
    """Import ``onnx``, which ROS distributions do not have.

    Raises:
        OnnxError: It is not installed, or broken.
    """
    try:
        return importlib.import_module('onnx')
    except ImportError as err:
        msg = f'{one_line(err)}; to fix: pip install onnx'
        raise OnnxError(msg) from err
    except Exception as err:
        # Such as the TypeError of a protobuf that is newer than its messages.
        msg = f'onnx is installed but does not load: {one_line(err)}; to fix: pip install -U onnx'
        raise OnnxError(msg) from err


def load_onnx(path: Path, *, weights: bool = True) -> ModelProto:
    """Load an ONNX file.

    Args:
        path: The file.
        weights: Whether to load weights that are stored in other files, too.

    Raises:
        OnnxError: The file is missing or is not an ONNX file, or the package onnx is missing.
    """
    onnx = import_onnx()
    try:
        model: ModelProto = onnx.load(str(path), load_external_data=weights)
    except Exception as err:
        msg = f'cannot read {path} as an ONNX file: {one_line(err)}'
        raise OnnxError(msg) from err
    _check_texts(path, model)
    return model


def _check_texts(path: Path, model: ModelProto) -> None:
    """Raise OnnxError if a name is not UTF-8, which protobuf leaves as bytes or cannot read."""
    try:
        wrong = next((text for text in _texts(model) if not isinstance(text, str)), None)
    except UnicodeDecodeError as err:
        wrong = err.object
    if wrong is not None:
        msg = f'cannot read {path} as an ONNX file: the name {wrong!r} in it is not UTF-8 text'
        raise OnnxError(msg)


def _texts(model: ModelProto) -> Iterator[object]:
    yield from (model.producer_name, model.producer_version)
    yield from (opset.domain for opset in model.opset_import)
    for entry in model.metadata_props:
        yield from (entry.key, entry.value)
    yield from _texts_of_graph(model.graph)


def _texts_of_graph(graph: GraphProto) -> Iterator[object]:
    for value in (*graph.input, *graph.output):
        yield value.name
        yield from (axis.dim_param for axis in value.type.tensor_type.shape.dim)
    for tensor in graph.initializer:
        yield from _texts_of_tensor(tensor)
    for node in graph.node:
        yield from (node.op_type, node.domain, node.name, *node.input, *node.output)
        for attribute in node.attribute:
            yield attribute.name
            for tensor in (attribute.t, *attribute.tensors):
                yield from _texts_of_tensor(tensor)
            for inner in (attribute.g, *attribute.graphs):
                yield from _texts_of_graph(inner)


def _texts_of_tensor(tensor: TensorProto) -> Iterator[object]:
    yield tensor.name
    for entry in tensor.external_data:
        yield from (entry.key, entry.value)
