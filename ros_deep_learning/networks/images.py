# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The images that networks take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..imaging.pixels import Pixels
from .device.device_arrays import CudaArray, is_on_gpu, to_host

ImageLike = ArrayLike | CudaArray | Pixels
"""An RGB array of shape (H, W, 3), uint8, in host memory or on a GPU; or pixels."""


def as_pixels(image: ImageLike) -> Pixels:
    """Take an RGB array of shape (H, W, 3), uint8, or pixels as they are.

    Nothing is copied but an image on a GPU.

    Raises:
        ImageError: The array has another shape or type, or cannot be copied from its GPU.
    """
    if isinstance(image, Pixels):
        return image
    # PyTorch's arrays on a GPU have a method __array__ too, but it only raises.
    array: NDArray[Any] = to_host(image) if is_on_gpu(image) else np.asarray(image)
    # The usual frame[..., ::-1] of OpenCV's images: OpenCV would copy such a view pixel by pixel.
    if array.ndim == 3 and array.strides[2] == -1:
        return Pixels(array[..., ::-1], 'bgr')
    return Pixels(array)
