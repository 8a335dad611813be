# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the Kalman filter against the published one, with its 8x8 matrices."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.tracking import kalman


class Published:
    """One box's filter as SORT, DeepSORT and ByteTrack write it, in matrices."""

    def __init__(self, box):
        z = self.measure(box)
        h = z[3]
        self.mean = np.r_[z, np.zeros(4)]
        std = [h / 10, h / 10, 1e-2, h / 10, h / 16, h / 16, 1e-5, h / 16]
        self.covariance = np.diag(np.square(std))

    @staticmethod
    def measure(box):
        x1, y1, x2, y2 = (float(v) for v in box)
        return np.array([(x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / (y2 - y1), y2 - y1])

    def predict(self):
        h = self.mean[3]
        std = [h / 20, h / 20, 1e-2, h / 20, h / 160, h / 160, 1e-5, h / 160]
        step = np.eye(8) + np.eye(8, k=4)
        self.mean = step @ self.mean
        self.covariance = step @ self.covariance @ step.T + np.diag(np.square(std))

    def update(self, box):
        h = self.mean[3]
        see = np.eye(4, 8)
        noise = np.diag(np.square([h / 20, h / 20, 1e-1, h / 20]))
        total = see @ self.covariance @ see.T + noise
        gain = self.covariance @ see.T @ np.linalg.inv(total)
        self.mean = self.mean + gain @ (self.measure(box) - see @ self.mean)
        self.covariance = self.covariance - gain @ total @ gain.T


def check(motion, k, published):
    mean = np.r_[motion.position[k], motion.velocity[k]]
    np.testing.assert_allclose(mean, published.mean, rtol=1e-9, atol=1e-9)
    variance = np.diag(published.covariance)
    np.testing.assert_allclose(motion.position_variance[k], variance[:4], rtol=1e-9)
    np.testing.assert_allclose(motion.velocity_variance[k], variance[4:], rtol=1e-9)
    mixed = np.diag(published.covariance, 4)
    np.testing.assert_allclose(motion.covariance[k], mixed, rtol=1e-9, atol=1e-15)
    # The rest is zero in the published filter: nothing is lost by falling apart.
    rest = published.covariance.copy()
    for offset in (-4, 0, 4):
        rest -= np.diag(np.diag(published.covariance, offset), offset)
    assert np.abs(rest).max() == 0


def random_boxes(rng, count):
    corner, side = rng.random((count, 2)) * 400, 5 + rng.random((count, 2)) * 200
    return np.concatenate([corner, corner + side], axis=1).astype(np.float32)


@pytest.mark.parametrize('seed', range(3))
def test_it_is_the_published_filter(seed):
    rng = np.random.default_rng(seed)
    boxes = random_boxes(rng, 6)
    boxes[:, 2:] += 60
    motion, published = kalman.initiate(boxes), [Published(b) for b in boxes]
    for _ in range(12):
        motion = kalman.predict(motion, 1.0, np.zeros(6, bool))
        for one in published:
            one.predict()
        if rng.random() < 0.7:
            boxes = boxes + rng.normal(0, 3, boxes.shape).astype(np.float32)
            motion = kalman.update(motion, boxes)
            for one, box in zip(published, boxes, strict=True):
                one.update(box)
        for k, one in enumerate(published):
            check(motion, k, one)


def test_nothing():
    motion = kalman.initiate(np.zeros((0, 4), np.float32))
    motion = kalman.update(kalman.predict(motion, 1.0, np.zeros(0, bool)), np.zeros((0, 4)))
    assert motion.boxes_xyxy().shape == (0, 4)


def test_a_new_box_is_where_it_was_seen():
    boxes = np.array([[10, 20, 50, 100]], np.float32)
    np.testing.assert_allclose(kalman.initiate(boxes).boxes_xyxy(), boxes)


def moving(rng):
    """Boxes that move, with heights that do not change, so that the noise stays the same."""
    boxes = random_boxes(rng, 5)
    motion = kalman.initiate(boxes)
    for _ in range(3):
        motion = kalman.predict(motion, 1.0, np.zeros(5, bool))
        motion = kalman.update(motion, boxes)
        boxes = boxes + np.array([4, 0, 4, 0], np.float32)
    return motion


@pytest.mark.parametrize('parts', [(1, 1, 1), (2, 1), (0.5, 2.5), (0.25, 0, 1.75, 1)])
def test_time_may_be_cut_anywhere(parts):
    motion = moving(np.random.default_rng(4))
    still = np.zeros(5, bool)
    once, bit = kalman.predict(motion, sum(parts), still), motion
    for part in parts:
        bit = kalman.predict(bit, part, still)
    for name in ('position', 'velocity', 'position_variance', 'covariance', 'velocity_variance'):
        np.testing.assert_allclose(getattr(bit, name), getattr(once, name), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize('frames', [0.0, 0.01, 0.3, 0.7, 1.0, 3.3, 50.0, 1e6])
def test_variances_stay_variances(frames):
    motion = kalman.predict(moving(np.random.default_rng(5)), frames, np.zeros(5, bool))
    product = motion.position_variance * motion.velocity_variance
    assert (motion.position_variance > 0).all()
    assert (product > motion.covariance**2).all()
    assert np.isfinite(motion.boxes_xyxy()).all()


def test_a_lost_box_keeps_its_height():
    motion = kalman.initiate(np.array([[0, 0, 40, 80]] * 2, np.float32))
    for height in (70, 60, 50):
        motion = kalman.predict(motion, 1.0, np.zeros(2, bool))
        motion = kalman.update(motion, np.array([[0, 0, 40, height]] * 2, np.float32))
    later = kalman.predict(motion, 30.0, np.array([True, False]))
    assert later.position[0, 3] == motion.position[0, 3]
    assert later.position[1, 3] < 0
    sides = later.boxes_xyxy()[:, 2:] - later.boxes_xyxy()[:, :2]
    assert (sides > 0).all()


def test_a_flat_box_is_no_division_by_zero():
    motion = kalman.initiate(np.array([[5, 5, 5, 5], [5, 5, 9, 5]], np.float32))
    motion = kalman.update(kalman.predict(motion, 1.0, np.zeros(2, bool)), np.zeros((2, 4)))
    assert np.isfinite(motion.boxes_xyxy()).all()


def test_take_put_and_join():
    boxes = random_boxes(np.random.default_rng(6), 4)
    motion = kalman.initiate(boxes)
    twice = motion.join(motion.take(np.array([2, 0])))
    np.testing.assert_allclose(twice.boxes_xyxy(), boxes[[0, 1, 2, 3, 2, 0]], rtol=1e-6)
    swapped = motion.put(np.array([0, 3]), motion.take(np.array([3, 0])))
    np.testing.assert_allclose(swapped.boxes_xyxy(), boxes[[3, 1, 2, 0]], rtol=1e-6)
    np.testing.assert_allclose(motion.boxes_xyxy(), boxes, rtol=1e-6)
