# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the images that networks take."""

from __future__ import annotations

import resource
import struct

import cv2
import numpy as np
import pytest

from ros_deep_learning.errors import ImageError
from ros_deep_learning.networks.images import as_pixels


def test_pixels_are_views():
    image = np.zeros((4, 6, 3), np.uint8)
    assert as_pixels(image).array is image
    assert as_pixels(image).order == 'rgb'


def test_a_channel_reversed_view_is_turned_back():
    image_bgr = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    pixels = as_pixels(image_bgr[..., ::-1])
    assert pixels.order == 'bgr'
    assert pixels.array.strides == image_bgr.strides
    np.testing.assert_array_equal(pixels.as_order('rgb'), image_bgr[..., ::-1])


def test_anything_with_an_array_inside():
    class Picture:
        def __array__(self, dtype=None, copy=None):
            return np.full((2, 2, 3), 7, np.uint8)

    assert as_pixels(Picture()).array.max() == 7


class OnlyDlpack:
    """An array that another library made, with nothing but DLPack's two methods."""

    def __init__(self, array, device=(1, 0)):
        self.array, self.device = array, device

    def __dlpack__(self, **options):
        if self.device != (1, 0):
            msg = 'the array lies on a GPU'
            raise BufferError(msg)
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.device


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
def test_arrays_of_dlpack_are_not_copied(order):
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    pixels = as_pixels(OnlyDlpack(image if order == 'rgb' else image[..., ::-1]))
    assert pixels.order == order
    assert np.shares_memory(pixels.array, image)


def test_dlpack_of_another_device_is_refused():
    with pytest.raises(ImageError, match='by DLPack: the array lies on a GPU; to fix: move it'):
        as_pixels(OnlyDlpack(np.zeros((4, 6, 3), np.uint8), device=(2, 0)))


@pytest.mark.parametrize('image', [[], [[[1, 2, 3]]], None, np.zeros((2, 2), np.uint8)])
def test_not_an_image(image):
    with pytest.raises(ImageError, match='expected a uint8 image of shape'):
        as_pixels(image)


@pytest.mark.parametrize('convert', [str, lambda path: path])
def test_a_path_is_read(tmp_path, convert):
    image_bgr = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    path = tmp_path / 'bildnis ü.png'
    path.write_bytes(cv2.imencode('.png', image_bgr)[1].tobytes())
    np.testing.assert_array_equal(as_pixels(convert(path)).as_order('bgr'), image_bgr)


def test_grey_pictures_become_colour(tmp_path):
    path = tmp_path / 'grey.png'
    path.write_bytes(cv2.imencode('.png', np.full((4, 6), 9, np.uint8))[1].tobytes())
    assert as_pixels(path).array.shape == (4, 6, 3)


def test_a_missing_picture(tmp_path):
    path = tmp_path / 'none.jpg'
    with pytest.raises(ImageError, match=r"^cannot read the picture '.*none\.jpg': No such file"):
        as_pixels(path)
    with pytest.raises(ImageError, match=r'^cannot read the picture .*: Is a directory$'):
        as_pixels(str(tmp_path))


@pytest.mark.parametrize('data', [b'', b'<html>', b'\xff\xd8\xff\xe0'])
def test_a_file_that_is_no_picture(tmp_path, data):
    path = tmp_path / 'page.jpg'
    path.write_bytes(data)
    with pytest.raises(ImageError, match=r"page\.jpg' is no picture that OpenCV decodes"):
        as_pixels(path)


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_a_picture_whose_end_is_missing_is_none(tmp_path, astronaut, suffix):
    whole = cv2.imencode(suffix, astronaut)[1].tobytes()
    path = tmp_path / f'half{suffix}'
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match=r'half.* is no picture that OpenCV decodes: .*truncated'):
        as_pixels(path)
    # Cameras append padding.
    path.write_bytes(whole + bytes(100))
    assert as_pixels(path).array.shape == (512, 512, 3)


def claims_30000x30000():
    """Make files of a few bytes whose headers claim 900 million pixels."""
    side = 30_000
    tags = [
        (256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, side),
        (279, side * side),
    ]  # fmt: skip
    tiff = b''.join(struct.pack('<HHII', tag, 4, 1, value) for tag, value in tags)
    bmp = struct.pack('<IiiHHIIiiII', 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    # A lossless WebP has 14 bits for each side.
    webp = b'VP8L' + struct.pack('<IBI', 13, 0x2F, 16382 | 16382 << 14) + bytes(8)
    return {
        'bmp': b'BM' + struct.pack('<IHHI', 70, 0, 0, 54) + bmp + bytes(16),
        'tiff': b'II*\0' + struct.pack('<IH', 8, len(tags)) + tiff + bytes(4),
        'webp': b'RIFF' + struct.pack('<I', len(webp) + 4) + b'WEBP' + webp,
        'ppm': b'P6 30000 30000 255\n' + bytes(50),
    }


@pytest.mark.parametrize('kind', claims_30000x30000())
def test_a_file_that_claims_a_huge_size_is_no_picture_and_takes_no_memory(tmp_path, kind):
    path = tmp_path / f'bomb.{kind}'
    path.write_bytes(claims_30000x30000()[kind])
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ImageError, match=r'is no picture that OpenCV decodes|cannot decode'):
        as_pixels(path)
    # The picture would take 2.7 GB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 200 << 10
