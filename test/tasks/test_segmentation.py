# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of how scores become masks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.imaging.palettes import UNLABELLED
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.segmentation import (
    Segmentation,
    SegmentationSettings,
    ignored_class,
    segmentation_from_class_ids,
    segmentation_from_scores,
)

sides = st.integers(1, 40)
placements = st.builds(
    lambda source, network, mode: place(source, network, mode, crop_fraction=0.875),
    st.tuples(sides, sides),
    st.tuples(sides, sides),
    st.sampled_from(['stretch', 'letterbox', 'crop']),
)
all_settings = st.builds(
    SegmentationSettings,
    mask_filter=st.sampled_from(['linear', 'point']),
    min_confidence=st.sampled_from([0.0, 0.4, 0.7, 1.0]),
    resolution=st.sampled_from(['source', 'grid']) | st.tuples(sides, sides),
)


def random_probabilities(shape, seed=0):
    shares = np.random.default_rng(seed).random(shape).astype(np.float32) ** 4
    return shares / shares.sum(axis=0)


def segment(planes, source_wh, network_wh=(16, 12), mode='stretch', ignored=None, **changes):
    return segmentation_from_scores(
        planes, place(source_wh, network_wh, mode), SegmentationSettings(**changes), ignored
    )


def test_scores_of_nothing_are_unlabelled():
    parts = segment(np.zeros((3, 12, 16), np.float32), (20, 10))
    assert (parts.class_mask.shape, parts.class_mask.dtype) == ((10, 20), np.uint8)
    assert (parts.confidence_mask.shape, parts.confidence_mask.dtype) == ((10, 20), np.float32)
    assert (parts.class_mask == UNLABELLED).all()
    assert (parts.confidence_mask == 0).all()
    assert parts.pixel_counts().tolist() == [0, 0, 0]
    assert parts.shares().tolist() == [0, 0, 0]
    assert parts.source_wh == (20, 10)


def test_a_grid_of_the_sources_size_is_taken_as_it_is():
    planes = random_probabilities((4, 12, 16))
    for mask_filter in ('linear', 'point'):
        parts = segment(planes, (16, 12), mask_filter=mask_filter)
        np.testing.assert_array_equal(parts.class_mask, planes.argmax(axis=0))
        np.testing.assert_array_equal(parts.confidence_mask, planes.max(axis=0))


@pytest.mark.parametrize('count', [2, 3, 21])
def test_linear_is_the_argmax_of_resized_scores(count):
    planes = random_probabilities((count, 12, 16))
    resized = np.stack([cv2.resize(plane, (101, 67)) for plane in planes])
    parts = segment(planes, (101, 67))
    np.testing.assert_array_equal(parts.class_mask, resized.argmax(axis=0))
    np.testing.assert_array_equal(parts.confidence_mask, resized.max(axis=0))


def test_linear_knows_no_class_in_between():
    planes = np.zeros((3, 1, 2), np.float32)
    planes[0, 0, 0] = planes[2, 0, 1] = 1
    parts = segment(planes, (100, 1), (2, 1))
    assert parts.class_mask[0].tolist() == [0] * 50 + [2] * 50


def test_point_gives_whole_cells():
    planes = random_probabilities((3, 12, 16))
    parts = segment(planes, (64, 36), mask_filter='point')
    wanted = planes.argmax(axis=0).repeat(3, axis=0).repeat(4, axis=1)
    np.testing.assert_array_equal(parts.class_mask, wanted)
    assert parts.confidence_mask.shape == (36, 64)


def test_the_grid_on_request():
    planes = random_probabilities((3, 12, 16))
    parts = segment(planes, (640, 200), mode='letterbox', resolution='grid')
    np.testing.assert_array_equal(parts.class_mask, planes.argmax(axis=0))
    np.testing.assert_array_equal(parts.confidence_mask, planes.max(axis=0))
    assert parts.source_wh == (640, 200)


