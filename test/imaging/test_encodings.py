# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of every encoding against OpenCV, and of every contradiction."""

from __future__ import annotations

import array
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ros_deep_learning.errors import ImageError
from ros_deep_learning.imaging.encodings import ENCODINGS, decode, is_known
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.yuv_planes import PLANES

# Samples per pixel, bits per sample, OpenCV's conversion of the 8-bit samples. Written from the
# definitions in sensor_msgs/image_encodings.hpp, V4L2 and cv_bridge's conversion table.
REFERENCE: dict[str, tuple[int, int, int | None]] = {
    'rgb8': (3, 8, None),
    'bgr8': (3, 8, cv2.COLOR_BGR2RGB),
    '8UC3': (3, 8, cv2.COLOR_BGR2RGB),
    'rgba8': (4, 8, cv2.COLOR_RGBA2RGB),
    'bgra8': (4, 8, cv2.COLOR_BGRA2RGB),
    '8UC4': (4, 8, cv2.COLOR_BGRA2RGB),
    'rgb16': (3, 16, None),
    'bgr16': (3, 16, cv2.COLOR_BGR2RGB),
    '16UC3': (3, 16, cv2.COLOR_BGR2RGB),
    'rgba16': (4, 16, cv2.COLOR_RGBA2RGB),
    'bgra16': (4, 16, cv2.COLOR_BGRA2RGB),
    '16UC4': (4, 16, cv2.COLOR_BGRA2RGB),
    'mono8': (1, 8, cv2.COLOR_GRAY2RGB),
    '8UC1': (1, 8, cv2.COLOR_GRAY2RGB),
    'mono16': (1, 16, cv2.COLOR_GRAY2RGB),
    '16UC1': (1, 16, cv2.COLOR_GRAY2RGB),
    'yuv422': (2, 8, cv2.COLOR_YUV2RGB_UYVY),
    'uyvy': (2, 8, cv2.COLOR_YUV2RGB_UYVY),
    'yuv422_yuy2': (2, 8, cv2.COLOR_YUV2RGB_YUYV),
    'yuyv': (2, 8, cv2.COLOR_YUV2RGB_YUYV),
    'nv12': (1, 8, cv2.COLOR_YUV2RGB_NV12),
    'nv21': (1, 8, cv2.COLOR_YUV2RGB_NV21),
    'bayer_rggb8': (1, 8, cv2.COLOR_BayerBG2RGB),
    'bayer_bggr8': (1, 8, cv2.COLOR_BayerRG2RGB),
    'bayer_gbrg8': (1, 8, cv2.COLOR_BayerGR2RGB),
    'bayer_grbg8': (1, 8, cv2.COLOR_BayerGB2RGB),
    'bayer_rggb16': (1, 16, cv2.COLOR_BayerBG2RGB),
    'bayer_bggr16': (1, 16, cv2.COLOR_BayerRG2RGB),
    'bayer_gbrg16': (1, 16, cv2.COLOR_BayerGR2RGB),
    'bayer_grbg16': (1, 16, cv2.COLOR_BayerGB2RGB),
}
VIEWS = ('rgb8', 'bgr8', '8UC3')
SIXTEEN_BITS = [name for name, (_, bits, _) in REFERENCE.items() if bits == 16]
YUV = ('yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv', 'nv12', 'nv21')


def random_samples(encoding: str, width: int, height: int, seed: int = 0) -> NDArray[Any]:
    channels, bits, _ = REFERENCE[encoding]
    rows = height * 3 // 2 if encoding in ('nv12', 'nv21') else height
    rng = np.random.default_rng(seed)
    dtype = np.uint16 if bits == 16 else np.uint8
    return rng.integers(0, 2**bits, (rows, width, channels), dtype)


def packed(samples: NDArray[Any], padding: int = 0, *, big_endian: bool = False) -> dict[str, Any]:
    """The fields of a message; the padding is noise that must not be read."""
    stored = samples.astype(samples.dtype.newbyteorder('>' if big_endian else '<'))
    rows = stored.reshape(len(stored), -1).view(np.uint8)
    noise = np.random.default_rng(9).integers(0, 256, (len(rows), padding), np.uint8)
    data = array.array('B')
    data.frombytes(np.hstack([rows, noise]).tobytes())
    step = rows.shape[1] + padding
    return {'data': data, 'step': step, 'is_bigendian': big_endian}


def reference_rgb(encoding: str, samples: NDArray[Any]) -> NDArray[np.uint8]:
    _, bits, code = REFERENCE[encoding]
    eight = (samples >> 8).astype(np.uint8) if bits == 16 else samples
    return eight if code is None else cv2.cvtColor(np.ascontiguousarray(eight), code)


