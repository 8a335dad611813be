# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of picture files."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import numpy as np
import pytest

from ros_deep_learning.errors import ImageError
from ros_deep_learning.pictures.picture_files import (
    decode_picture_bgr,
    encode_image,
    read_picture_bgr,
)

IMAGE = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)


def as_array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def test_a_png_comes_back_as_it_was() -> None:
    np.testing.assert_array_equal(decode_picture_bgr(as_array(encode_image(IMAGE, 'png'))), IMAGE)


@pytest.mark.parametrize('kind', ['jpeg', 'png'])
def test_a_part_is_no_picture(kind: str) -> None:
    data = encode_image(IMAGE, kind)
    for size in (0, 4, 20, len(data) - 10):
        with pytest.raises(ImageError, match=r'^no picture that OpenCV decodes'):
            decode_picture_bgr(as_array(data[:size]))


def test_a_size_is_refused_before_it_is_decoded() -> None:
    def refuse(width: int, height: int) -> None:
        msg = f'{width}x{height} is too large'
        raise ImageError(msg)

    with pytest.raises(ImageError, match=r'no picture .*: 7x9 is too large'):
        decode_picture_bgr(as_array(encode_image(IMAGE, 'png')), refuse)


def test_what_cannot_be_made_is_said() -> None:
    with pytest.raises(
        ImageError, match=r'no JPEG can be made of a frame of shape \(1, 65501, 3\)'
    ):
        encode_image(np.zeros((1, 65501, 3), np.uint8), 'jpeg')
    with pytest.raises(ImageError, match='no PNG can be made'):
        encode_image(np.zeros((0, 5, 3), np.uint8), 'png')


def test_ctrl_c_stays_one_wherever_it_comes(tmp_path: Path) -> None:
    path = tmp_path / 'small.png'
    path.write_bytes(encode_image(IMAGE, 'png'))
    chance = random.Random(0)

    def read_on() -> None:
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(2e-4, 1.2e-3))
        while True:
            read_picture_bgr(path)

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for _ in range(500):
            with pytest.raises(KeyboardInterrupt):
                read_on()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
