# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Layers that only move values, compared with OpenCV and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from caffe_files import layer_text, random_images, run_layer, run_onnx

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.caffe import convert_caffe

IMAGE = {'data': (2, 6, 4, 5)}


@pytest.mark.parametrize(
    ('parameters', 'axis'),
    [({}, 1), ({'axis': 2}, 2), ({'axis': -1}, 3), ({'concat_dim': 1}, 1), ({'axis': 0}, 0)],
)
def test_concat_joins_along_its_axis(parameters, axis, write):
    shapes = [[2, 3, 4, 5] for _ in range(3)]
    for number, shape in enumerate(shapes):
        shape[axis] += number
    inputs = {f'data_{i}': tuple(shape) for i, shape in enumerate(shapes)}
    found, want, images, _ = run_layer(write, inputs, type='Concat', concat_param=parameters)
    assert np.array_equal(found, np.concatenate(list(images.values()), axis))
    assert np.array_equal(found, want)


@pytest.mark.parametrize(
    ('parameters', 'part'),
    [
        ({}, np.s_[:, :, :2, :3]),
        ({'axis': 2, 'offset': 1}, np.s_[:, :, 1:3, 1:4]),
        ({'axis': 2, 'offset': [2, 1]}, np.s_[:, :, 2:4, 1:4]),
        ({'axis': 3, 'offset': 2}, np.s_[:, :, :, 2:5]),
        ({'axis': -1}, np.s_[:, :, :, :3]),
        ({'axis': 1, 'offset': [3, 0, 2]}, np.s_[:, 3:6, :2, 2:5]),
    ],
)
def test_crop_takes_the_size_of_the_second(parameters, part, write):
    inputs = {**IMAGE, 'like': (1, 3, 2, 3)}
    found, want, images, _ = run_layer(write, inputs, type='Crop', crop_param=parameters)
    assert np.array_equal(found, images['data'][part])
    assert np.array_equal(found, want)


@pytest.mark.parametrize(
    ('parameters', 'points'),
    [
        ({}, [2, 4]),
        ({'slice_point': [1, 5]}, [1, 5]),
        ({'slice_dim': 1, 'slice_point': [3, 4]}, [3, 4]),
        ({'axis': -3}, [2, 4]),
    ],
)
def test_slice_parts_its_bottom(parameters, points, write):
    tops = ['a', 'b', 'c']
    files = write(layer_text(IMAGE, type='Slice', top=tops, slice_param=parameters))
    images = random_images(IMAGE)
    found = run_onnx(convert_caffe(*files), images)
    assert list(found) == tops
    for name, part in zip(tops, np.split(images['data'], points, 1), strict=True):
        assert np.array_equal(found[name], part)


@pytest.mark.parametrize(
    ('parameters', 'shape'),
    [
        ({}, (2, 120)),
        ({'axis': 2}, (2, 6, 20)),
        ({'axis': 0, 'end_axis': 1}, (12, 4, 5)),
        ({'axis': -3, 'end_axis': -2}, (2, 24, 5)),
        ({'axis': 1, 'end_axis': 1}, (2, 6, 4, 5)),
    ],
)
def test_flatten_joins_axes(parameters, shape, write):
    found, want, images, _ = run_layer(write, IMAGE, type='Flatten', flatten_param=parameters)
    assert np.array_equal(found, images['data'].reshape(shape))
    assert np.array_equal(found, want)


@pytest.mark.parametrize(
    ('dims', 'fields', 'shape'),
    [
        ([0, -1], {}, (2, 120)),
        ([0, 0, -1], {}, (2, 6, 20)),
        ([0, 3, 2, -1], {}, (2, 3, 2, 20)),
        ([-1], {'axis': 1}, (2, 120)),
        ([3, 2], {'axis': 1, 'num_axes': 1}, (2, 3, 2, 4, 5)),
        ([1], {'axis': -1, 'num_axes': 0}, (2, 6, 4, 5, 1)),
        ([0, 20], {'axis': 1}, (2, 6, 20)),
        ([-1], {'axis': -3}, (2, 6, 20)),
    ],
)
def test_reshape_is_as_in_caffe(dims, fields, shape, write):
    found, _, images, _ = run_layer(
        write,
        IMAGE,
        type='Reshape',
        reshape_param={'shape': {'dim': dims}, **fields},
        opencv=False,
    )
    assert np.array_equal(found, images['data'].reshape(shape))


