# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pooling compared with a simple computation, with TensorFlow's padding rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.onnx_builder import OnnxBuilder, Tensor
from ros_deep_learning.importers.tensorflow.tensorflow_graph import FrozenGraph
from ros_deep_learning.importers.tensorflow.tensorflow_layers import translate


def run(graph_writer: Any, folder: Path, image: NDArray[Any]) -> NDArray[np.float32]:
    """Convert and run the node 'y' on the image 'x' (NHWC); return its output as NHWC."""
    graph_writer.node('Placeholder', 'x')
    graph = FrozenGraph(graph_writer.write(folder / 'g.pb'))
    builder = OnnxBuilder()
    (y,) = translate(graph, {'x': Tensor('x', image.shape, planar=True)}, ['y'], builder)
    planar = np.ascontiguousarray(image.transpose(0, 3, 1, 2))
    onnx_graph = helper.make_graph(
        builder.nodes,
        'g',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, planar.shape)],
        [helper.make_tensor_value_info(y.name, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in builder.constants.items()],
    )
    opset = [helper.make_opsetid('', 13)]
    model = helper.make_model(onnx_graph, opset_imports=opset, ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    result = np.asarray(session.run(None, {'x': planar})[0])
    assert y.planar
    assert result.transpose(0, 2, 3, 1).shape == y.shape
    return result.transpose(0, 2, 3, 1)


def pooled(
    image: NDArray[Any], kernel: tuple[int, int], stride: int, padding: str, kind: str
) -> NDArray[np.float64]:
    """Compute one window at a time; only the part of a window inside the image counts."""
    _, height, width, channels = image.shape
    sizes, starts = [], []
    for size, window in zip((height, width), kernel, strict=True):
        if padding == 'SAME':
            count = -(-size // stride)
            before = max((count - 1) * stride + window - size, 0) // 2
        else:
            count, before = (size - window) // stride + 1, 0
        sizes.append(count)
        starts.append(before)
    result = np.zeros((1, *sizes, channels))
    for row, column in np.ndindex(*sizes):
        top, left = row * stride - starts[0], column * stride - starts[1]
        inside = image[0, max(top, 0) : top + kernel[0], max(left, 0) : left + kernel[1]].astype(
            np.float64
        )
        reduce = np.max if kind == 'MaxPool' else np.mean
        result[0, row, column] = reduce(inside, axis=(0, 1))
    return result


@pytest.mark.parametrize('kind', ['MaxPool', 'AvgPool'])
@pytest.mark.parametrize('padding', ['SAME', 'VALID'])
@pytest.mark.parametrize(
    ('kernel', 'stride'), [((3, 3), 1), ((3, 3), 2), ((2, 2), 2), ((1, 4), 3)]
)
def test_pools(
    graph_writer: Any,
    tmp_path: Path,
    kind: str,
    padding: str,
    kernel: tuple[int, int],
    stride: int,
) -> None:
    image = np.random.default_rng(0).normal(0, 1, (1, 9, 12, 5)).astype(np.float32)
    graph_writer.node(
        kind, 'y', 'x', ksize=[1, *kernel, 1], strides=[1, stride, stride, 1], padding=padding
    )
    want = pooled(image, kernel, stride, padding, kind)
    assert np.allclose(run(graph_writer, tmp_path, image), want, atol=1e-5)


def test_branches_are_joined_by_channels_and_go_on(graph_writer: Any, tmp_path: Path) -> None:
    image = np.random.default_rng(0).normal(0, 1, (1, 6, 6, 3)).astype(np.float32)
    same = {'ksize': [1, 3, 3, 1], 'strides': [1, 1, 1, 1], 'padding': 'SAME'}
    graph_writer.node('MaxPool', 'a', 'x', **same)
    graph_writer.node('AvgPool', 'b', 'x', **same)
    graph_writer.node('ConcatV2', 'c', 'a', 'b', graph_writer.const('axis', 3, np.int32))
    graph_writer.node('MaxPool', 'y', 'c', **same)
    parts = [pooled(image, (3, 3), 1, 'SAME', kind) for kind in ('MaxPool', 'AvgPool')]
    want = pooled(np.concatenate(parts, axis=3), (3, 3), 1, 'SAME', 'MaxPool')
    assert np.allclose(run(graph_writer, tmp_path, image), want, atol=1e-5)


@pytest.mark.parametrize(
    'changes',
    [
        {'ksize': [2, 2, 2, 1]},
        {'ksize': [1, 2, 2, 2]},
        {'ksize': [1, 0, 2, 1]},
        {'strides': [1, 0, 1, 1]},
        {'ksize': []},
        {'ksize': [1, 20, 2, 1]},
        {'padding': 'EXPLICIT'},
        {'data_format': 'NCHW'},
    ],
    ids=str,
)
def test_pools_that_are_not_known(graph_writer: Any, tmp_path: Path, changes: dict) -> None:
    attributes = {'ksize': [1, 2, 2, 1], 'strides': [1, 2, 2, 1], 'padding': 'VALID'}
    graph_writer.node('MaxPool', 'y', 'x', **{**attributes, **changes})
    with pytest.raises(ConversionError, match=r'node y \(MaxPool\): cannot convert'):
        run(graph_writer, tmp_path, np.zeros((1, 9, 9, 2), np.float32))
