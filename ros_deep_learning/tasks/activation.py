# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""From a network's raw scores to probabilities, where its graph does not do that itself."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

ScoreKind = Literal['logits', 'probabilities', 'scores']
"""What an output holds: ``scores`` may be either of the others, and are looked at."""

# Half precision is exact to 5e-4 below 1, and a thousand classes add up such errors.
_ROUNDING = 1e-3
_SUM_ROUNDING = 0.05


def activate(
    scores: NDArray[Any], kind: ScoreKind, *, exclusive: bool = True
) -> NDArray[np.float32]:
    """Turn the scores of the classes into probabilities.

    Logits go through softmax, or through sigmoid where the classes do not exclude each other, or
    where there is one class. ``scores`` within 0..1 are taken for probabilities; since those of a
    single cell may lie there by chance, they must also add up to 1 if the classes exclude each
    other. Any others are taken for logits.

    Args:
        scores: Shape (C, ...), C at least 1, any real type.
        kind: What they are.
        exclusive: Whether just one class is true of a cell.

    Returns:
        Same shape; ``scores`` itself where it is float32 already and holds probabilities. A logit
        that is NaN or infinite may make its whole cell NaN, but no other cell.
    """
    values = scores.astype(np.float32, copy=False)
    if kind == 'probabilities' or (kind == 'scores' and _are_probabilities(values, exclusive)):
        return values
    return softmax(values) if exclusive and len(values) > 1 else sigmoid(values)


def softmax(scores: NDArray[Any], axis: int = 0) -> NDArray[np.float32]:
    """Compute the softmax along an axis in float32: ``exp(x) / sum(exp(x))``, without overflow.

    Where a score is NaN or infinite, all of its cell may be NaN.
    """
    with np.errstate(invalid='ignore', over='ignore'):
        values = scores.astype(np.float32, copy=False)
        shares: NDArray[np.float32] = np.exp(values - values.max(axis=axis, keepdims=True))
        shares /= shares.sum(axis=axis, keepdims=True)
    return shares


def sigmoid(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute ``1 / (1 + exp(-x))``, element by element, safe from overflow."""
    shares: NDArray[np.float32] = np.exp(-np.abs(scores))
    positive = 1 / (1 + shares)
    return np.where(scores < 0, shares * positive, positive).astype(np.float32, copy=False)


def _are_probabilities(values: NDArray[np.float32], exclusive: bool) -> bool:
    # Unlike minimum and maximum, these take the number where the other is NaN.
    low, high = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    within = bool(low >= -_ROUNDING and high <= 1 + _ROUNDING)
    if within and exclusive and values.ndim == 1 and len(values) > 1:
        return abs(float(values.sum()) - 1) <= _SUM_ROUNDING
    return within
