# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""SSDs of the Object Detection API as frozen graphs: all layers and names, random weights.

Layers as in slim's mobilenet_v1.py and inception_v2.py, and in the API's feature extractors and
convolutional box predictor. Channels are divided by ``width``, so that all runs quickly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAP_SIZES = (19, 10, 5, 3, 2, 1)
RATIOS = (1.0, 2.0, 0.5, 3.0, 1 / 3)
CLASSES = 91

# Depthwise strides and channels behind Conv2d_0.
_MOBILENET = [(1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), (1, 512), (1, 512)]
_MOBILENET += [(1, 512), (1, 512), (1, 512), (2, 1024), (1, 1024)]
# Channels of a block's four branches: 1x1; 1x1, 3x3; 1x1, 3x3, 3x3; pool, 1x1.
_INCEPTION = {
    'Mixed_3b': (64, (64, 64), (64, 96, 96), ('AvgPool', 32)),
    'Mixed_3c': (64, (64, 96), (64, 96, 96), ('AvgPool', 64)),
    'Mixed_4a': (0, (128, 160), (64, 96, 96), ('MaxPool', 0)),
    'Mixed_4b': (224, (64, 96), (96, 128, 128), ('AvgPool', 128)),
    'Mixed_4c': (192, (96, 128), (96, 128, 128), ('AvgPool', 128)),
    'Mixed_4d': (160, (128, 160), (128, 160, 160), ('AvgPool', 96)),
    'Mixed_4e': (96, (128, 192), (160, 192, 192), ('AvgPool', 96)),
    'Mixed_5a': (0, (128, 192), (192, 256, 256), ('MaxPool', 0)),
    'Mixed_5b': (352, (192, 320), (160, 224, 224), ('AvgPool', 128)),
    'Mixed_5c': (352, (192, 320), (192, 224, 224), ('MaxPool', 128)),
}


def anchors_yxyx(low: float = 0.2, high: float = 0.95) -> NDArray[np.float64]:
    """Lay anchors as create_ssd_anchors of multiple_grid_anchor_generator.py, one by one."""
    count = len(MAP_SIZES)
    scales = [low + (high - low) * k / (count - 1) for k in range(count)] + [1.0]
    rows = []
    for k, size in enumerate(MAP_SIZES):
        shapes = [(0.1, 1.0), (scales[0], 2.0), (scales[0], 0.5)]
        if k:
            shapes = [(scales[k], r) for r in RATIOS] + [((scales[k] * scales[k + 1]) ** 0.5, 1.0)]
        for row in range(size):
            for column in range(size):
                for scale, ratio in shapes:
                    h, w = scale / ratio**0.5, scale * ratio**0.5
                    y, x = (row + 0.5) / size, (column + 0.5) / size
                    rows.append((y - h / 2, x - w / 2, y + h / 2, x + w / 2))
    return np.array(rows)


