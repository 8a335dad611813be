# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Rotate and mirror images for mounted cameras, with the option names of jetson-inference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Whether to transpose, then to reverse the rows, then to reverse the columns.
_STEPS = {
    'none': (False, False, False),
    'counterclockwise': (True, True, False),
    'rotate-180': (False, True, True),
    'clockwise': (True, False, True),
    'horizontal': (False, False, True),
    'vertical': (False, True, False),
    'upper-left-diagonal': (True, False, False),
    'upper-right-diagonal': (True, True, True),
}
TURNS = tuple(_STEPS)


def turned(image: NDArray[np.uint8], turn: str) -> NDArray[np.uint8]:
    """Rotate or mirror an image.

    Args:
        image: Shape (H, W, 3), uint8.
        turn: One of ``TURNS``; ``horizontal`` swaps left and right, ``vertical`` top and bottom;
            the diagonals mirror at the line through that corner.

    Returns:
        Shape (H, W, 3) or (W, H, 3), uint8, contiguous; the image itself for ``none``.
    """
    transpose, rows, columns = _STEPS[turn]
    if transpose:
        image = image.transpose(1, 0, 2)
    return np.ascontiguousarray(image[:: -1 if rows else 1, :: -1 if columns else 1])
