# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Translate layers that normalise or scale values."""

from __future__ import annotations

import numpy as np

from ...errors import ConversionError
from .caffe_messages import enum_name
from .layer_context import Array, Blob, LayerContext


def lrn(context: LayerContext) -> list[Blob]:
    """Translate an LRN across channels.

    y = x / (k + alpha / n * sum of the squares of the n surrounding channels)^beta, both in
    CrossChannelForward_cpu of lrn_layer.cpp and in ONNX's LRN.
    """
    parameters = context.parameters('lrn_param')
    image = context.image()
    region = enum_name(parameters, 'norm_region')
    if region != 'ACROSS_CHANNELS':
        msg = f'norm_region: expected ACROSS_CHANNELS, got {region}, which cannot be converted'
        raise ConversionError(msg)
    if parameters.local_size % 2 != 1:
        msg = f'local_size: expected an odd number, got {parameters.local_size}'
        raise ConversionError(msg)
    return [
        context.emit(
            'LRN',
            [image.name],
            image.shape,
            size=parameters.local_size,
            alpha=parameters.alpha,
            beta=parameters.beta,
            bias=parameters.k,
        )
    ]


def batch_norm(context: LayerContext) -> list[Blob]:
    """Translate a BatchNorm with stored statistics.

    y = (x - mean / f) / sqrt(variance / f + eps), where the factor f is the third stored array
    (Forward_cpu in batch_norm_layer.cpp).
    """
    parameters = context.parameters('batch_norm_param')
    data = context.input
    if not parameters.use_global_stats:
        msg = 'use_global_stats: expected true, got false: results would depend on the batch'
        raise ConversionError(msg)
    channels = data.shape[context.axis(1)]
    mean, variance, factor = (
        array.astype(np.float64) for array in context.arrays((channels,), (channels,), (1,))
    )
    scale = 0.0 if factor[0] == 0 else 1 / factor[0]
    spread = variance * scale + parameters.eps
    if spread.min() <= 0:
        msg = 'a variance is not positive'
        raise ConversionError(msg)
    slope = 1 / np.sqrt(spread)
    return _scaled(context, data, slope, -mean * scale * slope, 1)


def scale(context: LayerContext) -> list[Blob]:
    """Translate a Scale with stored factors, and stored offsets if it has a bias."""
    parameters = context.parameters('scale_param')
    data = context.input
    axis = context.axis(parameters.axis)
    last = len(data.shape) if parameters.num_axes < 0 else axis + parameters.num_axes
    if last > len(data.shape):
        msg = f'axes {axis}..{last - 1} of a bottom of shape {data.shape}'
        raise ConversionError(msg)
    shape = data.shape[axis:last]
    factors, *terms = context.arrays(*[shape] * (2 if parameters.bias_term else 1))
    return _scaled(context, data, factors, terms[0] if terms else None, axis)


def _scaled(
    context: LayerContext, data: Blob, factors: Array, terms: Array | None, axis: int
) -> list[Blob]:
    """Multiply and add along some axes, in a form that can be folded into a convolution."""
    ones = (1,) * axis, (1,) * (len(data.shape) - axis - factors.ndim)
    shape = (*ones[0], *factors.shape, *ones[1])
    names = [data.name, context.keep('factors', np.float32(factors).reshape(shape))]
    if terms is None:
        return [context.emit('Mul', names, data.shape)]
    product = context.emit_inner('product', 'Mul', names)
    names = [product, context.keep('terms', np.float32(terms).reshape(shape))]
    return [context.emit('Add', names, data.shape)]
