# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of compressed image messages, compared with the original picture."""

from __future__ import annotations

import array
import struct
import sys
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.errors import ImageError
from ros_deep_learning.imaging import compressed, encodings
from ros_deep_learning.imaging.compressed import MAX_PIXELS, encode_jpeg, pixels_from_compressed

# Red to the left and blue to the right, smooth enough for JPEG.
RGB = np.zeros((64, 96, 3), np.uint8)
RGB[:, :48, 0], RGB[:, 48:, 2] = 250, 240
BGR = np.ascontiguousarray(RGB[..., ::-1])


def message(image_format: str, data: Any) -> Any:
    return SimpleNamespace(format=image_format, data=array.array('B', bytes(data)))


def compress(suffix: str, bgr: np.ndarray) -> bytes:
    done, data = cv2.imencode(suffix, bgr)
    assert done
    return bytes(data)


def rgb_of(msg: Any) -> np.ndarray:
    return pixels_from_compressed(msg).as_order('rgb')


def test_no_data_is_an_invalid_image() -> None:
    with pytest.raises(ImageError, match="format 'jpeg': the data is neither JPEG nor PNG"):
        pixels_from_compressed(message('jpeg', b''))


# Formats of compressed_image_transport, of old drivers, and a wrong one: the data decides.
@pytest.mark.parametrize(
    'image_format',
    ['rgb8; jpeg compressed bgr8', 'bgr8; jpeg compressed bgr8', 'jpeg', 'jpg', '', 'png',
     'rgba8; jpeg compressed bgr8', 'yuv422; jpeg compressed bgr8', 'bgr8; jpeg compressed '],
)  # fmt: skip
@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_colours_are_those_of_the_picture(image_format: str, suffix: str) -> None:
    rgb = rgb_of(message(image_format, compress(suffix, BGR)))
    assert rgb.shape == RGB.shape
    np.testing.assert_allclose(rgb[:, :40].astype(int), RGB[:, :40], atol=3)
    np.testing.assert_allclose(rgb[:, 56:].astype(int), RGB[:, 56:], atol=3)


@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8'])
def test_colours_that_were_exchanged_before_compression_are_exchanged_back(encoding: str) -> None:
    exchanged = compress('.png', RGB)
    rgb = rgb_of(message(f'{encoding}; png compressed rgb8', exchanged))
    np.testing.assert_array_equal(rgb, RGB)


@pytest.mark.parametrize(
    'image_format', ['mono8; jpeg compressed ', 'mono8; png compressed mono8']
)
def test_grey_becomes_colour(image_format: str) -> None:
    grey = np.tile(np.arange(96, dtype=np.uint8), (64, 1))
    suffix = '.jpg' if 'jpeg' in image_format else '.png'
    rgb = rgb_of(message(image_format, compress(suffix, grey)))
    for channel in range(3):
        np.testing.assert_allclose(rgb[..., channel].astype(int), grey, atol=2)


@pytest.mark.parametrize('channels', [1, 3])
def test_16_bit_png_keeps_the_upper_8_bits_as_raw_images_do(channels: int) -> None:
    shape = (20, 30, channels)
    deep = np.random.default_rng(2).integers(0, 65536, shape, np.uint16)
    rgb = rgb_of(message('16UC1; png compressed ', compress('.png', deep)))
    np.testing.assert_array_equal(rgb, np.broadcast_to(deep[..., ::-1] >> 8, (20, 30, 3)))


def test_alpha_is_dropped() -> None:
    bgra = np.dstack([BGR, np.full(BGR.shape[:2], 7, np.uint8)])
    np.testing.assert_array_equal(rgb_of(message('png', compress('.png', bgra))), RGB)


@pytest.mark.parametrize('encoding', ['bayer_rggb8', 'bayer_gbrg8'])
def test_a_mosaic_is_read_as_its_raw_image_would_be(encoding: str) -> None:
    mosaic = np.random.default_rng(3).integers(0, 256, (32, 48), np.uint8)
    raw = encodings.decode(mosaic, encoding=encoding, width=48, height=32, step=48)
    rgb = rgb_of(message(f'{encoding}; png compressed ', compress('.png', mosaic)))
    np.testing.assert_array_equal(rgb, raw.as_order('rgb'))


def test_the_orientation_of_exif_is_not_applied() -> None:
    # Orientation (0x0112) 6: rotate by 90 degrees for display.
    tiff = b'MM\x00\x2a\x00\x00\x00\x08\x00\x01' + struct.pack('>HHIHH', 0x112, 3, 1, 6, 0)
    tiff += bytes(4)
    exif = b'Exif\x00\x00' + tiff
    plain = compress('.jpg', BGR)
    segment = b'\xff\xe1' + struct.pack('>H', 2 + len(exif)) + exif
    turned = plain[:2] + segment + plain[2:]
    opened = cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR)
    assert opened.shape == (96, 64, 3), 'OpenCV does not see the orientation that is tested'
    assert rgb_of(message('jpeg', turned)).shape == RGB.shape


