# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Exponential smoothing of scores over the frames of one camera."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError


def smoothing_factor(number: float) -> float:
    """Read the weight of the newest frame from a number with jetson-inference's two meanings.

    Args:
        number: 0 for no smoothing, up to 1 the weight itself, above 1 a count N of frames whose
            weight is 1/N.

    Returns:
        The weight, above 0, at most 1; 1 is no smoothing.

    Raises:
        SettingsError: The number is negative or not finite.
    """
    if not math.isfinite(number) or number < 0:
        msg = f'smoothing: want 0 for none, a weight up to 1 or a count of frames, not {number!r}'
        raise SettingsError(msg)
    if number == 0:
        return 1.0
    return number if number <= 1 else 1 / number


class Smoothing:
    """The scores so far; one a camera."""

    def __init__(self) -> None:
        self._state: NDArray[np.float64] | None = None

    def update(self, scores: NDArray[np.float32], number: float) -> NDArray[np.float32]:
        """Move the state ``s`` towards a frame's scores ``x``: ``s += f * (x - s)``.

        The first frame is the state itself, and so is one with another number of scores. A score
        that is not finite leaves its state as it was.

        Args:
            scores: Shape (C,), of the next frame.
            number: As ``smoothing_factor`` reads it; may change between frames.

        Returns:
            Shape (C,), a new array.

        Raises:
            SettingsError: The number cannot be used.
        """
        factor = smoothing_factor(number)
        if self._state is None or self._state.shape != scores.shape:
            self._state = np.zeros(scores.shape)
            factor = 1.0
        change = scores - self._state
        self._state += factor * np.where(np.isfinite(change), change, 0.0)
        return self._state.astype(np.float32)

    def reset(self) -> None:
        """Forget the frames so far."""
        self._state = None