def sizes(encoding: str) -> list[tuple[int, int]]:
    if encoding in ('nv12', 'nv21'):
        return [(2, 2), (6, 4), (62, 34)]
    if encoding in YUV:
        return [(2, 1), (6, 5), (62, 33)]
    if encoding.startswith('bayer'):
        return [(3, 3), (8, 6), (61, 33)]
    return [(1, 1), (1, 5), (6, 1), (8, 6), (61, 33)]


def test_the_table_and_the_reference_name_the_same_encodings() -> None:
    # Those of yuv_planes.py have their own tests.
    assert set(ENCODINGS) - set(PLANES) == set(REFERENCE)
    assert all(is_known(name) for name in REFERENCE)
    assert not is_known('')
    assert not is_known('RGB8')


@pytest.mark.parametrize('padding', [0, 1, 6])
@pytest.mark.parametrize('encoding', REFERENCE)
def test_agrees_with_opencv(encoding: str, padding: int) -> None:
    for width, height in sizes(encoding):
        samples = random_samples(encoding, width, height, seed=width)
        fields = packed(samples, padding)
        pixels = decode(encoding=encoding, width=width, height=height, **fields)
        assert pixels.size_wh == (width, height)
        np.testing.assert_array_equal(pixels.as_order('rgb'), reference_rgb(encoding, samples))


@pytest.mark.parametrize('encoding', SIXTEEN_BITS)
def test_honours_big_endian_samples(encoding: str) -> None:
    samples = random_samples(encoding, 7, 5)
    fields = packed(samples, 3, big_endian=True)
    pixels = decode(encoding=encoding, width=7, height=5, **fields)
    np.testing.assert_array_equal(pixels.as_order('rgb'), reference_rgb(encoding, samples))


@pytest.mark.parametrize('encoding', [name for name in REFERENCE if name not in SIXTEEN_BITS])
def test_eight_bits_have_no_byte_order(encoding: str) -> None:
    fields = packed(random_samples(encoding, 6, 4)) | {'is_bigendian': 1}
    big = decode(encoding=encoding, width=6, height=4, **fields)
    little = decode(encoding=encoding, width=6, height=4, **(fields | {'is_bigendian': 0}))
    np.testing.assert_array_equal(big.array, little.array)


@pytest.mark.parametrize('encoding', [f'bayer_{p}16' for p in ('rggb', 'bggr', 'gbrg', 'grbg')])
def test_sixteen_bit_bayer_is_within_a_step_of_demosaicing_at_full_depth(encoding: str) -> None:
    samples = random_samples(encoding, 32, 24)
    full = cv2.cvtColor(samples, REFERENCE[encoding][2]) >> 8
    pixels = decode(encoding=encoding, width=32, height=24, **packed(samples))
    assert np.abs(pixels.array.astype(int) - full.astype(int)).max() <= 1


@pytest.mark.parametrize('bits', [8, 16])
@pytest.mark.parametrize('pattern', ['rggb', 'bggr', 'gbrg', 'grbg'])
def test_bayer_patterns_of_a_flat_colour(pattern: str, bits: int) -> None:
    colour = {'r': 200, 'g': 120, 'b': 40}
    cell = np.array([colour[letter] for letter in pattern]).reshape(2, 2, 1)
    mosaic = np.tile(cell, (4, 5, 1)).astype(np.uint8)
    samples = mosaic if bits == 8 else mosaic.astype(np.uint16) << 8
    pixels = decode(encoding=f'bayer_{pattern}{bits}', width=10, height=8, **packed(samples))
    assert (pixels.as_order('rgb') == (200, 120, 40)).all()


@pytest.mark.parametrize(
    ('encoding', 'bytes_of_two_pixels'),
    [('uyvy', (90, 81, 240, 145)), ('yuyv', (81, 90, 145, 240))],
)
def test_packed_yuv_by_the_definition_of_bt601(
    encoding: str, bytes_of_two_pixels: tuple[int, ...]
) -> None:
    # ITU-R BT.601, range 16..235: full red is Y 81, Cb 90, Cr 240; Y 145 is lighter.
    pixels = decode(
        bytes(bytes_of_two_pixels), encoding=encoding, width=2, height=1, step=4
    ).as_order('rgb')
    np.testing.assert_allclose(pixels[0, 0], (255, 0, 0), atol=2)
    np.testing.assert_allclose(pixels[0, 1], (255, 74, 75), atol=2)


