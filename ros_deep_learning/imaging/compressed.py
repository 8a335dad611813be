# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compressed image messages to pixels: JPEG and PNG, as compressed_image_transport sends them."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from . import encodings
from .jpeg_png import read_header
from .pixels import ChannelOrder, Pixels

MAX_PIXELS = 2**26
"""Most pixels of a compressed image, 8192x8192; 0.2 GB when decoded."""


def pixels_from_compressed(msg: Any) -> Pixels:
    """Decode a compressed image message.

    What the data is is read off the data itself; of the format only what the data cannot tell is
    used: that a mosaic is one (``bayer_rggb8; png compressed``), and that red and blue were
    exchanged before compression (``rgb8; jpeg compressed rgb8``). Grey images become colour,
    16-bit samples keep their upper 8 bits, alpha is dropped, and the orientation that EXIF tells
    is not applied, since a raw image of the camera would not be turned either.

    Args:
        msg: An object with the fields format and data of ``sensor_msgs/CompressedImage``.

    Returns:
        Pixels of shape (height, width, 3).

    Raises:
        ImageError: It is neither JPEG nor PNG, is torn, or has more than ``MAX_PIXELS``.
    """
    image_format = str(msg.format)
    if 'compressedDepth' in image_format:
        error = f'format {image_format!r} is a depth image; only its raw topic can be read'
        raise ImageError(error)
    data = encodings.flat_bytes(msg.data)
    header = read_header(data, image_format)
    if header.width * header.height > MAX_PIXELS:
        error = (
            f'a {header.kind} of {header.width}x{header.height} pixels is refused: the most is '
            f'{MAX_PIXELS}'
        )
        raise ImageError(error)
    # What stands before the semicolon is the encoding before the compression.
    encoding, _, compression = image_format.partition(';')
    if encoding.startswith('bayer_') and header.channels == 1:
        return _demosaic(_decode(data, header.kind, color=False), encoding)
    return Pixels(_decode(data, header.kind, color=True), _order(encoding, compression))


def _order(encoding: str, compression: str) -> ChannelOrder:
    # OpenCV gives BGR, unless what it was given to compress was RGB by mistake. Drivers that
    # leave the second part out compress ordinary pictures.
    words = compression.split()
    exchanged = bool(words) and words[-1].startswith('rgb') and encoding.startswith(('rgb', 'bgr'))
    return 'rgb' if exchanged else 'bgr'


def _decode(data: NDArray[np.uint8], kind: str, *, color: bool) -> NDArray[np.uint8]:
    import cv2

    flags = cv2.IMREAD_COLOR if color else cv2.IMREAD_GRAYSCALE
    try:
        image = cv2.imdecode(data, flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as err:
        error = f'OpenCV cannot decode this {kind}: {err}'
        raise ImageError(error) from err
    if image is None:
        error = f'OpenCV cannot decode this {kind} of {data.size} bytes'
        raise ImageError(error)
    return cast('NDArray[np.uint8]', image)


def _demosaic(mosaic: NDArray[np.uint8], encoding: str) -> Pixels:
    height, width = mosaic.shape
    # The upper 8 bits are left of 16.
    pattern = encoding.removesuffix('16').removesuffix('8')
    return encodings.decode(mosaic, encoding=f'{pattern}8', width=width, height=height, step=width)
