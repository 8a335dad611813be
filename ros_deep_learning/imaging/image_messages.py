# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert image messages to pixels and back, for any object like ``sensor_msgs/Image``."""

from __future__ import annotations

import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..text import quoted
from . import encodings
from .pixels import Pixels
from .sample_range import FULL, SampleRange

Fallback = Callable[[Any], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class _Written:
    dtype: Literal['uint8', 'float32']
    channels: int


_WRITTEN = {
    'rgb8': _Written('uint8', 3),
    'bgr8': _Written('uint8', 3),
    'mono8': _Written('uint8', 1),
    '8UC1': _Written('uint8', 1),
    '32FC1': _Written('float32', 1),
}


def pixels_from_message(
    msg: Any, fallback: Fallback | None = None, sample_range: SampleRange = FULL
) -> Pixels:
    """Convert an image message to pixels.

    Args:
        msg: An object with the fields height, width, encoding, is_bigendian, step and data of
            ``sensor_msgs/Image``. The pixels may be a view of its data; as long as they exist,
            an ``array.array`` cannot be resized.
        fallback: Called with ``msg`` for an encoding that ``decode`` does not support; returns
            the image as (height, width, 3) uint8 rgb.
        sample_range: The 16-bit samples that become 0 and 255.

    Returns:
        Pixels of shape (height, width, 3).

    Raises:
        ImageError: The message contradicts its data, or its encoding is not supported.
    """
    if fallback is not None and not encodings.is_known(msg.encoding):
        return _convert_by(fallback, msg)
    return encodings.decode(
        msg.data,
        encoding=msg.encoding,
        width=msg.width,
        height=msg.height,
        step=msg.step,
        is_bigendian=msg.is_bigendian,
        sample_range=sample_range,
    )


def write_image(msg: Any, image: NDArray[Any], encoding: str) -> None:
    """Write an image into the fields of a message; the header stays unchanged.

    rclpy's setter copies an ndarray, list or memoryview element by element, about half a second
    for a full-HD frame, so ``msg.data`` is only ever assigned an ``array.array('B')``. The empty
    array of a new message is filled in place, which also saves the setter's copy.

    Args:
        msg: An object with the fields of ``sensor_msgs/Image``, new or used before.
        image: Shape (H, W, 3) for ``rgb8`` and ``bgr8``; (H, W) or (H, W, 1) for ``mono8``,
            ``8UC1`` and ``32FC1``. float32 for ``32FC1``, uint8 for the others. Any strides.
        encoding: One of these names.

    Raises:
        ImageError: The encoding is not one of these, or the image has another shape or type, or
            no pixels.
    """
    payload = _payload(image, encoding)
    msg.height, msg.width = (int(side) for side in image.shape[:2])
    msg.encoding = encoding
    msg.is_bigendian = 0
    msg.step = payload.nbytes // msg.height
    if isinstance(msg.data, array.array) and not msg.data:
        msg.data.frombytes(payload.data)
        return
    data = array.array('B')
    data.frombytes(payload.data)
    msg.data = data


def _payload(image: NDArray[Any], encoding: str) -> NDArray[np.uint8]:
    written = _WRITTEN.get(encoding)
    if written is None:
        error = f'cannot write encoding {encoding!r}, only {", ".join(_WRITTEN)}'
        raise ImageError(error)
    shapes = [(3,)] if written.channels == 3 else [(), (1,)]
    fits = image.ndim >= 2 and image.shape[2:] in shapes and image.size > 0
    if not fits or image.dtype != np.dtype(written.dtype):
        shape = '(H, W, 3)' if written.channels == 3 else '(H, W)'
        error = (
            f'{encoding}: expected a {written.dtype} image of shape {shape}, '
            f'got {image.dtype} {image.shape}'
        )
        raise ImageError(error)
    # Little-endian on every machine: is_bigendian is written as 0.
    little = np.dtype(written.dtype).newbyteorder('<')
    return np.ascontiguousarray(image, little).view(np.uint8)


def _convert_by(fallback: Fallback, msg: Any) -> Pixels:
    try:
        image = np.asarray(fallback(msg))
    except Exception as err:
        depth = msg.encoding in encodings.DEPTH_ENCODINGS
        why = encodings.DEPTH_FIX if depth else err
        error = f'encoding {quoted(msg.encoding)} cannot be converted: {why}'
        raise ImageError(error) from err
    pixels = Pixels(image, 'rgb')
    if pixels.size_wh != (msg.width, msg.height):
        width, height = pixels.size_wh
        error = (
            f'encoding {quoted(msg.encoding)} was converted to {width}x{height} pixels, the '
            f'message says {msg.width}x{msg.height}'
        )
        raise ImageError(error)
    return pixels