@pytest.mark.parametrize(('encoding', 'chroma'), [('nv12', (90, 240)), ('nv21', (240, 90))])
def test_planar_yuv_by_the_definition_of_bt601(encoding: str, chroma: tuple[int, int]) -> None:
    data = bytes((81, 81, 81, 81, *chroma))
    pixels = decode(data, encoding=encoding, width=2, height=2, step=2)
    np.testing.assert_allclose(pixels.as_order('rgb'), np.full((2, 2, 3), (255, 0, 0)), atol=2)


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize('encoding', VIEWS)
def test_eight_bit_colour_is_a_view(encoding: str, padding: int) -> None:
    fields = packed(random_samples(encoding, 5, 4), padding)
    pixels = decode(encoding=encoding, width=5, height=4, **fields)
    assert np.shares_memory(pixels.array, np.frombuffer(fields['data'], np.uint8))
    assert pixels.order == ('rgb' if encoding == 'rgb8' else 'bgr')
    assert not pixels.array.flags.writeable
    fields['data'][fields['step']] ^= 0xFF
    assert pixels.array[1, 0, 0] == fields['data'][fields['step']]


@pytest.mark.parametrize('buffer', [bytes, bytearray, memoryview, np.frombuffer])
def test_takes_any_buffer(buffer: Any) -> None:
    samples = random_samples('rgb8', 3, 2)
    raw = samples.tobytes()
    data = np.frombuffer(raw, np.uint8) if buffer is np.frombuffer else buffer(raw)
    pixels = decode(data, encoding='rgb8', width=3, height=2, step=9)
    np.testing.assert_array_equal(pixels.array, samples)


@pytest.mark.parametrize('data', [[1, 2, 3] * 4, None, 'text', np.zeros((4, 6), np.uint8)[:, ::2]])
def test_refuses_what_is_no_buffer(data: Any) -> None:
    with pytest.raises(ImageError, match='buffer'):
        decode(data, encoding='rgb8', width=2, height=2, step=6)


class Tensor:
    """Memory that only DLPack gives access to, as that of a tensor library."""

    def __init__(self, raw: bytes, device: int = 1) -> None:
        self._array = np.frombuffer(bytearray(raw), np.uint8)
        self._device = device

    def __dlpack__(self, **options: Any) -> Any:
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._device, 0


