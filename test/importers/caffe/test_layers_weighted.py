# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions and inner products compared with OpenCV and with their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from caffe_files import error_of, layer_text, random_arrays, run_layer

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.caffe import convert_caffe

# Shape of the image, shape of the weights, whether there is a bias, parameters.
CONVOLUTIONS = {
    'plain': ((2, 3, 7, 8), (4, 3, 3, 3), True, {'kernel_size': 3}),
    'one by one': ((1, 5, 4, 4), (3, 5, 1, 1), True, {'kernel_size': 1}),
    'no bias': ((1, 3, 7, 8), (4, 3, 3, 3), False, {'kernel_size': 3, 'pad': 1}),
    'stride': ((1, 3, 11, 12), (4, 3, 3, 3), True, {'kernel_size': 3, 'stride': 2, 'pad': 1}),
    'groups': ((1, 6, 7, 7), (4, 3, 5, 5), True, {'kernel_size': 5, 'pad': 2, 'group': 2}),
    'depthwise': ((1, 6, 7, 7), (6, 1, 3, 3), True, {'kernel_size': 3, 'group': 6}),
    'dilation': ((1, 3, 12, 12), (4, 3, 3, 3), True, {'kernel_size': 3, 'dilation': 2, 'pad': 2}),
    'dilated groups': (
        (1, 4, 13, 13),
        (4, 2, 3, 3),
        True,
        {'kernel_size': 3, 'dilation': 3, 'group': 2, 'stride': 2},
    ),
    '_h and _w': (
        (1, 3, 9, 10),
        (4, 3, 1, 7),
        True,
        {'kernel_h': 1, 'kernel_w': 7, 'pad_h': 0, 'pad_w': 3, 'stride_h': 2, 'stride_w': 1},
    ),
    'two numbers': (
        (1, 3, 9, 10),
        (4, 3, 5, 2),
        True,
        {'kernel_size': [5, 2], 'pad': [2, 0], 'stride': [1, 2]},
    ),
    'alexnet': ((1, 3, 227, 227), (8, 3, 11, 11), True, {'kernel_size': 11, 'stride': 4}),
}


@pytest.mark.parametrize('case', CONVOLUTIONS)
def test_convolution_is_as_in_opencv(case, write):
    image, weights, has_bias, parameters = CONVOLUTIONS[case]
    found, want, _, _ = run_layer(
        write,
        {'data': image},
        weights,
        *([weights[:1]] if has_bias else []),
        type='Convolution',
        convolution_param={'num_output': weights[0], 'bias_term': has_bias, **parameters},
    )
    assert error_of(found, want) < 2e-6


DECONVOLUTIONS = {
    'plain': ((2, 3, 4, 5), (3, 4, 3, 3), True, {'kernel_size': 3}),
    'stride': ((1, 3, 4, 5), (3, 4, 4, 4), True, {'kernel_size': 4, 'stride': 2, 'pad': 1}),
    'no bias': ((1, 3, 4, 5), (3, 4, 4, 4), False, {'kernel_size': 4, 'stride': 2}),
    'fcn': ((1, 7, 5, 6), (7, 1, 63, 63), False, {'kernel_size': 63, 'stride': 32, 'group': 7}),
    'groups': ((1, 4, 5, 6), (4, 3, 3, 3), True, {'kernel_size': 3, 'group': 2, 'stride': 2}),
    'rectangular': (
        (1, 3, 5, 6),
        (3, 2, 2, 5),
        True,
        {'kernel_h': 2, 'kernel_w': 5, 'stride_h': 1, 'stride_w': 3, 'pad_h': 0, 'pad_w': 2},
    ),
}


def channels_out(weights, parameters):
    return weights[1] * parameters.get('group', 1)


@pytest.mark.parametrize('case', DECONVOLUTIONS)
def test_deconvolution_is_as_in_opencv(case, write):
    image, weights, has_bias, parameters = DECONVOLUTIONS[case]
    channels = channels_out(weights, parameters)
    found, want, _, _ = run_layer(
        write,
        {'data': image},
        weights,
        *([(channels,)] if has_bias else []),
        type='Deconvolution',
        convolution_param={'num_output': channels, 'bias_term': has_bias, **parameters},
    )
    assert error_of(found, want) < 2e-6