def test_a_size_on_request_is_the_argmax_of_scores_resized_to_it():
    planes = random_probabilities((3, 12, 16))
    resized = np.stack([cv2.resize(plane, (40, 25)) for plane in planes])
    parts = segment(planes, (640, 200), resolution=(40, 25))
    np.testing.assert_array_equal(parts.class_mask, resized.argmax(axis=0))
    np.testing.assert_array_equal(parts.confidence_mask, resized.max(axis=0))
    assert parts.source_wh == (640, 200)


@pytest.mark.parametrize('mask_filter', ['linear', 'point'])
@pytest.mark.parametrize('mode', ['stretch', 'letterbox', 'crop'])
def test_a_mask_of_half_the_size_lies_where_that_of_the_source_does(mode, mask_filter):
    planes = np.zeros((3, 40, 40), np.float32)
    planes[0] = 0.1
    planes[1, 8:22, 10:30] = 0.9
    whole = segment(planes, (80, 48), (40, 40), mode=mode, mask_filter=mask_filter)
    half = segment(
        planes, (80, 48), (40, 40), mode=mode, mask_filter=mask_filter, resolution=(40, 24)
    )
    # A pixel of the half covers four of the whole, which agree except at an edge.
    quads = whole.class_mask.reshape(24, 2, 40, 2).transpose(0, 2, 1, 3).reshape(24, 40, 4)
    inside = (quads == quads[..., :1]).all(axis=2)
    assert inside.mean() > 0.85
    np.testing.assert_array_equal(half.class_mask[inside], quads[..., 0][inside])


@pytest.mark.parametrize('mask_filter', ['linear', 'point'])
def test_below_the_confidence_is_unlabelled(mask_filter):
    planes = np.array([[[0.9, 0.5, 0.2]], [[0.1, 0.5, 0.8]]], np.float32)
    parts = segment(planes, (3, 1), (3, 1), mask_filter=mask_filter, min_confidence=0.8)
    assert parts.class_mask.tolist() == [[0, UNLABELLED, 1]]
    np.testing.assert_array_equal(parts.confidence_mask, planes.max(axis=0))


@pytest.mark.parametrize('mask_filter', ['linear', 'point'])
@pytest.mark.parametrize('count', [2, 5])
def test_the_runner_up_wins_over_an_ignored_class(mask_filter, count):
    planes = random_probabilities((count, 12, 16))
    for ignored in range(count):
        parts = segment(planes, (48, 48), mask_filter=mask_filter, ignored=ignored)
        assert ignored not in parts.class_mask
        without = planes.copy()
        without[ignored] = 0
        wanted = segment(without, (48, 48), mask_filter=mask_filter)
        np.testing.assert_array_equal(parts.class_mask, wanted.class_mask)
        np.testing.assert_array_equal(parts.confidence_mask, wanted.confidence_mask)
        assert parts.class_count == count


def test_what_a_crop_leaves_out_is_unlabelled():
    planes = random_probabilities((3, 10, 10))
    parts = segment(planes, (30, 10), (10, 10), mode='crop')
    seen = parts.class_mask[:, 10:20]
    np.testing.assert_array_equal(seen, planes.argmax(axis=0))
    assert (parts.class_mask[:, :10] == UNLABELLED).all()
    assert (parts.class_mask[:, 20:] == UNLABELLED).all()
    assert (parts.confidence_mask[:, :10] == 0).all()
    np.testing.assert_allclose(parts.shares().sum(), 1 / 3)


def test_the_borders_of_a_letterbox_are_left_out():
    planes = np.zeros((2, 20, 20), np.float32)
    planes[1, 5:15] = 1
    planes[0] = 1 - planes[1]
    for mask_filter in ('linear', 'point'):
        parts = segment(planes, (60, 30), (20, 20), mode='letterbox', mask_filter=mask_filter)
        assert (parts.class_mask == 1).all()


