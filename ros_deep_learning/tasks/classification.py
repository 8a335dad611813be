# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What an image shows as a whole, and how scores become it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DecodeError, SettingsError
from .activation import ScoreKind, activate
from .smoothing import smoothing_factor


@dataclass(frozen=True, slots=True)
class Classification:
    """The classes of one image, best score first; the lower class first where scores are equal.

    Attributes:
        class_ids: Shape (K,), int32, index into the card's labels.
        scores: Shape (K,), float32, 0..1.
        source_wh: Size of the source image in pixels.
    """

    class_ids: NDArray[np.int32]
    scores: NDArray[np.float32]
    source_wh: tuple[int, int]

    def __len__(self) -> int:
        """Count the classes."""
        return len(self.scores)


@dataclass(frozen=True, slots=True)
class ClassificationSettings:
    """Which scores become classes; may change between frames.

    Attributes:
        top_k: Most classes of one image; 0 is no limit.
        score_threshold: Least score, 0..1; 0.01 is jetson-inference's.
        multi_label: Whether several classes can be true of an image (tagging), so that each has
            a probability of its own; usually with ``top_k`` 0 and a threshold of 0.5.
        smoothing: 0 is none, up to 1 the weight of the newest frame, above 1 a count of frames.

    Raises:
        SettingsError: A value is out of its range.
    """

    top_k: int = 5
    score_threshold: float = 0.01
    multi_label: bool = False
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.top_k < 0:
            msg = f'top_k: want 0 (no limit) or more, not {self.top_k!r}'
            raise SettingsError(msg)
        if not 0.0 <= self.score_threshold <= 1.0:
            msg = f'score_threshold: want 0 to 1, not {self.score_threshold!r}'
            raise SettingsError(msg)
        smoothing_factor(self.smoothing)


def read_probabilities(
    output: NDArray[Any], kind: ScoreKind, *, multi_label: bool = False
) -> NDArray[np.float32]:
    """Read one image's probabilities from a classifier's output.

    Args:
        output: One score a class, without batch axis; axes of size 1 do not matter.
        kind: What the scores are.
        multi_label: Whether several classes can be true of an image.

    Returns:
        Shape (C,).

    Raises:
        DecodeError: The output has more than one score a class, none at all, or whole numbers.
    """
    if output.size == 0 or max(output.shape, default=0) != output.size or output.dtype.kind != 'f':
        msg = (
            f'a classifier gives one score a class, shape (C,), not {output.dtype} {output.shape}'
        )
        raise DecodeError(msg)
    return activate(output.reshape(-1), kind, exclusive=not multi_label)


def classification_from(
    probabilities: NDArray[np.float32],
    source_wh: tuple[int, int],
    settings: ClassificationSettings,
) -> Classification:
    """Pick the classes of an image.

    Args:
        probabilities: Shape (C,), 0..1; those that are NaN or infinite are left out.
        source_wh: Size of the source image in pixels.
        settings: Which to pick.
    """
    # Rounding may lift a probability above 1.
    scores = np.minimum(probabilities, 1.0).astype(np.float32, copy=False)
    good = np.flatnonzero(np.isfinite(probabilities) & (scores >= settings.score_threshold))
    best = good[np.argsort(-scores[good], kind='stable')]
    if settings.top_k:
        best = best[: settings.top_k]
    return Classification(best.astype(np.int32), scores[best], source_wh)
