# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Layers compared with a simple float64 computation, with TensorFlow's padding rules."""

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

RNG = np.random.default_rng(11)


def translated(graph_writer: Any, path: Path, image: NDArray[Any]) -> NDArray[np.float32]:
    """Convert and run the node 'y' on the image 'x' (NHWC); return its output as NHWC."""
    graph_writer.node('Placeholder', 'x')
    graph = FrozenGraph(graph_writer.write(path / 'g.pb'))
    builder = OnnxBuilder()
    (y,) = translate(graph, {'x': Tensor('x', image.shape, planar=True)}, ['y'], builder)
    assert isinstance(y, Tensor)
    builder.fold_into_convolutions()
    planar = np.ascontiguousarray(image.transpose(0, 3, 1, 2))
    onnx_graph = helper.make_graph(
        builder.nodes,
        'g',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, planar.shape)],
        [helper.make_tensor_value_info(y.name, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in builder.constants.items()],
    )
    model = helper.make_model(
        onnx_graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    result = np.asarray(session.run(None, {'x': planar})[0])
    if y.planar:
        result = result.transpose(0, 2, 3, 1)
    assert result.shape == y.shape
    return result


def convolved(
    image: NDArray[Any], kernel: NDArray[Any], stride: int, padding: str, *, depthwise: bool
) -> NDArray[np.float64]:
    """Compute a convolution one output at a time, as documented by TensorFlow."""
    _, height, width, _ = image.shape
    kernel_h, kernel_w, channels, count = kernel.shape
    if padding == 'SAME':
        out_h, out_w = -(-height // stride), -(-width // stride)
        pad_h = max((out_h - 1) * stride + kernel_h - height, 0)
        pad_w = max((out_w - 1) * stride + kernel_w - width, 0)
    else:
        out_h, out_w = (height - kernel_h) // stride + 1, (width - kernel_w) // stride + 1
        pad_h = pad_w = 0
    padded = np.pad(
        image[0].astype(np.float64),
        ((pad_h // 2, pad_h - pad_h // 2), (pad_w // 2, pad_w - pad_w // 2), (0, 0)),
    )
    result = np.zeros((1, out_h, out_w, channels * count if depthwise else count))
    for row in range(out_h):
        for column in range(out_w):
            top, left = row * stride, column * stride
            patch = padded[top : top + kernel_h, left : left + kernel_w]
            if depthwise:
                result[0, row, column] = np.einsum('ijc,ijcm->cm', patch, kernel).ravel()
            else:
                result[0, row, column] = np.einsum('ijc,ijcm->m', patch, kernel)
    return result


@pytest.mark.parametrize('op', ['Conv2D', 'DepthwiseConv2dNative'])
@pytest.mark.parametrize('padding', ['SAME', 'VALID'])
@pytest.mark.parametrize(
    ('size', 'kernel_size', 'stride'),
    [((7, 7), (3, 3), 1), ((8, 7), (3, 3), 2), ((9, 8), (2, 4), 3), ((5, 6), (1, 1), 2)],
)
def test_convolutions(
    graph_writer: Any,
    tmp_path: Path,
    op: str,
    padding: str,
    size: tuple[int, int],
    kernel_size: tuple[int, int],
    stride: int,
) -> None:
    image = RNG.normal(size=(1, *size, 3)).astype(np.float32)
    kernel = RNG.normal(size=(*kernel_size, 3, 2)).astype(np.float32)
    graph_writer.const('w', kernel)
    graph_writer.node(op, 'y', 'x', 'w', strides=[1, stride, stride, 1], padding=padding)
    expected = convolved(image, kernel, stride, padding, depthwise=op != 'Conv2D')
    np.testing.assert_allclose(
        translated(graph_writer, tmp_path, image), expected, rtol=1e-4, atol=1e-5
    )


PER_CHANNEL = np.array([2, -1, 0.5], np.float32)
ARITHMETIC: list[tuple[str, Any, Any]] = [
    ('Mul', PER_CHANNEL, lambda x: x * PER_CHANNEL),
    ('Mul', PER_CHANNEL.reshape(1, 1, 1, 3), lambda x: x * PER_CHANNEL),
    ('Mul', np.float32(3), lambda x: x * 3),
    ('RealDiv', PER_CHANNEL, lambda x: x / PER_CHANNEL),
    ('RealDiv', np.float32(1), lambda x: x),
    ('Add', PER_CHANNEL, lambda x: x + PER_CHANNEL),
    ('BiasAdd', PER_CHANNEL, lambda x: x + PER_CHANNEL),
    ('Sub', PER_CHANNEL, lambda x: x - PER_CHANNEL),
]


@pytest.mark.parametrize(('op', 'constant', 'expected'), ARITHMETIC)
def test_arithmetic_with_constants(
    graph_writer: Any, tmp_path: Path, op: str, constant: Any, expected: Any
) -> None:
    image = RNG.normal(size=(1, 4, 5, 3)).astype(np.float32)
    graph_writer.const('c', constant)
    graph_writer.node('Relu', 'r', 'x')
    graph_writer.node(op, 'm', 'r', 'c')
    graph_writer.node('Relu', 'y', 'm')
    np.testing.assert_allclose(
        translated(graph_writer, tmp_path, image),
        np.maximum(expected(np.maximum(image, 0)), 0),
        rtol=1e-6,
    )


def test_activations_reshape_and_concat(graph_writer: Any, tmp_path: Path) -> None:
    image = (RNG.normal(size=(1, 2, 3, 4)) * 6).astype(np.float32)
    graph_writer.node('Relu6', 'r', 'x')
    graph_writer.node('Sigmoid', 's', 'x')
    graph_writer.node('Add', 'a', 'r', 's')
    graph_writer.const('shape', [1, -1, 1, 2], np.int32)
    graph_writer.node('Reshape', 'flat', 'a', 'shape')
    graph_writer.node('Squeeze', 'q', 'flat', squeeze_dims=[-2])
    graph_writer.node('Squeeze', 'all', 'flat')
    graph_writer.const('back', [1, -1, 2], np.int32)
    graph_writer.node('Reshape', 'again', 'all', 'back')
    graph_writer.const('axis', 1, np.int32)
    graph_writer.node('ConcatV2', 'y', 'q', 'again', 'axis')
    x = image.astype(np.float64)
    one = (np.clip(x, 0, 6) + 1 / (1 + np.exp(-x))).reshape(1, -1, 2)
    np.testing.assert_allclose(
        translated(graph_writer, tmp_path, image), np.concatenate([one, one], 1), atol=1e-5
    )


def test_unknown_operators_are_refused_by_name(graph_writer: Any, tmp_path: Path) -> None:
    graph_writer.node('ResizeBilinear', 'y', 'x')
    with pytest.raises(ConversionError, match='node y: cannot convert the operator ResizeBil'):
        translated(graph_writer, tmp_path, np.zeros((1, 4, 4, 3)))


def same(**changes: Any) -> dict[str, Any]:
    return {'strides': [1, 1, 1, 1], 'padding': 'SAME', **changes}


W = np.zeros((3, 3, 3, 2))
REFUSED: list[tuple[str, Any, dict[str, Any], str]] = [
    ('Conv2D', W, same(data_format='NCHW'), 'only NHWC convolutions'),
    ('Conv2D', W, same(dilations=[1, 2, 2, 1]), 'only NHWC convolutions'),
    ('Conv2D', W, same(strides=[1, 0, 1, 1]), 'do not fit an input'),
    ('Conv2D', W, same(strides=[]), 'cannot convert'),
    ('Conv2D', W, same(padding='EXPLICIT'), "padding 'EXPLICIT'"),
    ('Conv2D', np.zeros((9, 9, 3, 2)), same(padding='VALID'), 'a kernel of 9'),
    ('Conv2D', np.zeros((3, 3, 4, 2)), same(), 'do not fit an input'),
    ('Conv2D', np.zeros((3, 3, 3)), same(), 'cannot convert'),
    ('Conv2D', np.zeros((0, 3, 3, 2)), same(), 'do not fit an input'),
    ('Mul', np.zeros(4), {}, 'one value per channel'),
    ('Mul', np.zeros((3, 1)), {}, 'one value per channel'),
    ('Reshape', np.array([5, -1], np.int32), {}, 'cannot be reshaped to'),
    ('Reshape', np.array([-1, -1], np.int32), {}, 'cannot be reshaped to'),
    ('Reshape', np.array([0, -1], np.int32), {}, 'cannot be reshaped to'),
    ('Squeeze', None, {'squeeze_dims': [7]}, 'cannot convert'),
    ('Squeeze', None, {'squeeze_dims': [3]}, 'cannot be reshaped to'),
    ('ConcatV2', np.array(9, np.int32), {}, 'cannot convert'),
    ('Relu', np.zeros(3), {}, 'cannot convert'),
]


@pytest.mark.parametrize(('op', 'constant', 'attributes', 'complaint'), REFUSED)
def test_layers_that_do_not_fit(
    graph_writer: Any,
    tmp_path: Path,
    op: str,
    constant: Any,
    attributes: dict[str, Any],
    complaint: str,
) -> None:
    inputs = ['x']
    if constant is not None:
        dtype = constant.dtype if constant.dtype == np.int32 else np.float32
        inputs.append(graph_writer.const('c', constant, dtype))
    graph_writer.node(op, 'y', *inputs, **attributes)
    with pytest.raises(ConversionError, match=complaint) as caught:
        translated(graph_writer, tmp_path, np.zeros((1, 4, 4, 3)))
    assert 'node y' in str(caught.value)


def test_a_constant_divided_by_a_tensor_is_refused(graph_writer: Any, tmp_path: Path) -> None:
    graph_writer.const('c', 1)
    graph_writer.node('RealDiv', 'y', 'c', 'x')
    with pytest.raises(ConversionError, match='the constant is the left operand'):
        translated(graph_writer, tmp_path, np.zeros((1, 4, 4, 3)))


def test_tensors_of_other_shapes_are_refused(graph_writer: Any, tmp_path: Path) -> None:
    graph_writer.const('w', np.zeros((1, 1, 3, 2)))
    graph_writer.node('Conv2D', 'c', 'x', 'w', **same())
    graph_writer.node('Add', 'y', 'x', 'c')
    with pytest.raises(ConversionError, match='cannot combine tensors'):
        translated(graph_writer, tmp_path, np.zeros((1, 4, 4, 3)))


def test_results_of_absurd_size_are_refused(graph_writer: Any, tmp_path: Path) -> None:
    graph_writer.const('w', np.zeros((1, 1, 1, 1 << 10)))
    graph_writer.node('Conv2D', 'y', 'x', 'w', **same())
    image = np.broadcast_to(np.float32(0), (1, 1 << 10, 1 << 10, 1))
    with pytest.raises(ConversionError, match='is too large'):
        translated(graph_writer, tmp_path, image)


def test_normalisation_by_fixed_statistics(graph_writer: Any, tmp_path: Path) -> None:
    image = RNG.normal(0, 2, (1, 3, 4, 5)).astype(np.float32)
    values = {'gamma': RNG.uniform(0.5, 2, 5), 'beta': RNG.normal(0, 1, 5)}
    values |= {'mean': RNG.normal(0, 1, 5), 'variance': RNG.uniform(0.1, 3, 5)}
    names = [graph_writer.const(k, v) for k, v in values.items()]
    graph_writer.node('FusedBatchNorm', 'y', 'x', *names, epsilon=0.01, data_format='NHWC')
    expected = (image.astype(np.float64) - values['mean']) / np.sqrt(values['variance'] + 0.01)
    expected = expected * values['gamma'] + values['beta']
    result = translated(graph_writer, tmp_path, image)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


def test_squeeze_without_axes_takes_all_of_size_1(graph_writer: Any, tmp_path: Path) -> None:
    graph_writer.node('Squeeze', 'q', 'x')
    graph_writer.node('Relu', 'y', 'q')
    image = RNG.normal(size=(1, 2, 1, 3)).astype(np.float32)
    assert translated(graph_writer, tmp_path, image).shape == (2, 3)


def test_normalisation_by_the_image_is_refused(graph_writer: Any, tmp_path: Path) -> None:
    names = [graph_writer.const(k, np.ones(5)) for k in 'abcd']
    graph_writer.node('FusedBatchNormV3', 'y', 'x', *names, is_training=True)
    with pytest.raises(ConversionError, match='its statistics come from the image'):
        translated(graph_writer, tmp_path, np.ones((1, 3, 4, 5), np.float32))


def test_normalisation_of_channels_first_is_refused(graph_writer: Any, tmp_path: Path) -> None:
    names = [graph_writer.const(k, np.ones(5)) for k in 'abcd']
    graph_writer.node('FusedBatchNorm', 'y', 'x', *names, data_format='NCHW')
    with pytest.raises(ConversionError, match='only NHWC images'):
        translated(graph_writer, tmp_path, np.ones((1, 3, 4, 5), np.float32))
