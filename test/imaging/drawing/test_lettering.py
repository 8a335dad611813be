# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of text on plates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.imaging.drawing.lettering import label_plate, printable_ascii

ORANGE = (255, 120, 0)


@pytest.mark.parametrize(
    ('text', 'plain'),
    [
        ('', ''),
        ('person', 'person'),
        ('Fußgängerübergang', 'Fussgangerubergang'),
        ('vélo', 'velo'),
        ('smørbrød & øl', 'smorbrod & ol'),
        ('Łódź', 'Lodz'),
        ('café\u2013bar', 'cafe-bar'),
        ('traffic\tlight\r\n', 'traffic light'),
        ('\uff26\uff35\uff2c\uff2c', 'FULL'),
        ('stop \U0001f6d1', 'stop ?'),
        ('自転車', ''),
        ('\x00\x1b', ''),
        ('???', ''),
    ],
)
def test_printable_ascii(text: str, plain: str) -> None:
    assert printable_ascii(text) == plain


@given(st.text(max_size=30))
def test_any_text_becomes_printable(text: str) -> None:
    plain = printable_ascii(text)
    assert all(' ' <= letter <= '~' for letter in plain)
    assert plain == plain.strip()


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20))
def test_ascii_stays_as_it_is(text: str) -> None:
    assert printable_ascii(text) == (text if text.strip('?') else '')


@pytest.mark.parametrize('capital_px', [5, 7, 10, 19, 32, 60])
def test_letters_are_whole_and_capitals_as_high_as_asked(capital_px: int) -> None:
    plate = label_plate('HEH', capital_px, (0, 0, 0), 255)[..., 0]
    inked = np.flatnonzero((plate > 127).any(axis=1))
    assert abs(int(np.ptp(inked)) + 1 - capital_px) <= max(1, 0.2 * capital_px)
    for text in ('Qgjpqy|', 'W', '100%', '(@)', '_'):
        coverage = label_plate(text, capital_px, (0, 0, 0), 255)[..., 0]
        border = [coverage[0], coverage[-1], coverage[:, 0], coverage[:, -1]]
        assert max(int(edge.max()) for edge in border) < 60, text
        assert coverage.max() > 150


def test_descenders_are_whole() -> None:
    plate = label_plate('Hg', 60, (0, 0, 0), 255)[..., 0]
    inked = np.flatnonzero((plate > 127).any(axis=1))
    # 21 units of capital and 7 of descender, and the stroke around both.
    assert int(np.ptp(inked)) + 1 >= 60 * 28 / 21 + 0.1 * 60


def test_letters_are_smooth() -> None:
    plate = label_plate('person 97%', 10, (0, 0, 0), 255)[..., 0]
    assert np.unique(plate).size > 30


def test_plate_and_ink_have_their_colours() -> None:
    for ink in (0, 255):
        plate = label_plate('HI', 40, ORANGE, ink)
        flat = plate.reshape(-1, 3).tolist()
        assert tuple(plate[0, 0]) == ORANGE
        assert [ink] * 3 in flat


def test_height_depends_on_the_size_of_letters_alone() -> None:
    assert len({label_plate(text, 9, ORANGE, 0).shape[0] for text in ('a', 'Ag', '^', '___')}) == 1
    assert label_plate('aaaa', 9, ORANGE, 0).shape[1] > label_plate('a', 9, ORANGE, 0).shape[1]


def test_a_shared_plate_cannot_be_written() -> None:
    with pytest.raises(ValueError, match='read-only'):
        label_plate('x', 9, ORANGE, 0)[0, 0] = 1


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40),
    st.integers(5, 40),
)
def test_any_ascii_can_be_drawn(text: str, capital_px: int) -> None:
    plate = label_plate(text, capital_px, ORANGE, 0)
    assert plate.dtype == np.uint8
    assert plate.shape[0] > capital_px
