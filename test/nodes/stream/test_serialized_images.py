# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the reader of serialised images, against rclpy's deserialisation with Fast DDS.

Not with Cyclone DDS (Jazzy): rclpy's deserialisation crashes there on some broken messages.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image

from ros_deep_learning.errors import ImageError
from ros_deep_learning.imaging.encodings import ENCODINGS
from ros_deep_learning.imaging.image_messages import pixels_from_message
from ros_deep_learning.imaging.serialized import CompressedImageReader, ImageReader

pytestmark = pytest.mark.rclpy
READERS: dict[Any, Any] = {Image: ImageReader(), CompressedImage: CompressedImageReader()}
"""That of images compares each one with the one before, in whichever test."""
IN_AN_EXAMPLE = 125
"""Messages of each type in an example: 100,000 with the thorough profile."""
SIZES = (0, 1, 3, 7, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)


def tuple_of(sec: int, nanosec: int, frame_id: str) -> tuple[int, int, str]:
    return sec, nanosec, frame_id


def read_by_us(message_type: Any, data: bytes) -> tuple[Any, ...] | None:
    try:
        read = READERS[message_type](np.frombuffer(data, np.uint8), tuple_of)
    except ImageError:
        return None
    names = read.__dataclass_fields__
    return tuple(bytes(read.data) if n == 'data' else getattr(read, n) for n in names)


def read_by_rclpy(message_type: Any, data: bytes) -> tuple[Any, ...] | None:
    try:
        message = deserialize_message(data, message_type)
    except Exception:  # noqa: BLE001  its class is another on each distribution
        return None
    stamp = message.header.stamp
    first: tuple[Any, ...] = ((stamp.sec, stamp.nanosec, message.header.frame_id),)
    if message_type is CompressedImage:
        return (*first, message.format, bytes(message.data))
    size = (message.height, message.width)
    described = (message.encoding, message.is_bigendian, message.step)
    return (*first, *size, *described, bytes(message.data))


def words(random: random.Random) -> str:
    return ''.join(random.choices('rgb8 µ°/_;\t', k=random.choice((0, 1, 2, 3, 4, 5, 9, 30))))


def some_message(message_type: Any, random: random.Random) -> bytes:
    message = message_type()
    message.header.stamp.sec = random.randint(-(2**31), 2**31 - 1)
    message.header.stamp.nanosec = random.randint(0, 2**32 - 1)
    message.header.frame_id = words(random)
    if message_type is Image:
        message.height, message.width = random.getrandbits(32), random.getrandbits(12)
        message.encoding, message.step = words(random), random.getrandbits(32)
        message.is_bigendian = random.getrandbits(8)
    else:
        message.format = words(random)
    message.data.frombytes(random.randbytes(random.randint(0, 40)))
    return bytes(serialize_message(message))


def broken(data: bytes, random: random.Random) -> bytes:
    """Cut, lengthen or overwrite a message; the last kind is what an attacker would try.

    The encapsulation header stays: what else than CDR is read differs between middlewares.
    """
    start, rest = data[:4], bytearray(data[4:])
    kind = random.randrange(5)
    if kind == 0:
        return data[: random.randint(0, len(data))]
    if kind == 1:
        return data + random.randbytes(random.randint(1, 9))
    if kind == 2:
        return start + random.randbytes(random.randint(0, 80))
    if kind == 3:
        for _ in range(random.randint(1, 4)):
            rest[random.randrange(len(rest))] = random.getrandbits(8)
    else:
        at = random.randrange(0, len(rest) - 3, 4)
        rest[at : at + 4] = struct.pack('<I', random.choice((*SIZES, random.getrandbits(7))))
    return start + rest


def big_endian_image(header: bytes) -> bytes:
    """Write an image of 2x1 pixels by hand, as a machine of that byte order does."""
    encoding, data = b'mono8\x00', b'\x05\x06'
    return b''.join(
        (
            b'\x00\x00\x00\x00',
            struct.pack('>iII', -5, 6, len(header)) + header + bytes(-len(header) % 4),
            struct.pack('>III', 1, 2, len(encoding)) + encoding,
            # The byte of is_bigendian, then a number on a multiple of 4.
            b'\x01' + bytes(1) + struct.pack('>II', 2, len(data)) + data,
        )
    )


