# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The image type that networks take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError

ChannelOrder = Literal['rgb', 'bgr']


@dataclass(frozen=True, slots=True)
class Pixels:
    """Eight-bit colour pixels; often a view of a message's bytes, so never write to them.

    Attributes:
        array: Shape (H, W, 3), uint8, 0..255; rows may be strided, pixels are contiguous.
        order: Order of the channels on the last axis.
        doubt: What is unlikely about the image, as a sentence for people; usually empty.

    Raises:
        ImageError: The array has another shape or type, or no pixels.
    """

    array: NDArray[np.uint8]
    order: ChannelOrder = 'rgb'
    doubt: str = ''

    def __post_init__(self) -> None:
        array = self.array
        if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or not array.size:
            msg = f'expected a uint8 image of shape (H, W, 3), got {array.dtype} {array.shape}'
            raise ImageError(msg)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.array.shape[1], self.array.shape[0]

    def part(self, box: tuple[int, int, int, int]) -> Pixels:
        """Take a part of the image, as a view; its edges are x1, y1, x2, y2."""
        x1, y1, x2, y2 = box
        return Pixels(self.array[y1:y2, x1:x2], self.order)

    def as_order(self, order: ChannelOrder) -> NDArray[np.uint8]:
        """Return the pixels in a channel order: the same array, or a reversed view of it."""
        return self.array if order == self.order else self.array[..., ::-1]
