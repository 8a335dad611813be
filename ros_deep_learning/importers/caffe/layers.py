# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The types of layers that can be translated, and why some others cannot."""

from __future__ import annotations

from .layer_context import Translator
from .layers_normalization import batch_norm, lrn, scale
from .layers_pointwise import eltwise, identity, power, prelu, relu, simple, softmax
from .layers_pooling import pooling
from .layers_shape import concat, crop, flatten, reshape, slice_
from .layers_weighted import convolution, deconvolution, inner_product

TRANSLATORS: dict[str, Translator] = {
    'BatchNorm': batch_norm,
    'Concat': concat,
    'Convolution': convolution,
    'Crop': crop,
    'Deconvolution': deconvolution,
    'Dropout': identity,
    'Eltwise': eltwise,
    'Flatten': flatten,
    'InnerProduct': inner_product,
    'LRN': lrn,
    'PReLU': prelu,
    'Pooling': pooling,
    'Power': power,
    'ReLU': relu,
    'Reshape': reshape,
    'Scale': scale,
    'Sigmoid': simple('Sigmoid'),
    'Slice': slice_,
    'Softmax': softmax,
    'Split': identity,
    'TanH': simple('Tanh'),
}
"""Translators by layer type, in the current form of prototxt files."""

_DATA = (
    'reads data for training; use the deploy.prototxt, or replace this layer by one of type '
    '"Input" with its shape'
)
_LOSS = 'is only for training; use the deploy.prototxt, or delete this layer'


def why_not(kind: str) -> str:
    """Return why layers of a type cannot be translated, with the fix."""
    if not kind or kind == 'NONE':
        return 'has no type; upgrade the file with upgrade_net_proto_text of Caffe'
    if kind == 'Python':
        return (
            'runs Python code, which cannot be converted; delete this layer and the layers that '
            'read its tops, as is usual for "cluster" in the DetectNet of DIGITS, or name the '
            'outputs before it'
        )
    if kind.endswith(('Data', 'DATA')):
        return _DATA
    if kind.endswith(('Loss', 'LOSS')) or kind in ('Accuracy', 'ACCURACY', 'SILENCE', 'Silence'):
        return _LOSS
    return f'this type cannot be converted; supported are {", ".join(TRANSLATORS)}'
