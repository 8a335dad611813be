# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pooling compared with Caffe's rule in float64, and with OpenCV if it has the same rule."""

from __future__ import annotations

import caffe_reference as reference
import numpy as np
import pytest
from caffe_files import error_of, layer_text, run_layer
from hypothesis import assume, given
from hypothesis import strategies as st

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.caffe import convert_caffe
from ros_deep_learning.importers.caffe.layers_pooling import pooled_axis


def parameters(method, kernel, stride, pad, **fields):
    pairs = {'kernel': kernel, 'stride': stride, 'pad': pad}
    named = {f'{k}_{side}': v[i] for k, v in pairs.items() for i, side in enumerate('hw')}
    return {'pool': method, **named, **fields}


# Image, kernel, stride and pad, each as (height, width).
CASES = {
    'even': ((8, 8), (2, 2), (2, 2), (0, 0)),
    'rounded up': ((7, 10), (3, 3), (2, 2), (0, 0)),
    'alexnet': ((55, 55), (3, 3), (2, 2), (0, 0)),
    'googlenet': ((112, 112), (3, 3), (2, 2), (0, 0)),
    'same': ((7, 9), (3, 3), (1, 1), (1, 1)),
    'last window clipped': ((6, 6), (3, 3), (4, 4), (2, 2)),
    'clipped on one axis': ((6, 9), (3, 3), (4, 2), (2, 1)),
    'beyond the padding': ((6, 6), (3, 3), (2, 2), (1, 1)),
    'beyond on one axis': ((7, 6), (3, 3), (2, 2), (1, 1)),
    'pad on one axis': ((6, 6), (3, 2), (2, 2), (1, 0)),
    'rectangular': ((9, 12), (2, 5), (1, 3), (1, 2)),
    'stride beyond kernel': ((8, 8), (2, 2), (3, 3), (0, 0)),
    'kernel as image': ((7, 7), (7, 7), (1, 1), (0, 0)),
    'one pixel': ((1, 1), (3, 3), (2, 2), (1, 1)),
}


@pytest.mark.parametrize('method', ['MAX', 'AVE'])
@pytest.mark.parametrize('case', CASES)
def test_is_as_in_caffe(case, method, write):
    size, kernel, stride, pad = CASES[case]
    found, _, images, _ = run_layer(
        write,
        {'data': (2, 3, *size)},
        type='Pooling',
        pooling_param=parameters(method, kernel, stride, pad),
        opencv=False,
    )
    assert error_of(found, reference.pool(images['data'], method, kernel, stride, pad)) < 1e-6


@pytest.mark.parametrize('method', ['MAX', 'AVE'])
@pytest.mark.parametrize('case', CASES)
def test_is_as_in_opencv(case, method, write):
    size, kernel, stride, pad = CASES[case]
    found, want, _, _ = run_layer(
        write,
        {'data': (2, 3, *size)},
        type='Pooling',
        pooling_param=parameters(method, kernel, stride, pad),
    )
    assert error_of(found, want) < 1e-6


@pytest.mark.parametrize('fields', [{'ceil_mode': False}, {'round_mode': 'FLOOR'}])
@pytest.mark.parametrize('method', ['MAX', 'AVE'])
def test_rounds_down_where_a_network_says_so(method, fields, write):
    geometry = ((8, 7), (3, 3), (2, 2), (1, 1))
    # OpenCV does not support round_mode.
    found, want, images, _ = run_layer(
        write,
        {'data': (1, 2, *geometry[0])},
        type='Pooling',
        pooling_param=parameters(method, *geometry[1:], **fields),
        opencv='ceil_mode' in fields,
    )
    assert found.shape[2:] == (4, 4)
    rule = reference.pool(images['data'], method, *geometry[1:], ceil=False)
    assert error_of(found, rule) < 1e-6
    if want is not None:
        assert error_of(found, want) < 1e-6


@pytest.mark.parametrize('method', ['MAX', 'AVE'])
def test_global_pooling_takes_the_whole_image(method, write):
    found, want, _, _ = run_layer(
        write,
        {'data': (1, 3, 5, 8)},
        type='Pooling',
        pooling_param={'pool': method, 'global_pooling': True},
    )
    assert found.shape == (1, 3, 1, 1)
    assert error_of(found, want) < 1e-6


