# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of JPEG and PNG headers, with files of OpenCV and truncated or invalid ones."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.errors import ImageError
from ros_deep_learning.pictures.jpeg_png import Header, read_header

PICTURE = np.random.default_rng(1).integers(0, 256, (37, 53, 3), np.uint8)


def file_of(suffix: str, picture: np.ndarray = PICTURE, *options: int) -> np.ndarray:
    done, data = cv2.imencode(suffix, picture, list(options))
    assert done
    return data.reshape(-1)


JPEG, PNG = file_of('.jpg'), file_of('.png')


def bytes_of(*parts: bytes) -> np.ndarray:
    return np.frombuffer(b''.join(parts), np.uint8)


def png_of(width: int, height: int) -> np.ndarray:
    """Return a PNG that declares a size and has almost no data."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
        )

    ihdr = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return bytes_of(
        b'\x89PNG\r\n\x1a\n',
        chunk(b'IHDR', ihdr),
        chunk(b'IDAT', zlib.compress(bytes(64))),
        chunk(b'IEND', b''),
    )


def test_nothing_is_no_image() -> None:
    with pytest.raises(ImageError, match='begins with nothing'):
        read_header(np.empty(0, np.uint8))


@pytest.mark.parametrize(
    ('data', 'header'),
    [
        (JPEG, Header('jpeg', 53, 37, 3)),
        (file_of('.jpg', PICTURE[..., 0]), Header('jpeg', 53, 37, 1)),
        (file_of('.jpg', PICTURE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1), Header('jpeg', 53, 37, 3)),
        (file_of('.jpg', PICTURE, cv2.IMWRITE_JPEG_RST_INTERVAL, 2), Header('jpeg', 53, 37, 3)),
        (PNG, Header('png', 53, 37, 3)),
        (file_of('.png', PICTURE[..., 0]), Header('png', 53, 37, 1)),
        (file_of('.png', PICTURE.astype(np.uint16)), Header('png', 53, 37, 3)),
        (png_of(300, 200), Header('png', 300, 200, 3)),
        # A camera's padding, and fill bytes before a marker (T.81, B.1.1.2).
        (np.append(JPEG, np.zeros(500, np.uint8)), Header('jpeg', 53, 37, 3)),
        (np.insert(JPEG, 2, [0xFF, 0xFF]), Header('jpeg', 53, 37, 3)),
    ],
)
def test_sizes_are_read(data: np.ndarray, header: Header) -> None:
    assert read_header(data) == header


@pytest.mark.parametrize('data', [JPEG, PNG], ids=['jpeg', 'png'])
def test_every_torn_file_is_refused(data: np.ndarray) -> None:
    for size in range(data.size):
        with pytest.raises(ImageError, match=r'truncated|neither'):
            read_header(data[:size])


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_image() -> None:
    thumbnail = JPEG.tobytes()
    exif = b'\xff\xe1' + struct.pack('>H', 2 + len(thumbnail)) + thumbnail
    whole = bytes_of(JPEG[:2].tobytes(), exif, JPEG[2:].tobytes())
    assert read_header(whole) == Header('jpeg', 53, 37, 3)
    with pytest.raises(ImageError, match='truncated'):
        read_header(whole[:-2])


@pytest.mark.parametrize('data', [png_of(0, 5), png_of(5, 0)])
def test_an_image_without_pixels_is_refused(data: np.ndarray) -> None:
    with pytest.raises(ImageError, match='is not an image'):
        read_header(data)


def jpeg_of(width: int, height: int) -> np.ndarray:
    """A real JPEG whose header names another size."""
    data = bytearray(JPEG.tobytes())
    at = data.index(b'\xff\xc0') + 5
    data[at : at + 4] = struct.pack('>HH', height, width)
    return bytes_of(bytes(data))


@pytest.mark.parametrize(
    'data', [jpeg_of(8192, 8192), jpeg_of(65500, 65500), png_of(2**31 - 1, 2**31 - 1)]
)
def test_fewer_bytes_than_the_size_takes_are_refused(data: np.ndarray) -> None:
    with pytest.raises(ImageError, match=r'cannot hold the \d+x\d+ pixels that its header'):
        read_header(data)


def test_the_fewest_bytes_that_an_encoder_needs_are_enough() -> None:
    black = np.zeros((2048, 2048, 3), np.uint8)
    for data in (file_of('.jpg', black, cv2.IMWRITE_JPEG_QUALITY, 1), file_of('.png', black)):
        assert read_header(data).width == 2048
    progressive = (cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_OPTIMIZE, 1)
    assert read_header(file_of('.jpg', black, *progressive)).width == 2048


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    data = file_of('.jpg', PICTURE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1).tobytes()
    last_scan = data[data.rindex(b'\xff\xda') : -2]
    assert read_header(bytes_of(data)).kind == 'jpeg'
    with pytest.raises(ImageError, match='310 scans; at most 32 are decoded'):
        read_header(bytes_of(data[:-2], last_scan * 300, data[-2:]))


def cpu_s(call: Callable[[], object]) -> float:
    """Return the least CPU time of a call, which other processes do not add to."""
    times = []
    for _ in range(3):
        started_s = time.thread_time()
        call()
        times.append(time.thread_time() - started_s)
    return min(times)


PROGRESSIVE = file_of('.jpg', PICTURE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1).tobytes()
LAST_SCAN = PROGRESSIVE[PROGRESSIVE.rindex(b'\xff\xda') : -2]
HOSTILE = {
    'a few bytes that claim 8192x8192': jpeg_of(8192, 8192),
    'a jpeg of 300 scans': bytes_of(PROGRESSIVE[:-2], LAST_SCAN * 300, PROGRESSIVE[-2:]),
    '20 MB of 0xFF': bytes_of(b'\xff\xd8', b'\xff' * 20_000_000),
    '20 MB of markers': bytes_of(b'\xff\xd8', b'\xff\x01' * 10_000_000),
    '20 MB of empty segments': bytes_of(b'\xff\xd8', b'\xff\xe0\x00\x02' * 5_000_000),
    '20 MB of empty chunks': bytes_of(PNG[:8].tobytes(), b'\0\0\0\0tEXt\0\0\0\0' * 1_700_000),
}


@pytest.mark.parametrize('what', HOSTILE)
def test_refusing_a_hostile_file_costs_less_cpu_time_than_decoding_ten_frames(
    what: str,
) -> None:
    frame = cv2.resize(PICTURE, (1920, 1080))
    honest = file_of('.jpg', frame)

    def refuse() -> None:
        with pytest.raises(ImageError):
            read_header(HOSTILE[what])

    decoding_s = cpu_s(lambda: cv2.imdecode(honest, cv2.IMREAD_COLOR))
    assert cpu_s(refuse) < 10 * decoding_s


def test_files_of_many_parts_are_refused_with_the_reason() -> None:
    for what in ('20 MB of markers', '20 MB of empty segments', '20 MB of empty chunks'):
        with pytest.raises(ImageError, match='consists of too many small parts'):
            read_header(HOSTILE[what])


def test_a_png_of_as_many_chunks_as_encoders_write_is_read() -> None:
    # libpng's chunks of 8 KiB are the smallest in use; these are of 1 KiB.
    whole = PNG.tobytes()
    begin, end = whole.index(b'IDAT') - 4, whole.index(b'IEND') - 4
    chunk = struct.pack('>I', 1024) + b'IDAT' + bytes(1024 + 4)
    assert read_header(bytes_of(whole[:begin], chunk * 5000, whole[end:])).width == 53


@pytest.mark.parametrize('suffix', ['.bmp', '.tiff', '.webp'])
def test_other_files_are_named(suffix: str) -> None:
    with pytest.raises(ImageError, match="format 'x; y': the data is neither JPEG nor PNG"):
        read_header(file_of(suffix), 'x; y')


@given(st.sampled_from([JPEG[:2].tobytes(), PNG[:8].tobytes()]), st.binary(max_size=200))
def test_any_bytes_end_in_a_header_or_an_image_error(start: bytes, rest: bytes) -> None:
    try:
        header = read_header(bytes_of(start, rest))
    except ImageError:
        return
    assert header.width > 0
    assert header.height > 0
