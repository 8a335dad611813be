# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of resizing in two halves, against OpenCV's resize of the whole."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ros_deep_learning.engines.tensorrt.runtime.resized_here import (
    Halves,
    ResizedInHalves,
    halves_of,
)
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.placement import place


def noise(size_wh):
    width, height = size_wh
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


class Room:
    """Memory of the host alone."""

    pointer = 0

    def __init__(self):
        self.uploaded = 0

    def host(self, shape):
        self.array = np.zeros(shape, np.uint8)
        return self.array

    def upload(self, start, nbytes):
        self.uploaded += nbytes


def resized(way, frame):
    room = Room()
    sent = way.send(Pixels(frame), room)
    assert (sent.width, sent.height) == room.array.shape[1::-1]
    assert room.uploaded == room.array.nbytes
    return room.array


@pytest.mark.parametrize(
    ('source_wh', 'size_wh', 'halves'),
    [
        ((1920, 1080), (300, 300), Halves(540, 150)),
        ((1920, 1080), (224, 224), Halves(540, 112)),
        ((640, 480), (300, 300), Halves(240, 150)),
        ((640, 481), (300, 300), None),
        ((640, 3), (300, 2), None),
        ((640, 9), (300, 3), Halves(3, 1)),
        ((640, 480), (640, 1), None),
    ],
)
def test_where_a_resize_is_cut(source_wh, size_wh, halves):
    assert halves_of(place(source_wh, size_wh, 'stretch')) == halves


@pytest.mark.parametrize('size_wh', [(300, 300), (320, 240), (256, 256), (40, 30)])
def test_halves_are_the_whole(size_wh):
    frame = noise((1920, 1080))
    placement = place((1920, 1080), size_wh, 'stretch')
    way = ResizedInHalves(placement, 'bilinear', halves_of(placement))
    np.testing.assert_array_equal(resized(way, frame), cv2.resize(frame, size_wh))


def test_only_the_crop_is_resized():
    frame = noise((1920, 1080))
    placement = place((1920, 1080), (224, 224), 'crop', crop_fraction=0.875)
    way = ResizedInHalves(placement, 'bilinear', halves_of(placement))
    x1, y1, x2, y2 = placement.crop_xyxy
    np.testing.assert_array_equal(resized(way, frame), cv2.resize(frame[y1:y2, x1:x2], (224, 224)))


def test_what_fails_in_the_other_thread_is_raised():
    placement = place((640, 480), (300, 300), 'stretch')
    way = ResizedInHalves(placement, 'bilinear', Halves(480, 150))
    with pytest.raises(cv2.error):
        way.send(SimpleNamespace(array=noise((640, 480)), order='rgb'), Room())
