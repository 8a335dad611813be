# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import kernel_cases as cases
import numpy as np
import pytest

from ros_deep_learning.engines.tensorrt.kernels.candidates import (
    CANDIDATE,
    DeviceBoxes,
    found_count,
    read_candidates,
)


def gather(device, scores, threshold, capacity, boxes=None, **options):
    scores = np.asarray(scores, np.float32)
    count, classes = scores.shape
    if boxes is None:
        boxes = np.arange(count * 4, dtype=np.float32).reshape(count, 4)
    buffers = device.put(scores), device.put(boxes)
    records = device.room(1 + capacity, CANDIDATE)
    handle = DeviceBoxes(buffers[0].pointer, buffers[1].pointer, count, classes, (classes, 1))
    launch = device.kernels.gathering(handle, records.pointer, capacity, **options)
    launch(threshold, None)
    read = records.read()
    return read_candidates(read), found_count(read)


@pytest.mark.parametrize('best_only', [False, True])
@pytest.mark.parametrize('transposed', [False, True])
def test_random_boxes(device, transposed, best_only):
    for seed in range(12):
        cases.check_candidates(
            device, np.random.default_rng(seed), transposed=transposed, best_only=best_only
        )


def test_no_boxes(device):
    got, found = gather(device, np.zeros((0, 3)), 0.5, 4)
    assert (found, len(got.scores), got.coordinates.shape) == (0, 0, (0, 4))


def test_no_room_still_counts(device):
    got, found = gather(device, [[0.9], [0.8]], 0.5, 0)
    assert (found, len(got.scores)) == (2, 0)


def test_score_at_the_threshold_is_kept(device):
    got, _ = gather(device, [[0.5], [np.nextafter(np.float32(0.5), np.float32(0))]], 0.5, 4)
    assert got.rows.tolist() == [0]


def test_each_class_of_a_box_is_a_candidate_unless_only_the_best_is_wanted(device):
    scores = [[0.9, 0.6, 0.1], [0.2, 0.7, 0.7]]
    every, _ = gather(device, scores, 0.5, 9)
    assert list(zip(every.rows, every.class_ids, strict=True)) == [
        (0, 0), (1, 1), (1, 2), (0, 1),
    ]  # fmt: skip
    best, _ = gather(device, scores, 0.5, 9, best_only=True)
    assert list(zip(best.rows, best.class_ids, strict=True)) == [(0, 0), (1, 1)]
    assert best.coordinates.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_background_gives_way_to_the_next_class(device):
    got, _ = gather(device, [[0.9, 0.6], [0.9, 0.1]], 0.5, 9, best_only=True, skipped_class=0)
    assert list(zip(got.rows, got.class_ids, strict=True)) == [(0, 1)]


@pytest.mark.parametrize('best_only', [False, True])
def test_nan_is_noticed_wherever_it_stands(device, best_only):
    options = {'best_only': best_only, 'skipped_class': 0}
    clean = np.full((5, 3), 0.25, np.float32)
    clean[1] = np.inf, -np.inf, 0.75
    for capacity in (0, 9):
        assert not gather(device, clean, 0.5, capacity, **options)[0].has_nan
    for place in np.ndindex(*clean.shape):
        scores = clean.copy()
        scores[place] = np.nan
        for capacity in (0, 9):
            assert gather(device, scores, 0.5, capacity, **options)[0].has_nan
    for place in np.ndindex(5, 4):
        boxes = np.ones((5, 4), np.float32)
        boxes[place] = np.nan
        assert gather(device, clean, 0.5, 9, boxes=boxes, **options)[0].has_nan


def test_order_of_the_threads_does_not_matter(device, shim_module):
    scores = np.random.default_rng(0).integers(0, 9, (300, 3)) / 8
    forwards, count = gather(device, scores, 0.5, 900)
    shim_module.backwards = True
    backwards, again = gather(device, scores, 0.5, 900)
    assert count == again > 300
    for name in ('rows', 'class_ids', 'scores', 'coordinates'):
        np.testing.assert_array_equal(getattr(forwards, name), getattr(backwards, name))


def test_a_count_beyond_31_bits_is_read_unsigned():
    records = np.zeros(2, CANDIDATE)
    records['box'][0] = -1
    assert found_count(records) == 2**32 - 1