@pytest.mark.parametrize('message_type', READERS)
@given(seed=st.integers(0, 2**32))
def test_any_message_is_read_or_refused_as_rclpy_does(message_type: Any, seed: int) -> None:
    chance = random.Random(seed)
    whole = some_message(message_type, chance)
    for _ in range(IN_AN_EXAMPLE):
        if chance.random() < 0.5:
            whole = some_message(message_type, chance)
        data = broken(whole, chance) if chance.random() < 0.7 else whole
        ours, theirs = read_by_us(message_type, data), read_by_rclpy(message_type, data)
        assert ours == theirs, data.hex()


def pixels_or_error(read: Callable[[], Any]) -> tuple[Any, ...]:
    try:
        pixels = read()
    except ImageError as err:
        return (str(err),)
    return pixels.order, pixels.array.shape, pixels.array.tobytes()


@given(seed=st.integers(0, 2**32))
def test_lies_about_an_image_are_found_in_a_serialised_one_too(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        message = Image()
        message.encoding = chance.choice((*ENCODINGS, 'klingon16', ''))
        message.height, message.width = (chance.choice((*range(7), 2**32 - 1)) for _ in range(2))
        message.step = chance.choice((*range(0, 40, 2), 2**31))
        message.is_bigendian = chance.randint(0, 1)
        message.data.frombytes(chance.randbytes(chance.choice((0, 10, 50, 300))))
        data = np.frombuffer(bytes(serialize_message(message)), np.uint8)
        by_rclpy = pixels_or_error(lambda message=message: pixels_from_message(message))
        ours = pixels_or_error(
            lambda data=data: pixels_from_message(READERS[Image](data, tuple_of))
        )
        assert ours == by_rclpy


def test_images_that_differ_in_stamp_and_pixels_are_read_like_the_first() -> None:
    read = ImageReader()
    first = big_endian_image(b'cam\x00')
    later = first[:4] + struct.pack('>iI', 7, 8) + first[12:-2] + b'\x09\x0a'
    longer, shorter = later + b'\x00', later[:-1]
    seen = [read(np.frombuffer(data, np.uint8), tuple_of) for data in (first, later, longer)]
    assert [one.header for one in seen] == [(-5, 6, 'cam'), (7, 8, 'cam'), (7, 8, 'cam')]
    assert [one.data.tolist() for one in seen] == [[5, 6], [9, 10], [9, 10]]
    assert all((one.encoding, one.width, one.height) == ('mono8', 2, 1) for one in seen)
    with pytest.raises(ImageError, match='ends within a field of 2 bytes'):
        read(np.frombuffer(shorter, np.uint8), tuple_of)
    little = np.frombuffer(b'\x00\x01' + later[2:], np.uint8)
    with pytest.raises(ImageError):
        read(little, tuple_of)


def test_the_other_byte_order_is_read_too() -> None:
    data = big_endian_image(b'cam\x00')
    expected = ((-5, 6, 'cam'), 1, 2, 'mono8', 1, 2, b'\x05\x06')
    assert read_by_us(Image, data) == expected == read_by_rclpy(Image, data)


def test_the_pixels_are_a_view_of_the_message() -> None:
    data = np.frombuffer(big_endian_image(b'cam\x00'), np.uint8)
    read = ImageReader()
    assert np.shares_memory(read(data, tuple_of).data, data)
    assert np.shares_memory(read(data.copy(), tuple_of).data, data) is False
    assert np.shares_memory(read(data, tuple_of).data, data)


@pytest.mark.parametrize('start', [b'', b'\x00\x01', b'\x00\x03\x00\x00', b'\xff\xd8\xff\xe0'])
@pytest.mark.parametrize('message_type', READERS)
def test_what_is_no_cdr_is_refused_with_its_first_bytes(message_type: Any, start: bytes) -> None:
    data = np.frombuffer(start + bytes(60) * (len(start) == 4), np.uint8)
    with pytest.raises(ImageError, match=f'begins with {start.hex()}, which is no CDR'):
        READERS[message_type](data, tuple_of)


def test_where_a_message_ends_too_early_is_said() -> None:
    data = np.frombuffer(big_endian_image(b'cam\x00')[:-1], np.uint8)
    said = f'a message of {data.size} bytes ends within a field of 2 bytes at byte {data.size - 1}'
    with pytest.raises(ImageError, match=said):
        ImageReader()(data, tuple_of)
