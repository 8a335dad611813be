# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which rows of a frame a resize looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....imaging.placement import Placement
from .shapes import interpolation_code


def sampled_rows(placement: Placement, interpolation: str) -> NDArray[np.intp]:
    """List the rows that the kernel ``preprocess`` reads, by its own arithmetic.

    Args:
        placement: Where the frame goes.
        interpolation: As the card names it.

    Returns:
        Rows of the placement's crop, rising, without repeats; the crop's first row is 0.
    """
    _, crop_top, _, crop_bottom = placement.crop_xyxy
    _, paste_top, _, paste_bottom = placement.paste_xyxy
    rows, height = crop_bottom - crop_top, paste_bottom - paste_top
    inverse = height / rows
    # Twice divided, as the launch does.
    scale = 1 / inverse
    positions = np.arange(height)
    code = interpolation_code(interpolation, (_scale_x(placement), scale))
    if code == 2:
        return np.arange(rows)
    if code in (0, 3):
        first = np.floor(positions * scale).astype(np.intp)
        taps = [first] if code == 0 else [first, first + 1]
    else:
        shares = ((positions + 0.5) * scale - 0.5).astype(np.float32)
        first = np.floor(shares).astype(np.intp)
        taps = [first + k for k in ((0, 1) if code == 1 else (-1, 0, 1, 2))]
    return np.unique(np.concatenate(taps).clip(0, rows - 1))


def _scale_x(placement: Placement) -> float:
    left, _, right, _ = placement.crop_xyxy
    paste_left, _, paste_right, _ = placement.paste_xyxy
    return 1 / ((paste_right - paste_left) / (right - left))