@given(
    placements, st.integers(2, 5), st.integers(1, 12), st.integers(1, 12), all_settings, st.data()
)
def test_masks_of_anything(placement, count, height, width, chosen, data):
    planes = random_probabilities((count, height, width), data.draw(st.integers(0, 99)))
    ignored = data.draw(st.none() | st.integers(0, count - 1))
    parts = segmentation_from_scores(planes, placement, chosen, ignored)
    source_w, source_h = placement.source_wh
    shapes = {'source': (source_h, source_w), 'grid': (height, width)}
    shape = shapes.get(chosen.resolution) or chosen.resolution[::-1]
    assert parts.class_mask.shape == parts.confidence_mask.shape == shape
    assert parts.source_wh == (source_w, source_h)
    found = set(np.unique(parts.class_mask).tolist())
    assert found <= {*range(count), UNLABELLED} - {ignored}
    unlabelled = parts.class_mask == UNLABELLED
    assert (parts.confidence_mask[~unlabelled] >= np.float32(chosen.min_confidence)).all()
    assert parts.confidence_mask.min() >= 0
    assert parts.confidence_mask.max() <= 1 + 1e-6
    assert parts.pixel_counts().sum() + unlabelled.sum() == parts.class_mask.size
    np.testing.assert_allclose(parts.shares().sum() + unlabelled.mean(), 1)
    for k in range(count):
        assert parts.pixel_counts()[k] == (parts.class_mask == k).sum()


@given(placements, st.integers(1, 12), st.integers(1, 12), st.integers(0, 99))
def test_class_ids_are_never_mixed(placement, height, width, seed):
    ids = np.random.default_rng(seed).choice([0, 1, 2, UNLABELLED], (height, width))
    ids = ids.astype(np.uint8)
    planes = (ids == np.arange(3)[:, None, None]).astype(np.float32)
    for resolution in ('source', 'grid', (9, 7)):
        chosen = SegmentationSettings(resolution=resolution, mask_filter='point')
        parts = segmentation_from_class_ids(ids, placement, chosen, 3)
        wanted = segmentation_from_scores(planes, placement, chosen)
        np.testing.assert_array_equal(parts.class_mask, wanted.class_mask)
        np.testing.assert_array_equal(parts.confidence_mask, wanted.confidence_mask)


def test_class_ids_know_no_runner_up():
    ids = np.array([[0, 1, 2, 1]], np.uint8)
    placement = place((4, 1), (4, 1), 'stretch')
    parts = segmentation_from_class_ids(ids, placement, SegmentationSettings(), 3, ignored=1)
    assert parts.class_mask.tolist() == [[0, UNLABELLED, 2, UNLABELLED]]
    assert parts.confidence_mask.tolist() == [[1, 0, 1, 0]]
    assert ids.tolist() == [[0, 1, 2, 1]]


def test_counts_beyond_what_single_precision_can_hold():
    mask = np.zeros((4097, 4097), np.uint8)
    mask[0, 0] = 1
    parts = Segmentation(mask, np.empty((0,), np.float32), 2, (4097, 4097))
    assert parts.pixel_counts().tolist() == [4097 * 4097 - 1, 1]


LABELS = ('Road', 'void', 'sky')


@pytest.mark.parametrize(
    ('wanted', 'labels', 'index'),
    [
        (None, LABELS, 1),
        (None, ('road', 'sky'), None),
        (None, (), None),
        ('', LABELS, None),
        ('SKY', LABELS, 2),
        (' road ', LABELS, 0),
        ('2', LABELS, 2),
        ('void', LABELS, 1),
        ('1', ('0', '1'), 1),
    ],
)
def test_ignored_class(wanted, labels, index):
    assert ignored_class(SegmentationSettings(ignore_class=wanted), labels) == index


@pytest.mark.parametrize('wanted', ['tree', '3', '-1', 'void '])
def test_no_such_class_to_ignore(wanted):
    with pytest.raises(SettingsError, match=r"no class is called '.*'; there are Road, sky$"):
        ignored_class(SegmentationSettings(ignore_class=wanted), ('Road', 'sky'))


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('mask_filter', 'cubic'),
        ('resolution', ''),
        ('resolution', (0, 5)),
        ('resolution', (5, 4097)),
        ('resolution', (5,)),
        ('resolution', (5.0, 5)),
        ('min_confidence', -0.1),
        ('min_confidence', np.nan),
    ],
)
def test_settings_out_of_range(name, value):
    with pytest.raises(SettingsError, match=name):
        SegmentationSettings(**{name: value})