def test_a_torn_image_is_no_image() -> None:
    for suffix in ('.jpg', '.png'):
        data = compress(suffix, BGR)
        for size in (1, len(data) // 2, len(data) - 1):
            with pytest.raises(ImageError, match=r'truncated|neither'):
                pixels_from_compressed(message('jpeg', data[:size]))


NOISE = np.random.default_rng(5).integers(0, 256, (96, 128, 3), np.uint8)


@pytest.mark.parametrize('encoding', ['', 'bayer_rggb8; jpeg compressed '])
def test_a_damaged_jpeg_is_no_image(encoding: str, capfd: pytest.CaptureFixture[str]) -> None:
    whole = compress('.jpg', NOISE[..., 0] if encoding else NOISE)
    assert pixels_from_compressed(message(encoding, whole)).array.shape == (96, 128, 3)
    middle = len(whole) // 2
    size_at = whole.index(b'\xff\xc0') + 5
    damaged = {
        'breaks off in the middle': whole[:middle] + whole[-2:],
        'lacks a part': whole[:middle] + whole[middle + 500 :],
        'has zeros in the middle': whole[:middle] + bytes(500) + whole[middle + 500 :],
    }
    for size_wh in ((128, 192), (256, 96), (128, 48), (64, 96)):
        size = struct.pack('>HH', *size_wh[::-1])
        damaged[f'names a size of {size_wh}'] = whole[:size_at] + size + whole[size_at + 4 :]
    for what, data in damaged.items():
        with pytest.raises(ImageError, match='is damaged: '):
            pytest.fail(f'{what}: {pixels_from_compressed(message(encoding, data))}')
    assert capfd.readouterr().err == '', 'libjpeg printed its warning'


def test_the_strict_decoder_gives_the_pixels_of_opencv() -> None:
    for suffix, picture in (('.jpg', NOISE), ('.jpg', NOISE[..., 0])):
        data = np.frombuffer(compress(suffix, picture), np.uint8)
        expected = cv2.imdecode(data, cv2.IMREAD_COLOR)
        given = pixels_from_compressed(message('jpeg', data)).as_order('bgr')
        np.testing.assert_array_equal(given, expected)


def test_without_the_strict_decoder_opencv_decodes_and_a_warning_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, 'simplejpeg', None)
    compressed._strict_jpeg_decoder.cache_clear()
    try:
        assert rgb_of(message('jpeg', compress('.jpg', BGR))).shape == RGB.shape
    finally:
        compressed._strict_jpeg_decoder.cache_clear()
    assert 'to fix: pip install simplejpeg' in caplog.text


def test_a_broken_png_is_no_image() -> None:
    data = bytearray(compress('.png', np.random.default_rng(4).integers(0, 256, (9, 9), np.uint8)))
    data[60] ^= 0xFF
    with pytest.raises(ImageError, match='OpenCV cannot decode this png'):
        pixels_from_compressed(message('png', data))


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(compress('.jpg', BGR))
    size_at = data.index(b'\xff\xc0') + 5
    data[size_at : size_at + 4] = struct.pack('>HH', 65500, 65500)
    data[-2:-2] = bytes(65500 * 65500 // 512)
    monkeypatch.setattr(compressed, '_decode', lambda *_, **__: pytest.fail('it was decoded'))
    with pytest.raises(
        ImageError, match=f'65500x65500 pixels is refused: the limit is {MAX_PIXELS} pixels'
    ):
        pixels_from_compressed(message('jpeg', data))


def test_a_smaller_limit_can_be_set() -> None:
    height, width = BGR.shape[:2]
    data = compress('.jpg', BGR)
    assert pixels_from_compressed(message('jpeg', data), height * width).size_wh == (width, height)
    with pytest.raises(ImageError, match=r'the limit is \d+ pixels \(of a node: max_image_pixels'):
        pixels_from_compressed(message('jpeg', data), height * width - 1)


def test_depth_and_foreign_data_are_named() -> None:
    with pytest.raises(ImageError, match='it is a depth image'):
        pixels_from_compressed(message('16UC1; compressedDepth png', b'\0' * 40))
    with pytest.raises(ImageError, match="format 'h264': the data is neither JPEG nor PNG"):
        pixels_from_compressed(message('h264', b'\0\0\0\1\x67'))
    with pytest.raises(ImageError, match='not a contiguous buffer'):
        pixels_from_compressed(SimpleNamespace(format='jpeg', data=object()))


@given(
    st.sampled_from(['.jpg', '.png']),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=8),
)
def test_damaged_files_end_in_pixels_or_an_image_error(
    suffix: str, damage: list[tuple[int, int]]
) -> None:
    data = bytearray(compress(suffix, BGR))
    for at, flip in damage:
        data[at % len(data)] ^= flip
    try:
        pixels = pixels_from_compressed(message('bayer_rggb8; png compressed ', data))
    except ImageError:
        return
    assert pixels.array.shape[2] == 3


@pytest.fixture(params=['simplejpeg', 'OpenCV'])
def encoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compress with one of the two; the choice is not kept."""
    monkeypatch.setattr(compressed, '_jpeg_encoder', compressed._jpeg_encoder.__wrapped__)
    if request.param == 'OpenCV':
        monkeypatch.setitem(sys.modules, 'simplejpeg', None)


@pytest.mark.usefixtures('encoder')
def test_what_is_written_is_a_jpeg_of_that_quality() -> None:
    noise = np.random.default_rng(4).normal(0, 9, RGB.shape)
    rgb = np.clip(RGB + noise, 0, 255).astype(np.uint8)
    sizes = []
    for quality in (95, 30):
        written = encode_jpeg(rgb, quality)
        seen = cv2.imdecode(np.frombuffer(written, np.uint8), cv2.IMREAD_COLOR)
        assert cv2.PSNR(seen, np.ascontiguousarray(rgb[..., ::-1])) > 25
        sizes.append(len(written))
    assert sizes[0] > 2 * sizes[1]


@pytest.mark.usefixtures('encoder')
def test_what_cannot_be_a_jpeg_is_an_image_error() -> None:
    wide = np.zeros((1, 70_000, 3), np.uint8)
    with pytest.raises(ImageError, match='no JPEG can be made of 70000x1 pixels'):
        encode_jpeg(wide, 80)
