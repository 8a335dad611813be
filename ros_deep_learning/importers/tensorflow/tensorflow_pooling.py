# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Translate TensorFlow's pooling to ONNX, with TensorFlow's padding rule."""

from __future__ import annotations

from ..onnx_builder import OnnxBuilder, Tensor
from .tensorflow_graph import GraphNode

_POOLS = {'MaxPool': 'MaxPool', 'AvgPool': 'AveragePool'}


def pool(builder: OnnxBuilder, node: GraphNode, image: Tensor) -> Tensor:
    """Translate MaxPool and AvgPool; as in ONNX, averages do not include padding.

    Raises:
        ValueError: The window does not fit the image, or extends over images or channels.
    """
    _, height, width, channels = image.shape
    across, kernel_h, kernel_w, deep = node.integers('ksize')
    step, stride_h, stride_w, skip = node.integers('strides')
    if (
        node.text('data_format', 'NHWC') != 'NHWC'
        or (across, deep, step, skip) != (1, 1, 1, 1)
        or min(kernel_h, kernel_w, stride_h, stride_w) < 1
        or not image.planar
    ):
        msg = f'only NHWC images can be pooled, over height and width, got {image.shape}'
        raise ValueError(msg)
    out_h, top, bottom = padded(height, kernel_h, stride_h, node.text('padding', ''))
    out_w, left, right = padded(width, kernel_w, stride_w, node.text('padding', ''))
    builder.emit(
        _POOLS[node.op],
        [image.name],
        node.name,
        kernel_shape=[kernel_h, kernel_w],
        strides=[stride_h, stride_w],
        pads=[top, left, bottom, right],
    )
    return Tensor(node.name, (1, out_h, out_w, channels), planar=True)


def padded(size: int, kernel: int, stride: int, padding: str) -> tuple[int, int, int]:
    """Return the output size of a window, and the padding before and after the image.

    SAME pads for ceil(size / stride) results, with the odd pixel at the end; see
    https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2.

    Raises:
        ValueError: The window does not fit.
    """
    if padding == 'SAME':
        count = -(-size // stride)
        total = max((count - 1) * stride + kernel - size, 0)
        return count, total // 2, total - total // 2
    if padding != 'VALID' or kernel > size:
        msg = f'a kernel of {kernel} with padding {padding!r} does not fit a size of {size}'
        raise ValueError(msg)
    return (size - kernel) // stride + 1, 0, 0
