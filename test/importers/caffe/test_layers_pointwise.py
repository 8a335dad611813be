# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Elementwise layers compared with OpenCV and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from caffe_files import error_of, layer_text, run_layer

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.caffe import convert_caffe

IMAGE = {'data': (2, 3, 4, 5)}


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


FUNCTIONS = {
    'relu': ({'type': 'ReLU'}, lambda x: np.maximum(x, 0)),
    'leaky relu': (
        {'type': 'ReLU', 'relu_param': {'negative_slope': 0.1}},
        lambda x: np.where(x > 0, x, 0.1 * x),
    ),
    'sigmoid': ({'type': 'Sigmoid'}, lambda x: 1 / (1 + np.exp(-x))),
    'tanh': ({'type': 'TanH'}, np.tanh),
    'softmax': ({'type': 'Softmax'}, lambda x: softmax(x, 1)),
    'softmax of columns': (
        {'type': 'Softmax', 'softmax_param': {'axis': -1}},
        lambda x: softmax(x, 3),
    ),
    'dropout': ({'type': 'Dropout', 'dropout_param': {'dropout_ratio': 0.9}}, lambda x: x),
    'deploy shift': ({'type': 'Power', 'power_param': {'shift': -127}}, lambda x: x - 127),
    'power': ({'type': 'Power', 'power_param': {'power': 3}}, lambda x: x**3),
    'scale': ({'type': 'Power', 'power_param': {'scale': 0.00390625}}, lambda x: x / 256),
    'scale and shift': (
        {'type': 'Power', 'power_param': {'scale': 0.5, 'shift': 1}},
        lambda x: 0.5 * x + 1,
    ),
    'all of power': (
        {'type': 'Power', 'power_param': {'power': 2, 'scale': 0.5, 'shift': -1}},
        lambda x: (0.5 * x - 1) ** 2,
    ),
    'no power': ({'type': 'Power'}, lambda x: x),
}


@pytest.mark.parametrize('case', FUNCTIONS)
def test_function_is_as_in_opencv_and_numpy(case, write):
    layer, function = FUNCTIONS[case]
    found, want, images, _ = run_layer(write, IMAGE, **layer)
    assert error_of(found, function(images['data'].astype(np.float64))) < 1e-6
    assert error_of(found, want) < 2e-5  # OpenCV's exponential is an approximation.


@pytest.mark.parametrize('shared', [False, True])
@pytest.mark.parametrize('shape', [(2, 3, 4, 5), (2, 3)])
def test_prelu_has_a_slope_a_channel(shape, shared, write):
    found, _, images, (slopes,) = run_layer(
        write,
        {'data': shape},
        () if shared else (3,),
        type='PReLU',
        prelu_param={'channel_shared': shared},
        opencv=False,
    )
    x = images['data'].astype(np.float64)
    slope = slopes.reshape((-1, *[1] * (len(shape) - 2)))
    assert error_of(found, np.where(x > 0, x, slope * x)) < 1e-6


def test_prelu_is_as_in_opencv(write):
    found, want, _, _ = run_layer(write, IMAGE, (3,), type='PReLU')
    assert error_of(found, want) < 1e-6


SUMS = {
    'sum': ({}, 3, lambda a, b, c: a + b + c),
    'sum of two': ({'operation': 'SUM'}, 2, lambda a, b: a + b),
    'difference': ({'coeff': [1, -1]}, 2, lambda a, b: a - b),
    'weighted': (
        {'operation': 'SUM', 'coeff': [0.5, 2, -3]},
        3,
        lambda a, b, c: a / 2 + 2 * b - 3 * c,
    ),
    'product': ({'operation': 'PROD'}, 3, lambda a, b, c: a * b * c),
    'greatest': ({'operation': 'MAX'}, 3, lambda a, b, c: np.maximum(np.maximum(a, b), c)),
}


@pytest.mark.parametrize('case', SUMS)
def test_eltwise_is_as_in_opencv_and_numpy(case, write):
    parameters, count, function = SUMS[case]
    inputs = {f'data_{i}': (2, 3, 4, 5) for i in range(count)}
    found, want, images, _ = run_layer(write, inputs, type='Eltwise', eltwise_param=parameters)
    assert error_of(found, function(*(x.astype(np.float64) for x in images.values()))) < 1e-6
    assert error_of(found, want) < 1e-6


@pytest.mark.parametrize(
    ('shapes', 'layer', 'reason'),
    [
        ([(1, 3), (1, 4)], {'type': 'Eltwise'}, 'expected two or more bottoms of one shape'),
        ([(1, 3)], {'type': 'Eltwise'}, 'expected two or more bottoms of one shape'),
        (
            [(1, 3), (1, 3)],
            {'type': 'Eltwise', 'eltwise_param': {'coeff': [1]}},
            '1 coeff for 2 bottoms',
        ),
        (
            [(1, 3), (1, 3)],
            {'type': 'Eltwise', 'eltwise_param': {'coeff': [1, 2], 'operation': 'PROD'}},
            '2 coeff for 2 bottoms and PROD',
        ),
        ([(1, 3), (1, 3)], {'type': 'ReLU'}, 'expected 1 bottoms, got 2'),
        (
            [(1, 3)],
            {'type': 'Dropout', 'dropout_param': {'scale_train': False}},
            "dropout_param has the field 'scale_train'",
        ),
        ([(1, 3)], {'type': 'Softmax', 'softmax_param': {'axis': 2}}, 'no axis 2'),
        ([(1, 3)], {'type': 'Power', 'power_param': {'scale': 0}}, 'not depend on the image'),
        ([(3,)], {'type': 'PReLU'}, 'no axis 1'),
        ([(1, 3)], {'type': 'PReLU'}, 'in the caffemodel; do'),
    ],
)
def test_what_makes_no_sense_is_refused(shapes, layer, reason, write):
    inputs = {f'data_{i}': shape for i, shape in enumerate(shapes)}
    with pytest.raises(ConversionError, match=reason):
        convert_caffe(*write(layer_text(inputs, **layer)))
