# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of reading colour files."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.cards.colors import MAX_COLORS_BYTES, load_colors
from ros_deep_learning.errors import CardError


@pytest.mark.parametrize('text', ['', '\n \n', '\n'])
def test_no_colour(tmp_path, text):
    path = tmp_path / 'colors.txt'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(CardError, match=r'colors\.txt is empty; expected one colour per line$'):
        load_colors(path)


@pytest.mark.parametrize(
    'text', ['0 0 0\n128 64 255\n', '0,0,0\r\n128, 64, 255', '0 0 0 0\n\n128\t64 255 255\n\n']
)
def test_ways_to_write_colours(tmp_path, text):
    path = tmp_path / 'colors.txt'
    path.write_bytes(text.encode())
    colors = load_colors(str(path))
    assert colors.dtype == np.uint8
    assert colors.tolist() == [[0, 0, 0], [128, 64, 255]]


@pytest.mark.parametrize(
    'line',
    ['1 2', '1 2 3 4 5', '256 0 0', '-1 0 0', '1.5 0 0', 'red', '#ff0000', '1 2 x', '1 2 ²'],
)
def test_not_a_colour(tmp_path, line):
    path = tmp_path / 'colors.txt'
    path.write_text(f'1 2 3\n{line}\n', encoding='utf-8')
    with pytest.raises(CardError, match=r'colors\.txt: line 2: expected red green blue'):
        load_colors(path)


def test_hostile_files(tmp_path):
    with pytest.raises(CardError, match=r'colors file .*none\.txt cannot be read'):
        load_colors(tmp_path / 'none.txt')
    with pytest.raises(CardError, match='cannot be read'):
        load_colors(tmp_path)
    path = tmp_path / 'large.txt'
    path.write_bytes(b'1 2 3\n' * MAX_COLORS_BYTES)
    with pytest.raises(CardError, match='larger than'):
        load_colors(path)
    path.write_bytes(b'9' * 5000 + b' 0 0\n')
    with pytest.raises(CardError, match='line 1'):
        load_colors(path)
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(CardError, match='line 1'):
        load_colors(path)