def test_reshape_is_as_in_opencv(write):
    found, want, _, _ = run_layer(
        write, IMAGE, type='Reshape', reshape_param={'shape': {'dim': [0, 3, -1, 5]}}
    )
    assert np.array_equal(found, want)


def test_split_gives_the_same_again(write):
    files = write(
        layer_text(IMAGE, type='Split', top=['a', 'b'])
        + 'layer { name: "p" type: "Power" bottom: "b" top: "c" power_param { scale: -1 } }'
    )
    images = random_images(IMAGE)
    found = run_onnx(convert_caffe(*files, outputs=['a', 'b', 'c']), images)
    for name, sign in {'a': 1, 'b': 1, 'c': -1}.items():
        assert np.array_equal(found[name], sign * images['data'])


@pytest.mark.parametrize(
    ('shapes', 'layer', 'reason'),
    [
        ([(1, 3), (2, 3)], {'type': 'Concat'}, 'do not fit along axis 1'),
        ([(1, 3), (1, 3, 1)], {'type': 'Concat'}, 'do not fit along axis 1'),
        ([(1, 3)], {'type': 'Concat', 'concat_param': {'axis': 2}}, 'no axis 2'),
        ([(1, 3, 4, 4)], {'type': 'Crop'}, 'expected 2 bottoms, got 1'),
        ([(1, 3, 4, 4), (1, 3, 5, 4)], {'type': 'Crop'}, 'do not fit in its bottom'),
        (
            [(1, 3, 4, 4), (1, 3, 3, 3)],
            {'type': 'Crop', 'crop_param': {'offset': 2}},
            'do not fit in its bottom',
        ),
        (
            [(1, 3, 4, 4), (1, 3, 3, 3)],
            {'type': 'Crop', 'crop_param': {'offset': [1, 1, 1]}},
            'do not fit in its bottom',
        ),
        ([(1, 3, 4, 4), (1, 3, 3)], {'type': 'Crop'}, 'do not fit in its bottom'),
        ([(1, 5)], {'type': 'Slice', 'top': ['out', 'b']}, 'for 2 tops and 5 values'),
        (
            [(1, 5)],
            {'type': 'Slice', 'top': ['out', 'b'], 'slice_param': {'slice_point': 5}},
            'slice points .5. for 2 tops',
        ),
        (
            [(1, 5)],
            {'type': 'Slice', 'top': ['out', 'b'], 'slice_param': {'slice_point': [1, 2]}},
            'for 2 tops',
        ),
        (
            [(1, 5, 2)],
            {'type': 'Flatten', 'flatten_param': {'axis': 2, 'end_axis': 1}},
            'lies before',
        ),
        ([(2, 6)], {'type': 'Reshape', 'reshape_param': {'shape': {'dim': [5, -1]}}}, 'not fit'),
        ([(2, 6)], {'type': 'Reshape', 'reshape_param': {'shape': {'dim': [13, -1]}}}, 'not fit'),
        ([(2, 6)], {'type': 'Reshape', 'reshape_param': {'shape': {'dim': [-1, -1]}}}, 'sizes'),
        ([(2, 6)], {'type': 'Reshape', 'reshape_param': {'shape': {'dim': [-2, 6]}}}, 'sizes'),
        (
            [(2, 6)],
            {'type': 'Reshape', 'reshape_param': {'shape': {'dim': [2, 6, 0]}}},
            'has no size to keep',
        ),
        ([(2, 6)], {'type': 'Reshape', 'reshape_param': {'axis': 4}}, 'axis 4'),
        ([(2, 6)], {'type': 'Reshape', 'reshape_param': {'num_axes': 3}}, 'axis 0'),
        (
            [(2, 6)],
            {'type': 'Reshape', 'reshape_param': {'shape': {'dim': [12, *[1] * 32]}}},
            'its result would be of shape',
        ),
    ],
)
def test_what_does_not_fit_is_refused(shapes, layer, reason, write):
    inputs = {f'data_{i}': shape for i, shape in enumerate(shapes)}
    with pytest.raises(ConversionError, match=reason):
        convert_caffe(*write(layer_text(inputs, **layer)))
