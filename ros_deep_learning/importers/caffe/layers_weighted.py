# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Translate layers that multiply with a matrix: convolutions and inner products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...errors import ConversionError
from .layer_context import Array, Blob, LayerContext


def convolution(context: LayerContext) -> list[Blob]:
    """Translate a Convolution; sizes follow ConvolutionLayer::compute_output_shape."""
    image, window = context.image(), _Window(context)
    batch, channels, *size = image.shape
    out, group = window.channels, window.group
    if channels % group or out % group:
        msg = f'{channels} channels in and {out} out do not divide into {group} groups'
        raise ConversionError(msg)
    weights, bias = window.arrays((out, channels // group, *window.kernel))
    out_size = [
        (size[i] + 2 * window.pad[i] - window.extent(i)) // window.stride[i] + 1 for i in (0, 1)
    ]
    return [
        context.emit(
            'Conv',
            # Always with a bias, so that batch normalisation can be folded into it.
            [image.name, context.keep('weights', weights), context.keep('bias', bias)],
            (batch, out, *out_size),
            **window.attributes(),
        )
    ]


def deconvolution(context: LayerContext) -> list[Blob]:
    """Translate a Deconvolution; sizes follow DeconvolutionLayer::compute_output_shape."""
    image, window = context.image(), _Window(context)
    batch, channels, *size = image.shape
    out, group = window.channels, window.group
    if channels % group or out % group:
        msg = f'{channels} channels in and {out} out do not divide into {group} groups'
        raise ConversionError(msg)
    weights, bias = window.arrays((channels, out // group, *window.kernel))
    out_size = [
        window.stride[i] * (size[i] - 1) + window.extent(i) - 2 * window.pad[i] for i in (0, 1)
    ]
    names = [image.name, context.keep('weights', weights)]
    if bias.any():
        names.append(context.keep('bias', bias))
    return [
        context.emit('ConvTranspose', names, (batch, out, *out_size), **window.attributes()),
    ]


def inner_product(context: LayerContext) -> list[Blob]:
    """Translate an InnerProduct, as inner_product_layer.cpp computes it."""
    parameters = context.parameters('inner_product_param')
    data = context.input
    axis = context.axis(parameters.axis)
    rows, width = math.prod(data.shape[:axis]), math.prod(data.shape[axis:])
    out = parameters.num_output
    shape = (width, out) if parameters.transpose else (out, width)
    bias_shape = [(out,)] if parameters.bias_term else []
    weights, *bias = context.arrays(shape, *bias_shape)
    name = data.name
    if len(data.shape) != 2 or axis != 1:
        to = context.keep('rows', np.array([rows, width], np.int64))
        name = context.emit_inner('flat', 'Reshape', [name, to])
    names = [name, context.keep('weights', weights)]
    names += [context.keep('bias', values) for values in bias]
    out_shape = (*data.shape[:axis], out)
    attributes = {'transB': 0 if parameters.transpose else 1}
    if len(out_shape) == 2:
        return [context.emit('Gemm', names, out_shape, **attributes)]
    product = context.emit_inner('product', 'Gemm', names, **attributes)
    to = context.keep('shape', np.array(out_shape, np.int64))
    return [context.emit('Reshape', [product, to], out_shape)]


class _Window:
    """The parameters of a convolution, read as BaseConvolutionLayer::LayerSetUp does."""

    def __init__(self, context: LayerContext) -> None:
        parameters = context.parameters('convolution_param')
        self._context = context
        self._has_bias = parameters.bias_term
        self.channels: int = parameters.num_output
        self.group: int = parameters.group
        self.kernel = _pair(parameters, 'kernel', 0, 'kernel_size')
        self.stride = _pair(parameters, 'stride', 1)
        self.pad = _pair(parameters, 'pad', 0)
        self.dilation = _pair(parameters, 'dilation', 1)
        if parameters.axis != 1:
            msg = f'axis: expected the channels on axis 1, got {parameters.axis}'
            raise ConversionError(msg)
        if min(self.channels, self.group, *self.kernel, *self.stride, *self.dilation) < 1:
            msg = 'num_output, group, kernel, stride and dilation must be 1 or more'
            raise ConversionError(msg)

    def extent(self, axis: int) -> int:
        """Return the number of pixels that the dilated kernel spans."""
        return self.dilation[axis] * (self.kernel[axis] - 1) + 1

    def arrays(self, shape: tuple[int, ...]) -> tuple[Array, Array]:
        if self._has_bias:
            weights, bias = self._context.arrays(shape, (self.channels,))
            return weights, bias
        (weights,) = self._context.arrays(shape)
        return weights, np.zeros(self.channels, np.float32)

    def attributes(self) -> dict[str, Any]:
        return {
            'kernel_shape': self.kernel,
            'strides': self.stride,
            'pads': [*self.pad, *self.pad],
            'dilations': self.dilation,
            'group': self.group,
        }


def _pair(parameters: Any, name: str, default: int, repeated: str | None = None) -> list[int]:
    """Return a size for height and width: given once for both, once each, or as _h and _w."""
    values = list(getattr(parameters, repeated or name))
    if f'{name}_h' in parameters.DESCRIPTOR.fields_by_name:
        given = [parameters.HasField(f'{name}_{side}') for side in 'hw']
        if any(given):
            if values or not all(given):
                msg = f'give either {repeated or name} or both {name}_h and {name}_w'
                raise ConversionError(msg)
            return [getattr(parameters, f'{name}_{side}') for side in 'hw']
    if len(values) > 2:
        msg = f'{repeated or name}: expected at most 2 axes, got {len(values)}'
        raise ConversionError(msg)
    return values if len(values) == 2 else [*values, default][:1] * 2
