# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of messages to pixels and back, with a message class that refuses slow setters."""

from __future__ import annotations

import array
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.errors import ImageError
from ros_deep_learning.imaging.compressed import pixels_from_compressed
from ros_deep_learning.imaging.image_messages import pixels_from_message, write_image


@dataclass
class StrictImage:
    """The fields of sensor_msgs/Image; refuses data that rclpy would copy element by element."""

    header: Any = field(default_factory=object)
    height: int = 0
    width: int = 0
    encoding: str = ''
    is_bigendian: int = 0
    step: int = 0
    stored: array.array[int] = field(default_factory=lambda: array.array('B'))
    assignments: int = 0

    @property
    def data(self) -> array.array[int]:
        return self.stored

    @data.setter
    def data(self, value: Any) -> None:
        if not isinstance(value, array.array) or value.typecode != 'B':
            msg = f'data was given a {type(value).__name__}'
            raise TypeError(msg)
        self.assignments += 1
        self.stored = array.array('B', value)


def rgb(height: int = 4, width: int = 5) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize('slow', [[1, 2], np.zeros(2, np.uint8), memoryview(b'ab')])
def test_the_strict_message_is_strict(slow: Any) -> None:
    with pytest.raises(TypeError):
        StrictImage().data = slow


@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8'])
def test_colour_round_trip(encoding: str) -> None:
    image, msg = rgb(), StrictImage()
    header = msg.header
    write_image(msg, image, encoding)
    assert (msg.height, msg.width, msg.step) == (4, 5, 15)
    assert (msg.encoding, msg.is_bigendian) == (encoding, 0)
    assert msg.header is header
    assert msg.data.tobytes() == image.tobytes()
    pixels = pixels_from_message(msg)
    assert pixels.order == encoding[:3]
    np.testing.assert_array_equal(pixels.array, image)


@pytest.mark.parametrize('encoding', ['mono8', '8UC1'])
@pytest.mark.parametrize('shape', [(3, 7), (3, 7, 1)])
def test_one_channel(encoding: str, shape: tuple[int, ...]) -> None:
    image, msg = np.arange(21, dtype=np.uint8).reshape(shape), StrictImage()
    write_image(msg, image, encoding)
    assert (msg.height, msg.width, msg.step, msg.encoding) == (3, 7, 7, encoding)
    assert msg.data.tolist() == list(range(21))


@pytest.mark.parametrize('shape', [(2, 3), (2, 3, 1)])
def test_float_is_written_little_endian(shape: tuple[int, ...]) -> None:
    image = np.array([0.25, -1.5, np.nan, 4.0, np.inf, 0.0], np.float32).reshape(shape)
    msg = StrictImage()
    write_image(msg, image, '32FC1')
    assert (msg.height, msg.width, msg.step, msg.is_bigendian) == (2, 3, 12, 0)
    np.testing.assert_array_equal(np.frombuffer(msg.data, '<f4').reshape(shape), image)


@pytest.mark.parametrize(
    'image',
    [
        rgb(6, 8)[::2, ::2],
        rgb()[..., ::-1],
        rgb()[::-1],
        np.asfortranarray(rgb()),
        rgb().transpose(1, 0, 2),
        np.broadcast_to(np.uint8([1, 2, 3]), (4, 5, 3)),
    ],
    ids=['strided', 'channels', 'flipped', 'fortran', 'transposed', 'broadcast'],
)
def test_any_strides(image: NDArray[np.uint8]) -> None:
    msg = StrictImage()
    write_image(msg, image, 'rgb8')
    assert msg.data.tobytes() == image.tobytes()
    np.testing.assert_array_equal(pixels_from_message(msg).array, image)


def test_a_new_message_is_filled_without_the_setter() -> None:
    msg = StrictImage()
    write_image(msg, rgb(), 'rgb8')
    assert msg.assignments == 0


def test_a_used_message_is_overwritten_while_views_of_it_live() -> None:
    msg = StrictImage()
    write_image(msg, rgb(6, 6), 'rgb8')
    old = pixels_from_message(msg)
    write_image(msg, old.array[1:3], 'rgb8')
    assert len(msg.data) == 2 * 6 * 3
    np.testing.assert_array_equal(pixels_from_message(msg).array, old.array[1:3])


