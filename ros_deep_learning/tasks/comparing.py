# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compare the scores of classes pixel by pixel, into arrays of the winners so far."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..imaging.bands import in_threads
from ..imaging.kept_arrays import Empty
from .sections import Section


def compare_two(
    class_ids: tuple[int, int],
    scores: tuple[NDArray[np.float32], NDArray[np.float32]],
    ids: NDArray[np.uint8],
    best: NDArray[np.float32],
) -> None:
    """Write which of two classes has the higher score, the first of equal ones, and that score.

    Args:
        class_ids: The two, rising.
        scores: Of each, shape (H, W).
        ids: Shape (H, W), C-contiguous: becomes the classes.
        best: Shape (H, W): becomes their scores; may be one of ``scores``.
    """
    (first, second), (before, after) = class_ids, scores
    np.greater(after, before, out=ids.view(np.bool_))
    np.maximum(after, before, out=best)
    # Not as the greater of an array and a number, which takes NumPy ten times as long.
    if second - first != 1:
        np.multiply(ids, np.uint8(second - first), out=ids)
    if first:
        np.add(ids, np.uint8(first), out=ids)


def compare_next(
    k: int,
    scores: NDArray[np.float32],
    ids: NDArray[np.uint8],
    best: NDArray[np.float32],
    won: NDArray[np.bool_] | None = None,
) -> None:
    """Assign the pixels to a class where its score is higher than the best one so far.

    Args:
        k: The class, above all before it.
        scores: Its scores, shape (H, W).
        ids: Shape (H, W): the best classes so far, in place.
        best: Shape (H, W): their scores, in place.
        won: Shape (H, W), C-contiguous, any content: is written to; a new array if None.
    """
    flags = np.greater(scores, best, out=won).view(np.uint8)
    np.maximum(scores, best, out=best)
    # As the indices rise, the winner's is the highest: much faster than ids[wins] = k.
    np.multiply(flags, np.uint8(k), out=flags)
    np.maximum(flags, ids, out=ids)


def compare_sections(
    planes: NDArray[np.float32],
    class_ids: Sequence[int],
    sections: Sequence[Section],
    ids: NDArray[np.uint8],
    best: NDArray[np.float32],
    threads: int,
    empty: Empty,
) -> None:
    """Spread and compare all classes of a section before the next one.

    Only the result goes through memory: what it is compared from stays in the caches.

    Args:
        planes: Shape (C, h, w), without NaN.
        class_ids: The classes that take part, rising, at least two.
        sections: Of the result, all of its rows.
        ids: Shape (H, W), C-contiguous: becomes the class with the highest score of each pixel.
        best: Shape (H, W), C-contiguous: becomes that score.
        threads: How many share the sections.
        empty: Makes what a section is spread to; called in the caller's thread.
    """
    first, second, *others = class_ids

    def work(scratch: NDArray[np.float32], section: Section) -> None:
        some_ids, some_best = ids[section.rows], best[section.rows]
        scores = section.spread(planes[first], scratch[0])
        more = section.spread(planes[second], scratch[1])
        compare_two((first, second), (scores, more), some_ids, some_best)
        # The scores of the first class are needed no more.
        flags = scratch[0].reshape(-1).view(np.bool_)[: some_ids.size].reshape(some_ids.shape)
        for k in others:
            more = section.spread(planes[k], scratch[1])
            compare_next(k, more, some_ids, some_best, flags)

    height = max(section.height for section in sections)
    scratches = empty((min(threads, len(sections)), 2, height, best.shape[1]), np.float32)
    in_threads(sections, [partial(work, scratch) for scratch in scratches])
