# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read and write compressed image messages as compressed_image_transport does: JPEG and PNG."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..pictures.jpeg_png import Header, read_header
from ..text import quoted
from . import encodings
from .flat_bytes import flat_bytes
from .pixels import ChannelOrder, Pixels
from .sample_range import FULL, SampleRange, to_8_bits

_LOG = logging.getLogger('ros_deep_learning.imaging')

MAX_PIXELS = 2**26
"""Largest accepted image in pixels, 8192x8192; 0.2 GB when decoded."""
COMPRESSED_RGB = 'rgb8; jpeg compressed bgr8'
"""The ``format`` of an rgb8 image as a JPEG, as compressed_image_transport writes it: the encoding
before, and that of the JPEG's source."""


def pixels_from_compressed(
    msg: Any, max_pixels: int = MAX_PIXELS, sample_range: SampleRange = FULL
) -> Pixels:
    """Decode a compressed image message.

    The kind of image is detected from the data. The message's ``format`` is used only for what
    the data does not contain: whether it is a Bayer mosaic (``bayer_rggb8; png compressed``),
    and whether red and blue were exchanged before compression (``rgb8; jpeg compressed rgb8``).
    Grey images become colour, 16-bit samples keep their upper 8 bits or what is in a range, alpha
    is dropped. An EXIF orientation is ignored, so that the result matches the camera's raw image.

    Args:
        msg: An object with the fields format and data of ``sensor_msgs/CompressedImage``.
        max_pixels: Largest accepted image; its header is read before anything is decoded.
        sample_range: The 16-bit samples that become 0 and 255.

    Returns:
        Pixels of shape (height, width, 3).

    Raises:
        ImageError: The data is neither JPEG nor PNG, is truncated or damaged, or has more than
            ``max_pixels`` pixels.
    """
    image_format = str(msg.format)
    if 'compressedDepth' in image_format:
        error = f'format {quoted(image_format)}: {encodings.DEPTH_FIX}'
        raise ImageError(error)
    data = flat_bytes(msg.data)
    header = read_header(data, image_format)
    if header.width * header.height > max_pixels:
        error = (
            f'a {header.kind} of {header.width}x{header.height} pixels is refused: the limit is '
            f'{max_pixels} pixels (of a node: max_image_pixels)'
        )
        raise ImageError(error)
    # The text before the semicolon is the encoding of the image that was compressed.
    encoding, _, compression = image_format.partition(';')
    if encoding.startswith('bayer_') and header.channels == 1:
        mosaic, doubt = _decode(data, header, encoding, sample_range, color=False)
        return replace(_demosaic(mosaic, encoding), doubt=doubt)
    image, doubt = _decode(data, header, encoding, sample_range, color=True)
    return Pixels(image, _order(encoding, compression), doubt)


def decode_jpeg(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Decode a JPEG file, shape (N,), to pixels of shape (H, W, 3), uint8, BGR.

    Raises:
        ImageError: It is truncated or damaged, or has more than ``MAX_PIXELS`` pixels.
    """
    return pixels_from_compressed(SimpleNamespace(format='jpeg', data=data)).array


def encode_jpeg(image_rgb: NDArray[np.uint8], quality: int) -> bytes:
    """Return an image as a JPEG file, with a quarter of the values of its colours (4:2:0).

    Args:
        image_rgb: Shape (H, W, 3), uint8, C-contiguous.
        quality: libjpeg's, 1 to 100.

    Raises:
        ImageError: The image cannot be a JPEG, such as one with a side above 65500 pixels.
    """
    try:
        return _jpeg_encoder()(image_rgb, quality)
    except Exception as err:
        height, width = image_rgb.shape[:2]
        error = f'no JPEG can be made of {width}x{height} pixels: {err}'
        raise ImageError(error) from err


@cache
def _jpeg_encoder() -> Callable[[NDArray[np.uint8], int], bytes]:
    """Return simplejpeg's encoder, or OpenCV's without it, which needs a copy in its order."""
    try:
        import simplejpeg
    except ImportError:
        return _encode_with_opencv
    return lambda image_rgb, quality: cast(
        'bytes',
        simplejpeg.encode_jpeg(image_rgb, quality, colorspace='RGB', colorsubsampling='420'),
    )


def _encode_with_opencv(image_rgb: NDArray[np.uint8], quality: int) -> bytes:
    import cv2

    image_bgr = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR)
    done, content = cv2.imencode('.jpg', image_bgr, (cv2.IMWRITE_JPEG_QUALITY, quality))
    if not done:
        error = 'OpenCV refuses it'
        raise ValueError(error)
    return bytes(content)


def _order(encoding: str, compression: str) -> ChannelOrder:
    # OpenCV decodes to BGR, unless RGB was passed to the compressor by mistake. Drivers that
    # omit the part after the semicolon compress ordinary pictures.
    words = compression.split()
    exchanged = bool(words) and words[-1].startswith('rgb') and encoding.startswith(('rgb', 'bgr'))
    return 'rgb' if exchanged else 'bgr'


def _decode(
    data: NDArray[np.uint8],
    header: Header,
    encoding: str,
    sample_range: SampleRange,
    *,
    color: bool,
) -> tuple[NDArray[np.uint8], str]:
    """Return the image in 8 bits, and what is unlikely about it."""
    if header.kind == 'jpeg' and (strict := _strict_jpeg_decoder()) is not None:
        try:
            image = strict(data, colorspace='BGR' if color else 'GRAY', strict=True)
        except ValueError as err:
            error = f'this jpeg of {data.size} bytes is damaged: {err}'
            raise ImageError(error) from err
        return image if color else image[..., 0], ''
    decoded = _decode_with_opencv(data, header.kind, color=color)
    if decoded.dtype == np.uint16:
        return to_8_bits(decoded, sample_range, encoding)
    return decoded, ''


@cache
def _strict_jpeg_decoder() -> Callable[..., Any] | None:
    """Return simplejpeg's decoder, which fails where libjpeg only warns; None without it.

    OpenCV fills what is missing of a damaged JPEG with grey, prints libjpeg's warning on stderr
    and reports success. On one 1920x1080 frame it also takes twice as long.
    """
    try:
        import simplejpeg
    except ImportError:
        _LOG.warning(
            'simplejpeg is not installed, so damaged JPEG images are not recognized; to fix: '
            'pip install simplejpeg'
        )
        return None
    return cast('Callable[..., Any]', simplejpeg.decode_jpeg)


def _decode_with_opencv(data: NDArray[np.uint8], kind: str, *, color: bool) -> NDArray[Any]:
    import cv2

    flags = cv2.IMREAD_COLOR if color else cv2.IMREAD_GRAYSCALE
    try:
        flags |= cv2.IMREAD_IGNORE_ORIENTATION | cv2.IMREAD_ANYDEPTH
        image = cv2.imdecode(data, flags)
    except cv2.error as err:
        error = f'OpenCV cannot decode this {kind}: {err}'
        raise ImageError(error) from err
    if image is None:
        error = f'OpenCV cannot decode this {kind} of {data.size} bytes'
        raise ImageError(error)
    return cast('NDArray[Any]', image)


def _demosaic(mosaic: NDArray[np.uint8], encoding: str) -> Pixels:
    height, width = mosaic.shape
    # The decoder has already reduced 16 bits to the upper 8.
    pattern = encoding.removesuffix('16').removesuffix('8')
    return encodings.decode(mosaic, encoding=f'{pattern}8', width=width, height=height, step=width)
