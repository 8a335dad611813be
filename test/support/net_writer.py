# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write the text of a network layer by layer, with random weights that fit."""

from __future__ import annotations

import numpy as np

_ENUMS = ('pool', 'round_mode', 'operation', 'norm_region', 'phase')


def text_of(**fields):
    """Fields of a message in text format."""
    parts = []
    for name, value in fields.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, dict):
                parts.append(f'{name} {{ {text_of(**item)} }}')
            elif isinstance(item, bool):
                parts.append(f'{name}: {str(item).lower()}')
            elif isinstance(item, str) and name not in _ENUMS:
                parts.append(f'{name}: "{item}"')
            else:
                parts.append(f'{name}: {item}')
    return ' '.join(parts)


class NetWriter:
    """A network in the making; every method gives the name of the blob that it wrote.

    Attributes:
        width: What all numbers of channels but the last layer's are divided by.
        weights: The arrays by layer.
        wrote: The layers in order, each with its first top.
    """

    def __init__(self, name, size_hw, *, channels=3, width=1, seed=0, form='input_shape'):
        self.width = width
        self.weights = {}
        self.wrote = []
        self._rng = np.random.default_rng(seed)
        self._channels = {'data': channels}
        shape = (1, channels, *size_hw)
        self._lines = [f'name: "{name}"']
        if form == 'layer':
            layer = {'name': 'data', 'type': 'Input', 'top': 'data'}
            self._lines.append(text_of(layer=layer | {'input_param': {'shape': {'dim': shape}}}))
        elif form == 'input_dim':
            self._lines.append(text_of(input='data', input_dim=shape))
        else:
            self._lines.append(text_of(input='data', input_shape={'dim': shape}))

    @property
    def text(self):
        return '\n'.join([*self._lines, ''])

    def layer(self, kind, name, bottoms, top=None, **fields):
        """Any layer; its top has the name of the layer, or that of its bottom if it is None."""
        bottoms = [bottoms] if isinstance(bottoms, str) else list(bottoms)
        top = top or name
        layer = {'name': name, 'type': kind, 'bottom': bottoms, 'top': top, **fields}
        self._lines.append(text_of(layer=layer))
        self.wrote.append((name, top))
        self._channels.setdefault(top, self._channels[bottoms[0]])
        return top

    def scaled(self, channels):
        return max(1, channels // self.width)

    def conv(self, name, bottom, channels, kernel=1, *, top=None, bias=True, last=False, **fields):
        """A convolution; kernel, stride and pad may be (height, width)."""
        channels = channels if last else self.scaled(channels)
        size = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        parameters = {'num_output': channels}
        for key, value in {'kernel': kernel, **fields}.items():
            if isinstance(value, tuple):
                parameters |= {f'{key}_h': value[0], f'{key}_w': value[1]}
            else:
                parameters['kernel_size' if key == 'kernel' else key] = value
        if not bias:
            parameters['bias_term'] = False
        fan_in = self._channels[bottom] // fields.get('group', 1)
        self._draw(name, (channels, fan_in, *size), channels if bias else None)
        top = self.layer('Convolution', name, bottom, top, convolution_param=parameters)
        self._channels[top] = channels
        return top

    def deconv(self, name, bottom, channels, kernel, **fields):
        group = fields.get('group', 1)
        self._draw(name, (self._channels[bottom], channels // group, kernel, kernel), None)
        parameters = {'num_output': channels, 'kernel_size': kernel, 'bias_term': False, **fields}
        top = self.layer('Deconvolution', name, bottom, convolution_param=parameters)
        self._channels[top] = channels
        return top

    def inner(self, name, bottom, channels, *, pixels=1, last=False):
        """An inner product of an image of so many pixels."""
        channels = channels if last else self.scaled(channels)
        shape = (channels, self._channels[bottom] * pixels)
        # A softmax of great numbers would hide all but the greatest.
        self._draw(name, shape, channels, gain=0.5 if last else 1)
        top = self.layer(
            'InnerProduct', name, bottom, inner_product_param={'num_output': channels}
        )
        self._channels[top] = channels
        return top

    def relu(self, name, blob):
        return self.layer('ReLU', name, blob, blob)

    def norm(self, bn_name, scale_name, blob, *, gain=1, **fields):
        """BatchNorm and Scale, in place."""
        channels, rng = self._channels[blob], self._rng
        # Sums over nearly a thousand batches, and their number.
        count = np.float32(999.98)
        mean, variance = rng.normal(0, 0.1, channels), rng.uniform(0.5, 1.5, channels)
        self.weights[bn_name] = [mean * count, variance * count, np.array([count])]
        self.weights[scale_name] = [
            gain * rng.uniform(0.5, 1, channels),
            rng.normal(0, 0.1, channels),
        ]
        parameters = {'use_global_stats': True, **fields}
        self.layer('BatchNorm', bn_name, blob, blob, batch_norm_param=parameters)
        return self.layer('Scale', scale_name, blob, blob, scale_param={'bias_term': True})

    def pool(self, name, bottom, kernel=None, stride=1, pad=0, method='MAX', **fields):
        parameters = {'pool': method, **fields}
        if not fields.get('global_pooling'):
            parameters |= {'kernel_size': kernel, 'stride': stride}
        if pad:
            parameters['pad'] = pad
        return self.layer('Pooling', name, bottom, pooling_param=parameters)

    def lrn(self, name, bottom):
        parameters = {'local_size': 5, 'alpha': 0.0001, 'beta': 0.75}
        return self.layer('LRN', name, bottom, lrn_param=parameters)

    def concat(self, name, bottoms):
        top = self.layer('Concat', name, bottoms)
        self._channels[top] = sum(self._channels[bottom] for bottom in bottoms)
        return top

    def dropout(self, name, blob):
        return self.layer('Dropout', name, blob, blob, dropout_param={'dropout_ratio': 0.5})

    def _draw(self, name, shape, bias, gain=1):
        """Random weights that keep the size of values from layer to layer."""
        spread = gain * np.sqrt(2 / np.prod(shape[1:]))
        self.weights[name] = [self._rng.normal(0, spread, shape)]
        if bias:
            self.weights[name].append(self._rng.normal(0, 0.1, bias))