@pytest.mark.parametrize(
    'parameters',
    [
        {'kernel_size': 3, 'dilation': 2, 'group': 2},
        {'kernel_size': 3, 'dilation': 3, 'stride': 2, 'pad': 2},
    ],
)
def test_deconvolution_is_the_transpose_of_convolution(parameters, write):
    """<conv(x), y> = <x, deconv(y)>: OpenCV's deconvolution does not support dilation."""
    group = parameters.get('group', 1)
    weights = (6, 4 // group, 3, 3)
    common = {'bias_term': False, **parameters}
    forward, _, images, (array,) = run_layer(
        write,
        {'data': (1, 4, 15, 17)},
        weights,
        type='Convolution',
        convolution_param={'num_output': 6, **common},
        opencv=False,
    )
    back, _, ys, (same,) = run_layer(
        write,
        {'data': forward.shape},
        weights,
        type='Deconvolution',
        convolution_param={'num_output': 4, **common},
        opencv=False,
    )
    assert np.array_equal(array, same)
    x, y = images['data'].astype(np.float64), ys['data']
    height, width = back.shape[2:]
    # With a stride of 2, the last pixels may not be read.
    assert np.isclose((forward * y).sum(), (x[:, :, :height, :width] * back).sum(), rtol=1e-5)


@pytest.mark.parametrize(('image', 'width'), [((3, 4, 2, 5), 40), ((3, 7), 7)])
@pytest.mark.parametrize('has_bias', [True, False])
def test_inner_product_is_as_in_opencv(image, width, has_bias, write):
    found, want, _, _ = run_layer(
        write,
        {'data': image},
        (6, width),
        *([(6,)] if has_bias else []),
        type='InnerProduct',
        inner_product_param={'num_output': 6, 'bias_term': has_bias},
    )
    assert found.shape == (3, 6)
    assert error_of(found, want) < 2e-6


@pytest.mark.parametrize(
    ('parameters', 'rows'),
    [
        ({}, (2,)),
        ({'transpose': True}, (2,)),
        ({'axis': 2}, (2, 3)),
        ({'axis': -1, 'transpose': True}, (2, 3, 4)),
        ({'axis': 0}, ()),
    ],
)
def test_inner_product_is_a_matrix_product(parameters, rows, write):
    image = (2, 3, 4, 5)
    width = int(np.prod(image[len(rows) :]))
    is_transposed = parameters.get('transpose', False)
    found, _, images, (weights, bias) = run_layer(
        write,
        {'data': image},
        (width, 6) if is_transposed else (6, width),
        (6,),
        type='InnerProduct',
        inner_product_param={'num_output': 6, **parameters},
        opencv=False,
    )
    flat = images['data'].astype(np.float64).reshape(*rows, width)
    assert error_of(found, flat @ (weights if is_transposed else weights.T) + bias) < 2e-6


@pytest.mark.parametrize(
    ('parameters', 'reason'),
    [
        ({}, 'must be 1 or more'),
        ({'num_output': 4}, 'must be 1 or more'),
        ({'num_output': 4, 'kernel_size': 0}, 'must be 1 or more'),
        ({'num_output': 4, 'kernel_size': 3, 'stride': 0}, 'must be 1 or more'),
        ({'num_output': 4, 'kernel_size': 3, 'group': 0}, 'must be 1 or more'),
        ({'num_output': 4, 'kernel_size': 3, 'group': 2}, 'do not divide into 2 groups'),
        ({'num_output': 4, 'kernel_size': [3, 3, 3]}, 'expected at most 2 axes, got 3'),
        (
            {'num_output': 4, 'kernel_size': 3, 'kernel_h': 3, 'kernel_w': 3},
            'either kernel_size or both',
        ),
        ({'num_output': 4, 'kernel_h': 3}, 'or both kernel_h and kernel_w'),
        ({'num_output': 4, 'kernel_size': 3, 'axis': 2}, 'on axis 1, got 2'),
        (
            {'num_output': 5, 'kernel_size': 3},
            r'expected weights of shapes \[\(5, 3, 3, 3\), \(5,\)',
        ),
        ({'num_output': 4, 'kernel_size': 4294967295}, 'expected weights of shapes'),
        ({'num_output': 4, 'kernel_size': 3, 'bias_term': False}, 'expected weights of shapes'),
        ({'num_output': 4, 'kernel_size': 3, 'dilation': 4}, 'its result would be of shape'),
        ({'num_output': 4, 'kernel_size': 3, 'deformable': 1}, "has the field 'deformable'"),
    ],
)
def test_convolutions_that_caffe_does_not_take_are_refused(parameters, reason, write):
    text = layer_text({'data': (1, 3, 6, 6)}, type='Convolution', convolution_param=parameters)
    files = write(text, {'it': random_arrays((4, 3, 3, 3), (4,))})
    with pytest.raises(ConversionError, match=reason) as caught:
        convert_caffe(*files)
    assert '\n' not in str(caught.value)


def test_how_a_network_was_trained_does_not_matter(write):
    filler = {'weight_filler': {'type': 'xavier', 'std': 0.1}, 'bias_filler': {'value': 0.2}}
    found, want, _, _ = run_layer(
        write,
        {'data': (1, 3, 6, 6)},
        (4, 3, 3, 3),
        (4,),
        type='Convolution',
        param=[{'lr_mult': 1, 'decay_mult': 1}, {'lr_mult': 2}],
        convolution_param={'num_output': 4, 'kernel_size': 3, **filler},
    )
    assert error_of(found, want) < 2e-6


def test_an_image_of_another_size_than_the_weights_is_named(write):
    text = layer_text(
        {'data': (1, 3, 6, 6)}, type='InnerProduct', inner_product_param={'num_output': 2}
    )
    files = write(text, {'it': random_arrays((2, 75), (2,))})
    with pytest.raises(ConversionError, match=r'\(2, 108\).*is the input size right'):
        convert_caffe(*files)
    with pytest.raises(ConversionError, match='its bottom of shape'):
        convert_caffe(
            *write(
                layer_text(
                    {'data': (1, 3)},
                    type='Convolution',
                    convolution_param={'num_output': 4, 'kernel_size': 3},
                )
            )
        )
