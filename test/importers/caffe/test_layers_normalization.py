# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Normalisation compared with OpenCV, and with Caffe's rule in float64."""

from __future__ import annotations

import caffe_reference as reference
import numpy as np
import onnx
import pytest
from caffe_files import (
    error_of,
    layer_text,
    random_arrays,
    random_images,
    run_layer,
    run_onnx,
    run_opencv,
)
from net_writer import NetWriter

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.caffe import convert_caffe


@pytest.mark.parametrize('channels', [1, 2, 3, 8])
@pytest.mark.parametrize(
    'parameters',
    [
        {},
        {'local_size': 5, 'alpha': 0.0001, 'beta': 0.75},
        {'local_size': 3, 'alpha': 2.0, 'beta': 0.5, 'k': 2.0},
        {'local_size': 1, 'alpha': 1.0, 'beta': 1.0},
    ],
)
def test_lrn_is_as_in_caffe(parameters, channels, write):
    found, _, images, _ = run_layer(
        write, {'data': (2, channels, 4, 5)}, type='LRN', lrn_param=parameters, opencv=False
    )
    values = {'local_size': 5, 'alpha': 1.0, 'beta': 0.75, 'k': 1.0, **parameters}
    assert error_of(found, reference.lrn(images['data'], *values.values())) < 5e-6


def test_lrn_is_as_in_opencv(write):
    parameters = {'local_size': 5, 'alpha': 0.5, 'beta': 0.75}
    found, want, _, _ = run_layer(write, {'data': (1, 9, 4, 5)}, type='LRN', lrn_param=parameters)
    assert error_of(found, want) < 1e-6


def test_lrn_goes_on_without_engine_and_not_within_channels(write):
    inputs = {'data': (1, 3, 4, 4)}
    prototxt, caffemodel = write(
        layer_text(inputs, type='LRN', lrn_param={'norm_region': 'WITHIN_CHANNEL'})
    )
    with pytest.raises(ConversionError, match='norm_region: expected ACROSS_CHANNELS'):
        convert_caffe(prototxt, caffemodel)
    prototxt.write_text(
        prototxt.read_text().replace('norm_region: WITHIN_CHANNEL', 'engine: CUDNN')
    )
    assert convert_caffe(prototxt, caffemodel)
    prototxt.write_text(prototxt.read_text().replace('engine: CUDNN', 'local_size: 4'))
    with pytest.raises(ConversionError, match='local_size: expected an odd number, got 4'):
        convert_caffe(prototxt, caffemodel)


def statistics(channels, factor):
    rng = np.random.default_rng(3)
    mean, variance = rng.normal(0, 2, channels), rng.uniform(0.1, 3, channels)
    return [np.float32(a) for a in (mean * factor, variance * factor, [factor])]


@pytest.mark.parametrize('shape', [(2, 5, 4, 3), (3, 5)])
@pytest.mark.parametrize('factor', [1.0, 999.98, 0.5])
def test_batch_norm_is_as_in_caffe_and_opencv(shape, factor, write):
    inputs = {'data': shape}
    arrays = statistics(5, factor)
    files = write(
        layer_text(inputs, type='BatchNorm', batch_norm_param={'eps': 0.01}), {'it': arrays}
    )
    images = random_images(inputs)
    found = run_onnx(convert_caffe(*files), images)['out']
    assert error_of(found, reference.batch_norm(images['data'], *arrays, 0.01)) < 1e-6
    assert error_of(found, run_opencv(*files, images, {'it': 'out'})['it']) < 1e-6


@pytest.mark.parametrize('axes', [1, 4])
@pytest.mark.parametrize('is_old', [False, True])
def test_batch_norm_of_nvidia_has_five_arrays(is_old, axes, write):
    """In the order of version 0.15 and in that since 0.16: net.cpp of NVIDIA/caffe.

    Either with one axis, or with the four that cuDNN's layer of 0.15 gives them.
    """
    inputs, rng = {'data': (2, 5, 4, 3)}, np.random.default_rng(4)
    mean, variance, _ = statistics(5, 1.0)
    factors, terms = rng.normal(size=(2, 5)).astype(np.float32)
    unused = np.float32([7])
    arrays = [mean, variance, unused, factors, terms]
    if is_old:
        arrays = [factors, terms, mean, variance, unused]
    if axes == 4:
        arrays = [array.reshape(1, -1, 1, 1) for array in arrays]
    parameters = {'eps': 1e-9, 'bias_filler': {'value': 0}, 'scale_filler': {'value': 1}}
    files = write(
        layer_text(inputs, type='BatchNorm', batch_norm_param=parameters), {'it': arrays}
    )
    images = random_images(inputs)
    if axes == 4 and not is_old:
        with pytest.raises(ConversionError, match=r'NVIDIA/caffe 0\.14, whose order is another'):
            convert_caffe(*files)
        return
    found = run_onnx(convert_caffe(*files), images)['out']
    # Its least eps is that of cuDNN.
    want = reference.batch_norm(images['data'], mean, variance, 1.0, 1e-5)
    shape = (1, 5, 1, 1)
    assert error_of(found, want * factors.reshape(shape) + terms.reshape(shape)) < 1e-6


