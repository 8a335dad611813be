# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the range of 16-bit samples, against float64 arithmetic, and of what is unlikely."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ros_deep_learning.errors import ImageError, SettingsError
from ros_deep_learning.imaging.compressed import pixels_from_compressed
from ros_deep_learning.imaging.encodings import decode
from ros_deep_learning.imaging.image_messages import pixels_from_message
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.sample_range import FULL, SampleRange, read_sample_range


def raw(samples: np.ndarray, text: str = 'full', encoding: str = 'mono16') -> Pixels:
    height, width = samples.shape[:2]
    data = samples.astype('>u2').tobytes()
    step = len(data) // height
    given = read_sample_range(text)
    sizes = {'width': width, 'height': height, 'step': step}
    return decode(data, encoding=encoding, is_bigendian=True, sample_range=given, **sizes)


def png(samples: np.ndarray, text: str = 'full', encoding: str = 'mono16') -> Pixels:
    done, data = cv2.imencode('.png', samples)
    assert done
    message = SimpleNamespace(format=f'{encoding}; png compressed ', data=data.tobytes())
    return pixels_from_compressed(message, sample_range=read_sample_range(text))


def noise(low: int, high: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(low, high, shape or (480, 640), np.uint16)


@pytest.mark.parametrize('read', [raw, png])
@pytest.mark.parametrize(
    ('text', 'low', 'high'),
    [('full', 0, 65535), ('16', 0, 65535), ('12', 0, 4095), ('500,3000', 500, 3000)],
)
def test_a_range_is_divided_evenly(read: object, text: str, low: int, high: int) -> None:
    samples = noise(0, 65536)
    samples[0, :4] = low, high, 0, 65535
    share = (samples.astype(np.float64) - low) / (high + 1 - low)
    expected = np.clip(np.floor(share * 256), 0, 255)
    given = read(samples, text)  # type: ignore[operator]
    for channel in range(3):
        np.testing.assert_array_equal(given.array[..., channel], expected)


@pytest.mark.parametrize('read', [raw, png])
def test_auto_takes_the_percentiles_of_each_image(read: object) -> None:
    samples = noise(7000, 9000)
    samples[:2] = 60000
    given = read(samples, 'auto').array[..., 0]  # type: ignore[operator]
    low, high = np.percentile(samples, (1, 99))
    expected = np.clip((samples - low) / (high - low), 0, 1) * 255
    assert np.abs(given - expected).max() < 4
    # The noise of an even image is not made brighter than it is.
    assert np.ptp(read(noise(500, 504), 'auto').array) <= 4  # type: ignore[operator]


@pytest.mark.parametrize('encoding', ['rgb16', 'bgra16', 'bayer_rggb16'])
def test_a_range_counts_for_all_16_bit_encodings(encoding: str) -> None:
    channels = {'rgb16': 3, 'bgra16': 4}.get(encoding, 1)
    samples = noise(0, 4096, 24, 32, channels)
    given = raw(samples, '12', encoding)
    shifted = raw(samples << 4, 'full', encoding)
    np.testing.assert_array_equal(given.as_order('rgb'), shifted.as_order('rgb'))


def test_eight_bits_have_no_range() -> None:
    for text in ('12', 'auto'):
        data = noise(0, 256, 4, 6).astype(np.uint8)
        given = read_sample_range(text)
        pixels = decode(data, encoding='mono8', width=6, height=4, step=6, sample_range=given)
        np.testing.assert_array_equal(pixels.array[..., 0], data)
        assert not pixels.doubt


@pytest.mark.parametrize('read', [raw, png])
@pytest.mark.parametrize(('bits', 'said'), [(8, 8), (10, 10), (11, 12), (12, 12)])
def test_samples_of_few_bits_are_doubted(read: object, bits: int, said: int) -> None:
    samples = noise(0, 2**bits)
    doubt = read(samples).doubt  # type: ignore[operator]
    assert f'set image_range to {said} (bits of the camera) or auto' in doubt
    for text in ('12', 'auto', '0,4095'):
        assert not read(samples, text).doubt  # type: ignore[operator]


@pytest.mark.parametrize(
    ('samples', 'encoding'),
    [
        pytest.param(noise(0, 65536), 'mono16', id='all 16 bits'),
        pytest.param(noise(0, 65536), '16UC1', id='16UC1 of an ordinary camera'),
        pytest.param(noise(0, 256) << 8, '16UC1', id='8 bits, shifted up'),
        pytest.param(noise(28000, 32000), '16UC1', id='a thermal camera'),
    ],
)
def test_ordinary_images_are_not_doubted(samples: np.ndarray, encoding: str) -> None:
    assert raw(samples, encoding=encoding).doubt == ''


def test_a_depth_image_is_told_from_its_holes() -> None:
    depth_mm = noise(600, 9000)
    depth_mm[100:200, 50:200] = 0
    for read in (raw, png):
        doubt = read(depth_mm, encoding='16UC1').doubt
        assert 'look like a depth image' in doubt
        assert 'the topic of the colour image' in doubt


def refusing(message: object) -> np.ndarray:
    text = f'{message} is not a color format'
    raise RuntimeError(text)


@pytest.mark.parametrize('fallback', [None, refusing])
def test_depth_in_metres_is_refused_as_depth(fallback: object) -> None:
    message = SimpleNamespace(
        encoding='32FC1', height=2, width=2, step=8, is_bigendian=0, data=bytes(16)
    )
    with pytest.raises(ImageError, match=r'is a depth image .* the topic of the colour image'):
        pixels_from_message(message, fallback=fallback)  # type: ignore[arg-type]


def test_forms_of_the_parameter() -> None:
    assert read_sample_range('full') == FULL == SampleRange(0, 65535)
    assert read_sample_range('12.0') == SampleRange(0, 4095)
    assert read_sample_range('500,3000') == SampleRange(500, 3000)
    for text in ('', '7', '17', 'wide', '5,5', '9,2', '-1,5', '0,65536', '1,2,3', '1e999', 'nan'):
        with pytest.raises(SettingsError, match='parameter image_range: expected full, auto'):
            read_sample_range(text)
