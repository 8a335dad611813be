# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Sections of a resized grid: every row once, and the same as of one resize of all of it."""

from __future__ import annotations

from unittest.mock import patch

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks import sections
from ros_deep_learning.tasks.masks import linear_spread, seen_wh
from ros_deep_learning.tasks.sections import PartSpread

BOUND = 1e-5
FEW_PIXELS = 256
numbers = st.integers(1, 12)
threads = st.integers(1, 4)
# Of 10 to 60 periods, each of a few rows over a few cells; also of fewer rows than cells.
cuts = st.tuples(st.integers(10, 60), numbers, numbers, st.integers(1, 40))


def cut(part, shape, count=2, pixels=FEW_PIXELS):
    with patch.object(sections, '_PIXELS', pixels):
        return part.sections(shape, count)


def resized_by_sections(part, plane, shape, count=2, pixels=FEW_PIXELS):
    """Resize with sections in one array, which keeps what the one before left there."""
    pieces = cut(part, shape, count, pixels)
    out = np.full(shape, np.nan, np.float32)
    if pieces:
        scratch = np.empty((max(piece.height for piece in pieces), shape[1]), np.float32)
    for piece in pieces:
        out[piece.rows] = piece.spread(plane, scratch)
    return out, len(pieces)


def random_plane(shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


@given(cuts, threads, st.integers(0, 5))
def test_every_row_once_and_over_its_cells(sizes, count, above):
    periods, rows, cells, width = sizes
    height, part = periods * rows, PartSpread(slice(above, above + periods * cells), slice(0, 3))
    pieces = cut(part, (height, width), count)
    assert len(pieces) != 1
    if not pieces:
        return
    covered = [row for piece in pieces for row in range(height)[piece.rows]]
    assert covered == list(range(height))
    for piece in pieces:
        down, across = piece.cells
        taken = down.stop - down.start
        assert across == part.columns
        assert part.rows.start <= down.start < down.stop <= part.rows.stop
        assert piece.height * cells == taken * rows
        assert len(range(piece.height)[piece.inner]) == piece.rows.stop - piece.rows.start
        first = piece.rows.start - piece.inner.start
        assert first * cells == (down.start - part.rows.start) * rows
    twice = sum(piece.height for piece in pieces) - height
    assert twice <= height / 5


@given(cuts, threads, st.integers(1, 9), st.integers(0, 99))
def test_sections_are_one_resize(sizes, count, columns, seed):
    periods, rows, cells, width = sizes
    plane = random_plane((periods * cells, columns), seed)
    shape = periods * rows, width
    part = PartSpread(slice(0, periods * cells), slice(0, columns))
    found, pieces = resized_by_sections(part, plane, shape, count)
    if pieces:
        wanted = np.empty(shape, np.float32)
        part(plane, wanted)
        np.testing.assert_allclose(found, wanted, atol=BOUND)


@pytest.mark.parametrize(
    ('cells_wh', 'source_wh', 'count'),
    [
        ((320, 240), (1920, 1080), 6),
        ((80, 45), (1920, 1080), 4),
        ((171, 83), (1919, 1079), 6),
        ((320, 240), (1280, 720), 2),
        ((320, 240), (3840, 2160), 22),
        ((320, 240), (1921, 120), 0),
        ((320, 240), (640, 480), 0),
        ((256, 256), (1920, 1080), 0),
        ((20, 20), (1920, 1080), 0),
        ((320, 240), (1920, 1081), 0),
        ((1, 1), (1920, 1080), 0),
    ],
)
def test_sizes_of_cameras(cells_wh, source_wh, count):
    spread = linear_spread(place(source_wh, cells_wh, 'stretch'), cells_wh)
    plane, shape = random_plane(cells_wh[::-1]), source_wh[::-1]
    found, pieces = resized_by_sections(spread, plane, shape, pixels=sections._PIXELS)
    assert pieces == count
    if count:
        wanted = cv2.resize(plane, source_wh, interpolation=cv2.INTER_LINEAR)
        np.testing.assert_allclose(found, wanted, atol=BOUND)


@pytest.mark.parametrize('mode', ['crop', 'letterbox'])
def test_parts_of_a_picture_and_of_a_grid(mode):
    """Of a grid in a letterbox, the cells of the border have no part."""
    placement = place((1920, 1080), (640, 640), mode)
    grid_wh = 160, 160
    spread = linear_spread(placement, grid_wh)
    width, height = seen_wh(placement)
    plane = random_plane(grid_wh[::-1])
    found, pieces = resized_by_sections(spread, plane, (height, width), pixels=1 << 17)
    left, top, right, bottom = (edge // 4 for edge in placement.paste_xyxy)
    seen = np.ascontiguousarray(plane[top:bottom, left:right])
    assert pieces > 1
    np.testing.assert_allclose(found, cv2.resize(seen, (width, height)), atol=BOUND)
    assert (seen.shape == plane.shape) == (mode == 'crop')


@pytest.mark.parametrize('count', [1, 2, 3, 4])
def test_each_thread_gets_as_many(count):
    part = PartSpread(slice(0, 240), slice(0, 320))
    pieces = part.sections((1080, 1920), count)
    assert len(pieces) >= 5
    assert len(pieces) % count == 0
    sizes = {piece.rows.stop - piece.rows.start for piece in pieces}
    assert max(sizes) - min(sizes) <= 9
