# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The images that networks take."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ImageError
from ..imaging.pixels import Pixels
from ..pictures.picture_files import read_picture_bgr
from ..text import one_line
from .device.device_arrays import CudaArray, is_on_gpu, to_host

ImageLike = ArrayLike | CudaArray | Pixels | str | PathLike[str]
"""An RGB array of shape (H, W, 3), uint8, in host memory or on a GPU; pixels; or a file."""


def as_pixels(image: ImageLike) -> Pixels:
    """Convert an image to pixels in host memory.

    Arrays are not copied, except those on a GPU. Of objects without ``__array__``, those in host
    memory with ``__dlpack__`` are taken too.

    Raises:
        ImageError: The array has another shape or type, or cannot be copied from its GPU; or the
            file is missing, or no picture.
    """
    if isinstance(image, Pixels):
        return image
    if isinstance(image, (str, PathLike)):
        return read_picture(image)
    # PyTorch's arrays on a GPU have a method __array__ too, but it only raises.
    array: NDArray[Any] = to_host(image) if is_on_gpu(image) else _in_host_memory(image)
    # The usual frame[..., ::-1] of OpenCV's images: OpenCV would copy such a view pixel by pixel.
    if array.ndim == 3 and array.strides[2] == -1:
        return Pixels(array[..., ::-1], 'bgr')
    return Pixels(array)


def _in_host_memory(image: Any) -> NDArray[Any]:
    """Return an image in host memory as an array, without a copy if it is one already."""
    if hasattr(image, '__array__') or not hasattr(image, '__dlpack__'):
        return np.asarray(image)
    try:
        return np.from_dlpack(image)
    except (AttributeError, BufferError, RuntimeError, TypeError, ValueError) as err:
        msg = (
            f'cannot read the {type(image).__name__} by DLPack: {one_line(err)}; to fix: move it '
            'to host memory as uint8 first'
        )
        raise ImageError(msg) from err


def read_picture(path: str | PathLike[str]) -> Pixels:
    """Read a picture of any format that OpenCV decodes, turned upright as its EXIF data say.

    Raises:
        ImageError: The file is missing or cannot be read, is no picture, or is not whole.
    """
    return Pixels(read_picture_bgr(path), 'bgr')
