# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A served network that takes its image as a JPEG file, of the size that the card says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...cards.card import InputSpec
from ...imaging.compressed import encode_jpeg
from ..base import TensorSpec


@dataclass(frozen=True, slots=True)
class JpegInput:
    """The input of a served network that takes a JPEG file, as bytes.

    Attributes:
        name: Name of the input.
        spec: The card's input, whose pixels are in the file.
        quality: libjpeg's, 1 to 100.
    """

    name: str
    spec: InputSpec
    quality: int

    @property
    def pixels(self) -> TensorSpec:
        """The pixels that a file is made of, as an input of the network."""
        size = (self.spec.height, self.spec.width)
        shape = (1, 3, *size) if self.spec.layout == 'nchw' else (1, *size, 3)
        return TensorSpec(self.name, shape, np.dtype(np.uint8))

    def encode(self, pixels: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the file of pixels in the card's layout and channel order, shape (N,), uint8.

        Raises:
            ImageError: The image is too large for a JPEG.
        """
        image = pixels[0].transpose(1, 2, 0) if self.spec.layout == 'nchw' else pixels[0]
        image_rgb = image[..., ::-1] if self.spec.channels == 'bgr' else image
        return np.frombuffer(encode_jpeg(np.ascontiguousarray(image_rgb), self.quality), np.uint8)


def is_jpeg(tensor: TensorSpec) -> bool:
    """Return whether an input takes a file: one open axis of bytes, as of Triton's decoders."""
    return tensor.dtype == np.uint8 and tensor.shape == (-1,)
