# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of reading a segmentation network's output."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.imaging.palettes import UNLABELLED
from ros_deep_learning.tasks.score_grid import (
    class_axis,
    class_count_of,
    likely_class_count,
    read_class_ids,
    read_scores,
)

RANDOM = np.random.default_rng(0)


def softmax_float64(x):
    shares = np.exp(x.astype(np.float64))
    return shares / shares.sum(axis=0)


@pytest.mark.parametrize(
    ('shape', 'labels', 'axis'),
    [
        ((4, 5), 0, None),
        ((4, 5), 2, None),
        ((3, 40, 50), 0, 0),
        ((40, 50, 3), 0, 2),
        ((40, 50, 60), 60, 2),
        ((40, 30, 20), 40, 0),
        ((1, 40, 50), 2, 0),
        ((40, 50, 1), 2, 2),
        ((2, 40, 50), 2, 0),
        ((40, 50, 2), 2, 2),
        ((21, 30, 21), 21, 0),
        ((21, -1, -1), 21, 0),
        ((-1, -1, 21), 21, 2),
    ],
)
def test_axis_of_the_classes(shape, labels, axis):
    assert class_axis(shape, labels) == axis


@pytest.mark.parametrize(
    ('shape', 'input_wh', 'count'),
    [
        # FCNs of jetson-inference: more classes than cells along a side.
        ((21, 8, 16), (512, 256), 21),
        ((21, 10, 10), (320, 320), 21),
        ((10, 10, 21), (320, 320), 21),
        # A stride of 32 with the last row half outside.
        ((21, 9, 15), (480, 272), 21),
        ((1, 40, 50), (100, 80), 2),
        # The network leaves it open.
        ((21, -1, -1), (512, 512), 0),
        ((40, 50), (100, 80), 0),
    ],
)
@pytest.mark.parametrize('planar', [False, True])
def test_classes_told_by_the_grid(shape, input_wh, count, planar):
    assert likely_class_count(shape, input_wh, planar=planar) == count


@pytest.mark.parametrize(
    ('shape', 'first', 'last'), [((16, 16, 16), 16, 16), ((21, 7, 9), 21, 9), ((2, 6, 21), 2, 21)]
)
def test_classes_where_the_grid_does_not_tell(shape, first, last):
    assert likely_class_count(shape, (512, 512), planar=True) == first
    assert likely_class_count(shape, (512, 512), planar=False) == last


@pytest.mark.parametrize('shape', [(), (5,), (0, 4, 4), (3, 4, 0), (1, 2, 3, 4)])
def test_shapes_without_a_grid(shape):
    for ask in (class_axis, class_count_of):
        with pytest.raises(DecodeError, match='scores have the shape'):
            ask(shape, 0)
    with pytest.raises(DecodeError, match='scores have the shape'):
        read_scores(np.zeros(shape, np.float32), 'logits')


@pytest.mark.parametrize(
    ('shape', 'labels', 'count'),
    [((4, 5), 0, 2), ((1, 4, 5), 2, 2), ((21, 30, 30), 21, 21), ((30, 30, 21), 0, 21)],
)
def test_class_count(shape, labels, count):
    assert class_count_of(shape, labels) == count


def test_other_numbers_of_classes_than_labels():
    with pytest.raises(DecodeError, match='are of 3 classes, got 4 labels'):
        class_count_of((3, 8, 8), 4)
    with pytest.raises(DecodeError, match=r'one plane is background and object\), got 1'):
        class_count_of((1, 8, 8), 1)
    with pytest.raises(DecodeError, match='1 to 255 classes, got 256'):
        class_count_of((256, 300, 300), 0)


@pytest.mark.parametrize('kind', ['logits', 'scores'])
def test_planes_first_and_last_are_the_same(kind):
    x = RANDOM.normal(0, 3, (3, 8, 9)).astype(np.float32)
    wanted = softmax_float64(x)
    for output in (x, np.moveaxis(x, 0, 2), np.ascontiguousarray(np.moveaxis(x, 0, 2))):
        planes = read_scores(output, kind, 3)
        assert planes.dtype == np.float32
        np.testing.assert_allclose(planes, wanted, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize('shape', [(6, 7), (1, 6, 7), (6, 7, 1)])
def test_a_single_plane_is_the_second_of_two_classes(shape):
    logits = RANDOM.normal(0, 3, (6, 7)).astype(np.float32)
    objects = 1 / (1 + np.exp(-logits.astype(np.float64)))
    for output, kind in ((logits, 'logits'), (objects, 'probabilities'), (objects, 'scores')):
        planes = read_scores(output.reshape(shape), kind, 2)
        np.testing.assert_allclose(planes[1], objects, rtol=2e-6, atol=1e-7)
        np.testing.assert_allclose(planes[0], 1 - objects, rtol=2e-6, atol=1e-6)


def test_probabilities_are_kept():
    x = softmax_float64(RANDOM.normal(0, 3, (4, 5, 6))).astype(np.float32)
    before = x.copy()
    np.testing.assert_array_equal(read_scores(x, 'probabilities', 4), x)
    np.testing.assert_array_equal(x, before)
    half = x.astype(np.float16)
    np.testing.assert_array_equal(read_scores(half, 'scores', 4), half.astype(np.float32))


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('kind', ['logits', 'probabilities', 'scores'])
def test_hostile_scores_are_within_0_and_1(kind):
    x = np.zeros((3, 2, 2), np.float32)
    x[:, 0, 0], x[0, 0, 1], x[1, 1, 0], x[2, 1, 1] = np.nan, np.nan, np.inf, -np.inf
    planes = read_scores(x, kind, 3)
    assert np.isfinite(planes).all()
    assert planes.min() >= 0
    assert planes.max() <= 1
    assert planes[:, 0, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize('dtype', [np.uint8, np.int32, np.int64, np.float32, np.float16])
@pytest.mark.parametrize('shape', [(2, 3), (1, 2, 3), (2, 3, 1)])
def test_class_ids(dtype, shape):
    ids = np.array([[0, 1, 2], [2, 1, 0]])
    read = read_class_ids(ids.astype(dtype).reshape(shape), 3)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, ids)


@pytest.mark.filterwarnings('error')
def test_what_is_no_class_is_unlabelled():
    ids = np.array([[-1, 3, 255], [256, 2, 2**40]])
    wanted = [[UNLABELLED] * 3, [UNLABELLED, 2, UNLABELLED]]
    assert read_class_ids(ids, 3).tolist() == wanted
    floats = np.array([[np.nan, np.inf, -np.inf, 1.0]], np.float32)
    assert read_class_ids(floats, 3).tolist() == [[UNLABELLED] * 3 + [1]]


@pytest.mark.parametrize('shape', [(), (4,), (0, 4), (3, 4, 4), (1, 1, 4, 4)])
def test_class_ids_of_another_shape(shape):
    with pytest.raises(DecodeError, match=r'a class mask has the shape \(h, w\)'):
        read_class_ids(np.zeros(shape, np.int64), 3)
