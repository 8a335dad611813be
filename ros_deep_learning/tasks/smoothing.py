# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Exponential smoothing of scores over the frames of one camera."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from .classification import Classification, classification_from


def smoothing_factor(number: float) -> float:
    """Read the weight of the newest frame from a number with jetson-inference's two meanings.

    Args:
        number: 0 for no smoothing, up to 1 the weight itself, above 1 a count N of frames, for a
            weight of 1/N.

    Returns:
        The weight, above 0, at most 1; 1 is no smoothing.

    Raises:
        SettingsError: The number is negative or not finite.
    """
    if not math.isfinite(number) or number < 0:
        msg = (
            'smoothing: expected 0 for none, a weight up to 1 or a count of frames, '
            f'got {number!r}'
        )
        raise SettingsError(msg)
    if number == 0:
        return 1.0
    return number if number <= 1 else 1 / number


class Smoother:
    """Smooths the scores of one camera's frames. Not to be shared between threads.

    Examples:
        >>> smoother = Smoother(0.25)  # doctest: +SKIP
        ... for image_rgb in images:
        ...     seen = smoother.update(net.classify(image_rgb))
    """

    def __init__(self, number: float = 0.0) -> None:
        """Make a smoother that has seen no frame.

        Args:
            number: 0 for no smoothing, up to 1 the weight of the newest frame, above 1 a count of
                frames.

        Raises:
            SettingsError: The number is negative or not finite.
        """
        self._state: NDArray[np.float64] | None = None
        self.number = number

    @property
    def number(self) -> float:
        """How much is smoothed, as in the constructor; may change between frames.

        Raises:
            SettingsError: When set: it is negative or not finite.
        """
        return self._number

    @number.setter
    def number(self, number: float) -> None:
        self._factor = smoothing_factor(number)
        self._number = number
        if number == 0:
            self.reset()

    def update(self, seen: Classification) -> Classification:
        """Pick the classes of a frame by its smoothed scores.

        Args:
            seen: The next frame's, with the probabilities of all classes.

        Returns:
            The classes, picked by the same settings; ``seen`` itself without smoothing.
        """
        if self._number == 0 or seen.probabilities is None:
            return seen
        return classification_from(
            self.smooth(seen.probabilities),
            seen.source_wh,
            seen.settings,
            labels=seen.labels,
            times=seen.times,
        )

    def smooth(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Move the state ``s`` towards a frame's scores ``x``: ``s += f * (x - s)``.

        The first frame is the state itself, and so is one with another number of scores. A score
        that is not finite leaves its state as it was.

        Args:
            scores: Shape (C,), of the next frame.

        Returns:
            Shape (C,), a new array.
        """
        factor = self._factor
        if self._state is None or self._state.shape != scores.shape:
            self._state = np.zeros(scores.shape)
            factor = 1.0
        change = scores - self._state
        self._state += factor * np.where(np.isfinite(change), change, 0.0)
        return self._state.astype(np.float32)

    def reset(self) -> None:
        """Forget the frames so far: the next one is another scene's."""
        self._state = None