class RosidlBuffer:
    """The methods of rosidl_buffer.Buffer 5.2, by its source: no buffer protocol, no DLPack."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __len__(self) -> int:
        return len(self._raw)

    def to_bytes(self) -> bytes:
        return self._raw


class Disguised(RosidlBuffer):
    """Those of the version before it, which says that it is an array.array."""

    @property
    def __class__(self) -> Any:
        return array.array

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self._raw)


@pytest.mark.parametrize('kind', [Tensor, RosidlBuffer, Disguised])
def test_takes_data_that_is_no_buffer_but_can_be_read(kind: Any) -> None:
    samples = random_samples('bgr8', 3, 2)
    pixels = decode(kind(samples.tobytes()), encoding='bgr8', width=3, height=2, step=9)
    np.testing.assert_array_equal(pixels.array, samples)


def test_a_tensor_on_the_cpu_is_not_copied() -> None:
    tensor = Tensor(bytes(18))
    pixels = decode(tensor, encoding='rgb8', width=3, height=2, step=9)
    assert np.shares_memory(pixels.array, np.from_dlpack(tensor))


def test_a_tensor_on_a_gpu_is_refused_by_what_it_is() -> None:
    with pytest.raises(ImageError, match='its memory is not that of the CPU'):
        decode(Tensor(bytes(18), device=2), encoding='rgb8', width=3, height=2, step=9)


def test_a_buffer_that_cannot_be_copied_is_an_image_error() -> None:
    class Lost(RosidlBuffer):
        def to_bytes(self) -> bytes:
            msg = 'device lost'
            raise RuntimeError(msg)

    with pytest.raises(ImageError, match='data of type Lost cannot be read: device lost'):
        decode(Lost(b''), encoding='rgb8', width=3, height=2, step=9)


@pytest.mark.parametrize('encoding', REFERENCE)
def test_data_must_reach_the_last_pixel(encoding: str) -> None:
    samples = random_samples(encoding, 6, 4)
    fields = packed(samples, padding=5)
    whole = fields.pop('data')
    last_padding_missing = whole[:-5]
    expected = reference_rgb(encoding, samples)
    for data in (whole, whole + array.array('B', [7] * 50), last_padding_missing):
        pixels = decode(data, encoding=encoding, width=6, height=4, **fields)
        np.testing.assert_array_equal(pixels.as_order('rgb'), expected)
    with pytest.raises(ImageError, match=f'{len(whole) - 6} bytes.* needs {len(whole) - 5}'):
        decode(whole[:-6], encoding=encoding, width=6, height=4, **fields)


@pytest.mark.parametrize('encoding', REFERENCE)
def test_empty_data_is_an_error(encoding: str) -> None:
    with pytest.raises(ImageError, match='0 bytes'):
        decode(array.array('B'), encoding=encoding, width=6, height=4, step=48)


@pytest.mark.parametrize('encoding', REFERENCE)
def test_step_must_hold_a_row(encoding: str) -> None:
    fields = packed(random_samples(encoding, 6, 4))
    for step in (fields['step'] - 1, 0, -fields['step']):
        with pytest.raises(ImageError, match=f'step {step} '):
            decode(fields['data'], encoding=encoding, width=6, height=4, step=step)


@pytest.mark.parametrize(('width', 'height'), [(0, 4), (6, 0), (0, 0), (-6, 4), (6, -4)])
@pytest.mark.parametrize('encoding', REFERENCE)
def test_sizes_without_a_pixel(encoding: str, width: int, height: int) -> None:
    with pytest.raises(ImageError, match=f'{width}x{height}'):
        decode(bytes(1000), encoding=encoding, width=width, height=height, step=48)


@pytest.mark.parametrize(
    ('encoding', 'width', 'height', 'fix'),
    [
        *((name, 5, 4, 'even width') for name in YUV),
        *((name, 4, 5, 'even height') for name in ('nv12', 'nv21')),
        *((name, 2, 9, '3 pixels') for name in REFERENCE if name.startswith('bayer')),
        *((name, 9, 2, '3 pixels') for name in REFERENCE if name.startswith('bayer')),
    ],
)
def test_sizes_that_an_encoding_cannot_have(
    encoding: str, width: int, height: int, fix: str
) -> None:
    with pytest.raises(ImageError, match=fix):
        decode(bytes(1000), encoding=encoding, width=width, height=height, step=48)


@pytest.mark.parametrize(
    ('width', 'height', 'step'),
    [
        (2**31, 2**31, 2**33),
        (2**32 - 2, 2**32 - 2, 2**32 - 1),
        (2**31 - 2, 4, 2**35),
        (6, 2**32 - 2, 2**32 - 1),
        (6, 4, 2**63),
        (2**64, 2**64, 2**70),
    ],
)
@pytest.mark.parametrize('encoding', REFERENCE)
def test_huge_lies_cost_nothing(encoding: str, width: int, height: int, step: int) -> None:
    with pytest.raises(ImageError):
        decode(bytes(100), encoding=encoding, width=width, height=height, step=step)


def test_a_single_row_may_have_any_step() -> None:
    pixels = decode(bytes(range(6)), encoding='rgb8', width=2, height=1, step=2**64)
    assert pixels.array.tolist() == [[[0, 1, 2], [3, 4, 5]]]


def test_the_documents_list_every_encoding() -> None:
    text = (Path(__file__).parents[2] / 'docs/transport.md').read_text()
    assert [name for name in ENCODINGS if f'`{name}`' not in text] == []


@pytest.mark.parametrize('encoding', ['', 'RGB8', 'jpeg', 'nv42', '8UC2'])
def test_unknown_encodings_are_named_with_the_list_of_known_ones(encoding: str) -> None:
    words = f"'{encoding}' is not supported; docs/transport.md lists"
    with pytest.raises(ImageError, match=words):
        decode(bytes(100), encoding=encoding, width=2, height=2, step=8)


counts = st.one_of(st.integers(-2, 12), st.integers(-(2**33), 2**33))


@given(
    encoding=st.one_of(st.sampled_from(sorted(REFERENCE)), st.text(max_size=8)),
    width=counts,
    height=counts,
    step=st.one_of(st.integers(-2, 60), counts),
    is_bigendian=st.integers(0, 255),
    data=st.binary(max_size=600),
)
def test_answers_pixels_or_image_error(
    encoding: str, width: int, height: int, step: int, is_bigendian: int, data: bytes
) -> None:
    try:
        pixels = decode(
            data,
            encoding=encoding,
            width=width,
            height=height,
            step=step,
            is_bigendian=is_bigendian,
        )
    except ImageError:
        return
    assert isinstance(pixels, Pixels)
    assert pixels.array.shape == (height, width, 3)
    assert int(pixels.array.sum(dtype=np.int64)) >= 0


@given(
    encoding=st.sampled_from(sorted(REFERENCE)),
    half_width=st.integers(2, 12),
    half_height=st.integers(2, 12),
    padding=st.integers(0, 9),
    big_endian=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_honest_messages_agree_with_opencv(
    *, encoding: str, half_width: int, half_height: int, padding: int, big_endian: bool, seed: int
) -> None:
    width, height = 2 * half_width, 2 * half_height
    samples = random_samples(encoding, width, height, seed)
    fields = packed(samples, padding, big_endian=big_endian)
    pixels = decode(encoding=encoding, width=width, height=height, **fields)
    np.testing.assert_array_equal(pixels.as_order('rgb'), reference_rgb(encoding, samples))
