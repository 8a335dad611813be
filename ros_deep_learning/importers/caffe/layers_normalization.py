# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Translate layers that normalise or scale values."""

from __future__ import annotations

import numpy as np

from ...errors import ConversionError
from .caffe_messages import enum_name
from .layer_context import Array, Blob, LayerContext

_NVIDIA_ARRAYS = 5
_NVIDIA_LEAST_EPS = 1e-5  # BatchNormLayer::LayerSetUp of NVIDIA/caffe


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
    (Forward_cpu in batch_norm_layer.cpp of BVLC/caffe). The layer of NVIDIA/caffe can store five
    arrays instead: it then multiplies y with a factor and adds a term, and divides by no f.
    """
    parameters = context.parameters('batch_norm_param')
    data = context.input
    if not parameters.use_global_stats:
        msg = 'use_global_stats: expected true, got false: results would depend on the batch'
        raise ConversionError(msg)
    channels = data.shape[context.axis(1)]
    if parameters.scale_bias or len(context.stored) == _NVIDIA_ARRAYS:
        mean, variance, factors, terms = _nvidia_arrays(context, channels)
        eps = max(parameters.eps, _NVIDIA_LEAST_EPS)
    else:
        mean, variance, factor = (
            array.astype(np.float64) for array in context.arrays((channels,), (channels,), (1,))
        )
        share = 0.0 if factor[0] == 0 else 1 / factor[0]
        mean, variance, eps = mean * share, variance * share, parameters.eps
        factors, terms = np.ones(channels), np.zeros(channels)
    spread = variance + eps
    if spread.min() <= 0:
        msg = 'a variance is not positive'
        raise ConversionError(msg)
    slope = factors / np.sqrt(spread)
    return _scaled(context, data, slope, terms - mean * slope, 1)


def _nvidia_arrays(context: LayerContext, channels: int) -> tuple[Array, Array, Array, Array]:
    """Return mean, variance, factors and terms of NVIDIA/caffe, float64.

    Since version 0.16 they are stored with an unused number between variance and factors. Version
    0.15 stored factors, terms, mean and variance, with the number at the end; that is told as in
    Net::CopyTrainedLayersFrom of net.cpp. Version 0.14 had a third order, in the shapes of the
    first but with four axes.
    """
    stored, each, unused = context.stored, (channels,), (1,)
    is_old = len(stored) == _NVIDIA_ARRAYS and stored[-1].values.size == 1
    if is_old:
        factors, terms, mean, variance, _ = context.arrays(each, each, each, each, unused)
    else:
        if any(len(blob.shape) > 1 for blob in stored):
            msg = (
                'its arrays may be those of NVIDIA/caffe 0.14, whose order is another; to fix: '
                'load the weights with version 0.15 and save them'
            )
            raise ConversionError(msg)
        mean, variance, _, factors, terms = context.arrays(each, each, unused, each, each)
    mean, variance, factors, terms = (
        array.astype(np.float64) for array in (mean, variance, factors, terms)
    )
    return mean, variance, factors, terms


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
