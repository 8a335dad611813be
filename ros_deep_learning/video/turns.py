# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How a camera is mounted: turns and mirrors by the names of jetson-inference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Each is: transpose first, then reverse the rows, then reverse the columns.
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
    """Turn or mirror an image.

    Args:
        image: Shape (H, W, 3), uint8.
        turn: One of ``TURNS``; ``horizontal`` swaps left and right, ``vertical`` top and bottom,
            and the diagonals are mirrors along the line through that corner.

    Returns:
        Shape (H, W, 3) or (W, H, 3), uint8, contiguous; the image itself for ``none``.
    """
    transpose, rows, columns = _STEPS[turn]
    if transpose:
        image = image.transpose(1, 0, 2)
    return np.ascontiguousarray(image[:: -1 if rows else 1, :: -1 if columns else 1])