class SsdWriter:
    """Writes an SSD with a GraphWriter; ``predictions`` are its last layers, map by map."""

    def __init__(self, graph_writer: Any, width: int) -> None:
        self.g, self.width = graph_writer, width
        self._rng = np.random.default_rng(3)
        self.channels = {'Preprocessor/sub': 3}
        self.predictions: list[tuple[str, str]] = []

    def image(self) -> str:
        self.g.node('Placeholder', 'image_tensor')
        self.g.const('Preprocessor/sub/y', 1)
        return str(self.g.node('Sub', 'Preprocessor/sub', 'image_tensor', 'Preprocessor/sub/y'))

    def variable(self, name: str, value: NDArray[Any]) -> str:
        self.g.const(name, value)
        return str(self.g.node('Identity', f'{name}/read', name))

    def _kernel(self, name: str, *shape: int, fan_in: int) -> str:
        return self.variable(name, self._rng.normal(0, (2 / fan_in) ** 0.5, shape))

    def normed(self, name: str, blob: str, channels: int) -> str:
        """Normalise and rectify, as every layer of the backbone."""
        rng = self._rng
        values = {
            'gamma': rng.uniform(0.8, 1.2, channels),
            'beta': rng.normal(0.3, 0.2, channels),
            'moving_mean': rng.normal(0, 0.2, channels),
            'moving_variance': rng.uniform(0.5, 1.5, channels),
        }
        parts = [self.variable(f'{name}/BatchNorm/{k}', v) for k, v in values.items()]
        norm = f'{name}/BatchNorm/FusedBatchNorm'
        self.g.node('FusedBatchNorm', norm, blob, *parts, epsilon=0.001, data_format='NHWC')
        self.channels[name] = channels
        return str(self.g.node('Relu6', name, norm))

    def conv(self, name: str, blob: str, channels: int, kernel: int = 1, stride: int = 1) -> str:
        before, count = self.channels[blob], max(1, channels // self.width)
        size = (kernel, kernel, before, count)
        weights = self._kernel(f'{name}/weights', *size, fan_in=kernel * kernel * before)
        self._window('Conv2D', f'{name}/Conv2D', stride, blob, weights)
        return self.normed(name, f'{name}/Conv2D', count)

    def depthwise(
        self, name: str, blob: str, kernel: int, stride: int, multiplier: int = 1
    ) -> str:
        before = self.channels[blob]
        weights = self._kernel(
            f'{name}/depthwise_weights', kernel, kernel, before, multiplier, fan_in=kernel * kernel
        )
        self._window('DepthwiseConv2dNative', f'{name}/depthwise', stride, blob, weights)
        self.channels[f'{name}/depthwise'] = before * multiplier
        return f'{name}/depthwise'

    def _window(self, op: str, name: str, stride: int, *inputs: str, **attributes: Any) -> str:
        strides = [1, stride, stride, 1]
        self.g.node(op, name, *inputs, strides=strides, padding='SAME', **attributes)
        return name

    def pool(self, op: str, name: str, blob: str, stride: int = 1) -> str:
        self.channels[name] = self.channels[blob]
        return self._window(op, name, stride, blob, ksize=[1, 3, 3, 1])

    def concat(self, name: str, *blobs: str) -> str:
        axis = self.g.const(f'{name}/axis', 3, np.int32)
        self.channels[name] = sum(self.channels[blob] for blob in blobs)
        return str(self.g.node('ConcatV2', name, *blobs, axis))

    def extras(self, scope: str, blob: str) -> list[str]:
        """Add the four maps behind the backbone; gives all that are behind ``blob``."""
        maps = []
        for k, (thin, thick) in enumerate([(256, 512), (128, 256), (128, 256), (64, 128)], 2):
            blob = self.conv(f'{scope}_1_Conv2d_{k}_1x1_{thin}', blob, thin)
            blob = self.conv(f'{scope}_2_Conv2d_{k}_3x3_s2_{thick}', blob, thick, 3, 2)
            maps.append(blob)
        return maps

    def predictors(self, maps: list[str], kernel: int) -> None:
        for k, blob in enumerate(maps):
            per_cell = 3 if k == 0 else 6
            names = []
            for part, count in (('BoxEncodingPredictor', 4), ('ClassPredictor', CLASSES)):
                name = f'BoxPredictor_{k}/{part}'
                before = self.channels[blob]
                size = (kernel, kernel, before, per_cell * count)
                weights = self._kernel(f'{name}/weights', *size, fan_in=2 * kernel**2 * before)
                bias = self.variable(f'{name}/biases', self._rng.normal(0, 0.3, size[-1]))
                self._window('Conv2D', f'{name}/Conv2D', 1, blob, weights)
                names.append(self.g.node('BiasAdd', f'{name}/BiasAdd', f'{name}/Conv2D', bias))
            self.predictions.append((names[0], names[1]))

    def heads(self) -> None:
        """Add what joins the predictions to boxes and scores, and the anchors."""
        g = self.g
        for k, (boxes, scores) in enumerate(self.predictions):
            scope = f'BoxPredictor_{k}'
            g.node('Shape', f'{scope}/Shape', boxes)
            ends = [g.const(f'{scope}/strided_slice/stack{s}', [v], np.int32)
                    for s, v in (('', 0), ('_1', 1), ('_2', 1))]  # fmt: skip
            g.node('StridedSlice', f'{scope}/strided_slice', f'{scope}/Shape', *ends,
                   shrink_axis_mask=1)  # fmt: skip
            for name, blob, rest in (
                ('Reshape', boxes, (-1, 1, 4)),
                ('Reshape_1', scores, (-1, CLASSES)),
            ):
                stack = f'{scope}/stack{name.removeprefix("Reshape")}'
                sizes = [g.const(f'{stack}/{i}', v, np.int32) for i, v in enumerate(rest, 1)]
                g.node('Pack', stack, f'{scope}/strided_slice', *sizes, axis=0)
                g.node('Reshape', f'{scope}/{name}', blob, stack)
        for name, part in (('concat', 'Reshape'), ('concat_1', 'Reshape_1')):
            parts = [f'BoxPredictor_{k}/{part}' for k in range(len(self.predictions))]
            g.node('ConcatV2', name, *parts, g.const(f'{name}/axis', 1, np.int32))
        g.node('Squeeze', 'Squeeze', 'concat', squeeze_dims=[2])
        g.node('Sigmoid', 'Postprocessor/convert_scores', 'concat_1')
        g.const('Concatenate/concat', anchors_yxyx())
        for suffix, scale in (('', 10), ('_1', 10), ('_2', 5), ('_3', 5)):
            g.const(f'Postprocessor/Decode/div{suffix}/y', scale)


def mobilenet_v1(graph_writer: Any, width: int = 8) -> SsdWriter:
    """Write ssd_mobilenet_v1_coco up to its predictions; ``heads`` adds the rest."""
    ssd, scope = SsdWriter(graph_writer, width), 'FeatureExtractor/MobilenetV1/'
    blob = ssd.conv(f'{scope}Conv2d_0', ssd.image(), 32, 3, 2)
    maps = []
    for k, (stride, channels) in enumerate(_MOBILENET, 1):
        name = f'{scope}Conv2d_{k}_depthwise'
        raw = ssd.depthwise(name, blob, 3, stride)
        blob = ssd.normed(name, raw, ssd.channels[raw])
        blob = ssd.conv(f'{scope}Conv2d_{k}_pointwise', blob, channels)
        if k in (11, 13):
            maps.append(blob)
    ssd.predictors(maps + ssd.extras(f'{scope}Conv2d_13_pointwise', blob), 1)
    return ssd


def inception_v2(graph_writer: Any, width: int = 8) -> SsdWriter:
    """Write ssd_inception_v2_coco up to its predictions; ``heads`` adds the rest."""
    ssd, scope = SsdWriter(graph_writer, width), 'FeatureExtractor/InceptionV2/'
    first = f'{scope}Conv2d_1a_7x7'
    blob = ssd.depthwise(first, ssd.image(), 7, 2, 8)
    blob = ssd.conv(first, blob, 64)
    blob = ssd.pool('MaxPool', f'{scope}MaxPool_2a_3x3', blob, 2)
    blob = ssd.conv(f'{scope}Conv2d_2b_1x1', blob, 64)
    blob = ssd.conv(f'{scope}Conv2d_2c_3x3', blob, 192, 3)
    blob = ssd.pool('MaxPool', f'{scope}MaxPool_3a_3x3', blob, 2)
    maps = []
    for block, (plain, single, double, (pool, behind)) in _INCEPTION.items():
        name, stride = f'{scope}{block}', 1 if plain else 2
        branches = [ssd.conv(f'{name}/Branch_0/1x1', blob, plain)] if plain else []
        one = ssd.conv(f'{name}/Branch_1/0a_1x1', blob, single[0])
        branches.append(ssd.conv(f'{name}/Branch_1/0b_3x3', one, single[1], 3, stride))
        two = ssd.conv(f'{name}/Branch_2/0a_1x1', blob, double[0])
        two = ssd.conv(f'{name}/Branch_2/0b_3x3', two, double[1], 3)
        branches.append(ssd.conv(f'{name}/Branch_2/0c_3x3', two, double[2], 3, stride))
        pooled = ssd.pool(pool, f'{name}/Branch_3/0a_3x3', blob, stride)
        if behind:
            pooled = ssd.conv(f'{name}/Branch_3/0b_1x1', pooled, behind)
        blob = ssd.concat(f'{name}/concat', *branches, pooled)
        if block in ('Mixed_4c', 'Mixed_5c'):
            maps.append(blob)
    ssd.predictors(maps + ssd.extras(f'{scope}Mixed_5c', blob), 3)
    return ssd


ARCHITECTURES: dict[str, Callable[..., SsdWriter]] = {
    'ssd-mobilenet-v1': mobilenet_v1,
    'ssd-inception-v2': inception_v2,
}
