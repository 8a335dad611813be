# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of i420 and nv24 against OpenCV and the formula of BT.601."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ros_deep_learning.errors import ImageError
from ros_deep_learning.imaging.encodings import decode


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def padded(plane: np.ndarray, step: int) -> bytes:
    """The rows of a plane; the padding is noise that must not be read."""
    rows = noise(len(plane), step, seed=9)
    rows[:, : plane.shape[1]] = plane
    return rows.tobytes()


@pytest.mark.parametrize('padding', [0, 2, 10])
@pytest.mark.parametrize(('width', 'height'), [(2, 2), (6, 4), (64, 34)])
def test_i420_agrees_with_opencv(width: int, height: int, padding: int) -> None:
    luma, u, v = noise(height, width), *noise(2, height // 2, width // 2)
    step = width + padding
    data = padded(luma, step) + padded(u, step // 2) + padded(v, step // 2)
    # Those after the last pixel may be missing.
    data = data[: len(data) - padding // 2]
    packed = np.concatenate([luma.ravel(), u.ravel(), v.ravel()]).reshape(-1, width)
    pixels = decode(data, encoding='i420', width=width, height=height, step=step)
    expected = cv2.cvtColor(packed, cv2.COLOR_YUV2RGB_I420)
    np.testing.assert_array_equal(pixels.as_order('rgb'), expected)
    with pytest.raises(ImageError, match=f'data has {len(data) - 1} bytes'):
        decode(data[:-1], encoding='i420', width=width, height=height, step=step)


def bt601_rgb(yuv: np.ndarray) -> np.ndarray:
    """ITU-R BT.601-7, sections 2.5.1 to 2.5.3, solved for R, G and B."""
    y, cb, cr = (plane.astype(np.float64) for plane in np.moveaxis(yuv, -1, 0))
    y, cb, cr = (y - 16) / 219, (cb - 128) / 224, (cr - 128) / 224
    red, blue = y + 2 * (1 - 0.299) * cr, y + 2 * (1 - 0.114) * cb
    green = (y - 0.299 * red - 0.114 * blue) / 0.587
    return np.clip(255 * np.stack([red, green, blue], -1), 0, 255)


@pytest.mark.parametrize('padding', [0, 3, 10])
@pytest.mark.parametrize(('width', 'height'), [(1, 1), (5, 3), (64, 33)])
def test_nv24_agrees_with_the_formula(width: int, height: int, padding: int) -> None:
    yuv, step = noise(height, width, 3), width + padding
    chroma = yuv[..., 1:].reshape(height, 2 * width)
    data = padded(yuv[..., 0], step) + padded(chroma, 2 * step)
    data = data[: len(data) - 2 * padding]
    pixels = decode(data, encoding='nv24', width=width, height=height, step=step)
    assert np.abs(pixels.as_order('rgb') - bt601_rgb(yuv)).max() <= 1
    with pytest.raises(ImageError, match=f'data has {len(data) - 1} bytes'):
        decode(data[:-1], encoding='nv24', width=width, height=height, step=step)


def test_nv24_has_the_colours_of_nv12() -> None:
    luma, chroma = noise(4, 4), np.full((2, 4), (90, 160, 90, 160), np.uint8)
    nv12 = decode(np.vstack([luma, chroma]), encoding='nv12', width=4, height=4, step=4)
    whole = np.tile(np.array([90, 160], np.uint8), (4, 4))
    nv24 = decode(luma.tobytes() + whole.tobytes(), encoding='nv24', width=4, height=4, step=4)
    assert np.abs(nv24.array.astype(int) - nv12.array).max() <= 1


def test_i420_needs_even_sides() -> None:
    for size in ((3, 4), (4, 3)):
        with pytest.raises(ImageError, match='needs an even'):
            decode(bytes(64), encoding='i420', width=size[0], height=size[1], step=4)