sizes = st.integers(1, 12)


@given(sizes, st.integers(1, 6), st.integers(1, 6), st.integers(0, 5))
def test_windows_of_an_axis_lie_as_in_caffe(size, kernel, stride, pad):
    assume(pad < kernel <= size + 2 * pad)
    image = np.arange(1.0, size + 1)[None, None, None]
    with np.errstate(all='ignore'):
        try:
            want = reference.pool(image, 'AVE', (1, kernel), (1, stride), (0, pad))
        except ValueError:
            want = np.array(np.nan)
    # Without padding, a window of Caffe may be outside of the image: a mean of no values.
    starts = np.arange(want.shape[-1] if want.ndim else 0) * stride - pad
    if not want.ndim or starts[-1] >= size:
        with pytest.raises(ConversionError, match='lies outside of an image'):
            pooled_axis(size, kernel, stride, pad, clips=pad > 0)
        return
    axis = pooled_axis(size, kernel, stride, pad, clips=pad > 0)
    padded = np.pad(image[0, 0, 0], (pad, axis.end_pad))
    sums = [padded[i * stride :][:kernel].sum() for i in range(axis.count)]
    assert axis.count == want.shape[-1]
    assert axis.end_pad < kernel
    np.testing.assert_allclose(sums / axis.divisors(), want[0, 0, 0])
    # ONNX computes the same size when it rounds down.
    assert (size + pad + axis.end_pad - kernel) // stride + 1 == axis.count


def test_padding_of_one_axis_clips_the_other_too(write):
    geometry = ((6, 5), (3, 1), (2, 3), (1, 0))
    found, _, images, _ = run_layer(
        write,
        {'data': (1, 1, *geometry[0])},
        type='Pooling',
        pooling_param=parameters('AVE', *geometry[1:]),
        opencv=False,
    )
    assert found.shape[2:] == (4, 2)
    assert error_of(found, reference.pool(images['data'], 'AVE', *geometry[1:])) < 1e-6


@pytest.mark.parametrize(
    ('fields', 'reason'),
    [
        ({}, 'kernel 0, stride 1 and pad 0 do not form a window'),
        ({'kernel_size': 3, 'stride': 0}, 'stride 0'),
        ({'kernel_size': 2, 'pad': 2}, 'pad 2 do not form a window'),
        ({'kernel_size': 9}, 'lies outside of an image of 8 pixels'),
        ({'kernel_size': 1, 'stride': 3}, 'lies outside of an image of 8 pixels'),
        ({'kernel_size': 4294967295, 'stride': 1}, 'lies outside'),
        ({'kernel_h': 3}, 'either kernel_size or both kernel_h and kernel_w'),
        ({'kernel_size': 3, 'kernel_h': 3, 'kernel_w': 3}, 'either kernel_size or both'),
        (
            {'kernel_size': 3, 'pad': 1, 'pad_h': 1, 'pad_w': 1},
            'either pad or both pad_h and pad_w',
        ),
        ({'kernel_size': 3, 'global_pooling': True}, 'either global_pooling or a kernel'),
        ({'kernel_size': 3, 'pool': 'STOCHASTIC'}, 'STOCHASTIC cannot be converted'),
        ({'kernel_size': 3, 'rounding': 1}, "has the field 'rounding'"),
    ],
)
def test_windows_that_caffe_does_not_take_are_refused(fields, reason, write):
    files = write(layer_text({'data': (1, 1, 8, 8)}, type='Pooling', pooling_param=fields))
    with pytest.raises(ConversionError, match=reason) as caught:
        convert_caffe(*files)
    assert "line 2: layer 'it' of type 'Pooling'" in str(caught.value)


def test_a_mask_as_second_top_is_refused(write):
    inputs = {'data': (1, 1, 8, 8)}
    files = write(
        layer_text(inputs, type='Pooling', top=['out', 'mask'], pooling_param={'kernel_size': 2})
    )
    with pytest.raises(ConversionError, match='expected 1 tops, got 2'):
        convert_caffe(*files)
