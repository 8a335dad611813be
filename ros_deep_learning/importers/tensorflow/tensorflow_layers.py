# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Translate the layers of a TensorFlow image network to ONNX."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ...errors import ConversionError
from ...progress import Progress, silent
from ...text import printable
from ..onnx_builder import OnnxBuilder, Tensor
from .tensorflow_constants import Array, evaluate
from .tensorflow_graph import FrozenGraph, GraphNode
from .tensorflow_pooling import padded, pool

MAX_TENSOR_SIZE = 1 << 28
"""Largest number of elements of a tensor: 1 GiB in float32, far above any robot's network."""

Value = Tensor | Array
Layer = Callable[..., Value]


def translate(
    graph: FrozenGraph,
    given: Mapping[str, Tensor],
    targets: Sequence[str],
    builder: OnnxBuilder,
    progress: Progress = silent,
) -> list[Value]:
    """Translate the nodes between given tensors and targets.

    Args:
        graph: The graph.
        given: Tensors that need no translation, by node name.
        targets: Names of the nodes to compute.
        builder: Collects the ONNX nodes and constants.
        progress: Called before each node; an exception from it cancels the conversion.

    Returns:
        The values of the targets: tensors, or arrays if they do not depend on the given tensors.

    Raises:
        ConversionError: An operator, or this use of it, cannot be translated.
    """
    values: dict[str, Value] = dict(given)
    order = graph.ordered(targets, values.keys())
    for number, node in enumerate(order):
        progress('converting to ONNX', number / len(order))
        inputs = [values[graph.node(name).name] for name in node.inputs]
        values[node.name] = _translated(graph, node, inputs, builder)
    return [values[graph.node(name).name] for name in targets]


def _translated(
    graph: FrozenGraph, node: GraphNode, inputs: Sequence[Value], builder: OnnxBuilder
) -> Value:
    arrays = [value for value in inputs if not isinstance(value, Tensor)]
    if len(arrays) == len(inputs):
        return evaluate(graph, node, arrays)
    layer = _LAYERS.get(node.op)
    if layer is None:
        msg = f'{graph.path}: node {node.name}: cannot convert the operator {node.op}'
        raise ConversionError(printable(msg))
    try:
        result = layer(builder, node, *inputs)
    except (ValueError, IndexError, TypeError, AttributeError, ConversionError) as err:
        msg = f'{graph.path}: node {node.name} ({node.op}): cannot convert: {err}'
        raise ConversionError(printable(msg)) from err
    if isinstance(result, Tensor) and math.prod(result.shape) > MAX_TENSOR_SIZE:
        msg = f'{graph.path}: node {node.name}: its result {result.shape} is too large'
        raise ConversionError(printable(msg))
    return result


def _shape(builder: OnnxBuilder, node: GraphNode, tensor: Tensor) -> Array:
    return np.array(tensor.shape, np.int32)


def _convolution(builder: OnnxBuilder, node: GraphNode, image: Tensor, weights: Array) -> Tensor:
    _, height, width, channels = image.shape
    kernel_h, kernel_w, in_channels, count = weights.shape
    _, stride_h, stride_w, _ = node.integers('strides')
    if node.text('data_format', 'NHWC') != 'NHWC' or set(node.integers('dilations')) - {1}:
        msg = 'only NHWC convolutions without dilation can be converted'
        raise ValueError(msg)
    if min(*weights.shape, stride_h, stride_w) < 1 or in_channels != channels or not image.planar:
        msg = f'weights {weights.shape} do not fit an input {image.shape}'
        raise ValueError(msg)
    if node.op == 'Conv2D':
        group, kernels = 1, weights.transpose(3, 2, 0, 1)
    else:
        group, count = channels, channels * count
        kernels = weights.transpose(2, 3, 0, 1).reshape(count, 1, kernel_h, kernel_w)
    out_h, top, bottom = padded(height, kernel_h, stride_h, node.text('padding', ''))
    out_w, left, right = padded(width, kernel_w, stride_w, node.text('padding', ''))
    constants = [
        builder.keep(f'{node.name}/weights', kernels.astype(np.float32)),
        builder.keep(f'{node.name}/bias', np.zeros(count, np.float32)),
    ]
    builder.emit(
        'Conv',
        [image.name, *constants],
        node.name,
        group=group,
        kernel_shape=[kernel_h, kernel_w],
        strides=[stride_h, stride_w],
        pads=[top, left, bottom, right],
    )
    return Tensor(node.name, (1, out_h, out_w, count), planar=True)


def _arithmetic(builder: OnnxBuilder, node: GraphNode, left: Value, right: Value) -> Tensor:
    """Translate sums, differences, products and quotients of a tensor.

    The other operand is a tensor of the same shape, or a constant with one value per channel.
    """
    op = 'Mul' if node.op in ('Mul', 'RealDiv') else 'Add'
    inverse = node.op in ('Sub', 'RealDiv')
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        if (left.shape, left.planar) != (right.shape, right.planar) or inverse:
            msg = f'cannot combine tensors of {left.shape} and {right.shape}'
            raise ValueError(msg)
        builder.emit(op, [left.name, right.name], node.name)
        return Tensor(node.name, left.shape, left.planar)
    tensor, value = (left, right) if isinstance(left, Tensor) else (right, left)
    if (
        not isinstance(tensor, Tensor)
        or isinstance(value, Tensor)
        or (inverse and tensor is right)
    ):
        msg = 'the constant is the left operand'
        raise ValueError(msg)
    channels = tensor.shape[-1]
    if value.size != 1 and not value.size == channels == value.shape[-1]:
        msg = f'a constant of shape {value.shape} does not have one value per channel'
        raise ValueError(msg)
    values: Array = np.broadcast_to(value.ravel().astype(np.float32), (channels,))
    if inverse:
        values = 1 / values if op == 'Mul' else -values
    if op == 'Mul' and np.all(values == 1):
        return tensor
    shaped = values.reshape(1, -1, 1, 1) if tensor.planar else values
    builder.emit(op, [tensor.name, builder.keep(f'{node.name}/constant', shaped)], node.name)
    return Tensor(node.name, tensor.shape, tensor.planar)