def test_batch_norm_that_was_never_trained_takes_zeros(write):
    """With a factor of 0, Caffe does not divide by it: mean and variance are 0."""
    inputs = {'data': (1, 2, 3, 3)}
    files = write(layer_text(inputs, type='BatchNorm'), {'it': statistics(2, 0.0)})
    images = random_images(inputs)
    want = images['data'] / np.sqrt(1e-5)
    assert error_of(run_onnx(convert_caffe(*files), images)['out'], want) < 1e-6


@pytest.mark.parametrize(
    ('parameters', 'change', 'reason'),
    [
        ({'use_global_stats': False}, (1, 1), 'use_global_stats: expected true'),
        ({'scale_bias': True}, (1, 1), 'expected weights of shapes'),
        ({}, (-1, 1), 'a variance is not positive'),
        ({}, (np.nan, 1), 'weights are not finite numbers'),
        ({}, (np.inf, 1), 'weights are not finite numbers'),
        ({}, (1, -1), 'a variance is not positive'),
    ],
)
def test_statistics_that_make_no_numbers_are_refused(parameters, change, reason, write):
    mean, variance, factor = statistics(2, 1.0)
    text = layer_text({'data': (1, 2, 3, 3)}, type='BatchNorm', batch_norm_param=parameters)
    files = write(text, {'it': [mean, variance * change[0], factor * change[1]]})
    with pytest.raises(ConversionError, match=reason):
        convert_caffe(*files)


@pytest.mark.parametrize(
    ('parameters', 'shape'),
    [
        ({}, (3, 1, 1)),
        ({'bias_term': True}, (3, 1, 1)),
        ({'axis': 2, 'bias_term': True}, (4, 1)),
        ({'axis': 1, 'num_axes': 2}, (3, 4, 1)),
        ({'axis': 1, 'num_axes': -1, 'bias_term': True}, (3, 4, 5)),
        ({'axis': -1}, (5,)),
        ({'num_axes': 0}, ()),
    ],
)
def test_scale_multiplies_along_its_axes(parameters, shape, write):
    # The sizes of 1 only align the axes; the stored array does not have them.
    stored = tuple(size for size in shape if size != 1)
    found, _, images, arrays = run_layer(
        write,
        {'data': (2, 3, 4, 5)},
        *[stored] * (2 if 'bias_term' in parameters else 1),
        type='Scale',
        scale_param=parameters,
        opencv=False,
    )
    want = images['data'].astype(np.float64) * arrays[0].reshape(shape)
    if len(arrays) == 2:
        want += arrays[1].reshape(shape)
    assert error_of(found, want) < 1e-6


def test_scale_is_as_in_opencv(write):
    parameters = {'bias_term': True}
    found, want, _, _ = run_layer(
        write, {'data': (2, 3, 4, 5)}, (3,), (3,), type='Scale', scale_param=parameters
    )
    assert error_of(found, want) < 1e-6


def test_scale_by_another_blob_is_refused(write):
    inputs = {'data': (1, 3, 4, 4), 'by': (1, 3)}
    with pytest.raises(ConversionError, match='expected 1 bottoms, got 2'):
        convert_caffe(*write(layer_text(inputs, type='Scale'), {'it': random_arrays((3,))}))


def test_norms_disappear_in_the_convolution_before_them(write):
    net = NetWriter('norms', (9, 9))
    blob = net.norm('bn', 'scale', net.conv('conv', 'data', 4, 3, bias=False))
    net.relu('relu', blob)
    files = write(net.text, net.weights)
    model = onnx.load_from_string(convert_caffe(*files))
    assert [node.op_type for node in model.graph.node] == ['Conv', 'Relu']
    images = random_images({'data': (1, 3, 9, 9)})
    found = run_onnx(model.SerializeToString(), images)['conv']
    assert error_of(found, run_opencv(*files, images, {'relu': 'conv'})['relu']) < 2e-6


def test_norms_stay_where_the_convolution_is_read_elsewhere(write):
    net = NetWriter('norms', (9, 9))
    blob = net.conv('conv', 'data', 4, 3)
    normed = net.layer('BatchNorm', 'bn', blob)
    net.weights['bn'] = statistics(4, 2.0)
    net.layer('Eltwise', 'sum', [blob, normed])
    files = write(net.text, net.weights)
    images = random_images({'data': (1, 3, 9, 9)})
    found = run_onnx(convert_caffe(*files, outputs=['sum', 'bn']), images)
    want = run_opencv(*files, images, {'sum': 'sum', 'bn': 'bn'})
    assert max(error_of(found[name], want[name]) for name in found) < 2e-6
