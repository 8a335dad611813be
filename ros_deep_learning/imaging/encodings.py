# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The image encodings of ROS, and how their bytes become pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from .pixels import ChannelOrder, Pixels

Kind = Literal['colour', 'mono', 'packed-yuv', 'planar-yuv', 'bayer']


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one encoding lays out its bytes.

    Attributes:
        kind: What a sample is; it says which sizes are possible.
        dtype: Type of a sample.
        channels: Samples a pixel in each row.
        conversion: Name of OpenCV's conversion code, or None if the samples are the pixels.
        order: Channel order of the pixels.
    """

    kind: Kind
    dtype: Literal['uint8', 'uint16']
    channels: int
    conversion: str | None = None
    order: ChannelOrder = 'rgb'

    @property
    def bytes_per_pixel(self) -> int:
        """Bytes a pixel in each row."""
        return self.channels * np.dtype(self.dtype).itemsize

    def rows(self, height: int) -> int:
        """Rows of samples for a picture height; half-size chroma rows follow those of luma."""
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

# The names of sensor_msgs/image_encodings.hpp. OpenCV's own types (8UC3, ...) are taken to be
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
    **{f'bayer_{rggb}8': Encoding('bayer', 'uint8', 1, code) for rggb, code in _BAYER.items()},
    **{f'bayer_{rggb}16': Encoding('bayer', 'uint16', 1, code) for rggb, code in _BAYER.items()},
}

# The most that an OpenCV matrix can address along an axis.
_MAX_SIDE = 2**31 - 1

# OpenCV's demosaicing answers black for anything smaller.
_MIN_BAYER_SIDE = 3


def is_known(encoding: str) -> bool:
    """Say whether ``decode`` reads an encoding."""
    return encoding in ENCODINGS


def decode(
    data: Any,
    *,
    encoding: str,
    width: int,
    height: int,
    step: int,
    is_bigendian: bool | int = False,
) -> Pixels:
    """Read an image's bytes as pixels.

    ``rgb8``, ``bgr8`` and ``8UC3`` answer a read-only view of ``data``; all others are
    converted. Samples of 16 bits, of depth images too, keep their upper 8 bits. YUV is BT.601
    with a range of 16..235, as OpenCV has it. Alpha is dropped.

    Args:
        data: The bytes: any contiguous buffer, such as ``array.array('B')``. It may be longer
            than the image, and may end with the last pixel: only its padding can be missing.
        encoding: A name of ``sensor_msgs/image_encodings.hpp``.
        width: Picture width in pixels; even for YUV, at least 3 for Bayer.
        height: Picture height in pixels, also for ``nv12`` and ``nv21``, whose data holds
            ``height * 3 / 2`` rows of ``step`` bytes and whose height is even.
        step: Bytes from one row to the next.
        is_bigendian: Byte order of 16-bit samples.

    Returns:
        Pixels of shape (height, width, 3), in rgb or bgr order.

    Raises:
        ImageError: The encoding is unknown, or the numbers and the data contradict each other.
    """
    layout = ENCODINGS.get(encoding)
    if layout is None:
        msg = f'encoding {encoding!r} is not supported, known are {", ".join(ENCODINGS)}'
        raise ImageError(msg)
    _check_size(layout, encoding, width, height)
    row_bytes = width * layout.bytes_per_pixel
    if step < row_bytes:
        msg = f'step {step} is less than the {row_bytes} bytes of {width} {encoding} pixels'
        raise ImageError(msg)
    rows = layout.rows(height)
    flat = flat_bytes(data)
    needed = (rows - 1) * step + row_bytes
    if flat.size < needed:
        msg = (
            f'data has {flat.size} bytes, a {width}x{height} {encoding} image of step {step} '
            f'needs {needed}'
        )
        raise ImageError(msg)
    samples = _upper_bytes(flat, layout, (rows, width, step), big_endian=bool(is_bigendian))
    if layout.conversion is None:
        return Pixels(samples, layout.order)
    return Pixels(_convert(samples, layout.conversion), layout.order)


def _check_size(layout: Encoding, encoding: str, width: int, height: int) -> None:
    mend = None
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        mend = 'is no image'
    elif layout.kind in ('packed-yuv', 'planar-yuv') and width % 2:
        mend = 'needs an even width'
    elif layout.kind == 'planar-yuv' and height % 2:
        mend = 'needs an even height'
    elif layout.kind == 'bayer' and min(width, height) < _MIN_BAYER_SIDE:
        mend = f'needs {_MIN_BAYER_SIDE} pixels a side for its colours'
    if mend:
        msg = f'a {width}x{height} {encoding} image {mend}'
        raise ImageError(msg)


def flat_bytes(data: Any) -> NDArray[np.uint8]:
    """View any contiguous buffer as bytes; raises ImageError for anything else."""
    try:
        view = memoryview(data)
        # NumPy before 1.20 refuses an empty buffer, and none is worth reading.
        return np.frombuffer(view, np.uint8) if view.nbytes else np.empty(0, np.uint8)
    except (TypeError, ValueError, BufferError) as err:
        msg = f'data of type {type(data).__name__} is no contiguous buffer of bytes'
        raise ImageError(msg) from err


def _upper_bytes(
    flat: NDArray[np.uint8],
    layout: Encoding,
    rows_width_step: tuple[int, int, int],
    *,
    big_endian: bool,
) -> NDArray[np.uint8]:
    """View the samples, shape (rows, width, channels); of 16-bit samples copy the upper byte."""
    rows, width, step = rows_width_step
    size = np.dtype(layout.dtype).itemsize
    shape = (rows, width, layout.channels, size)
    strides = (step, layout.bytes_per_pixel, size, 1)
    if rows == 1:
        # The step of a single row leads nowhere and may be too large for an address.
        strides = (width * layout.bytes_per_pixel, *strides[1:])
    samples: NDArray[np.uint8] = np.ndarray(shape, np.uint8, flat, 0, strides)
    samples.flags.writeable = False
    if size == 1:
        view: NDArray[np.uint8] = samples[..., 0]
        return view
    return np.ascontiguousarray(samples[..., 0 if big_endian else size - 1])


def _convert(samples: NDArray[np.uint8], conversion: str) -> NDArray[np.uint8]:
    import cv2

    try:
        return cast('NDArray[np.uint8]', cv2.cvtColor(samples, getattr(cv2, conversion)))
    except cv2.error as err:
        msg = f'OpenCV cannot convert {samples.shape} samples with {conversion}: {err}'
        raise ImageError(msg) from err