def _batch_norm(
    builder: OnnxBuilder, node: GraphNode, image: Tensor, *statistics: Array
) -> Tensor:
    """Translate a normalisation with fixed statistics to a product and a sum."""
    if node.flag('is_training'):
        msg = 'its statistics come from the image (is_training); freeze the graph for inference'
        raise ValueError(msg)
    if node.text('data_format', 'NHWC') != 'NHWC' or not image.planar:
        msg = 'only NHWC images can be normalised'
        raise ValueError(msg)
    count = image.shape[-1]
    values = [np.asarray(value, np.float64).reshape(count) for value in statistics]
    gamma, beta, mean, variance = values
    scale = gamma / np.sqrt(variance + node.number('epsilon', 1e-4))
    names = [
        builder.keep(f'{node.name}/{key}', np.float32(value).reshape(1, -1, 1, 1))
        for key, value in (('scale', scale), ('offset', beta - mean * scale))
    ]
    builder.emit('Mul', [image.name, names[0]], f'{node.name}/scaled')
    builder.emit('Add', [f'{node.name}/scaled', names[1]], node.name)
    return Tensor(node.name, image.shape, planar=True)


def _activation(builder: OnnxBuilder, node: GraphNode, tensor: Tensor) -> Tensor:
    limits = []
    if node.op == 'Relu6':
        for name, value in (('clip/0', 0.0), ('clip/6', 6.0)):
            limits.append(name if name in builder else builder.keep(name, np.float32(value)))
    builder.emit(_ACTIVATIONS[node.op], [tensor.name, *limits], node.name)
    return Tensor(node.name, tensor.shape, tensor.planar)


def _reshape(builder: OnnxBuilder, node: GraphNode, tensor: Tensor, shape: Array) -> Tensor:
    sizes = [int(size) for size in shape]
    total, known = math.prod(tensor.shape), math.prod(size for size in sizes if size != -1)
    sizes = [total // max(known, 1) if size == -1 else size for size in sizes]
    if min(sizes, default=1) < 1 or math.prod(sizes) != total:
        msg = f'{tensor.shape} cannot be reshaped to {shape.tolist()}'
        raise ValueError(msg)
    target = builder.keep(f'{node.name}/shape', np.array(sizes, np.int64))
    builder.emit('Reshape', [builder.plain(tensor), target], node.name)
    return Tensor(node.name, tuple(sizes), planar=False)


def _squeeze(builder: OnnxBuilder, node: GraphNode, tensor: Tensor) -> Tensor:
    ones = [axis for axis, size in enumerate(tensor.shape) if size == 1]
    given = node.integers('squeeze_dims') or ones
    axes = {range(len(tensor.shape))[axis] for axis in given}
    kept = [size for axis, size in enumerate(tensor.shape) if axis not in axes]
    return _reshape(builder, node, tensor, np.array(kept))


def _concat(builder: OnnxBuilder, node: GraphNode, *inputs: Value) -> Tensor:
    *parts, axis = inputs
    tensors = [part for part in parts if isinstance(part, Tensor)]
    if isinstance(axis, Tensor) or len(tensors) != len(parts):
        msg = 'only tensors can be concatenated, along a constant axis'
        raise ValueError(msg)
    shape = list(tensors[0].shape)
    along = range(len(shape))[int(axis.item())]
    for tensor in tensors[1:]:
        if _without(tensor.shape, along) != _without(shape, along):
            msg = f'cannot concatenate {tensors[0].shape} and {tensor.shape} along axis {along}'
            raise ValueError(msg)
        shape[along] += tensor.shape[along]
    # Channels of planar images are concatenated in that layout, which convolutions need.
    planar = along == len(shape) - 1 and all(tensor.planar for tensor in tensors)
    names = [tensor.name if planar else builder.plain(tensor) for tensor in tensors]
    builder.emit('Concat', names, node.name, axis=1 if planar else along)
    return Tensor(node.name, tuple(shape), planar)


def _without(shape: Sequence[int], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


_ACTIVATIONS = {'Relu': 'Relu', 'Relu6': 'Clip', 'Sigmoid': 'Sigmoid'}
_LAYERS: dict[str, Layer] = {
    'Shape': _shape,
    'Conv2D': _convolution,
    'DepthwiseConv2dNative': _convolution,
    'Add': _arithmetic,
    'AddV2': _arithmetic,
    'BiasAdd': _arithmetic,
    'Mul': _arithmetic,
    'RealDiv': _arithmetic,
    'Sub': _arithmetic,
    'Relu': _activation,
    'Relu6': _activation,
    'Sigmoid': _activation,
    'FusedBatchNorm': _batch_norm,
    'FusedBatchNormV2': _batch_norm,
    'FusedBatchNormV3': _batch_norm,
    'Reshape': _reshape,
    'MaxPool': pool,
    'AvgPool': pool,
    'Squeeze': _squeeze,
    'ConcatV2': _concat,
}
