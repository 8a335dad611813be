# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Images as jetson-utils has them: arrays that know their width, height and format."""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ImageError
from ..networks.images import read_picture
from ..paths import user_path

_CHANNELS = {'gray8': 1, 'rgb8': 3, 'rgba8': 4}
_FORMATS = {count: name for name, count in _CHANNELS.items()}


class cudaImage(np.ndarray[Any, np.dtype[np.uint8]]):
    """An image of shape (H, W, C), uint8: C is 3 for rgb8, 4 for rgba8, 1 for gray8.

    It is a NumPy array in host memory; no copy is needed to use it as one.
    """

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.shape[0])

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.shape[2])

    @property
    def format(self) -> str:
        """Name of the pixel format."""
        return _FORMATS.get(self.channels, f'{self.channels} channels')


def cudaAllocMapped(
    width: int = 0,
    height: int = 0,
    format: str = 'rgb8',  # noqa: A002  (jetson-utils' name)
    like: cudaImage | None = None,
) -> cudaImage:
    """Create a black image.

    Args:
        width: Width in pixels.
        height: Height in pixels.
        format: ``rgb8``, ``rgba8`` or ``gray8``.
        like: An image whose size and format are taken instead.

    Raises:
        ImageError: The format is another one.
    """
    if like is not None:
        return np.zeros_like(like)
    return np.zeros((height, width, _channels(format)), np.uint8).view(cudaImage)


def cudaFromNumpy(array: ArrayLike) -> cudaImage:
    """Return an array of shape (H, W) or (H, W, C), uint8, as an image, without a copy.

    Raises:
        ImageError: The array has another shape or type.
    """
    pixels: NDArray[Any] = np.asarray(array)
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    if pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.shape[2] not in _FORMATS:
        msg = (
            'expected an image of shape (H, W, 1), (H, W, 3) or (H, W, 4), uint8, got '
            f'{pixels.dtype} {pixels.shape}'
        )
        raise ImageError(msg)
    return pixels.view(cudaImage)


def cudaToNumpy(image: cudaImage) -> NDArray[np.uint8]:
    """Return an image as a plain array of shape (H, W, C), uint8, without a copy."""
    return np.asarray(image)


def cudaOverlay(source: cudaImage, target: cudaImage, x: int = 0, y: int = 0) -> None:
    """Copy an image into another one at (x, y), as far as it lies inside."""
    # A negative end would count from the other side.
    bottom, right = max(y + source.height, 0), max(x + source.width, 0)
    room = target[max(y, 0) : bottom, max(x, 0) : right]
    top, left = max(-y, 0), max(-x, 0)
    room[...] = source[top : top + room.shape[0], left : left + room.shape[1]]


def cudaDeviceSynchronize() -> None:
    """Return at once: results are complete when a call returns."""


def loadImage(
    filename: str | PathLike[str],
    format: str = 'rgb8',  # noqa: A002  (jetson-utils' name)
) -> cudaImage:
    """Read a picture.

    Raises:
        ImageError: The file is missing or no picture, or the format is unknown.
    """
    rgb = read_picture(user_path(fspath(filename))).as_order('rgb')
    return converted(np.ascontiguousarray(rgb), format)


def saveImage(filename: str | PathLike[str], image: ArrayLike, quality: int = 95) -> None:
    """Write a picture, in the format that the suffix of its name says.

    Args:
        filename: The file.
        image: Shape (H, W, 1), (H, W, 3) or (H, W, 4), uint8, RGB or RGBA.
        quality: Quality of a JPEG, 1..100.

    Raises:
        ImageError: It cannot be written.
    """
    from ..video.sinks import write_picture

    write_picture(user_path(fspath(filename)), as_bgr(image), quality)


def loadImageRGBA(filename: str | PathLike[str]) -> tuple[cudaImage, int, int]:
    """Read a picture as scripts of 2019 do; returns the image, its width and its height."""
    image = loadImage(filename, 'rgba8')
    return image, image.width, image.height


def saveImageRGBA(
    filename: str | PathLike[str], image: ArrayLike, width: int = 0, height: int = 0
) -> None:
    """Write a picture as scripts of 2019 do; the size is that of the image."""
    saveImage(filename, image)


def converted(rgb: NDArray[np.uint8], format: str) -> cudaImage:  # noqa: A002
    """Convert an array of shape (H, W, 3), uint8, to an image of a format.

    Raises:
        ImageError: The format is unknown.
    """
    import cv2

    count = _channels(format)
    if count == 1:
        return cudaFromNumpy(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8))
    if count == 4:
        return cudaFromNumpy(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA), np.uint8))
    return cudaFromNumpy(np.ascontiguousarray(rgb))


def as_rgb(image: Any) -> Any:
    """Return what networks take: the first three channels of an image with four.

    A path, and an array on a GPU, are returned as they are.
    """
    shape: tuple[int, ...] = getattr(image, 'shape', ())
    return np.asarray(image)[..., :3] if len(shape) == 3 and shape[2] == 4 else image


def draw_on(image: Any) -> NDArray[np.uint8]:
    """Return a contiguous canvas of shape (H, W, 3) for an image; see ``put_back``.

    Raises:
        ImageError: The image is no array, or has another shape or type.
    """
    pixels = cudaFromNumpy(image)
    if pixels.channels == 1:
        msg = 'expected an image of format rgb8 or rgba8 to draw on, got gray8'
        raise ImageError(msg)
    return np.ascontiguousarray(np.asarray(pixels)[..., :3])


def put_back(canvas: NDArray[np.uint8], image: Any) -> None:
    """Write a drawn canvas into its image, if it is not a view of it."""
    pixels = np.asarray(image)
    if not np.shares_memory(canvas, pixels):
        pixels[..., :3] = canvas


def as_bgr(image: ArrayLike) -> NDArray[np.uint8]:
    """Return an image as OpenCV writes it: BGR, or one channel.

    Raises:
        ImageError: The array has another shape or type.
    """
    import cv2

    pixels = cudaFromNumpy(image)
    code = {1: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[pixels.channels]
    plain = np.ascontiguousarray(pixels)
    return plain if code is None else np.asarray(cv2.cvtColor(plain, code), np.uint8)


def _channels(format: str) -> int:  # noqa: A002
    if format not in _CHANNELS:
        msg = f'image format: expected one of {", ".join(_CHANNELS)}, got {format!r}'
        raise ImageError(msg)
    return _CHANNELS[format]
