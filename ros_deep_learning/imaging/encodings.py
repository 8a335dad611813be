# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Decode the image encodings of ROS into pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..text import quoted
from .flat_bytes import flat_bytes
from .pixels import ChannelOrder, Pixels
from .sample_range import FULL, SampleRange, to_8_bits
from .yuv_planes import PLANES, plane_bytes, planes_to_rgb

Kind = Literal['colour', 'mono', 'packed-yuv', 'planar-yuv', 'full-yuv', 'bayer']


@dataclass(frozen=True, slots=True)
class Encoding:
    """Memory layout of one encoding.

    Attributes:
        kind: What a sample is; determines which image sizes are possible.
        dtype: Type of a sample.
        channels: Samples per pixel in each row.
        conversion: Name of OpenCV's conversion code; None if the samples are the pixels.
        order: Channel order of the pixels.
    """

    kind: Kind
    dtype: Literal['uint8', 'uint16']
    channels: int
    conversion: str | None = None
    order: ChannelOrder = 'rgb'

    @property
    def bytes_per_pixel(self) -> int:
        """Bytes per pixel in each row."""
        return self.channels * np.dtype(self.dtype).itemsize

    def rows(self, height: int) -> int:
        """Return the rows of samples of an image; half-size chroma rows follow the luma rows."""
        return height * 3 // 2 if self.kind == 'planar-yuv' else height


# OpenCV names a Bayer pattern by the second row's second and third pixel, ROS by the corner of
# the first two rows, so rggb is BayerBG; cv_bridge has the same pairs.
_BAYER = {
    'rggb': 'COLOR_BayerBG2RGB',
    'bggr': 'COLOR_BayerRG2RGB',
    'gbrg': 'COLOR_BayerGR2RGB',
    'grbg': 'COLOR_BayerGB2RGB',
}

_UYVY = Encoding('packed-yuv', 'uint8', 2, 'COLOR_YUV2RGB_UYVY')
_YUYV = Encoding('packed-yuv', 'uint8', 2, 'COLOR_YUV2RGB_YUY2')
_MONO8 = Encoding('mono', 'uint8', 1, 'COLOR_GRAY2RGB')
_MONO16 = Encoding('mono', 'uint16', 1, 'COLOR_GRAY2RGB')

# The names of sensor_msgs/image_encodings.hpp, and i420. OpenCV's own types (8UC3, ...) are read
# in its channel order, as cv_bridge does.
ENCODINGS: dict[str, Encoding] = {
    'rgb8': Encoding('colour', 'uint8', 3),
    'bgr8': Encoding('colour', 'uint8', 3, order='bgr'),
    '8UC3': Encoding('colour', 'uint8', 3, order='bgr'),
    'rgba8': Encoding('colour', 'uint8', 4, 'COLOR_RGBA2RGB'),
    'bgra8': Encoding('colour', 'uint8', 4, 'COLOR_BGRA2RGB'),
    '8UC4': Encoding('colour', 'uint8', 4, 'COLOR_BGRA2RGB'),
    'rgb16': Encoding('colour', 'uint16', 3),
    'bgr16': Encoding('colour', 'uint16', 3, order='bgr'),
    '16UC3': Encoding('colour', 'uint16', 3, order='bgr'),
    'rgba16': Encoding('colour', 'uint16', 4, 'COLOR_RGBA2RGB'),
    'bgra16': Encoding('colour', 'uint16', 4, 'COLOR_BGRA2RGB'),
    '16UC4': Encoding('colour', 'uint16', 4, 'COLOR_BGRA2RGB'),
    'mono8': _MONO8,
    '8UC1': _MONO8,
    'mono16': _MONO16,
    '16UC1': _MONO16,
    'yuv422': _UYVY,
    'uyvy': _UYVY,
    'yuv422_yuy2': _YUYV,
    'yuyv': _YUYV,
    'nv12': Encoding('planar-yuv', 'uint8', 1, 'COLOR_YUV2RGB_NV12'),
    'nv21': Encoding('planar-yuv', 'uint8', 1, 'COLOR_YUV2RGB_NV21'),
    'i420': Encoding('planar-yuv', 'uint8', 1),
    'nv24': Encoding('full-yuv', 'uint8', 1),
    **{f'bayer_{rggb}8': Encoding('bayer', 'uint8', 1, code) for rggb, code in _BAYER.items()},
    **{f'bayer_{rggb}16': Encoding('bayer', 'uint16', 1, code) for rggb, code in _BAYER.items()},
}

# Largest side of an OpenCV matrix.
_MAX_SIDE = 2**31 - 1

# OpenCV's demosaicing returns black for anything smaller.
_MIN_BAYER_SIDE = 3

DEPTH_ENCODINGS = ('32FC1', '64FC1')
DEPTH_FIX = 'it is a depth image (REP 118); to fix: give the node the topic of the colour image'


def is_known(encoding: str) -> bool:
    """Return whether ``decode`` supports an encoding."""
    return encoding in ENCODINGS


