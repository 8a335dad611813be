# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the kernels are given: frames, scores and palettes on the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ....errors import InferenceError
from ....imaging.palettes import UNLABELLED
from ....imaging.pixels import ChannelOrder

ElementType = Literal['float32', 'float16', 'uint8']
Layout = Literal['nchw', 'nhwc']
ELEMENT_TYPES: dict[str, int] = {'float32': 0, 'float16': 1, 'uint8': 2}

SCORE_KINDS = {'probabilities': 0, 'logits': 1, 'scores': 2}
PROBABILITY_SLACK = 1e-3
"""How far half precision's rounding may put a probability outside 0..1."""


@dataclass(frozen=True, slots=True)
class DeviceFrame:
    """A raw frame in device memory: three 8-bit channels, interleaved.

    Attributes:
        pointer: Address of its first byte.
        width: Pixels a row.
        height: Rows.
        step: Bytes from row to row.
        order: What the three bytes of a pixel are.

    Raises:
        InferenceError: The numbers contradict each other.
    """

    pointer: int
    width: int
    height: int
    step: int
    order: ChannelOrder = 'rgb'

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1 or self.step < self.width * 3:
            msg = f'no frame is {self.width}x{self.height} pixels with a step of {self.step} bytes'
            raise InferenceError(msg)


@dataclass(frozen=True, slots=True)
class DeviceScores:
    """A segmentation network's scores in device memory, one batch entry.

    Attributes:
        pointer: Address of the first score.
        width: Columns of the grid.
        height: Rows of the grid.
        classes: 1 (binary: the score of class 1) to 255.
        dtype: ``float32`` or ``float16``.
        layout: ``nchw`` or ``nhwc``.

    Raises:
        InferenceError: The grid is empty, or has more classes than fit a mask of 8 bits.
    """

    pointer: int
    width: int
    height: int
    classes: int
    dtype: ElementType = 'float32'
    layout: Layout = 'nchw'

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1 or not 1 <= self.classes <= UNLABELLED:
            msg = (
                f'cannot make a mask of {self.classes} classes on {self.width}x{self.height} '
                f'cells: expected 1 to {UNLABELLED} classes and at least one cell'
            )
            raise InferenceError(msg)
        scores_type(self.dtype)

    @property
    def strides(self) -> tuple[int, int, int]:
        """Elements from class to class, row to row and column to column."""
        if self.layout == 'nchw':
            return self.width * self.height, self.width, 1
        return 1, self.width * self.classes, self.classes


def element_type(dtype: np.dtype[Any]) -> ElementType:
    """Return the name of a tensor's type, if the kernels can read it.

    Raises:
        InferenceError: It is neither float32 nor float16.
    """
    scores_type(dtype.name)
    return cast('ElementType', dtype.name)


def scores_type(dtype: str) -> int:
    """Return the kernels' code of a dtype that scores may have.

    Raises:
        InferenceError: It is neither float32 nor float16.
    """
    if dtype not in ('float32', 'float16'):
        msg = f'the GPU reads float32 and float16 scores, not {dtype}'
        raise InferenceError(msg)
    return ELEMENT_TYPES[dtype]


def palette_rgba(colors_rgb: NDArray[np.uint8], opacity: int) -> NDArray[np.uint8]:
    """Make the palette that the colour kernels read.

    Args:
        colors_rgb: Shape (K, 3), the colour of each class, or (K, 4) with each one's opacity.
        opacity: 0..255 of the classes, where the colours have none.

    Returns:
        Shape (256, 4): red, green, blue, opacity. Classes without a colour, and unlabelled
        pixels, are black and see-through.
    """
    palette = np.zeros((256, 4), np.uint8)
    count = min(len(colors_rgb), UNLABELLED)
    palette[:count, 3] = opacity
    palette[:count, : colors_rgb.shape[1]] = colors_rgb[:count]
    return palette