@pytest.mark.parametrize(
    ('image', 'encoding'),
    [
        (np.zeros((0, 5, 3), np.uint8), 'rgb8'),
        (np.zeros((4, 0, 3), np.uint8), 'rgb8'),
        (np.zeros((0, 0), np.uint8), 'mono8'),
        (np.zeros((4, 5), np.uint8), 'rgb8'),
        (np.zeros((4, 5, 4), np.uint8), 'bgr8'),
        (np.zeros((4, 5, 3), np.uint8), 'mono8'),
        (np.zeros(20, np.uint8), 'mono8'),
        (np.zeros((4, 5, 3), np.float32), 'rgb8'),
        (np.zeros((4, 5, 3), np.int8), 'rgb8'),
        (np.zeros((4, 5), np.uint8), '32FC1'),
        (np.zeros((4, 5), np.float64), '32FC1'),
        (np.zeros((4, 5), '>f4'), '32FC1'),
    ],
)
def test_refuses_other_images_and_leaves_the_message(image: NDArray[Any], encoding: str) -> None:
    msg = StrictImage()
    with pytest.raises(ImageError, match=f'{encoding}: expected'):
        write_image(msg, image, encoding)
    assert (msg.height, msg.width, msg.encoding, len(msg.data)) == (0, 0, '', 0)


def test_refuses_to_write_other_encodings() -> None:
    with pytest.raises(ImageError, match=r"'yuv422'.*rgb8, bgr8, mono8"):
        write_image(StrictImage(), rgb(), 'yuv422')


def strange_message() -> StrictImage:
    return StrictImage(
        height=4, width=5, encoding='x-strange', step=15, stored=array.array('B', bytes(60))
    )


def test_reading_is_a_view() -> None:
    msg = StrictImage()
    write_image(msg, rgb(), 'bgr8')
    assert np.shares_memory(pixels_from_message(msg).array, np.frombuffer(msg.data, np.uint8))


def test_a_lie_is_an_image_error() -> None:
    msg = StrictImage()
    write_image(msg, rgb(), 'rgb8')
    msg.height += 1
    with pytest.raises(ImageError, match='60 bytes'):
        pixels_from_message(msg)


def test_an_empty_message_is_an_image_error() -> None:
    with pytest.raises(ImageError, match="''"):
        pixels_from_message(StrictImage())


def test_unknown_without_a_fallback() -> None:
    with pytest.raises(ImageError, match='x-strange'):
        pixels_from_message(strange_message())


def test_the_fallback_reads_what_the_table_does_not() -> None:
    image = rgb()
    pixels = pixels_from_message(strange_message(), fallback=lambda msg: image[: msg.height])
    assert pixels.order == 'rgb'
    np.testing.assert_array_equal(pixels.array, image)


def test_the_fallback_is_not_asked_for_known_encodings() -> None:
    def never(msg: Any) -> NDArray[np.uint8]:
        raise AssertionError

    msg = StrictImage()
    write_image(msg, rgb(), 'rgb8')
    np.testing.assert_array_equal(pixels_from_message(msg, fallback=never).array, rgb())
    msg.step = 3
    with pytest.raises(ImageError, match='step 3'):
        pixels_from_message(msg, fallback=never)


def test_the_fallbacks_error_is_an_image_error() -> None:
    def broken(msg: Any) -> NDArray[np.uint8]:
        reason = 'no such conversion'
        raise RuntimeError(reason)

    with pytest.raises(ImageError, match=r"'x-strange'.*no such conversion") as caught:
        pixels_from_message(strange_message(), fallback=broken)
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize(
    'answer', [None, np.zeros((4, 5), np.uint8), np.zeros((4, 5, 3), float), rgb(5, 4)]
)
def test_the_fallbacks_nonsense_is_an_image_error(answer: Any) -> None:
    with pytest.raises(ImageError):
        pixels_from_message(strange_message(), fallback=lambda _: answer)


@pytest.mark.parametrize(
    'read',
    [
        lambda text: pixels_from_message(_message(text)),
        lambda text: pixels_from_compressed(_message(text)),
        lambda text: pixels_from_compressed(_message(f'{text} compressedDepth')),
    ],
)
def test_an_error_repeats_little_of_what_others_send(read: Any) -> None:
    # It stays in /diagnostics, once a second.
    with pytest.raises(ImageError) as told:
        read('\x1b[2J' + 'x' * 10**6)
    assert len(str(told.value)) < 500
    assert str(told.value).isprintable()


def _message(text: str) -> Any:
    data = np.zeros(48, np.uint8)
    sizes = {'height': 4, 'width': 4, 'step': 12, 'is_bigendian': 0}
    return SimpleNamespace(encoding=text, format=text, data=data, **sizes)