def decode(
    data: Any,
    *,
    encoding: str,
    width: int,
    height: int,
    step: int,
    is_bigendian: bool | int = False,
    sample_range: SampleRange = FULL,
) -> Pixels:
    """Decode the bytes of an image to pixels.

    For ``rgb8``, ``bgr8`` and ``8UC3`` the result is a read-only view of ``data``; other
    encodings are converted. 16-bit samples keep their upper 8 bits, or what is in a range. YUV is
    BT.601 with the range 16..235, as in OpenCV. Alpha is dropped.

    Args:
        data: The bytes, as ``flat_bytes`` takes them. It may be longer than the image; the
            padding after the last pixel may be missing.
        encoding: A name of ``sensor_msgs/image_encodings.hpp``, or ``i420``.
        width: Image width in pixels; even for YUV except ``nv24``, at least 3 for Bayer.
        height: Image height in pixels, at least 3 for Bayer. For ``nv12``, ``nv21`` and ``i420``
            it must be even, and the data has ``height * 3 / 2`` rows of ``step`` bytes; for
            ``nv24`` it has ``height * 3``.
        step: Bytes from the start of one row to the next; of the chroma planes, half as many for
            ``i420`` and twice as many for ``nv24``.
        is_bigendian: Byte order of 16-bit samples.
        sample_range: The 16-bit samples that become 0 and 255.

    Returns:
        Pixels of shape (height, width, 3), in rgb or bgr order.

    Raises:
        ImageError: The encoding is unknown, or the sizes and the data contradict each other.
    """
    arranged = _arrange(encoding, width, height, step, bool(is_bigendian))
    flat, layout, needed = flat_bytes(data), arranged.layout, arranged.nbytes
    if flat.size < needed:
        msg = (
            f'data has {flat.size} bytes, a {width}x{height} {encoding} image of step {step} '
            f'needs {needed}'
        )
        raise ImageError(msg)
    if encoding in PLANES:
        return Pixels(planes_to_rgb(flat, encoding, width, height, step))
    samples = arranged.samples(flat)
    doubt = ''
    if layout.dtype == 'uint16':
        samples, doubt = to_8_bits(samples, sample_range, encoding)
    if layout.conversion is not None:
        samples = _convert(samples, layout.conversion)
    return Pixels(samples, layout.order, doubt)


@dataclass(frozen=True, slots=True)
class _Arrangement:
    """Where the samples of an image are in its data.

    Attributes:
        layout: Its encoding.
        nbytes: Least size of the data.
        shape: Rows, width and channels.
        dtype: Type of the samples, with their byte order.
        strides: In bytes.
    """

    layout: Encoding
    nbytes: int
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    strides: tuple[int, int, int]

    def samples(self, flat: NDArray[np.uint8]) -> NDArray[Any]:
        """Return a read-only view of the samples in some data."""
        view: NDArray[Any] = np.ndarray(self.shape, self.dtype, flat, 0, self.strides)
        view.flags.writeable = False
        return view


# A camera's images are all alike.
@lru_cache(maxsize=64)
def _arrange(encoding: str, width: int, height: int, step: int, big_endian: bool) -> _Arrangement:
    layout = ENCODINGS.get(encoding)
    if layout is None:
        why = (
            DEPTH_FIX if encoding in DEPTH_ENCODINGS else 'docs/transport.md lists those that are'
        )
        msg = f'encoding {quoted(encoding)} is not supported; {why}'
        raise ImageError(msg)
    _check_size(layout, encoding, width, height)
    row_bytes = width * layout.bytes_per_pixel
    if step < row_bytes:
        msg = f'step {step} is less than the {row_bytes} bytes of {width} {encoding} pixels'
        raise ImageError(msg)
    rows = layout.rows(height)
    needed = (rows - 1) * step + row_bytes
    if encoding in PLANES:
        needed = plane_bytes(encoding, width, height, step)
    dtype = np.dtype(layout.dtype).newbyteorder('>' if big_endian else '<')
    # The step of a single row is never used, and may be too large for an address.
    strides = (step if rows > 1 else row_bytes, layout.bytes_per_pixel, dtype.itemsize)
    return _Arrangement(layout, needed, (rows, width, layout.channels), dtype, strides)


def _check_size(layout: Encoding, encoding: str, width: int, height: int) -> None:
    fault = None
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        fault = 'has no pixels or too many'
    elif layout.kind in ('packed-yuv', 'planar-yuv') and width % 2:
        fault = 'needs an even width'
    elif layout.kind == 'planar-yuv' and height % 2:
        fault = 'needs an even height'
    elif layout.kind == 'bayer' and min(width, height) < _MIN_BAYER_SIDE:
        fault = f'needs {_MIN_BAYER_SIDE} pixels a side for its colours'
    if fault:
        msg = f'a {width}x{height} {encoding} image {fault}'
        raise ImageError(msg)


def _convert(samples: NDArray[np.uint8], conversion: str) -> NDArray[np.uint8]:
    import cv2

    try:
        return cast('NDArray[np.uint8]', cv2.cvtColor(samples, getattr(cv2, conversion)))
    except cv2.error as err:
        msg = f'OpenCV cannot convert {samples.shape} samples with {conversion}: {err}'
        raise ImageError(msg) from err
