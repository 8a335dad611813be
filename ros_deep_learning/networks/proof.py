# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Check what a network makes of one real picture, before its first frame.

What cannot come from a network that is read as it was made is an error; what merely is unlikely
is returned as text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..cards.card import Task
from ..cards.zoo import zoo_folder
from ..errors import CardError
from ..imaging.pixels import Pixels
from ..tasks.activation import softmax
from .images import read_picture

MANY = 20
"""Fewer rows than these prove nothing."""

_ROUNDING = 0.01
_ONE_HOT = 0.5
_LOW_LOGIT = -1.0
_SUM_SLACK = 0.05


def how_to_fix(task: Task) -> str:
    """Return what to do where an answer is impossible, or a guess is wrong."""
    decoder = '--decoder, ' if task == 'detection' else ''
    return (
        f'to fix: give the right {decoder}--resize, --channels, --scale, --mean or --std '
        '(parameters of the nodes have the same names), or a card '
        '(rdl models inspect FILE --write CARD), which also says what it is for'
    )


@lru_cache(maxsize=1)
def proof_picture() -> Pixels:
    """Return a picture of a person, 320x320, which ships with the package."""
    return read_picture(zoo_folder() / 'pictures' / 'astronaut.jpg')


def check_exclusive(rows: NDArray[Any], kind: Literal['logits', 'scores']) -> None:
    """Check that rows choose one class each, as after a softmax.

    Logits that were made for a sigmoid are below 0 for all classes of most rows, and softmax
    makes them nearly equal. Few rows prove nothing.

    Args:
        rows: Shape (Q, C): the logits before the softmax, or the scores after it; rows of one
            value are padding.
        kind: Which of them.

    Raises:
        CardError: The rows belong to classes that do not exclude each other.
    """
    rows = rows[np.ptp(rows, axis=1) > 0]
    if kind == 'scores':
        sums = rows.astype(np.float64).sum(axis=1)
        apart = int((np.abs(sums - 1) > _SUM_SLACK).sum())
        if len(sums) >= MANY and apart > len(sums) / 2:
            msg = (
                f'the scores of {apart} of {len(sums)} rows do not sum to 1 as after a softmax '
                f'(the median is {np.median(sums):.3g})'
            )
            raise CardError(msg)
        return
    highest = rows.max(axis=1)
    unsure = int(((softmax(rows, axis=-1).max(axis=1) < _ONE_HOT) & (highest < _LOW_LOGIT)).sum())
    if len(rows) >= MANY and unsure > len(rows) / 2:
        msg = (
            f'softmax chooses no class in {unsure} of {len(rows)} rows, whose logits are all low '
            f'(the median of the best is {np.median(highest):.3g}), as those for a sigmoid'
        )
        raise CardError(msg)


def check_logits(logits: NDArray[Any]) -> None:
    """Check that logits, which become scores by a sigmoid or softmax, are not scores already.

    Logits of objects that are not there are below 0.

    Raises:
        CardError: They are all from 0 to 1, and not all equal.
    """
    if logits.size < MANY or not np.isfinite(logits).all():
        return
    low, high = float(logits.min()), float(logits.max())
    if 0 <= low < high <= 1:
        msg = (
            f'logits are from {low:.4g} to {high:.4g}, as if they were scores already; to fix: '
            'export the network without the sigmoid or softmax at its end'
        )
        raise CardError(msg)


def check_probabilities(probabilities: NDArray[np.float32]) -> tuple[str, ...]:
    """Check the probabilities of a classifier, shape (C,).

    Returns:
        What is unlikely about them.

    Raises:
        CardError: They cannot be probabilities.
    """
    refuse_not_finite('scores', probabilities)
    check_range('scores', probabilities)
    count, best = len(probabilities), float(probabilities.max())
    if count >= 5 and best < 1.5 / count:
        return (f'the best of {count} classes has {best:.2%}, as if they were all equal',)
    if count == 1 and best == 1:
        return ('its only class has 100%, as after a softmax, which gives that for any picture',)
    return ()


def check_range(what: str, values: NDArray[np.float32]) -> None:
    """Raise CardError where values are not within 0..1."""
    if not values.size:
        return
    low, high = float(values.min()), float(values.max())
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        msg = f'{what} are from {low:.4g} to {high:.4g}, expected 0 to 1'
        raise CardError(msg)


def refuse_not_finite(what: str, values: NDArray[np.float32]) -> None:
    """Raise CardError where values are NaN or infinite."""
    count = int((~np.isfinite(values)).sum())
    if count:
        msg = f'{count} of {values.size} {what} are NaN or infinite'
        raise CardError(msg)
