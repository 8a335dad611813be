# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Caffe's own computations in float64, written after its sources, where others differ."""

from __future__ import annotations

import math

import numpy as np


def pool(image, method, kernel, stride, pad, *, ceil=True):
    """PoolingLayer of BVLC/caffe, src/caffe/layers/pooling_layer.cpp.

    Reshape: pooled = ceil((size + 2 * pad - kernel) / stride) + 1, less one if there is padding
    and (pooled - 1) * stride >= size + pad.
    Forward_cpu: the window is hstart = ph * stride - pad to hend = min(hstart + kernel,
    height + pad); AVE divides by its area, before it is cut to the image.
    """
    image = image.astype(np.float64)
    size = image.shape[2:]
    pooled = []
    for i in (0, 1):
        share = (size[i] + 2 * pad[i] - kernel[i]) / stride[i]
        pooled.append((math.ceil(share) if ceil else math.floor(share)) + 1)
    if any(pad):
        pooled = [
            count - 1 if (count - 1) * stride[i] >= size[i] + pad[i] else count
            for i, count in enumerate(pooled)
        ]
    out = np.empty((*image.shape[:2], *pooled))
    for ph in range(pooled[0]):
        for pw in range(pooled[1]):
            start = [ph * stride[0] - pad[0], pw * stride[1] - pad[1]]
            end = [min(start[i] + kernel[i], size[i] + pad[i]) for i in (0, 1)]
            area = (end[0] - start[0]) * (end[1] - start[1])
            (h0, w0), (h1, w1) = np.maximum(start, 0), np.minimum(end, size)
            window = image[:, :, h0:h1, w0:w1]
            if method == 'MAX':
                out[:, :, ph, pw] = window.max((2, 3))
            else:
                out[:, :, ph, pw] = window.sum((2, 3)) / area
    return out


def lrn(image, size, alpha, beta, k):
    """LRNLayer::CrossChannelForward_cpu of BVLC/caffe, src/caffe/layers/lrn_layer.cpp."""
    image = image.astype(np.float64)
    channels = image.shape[1]
    scale = np.full_like(image, k)
    for c in range(channels):
        around = slice(max(0, c - (size - 1) // 2), c + (size - 1) // 2 + 1)
        scale[:, c] += alpha / size * (image[:, around] ** 2).sum(1)
    return image * scale**-beta


def batch_norm(image, mean, variance, factor, eps):
    """BatchNormLayer::Forward_cpu of BVLC/caffe, with stored statistics."""
    f = 0 if factor == 0 else 1 / np.float64(factor)
    shape = (1, -1) + (1,) * (image.ndim - 2)
    mean, variance = (np.float64(x).reshape(shape) * f for x in (mean, variance))
    return (image - mean) / np.sqrt(variance + eps)
