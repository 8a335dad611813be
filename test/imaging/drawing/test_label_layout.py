# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the placement of labels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ros_deep_learning.imaging.drawing.label_layout import place_labels


def boxes(*rows: tuple[int, int, int, int]) -> NDArray[np.int64]:
    return np.array(rows, np.int64).reshape(-1, 4)


def test_nothing_to_place() -> None:
    assert place_labels(boxes(), [], (640, 480)) == []


def test_a_label_stands_on_its_box() -> None:
    assert place_labels(boxes((100, 100, 200, 200)), [(60, 20)], (640, 480)) == [(100, 80)]


def test_no_room_above() -> None:
    assert place_labels(boxes((100, 10, 200, 200)), [(60, 20)], (640, 480)) == [(100, 10)]


def test_no_room_to_the_right() -> None:
    assert place_labels(boxes((620, 100, 640, 200)), [(60, 20)], (640, 480)) == [(580, 80)]


def test_two_equal_boxes_have_two_labels() -> None:
    twice = boxes((100, 100, 200, 200), (100, 100, 200, 200))
    assert place_labels(twice, [(60, 20)] * 2, (640, 480)) == [(100, 80), (100, 100)]


def test_the_last_of_a_crowd_has_none() -> None:
    crowd = boxes(*[(100, 100, 110, 110)] * 50)
    places = place_labels(crowd, [(60, 20)] * 50, (640, 480))
    assert places[0] == (100, 80)
    assert None in places


def test_a_label_larger_than_the_image() -> None:
    assert place_labels(boxes((2, 2, 5, 5)), [(60, 20)], (8, 8)) == [(0, 0)]


@given(data=st.data(), width=st.integers(40, 400), height=st.integers(40, 400))
def test_labels_lie_inside_and_hide_little_of_each_other(
    data: st.DataObject, width: int, height: int
) -> None:
    corners = st.tuples(
        st.integers(0, width - 1),
        st.integers(0, height - 1),
        st.integers(1, 200),
        st.integers(1, 200),
    )
    drawn = data.draw(st.lists(corners, max_size=12))
    rows = boxes(*[(x, y, min(x + w, width), min(y + h, height)) for x, y, w, h in drawn])
    sizes = [(data.draw(st.integers(5, 40)), 12) for _ in rows]
    covered = np.zeros((height, width), bool)
    for place, (w, h) in zip(place_labels(rows, sizes, (width, height)), sizes, strict=True):
        if place is None:
            continue
        x, y = place
        assert 0 <= x <= width - w
        assert 0 <= y <= height - h
        patch = covered[y : y + h, x : x + w]
        assert patch.mean() <= 0.25
        patch[:] = True
