# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Translate Pooling, with the output sizes and averages that are specific to Caffe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ConversionError
from .caffe_messages import enum_name
from .layer_context import Blob, LayerContext


@dataclass(frozen=True, slots=True)
class PooledAxis:
    """Position of the pooling windows along one axis.

    Attributes:
        size: Size of the image in pixels.
        kernel: Size of a window.
        stride: Distance from one window to the next.
        pad: Padding in pixels, on each side.
        count: Number of windows.
    """

    size: int
    kernel: int
    stride: int
    pad: int
    count: int

    @property
    def end_pad(self) -> int:
        """Pixels by which the last window extends beyond the end of the image; 0 or more."""
        return max(0, (self.count - 1) * self.stride + self.kernel - self.size - self.pad)

    def divisors(self) -> NDArray[np.int64]:
        """Return the number of pixels by which Caffe divides each window's sum, on this axis.

        Padding is counted, pixels beyond the padding are not (Forward_cpu in pooling_layer.cpp).

        Returns:
            Shape (count,), int64.
        """
        start = np.arange(self.count) * self.stride - self.pad
        return np.asarray(np.minimum(start + self.kernel, self.size + self.pad) - start, np.int64)


def pooled_axis(
    size: int, kernel: int, stride: int, pad: int, *, clips: bool, ceil: bool = True
) -> PooledAxis:
    """Compute the windows along one axis, as PoolingLayer::Reshape in pooling_layer.cpp.

    The count is rounded up. If there is padding, a last window that starts beyond the image is
    then removed.

    Args:
        size: Size of the image in pixels.
        kernel: Size of a window.
        stride: Distance from one window to the next.
        pad: Padding in pixels, on each side.
        clips: Whether there is padding along this or the other axis.
        ceil: Whether the count is rounded up, otherwise down.

    Raises:
        ConversionError: No window fits, or a window lies completely outside of the image, for
            which Caffe computes -FLT_MAX or NaN.
    """
    if min(kernel, stride) < 1 or pad >= kernel:
        msg = f'kernel {kernel}, stride {stride} and pad {pad} do not form a window'
        raise ConversionError(msg)
    room = size + 2 * pad - kernel
    count = (-(-room // stride) if ceil else room // stride) + 1
    if clips and (count - 1) * stride >= size + pad:
        count -= 1
    if room < 0 or (count - 1) * stride >= size + pad:
        msg = f'a window of {kernel} at stride {stride} lies outside of an image of {size} pixels'
        raise ConversionError(msg)
    return PooledAxis(size, kernel, stride, pad, count)


def pooling(context: LayerContext) -> list[Blob]:
    """Translate a Pooling layer with MAX or AVE."""
    parameters = context.parameters('pooling_param')
    image = context.image()
    method = enum_name(parameters, 'pool')
    if method not in ('MAX', 'AVE'):
        msg = f'pooling with {method} cannot be converted, only MAX and AVE'
        raise ConversionError(msg)
    if parameters.global_pooling:
        if any(field.name.startswith('kernel') for field, _ in parameters.ListFields()):
            msg = 'give either global_pooling or a kernel'
            raise ConversionError(msg)
        op = 'GlobalMaxPool' if method == 'MAX' else 'GlobalAveragePool'
        return [context.emit(op, [image.name], (*image.shape[:2], 1, 1))]
    axes = _axes(parameters, image.shape[2:])
    shape = (*image.shape[:2], *(axis.count for axis in axes))
    attributes: dict[str, Any] = {
        'kernel_shape': [axis.kernel for axis in axes],
        'strides': [axis.stride for axis in axes],
        # ONNX rounds down and never removes windows, so the padding at the end is exact.
        'pads': [*(axis.pad for axis in axes), *(axis.end_pad for axis in axes)],
    }
    if method == 'MAX':
        return [context.emit('MaxPool', [image.name], shape, **attributes)]
    if not any(axis.pad for axis in axes):
        return [
            context.emit('AveragePool', [image.name], shape, **attributes, count_include_pad=0)
        ]
    attributes['count_include_pad'] = 1
    rows, columns = (axis.divisors() / axis.kernel for axis in axes)
    if rows.min() == columns.min() == 1:
        return [context.emit('AveragePool', [image.name], shape, **attributes)]
    mean = context.emit_inner('mean', 'AveragePool', [image.name], **attributes)
    rest = np.float32(1 / np.outer(rows, columns))[None, None]
    return [context.emit('Mul', [mean, context.keep('rest', rest)], shape)]


def _axes(parameters: Any, size_hw: tuple[int, ...]) -> list[PooledAxis]:
    kernel = _pair(parameters, 'kernel', 'kernel_size')
    stride, pad = _pair(parameters, 'stride'), _pair(parameters, 'pad')
    ceil = parameters.ceil_mode and enum_name(parameters, 'round_mode') == 'CEIL'
    return [
        pooled_axis(size, kernel[i], stride[i], pad[i], clips=any(pad), ceil=ceil)
        for i, size in enumerate(size_hw)
    ]


def _pair(parameters: Any, name: str, single: str | None = None) -> list[int]:
    """Return a size for height and width: given once for both, or as _h and _w."""
    single = single or name
    given = [parameters.HasField(f'{name}_{side}') for side in 'hw']
    if not any(given):
        return [getattr(parameters, single)] * 2
    if parameters.HasField(single) or not all(given):
        msg = f'give either {single} or both {name}_h and {name}_w'
        raise ConversionError(msg)
    return [getattr(parameters, f'{name}_{side}') for side in 'hw']
