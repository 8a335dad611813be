# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""From class scores on a network's grid to masks, on the grid or on the source image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..imaging.bands import each_band, most_threads
from ..imaging.kept_arrays import Empty
from ..imaging.placement import Placement
from .comparing import compare_next, compare_sections, compare_two
from .sections import PartSpread

_Value = TypeVar('_Value', np.uint8, np.float32)
Spread = Callable[[NDArray[np.float32], NDArray[np.float32]], None]

_NEIGHBOURS = np.ones((3, 3), np.uint8)


def seen_wh(placement: Placement) -> tuple[int, int]:
    """Return width and height of the part of the source that the network saw."""
    left, top, right, bottom = placement.crop_xyxy
    return right - left, bottom - top


def best_classes(
    planes: NDArray[np.float32],
    class_ids: Sequence[int],
    size_wh: tuple[int, int],
    spread: Spread,
    empty: Empty = np.empty,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Find the class with the highest score of each pixel.

    Args:
        planes: Shape (C, h, w), without NaN.
        class_ids: The classes that take part, rising, at least one. The first of equal scores
            wins.
        size_wh: Width and height of the result.
        spread: Writes a plane, resized, to its second argument, shape (H, W).
        empty: Makes the arrays of the result, and those that are needed on the way.

    Returns:
        Class indices and their scores, shape (H, W), new arrays.
    """
    shape = size_wh[::-1]
    first, *others = class_ids
    ids, best = empty(shape, np.uint8), empty(shape, np.float32)
    if not others:
        spread(planes[first], best)
        ids.fill(first)
        return ids, best
    threads = most_threads()
    sections = spread.sections(shape, threads) if isinstance(spread, PartSpread) else []
    if sections:
        compare_sections(planes, class_ids, sections, ids, best, threads, empty)
        return ids, best
    spread(planes[first], best)
    # Memory that is new for each class would cost more than all the arithmetic.
    scores = empty(shape, np.float32)

    def compare(k: int, rows: slice) -> None:
        if k == others[0]:
            compare_two((first, k), (best[rows], scores[rows]), ids[rows], best[rows])
        else:
            compare_next(k, scores[rows], ids[rows], best[rows])

    for k in others:
        spread(planes[k], scores)
        each_band(shape, partial(compare, k))
    return ids, best


def are_complements(planes: NDArray[np.float32], class_ids: Sequence[int]) -> bool:
    """Return whether the classes that take part are two, with probabilities that add up to 1."""
    return len(planes) == len(class_ids) == 2 and np.array_equal(planes[0], 1 - planes[1])


def better_complement(
    plane: NDArray[np.float32],
    size_wh: tuple[int, int],
    spread: Spread,
    empty: Empty = np.empty,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Find what ``best_classes`` finds of ``1 - plane`` and ``plane``, up to rounding.

    Args:
        plane: Shape (h, w), 0..1: probability of class 1.
        size_wh: As ``best_classes`` takes it, and the next two.
        spread: Resizes the plane.
        empty: Makes the arrays of the result.
    """
    shape = size_wh[::-1]
    ids, best = empty(shape, np.uint8), empty(shape, np.float32)
    half = np.float32(0.5)
    # Interpolation is linear, so that 1/2 is taken from the few values of the grid.
    spread(plane - half, best)

    def compare(rows: slice) -> None:
        band = best[rows]
        np.greater(band, 0, out=ids[rows].view(np.bool_))
        # max(p, 1 - p) = |p - 1/2| + 1/2, in place.
        np.abs(band, out=band)
        np.add(band, half, out=band)

    each_band(shape, compare)
    return ids, best


def keep_size(plane: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Write a plane as it is: ``best_classes`` on the network's grid."""
    np.copyto(out, plane)


def highest_scores(planes: NDArray[np.float32], class_ids: Sequence[int]) -> NDArray[np.float32]:
    """Find the highest score of each cell, shape (h, w), a new array.

    Args:
        planes: Shape (C, h, w).
        class_ids: The classes that take part, at least one.
    """
    # As one array, where it is one: a list of planes is copied first.
    every = planes if len(class_ids) == len(planes) else [planes[k] for k in class_ids]
    highest: NDArray[np.float32] = np.maximum.reduce(every)
    return highest


def contenders(
    planes: NDArray[np.float32], class_ids: Sequence[int], highest: NDArray[np.float32]
) -> list[int]:
    """List the classes that can win somewhere, however the scores are interpolated.

    An interpolated score lies between the least and the greatest of its neighbours. Where the
    greatest of a class is below the least of another, it cannot win.

    Args:
        planes: Shape (C, h, w).
        class_ids: The classes that take part, at least one.
        highest: What ``highest_scores`` found of them.

    Returns:
        Those of them that can win, in their order.
    """
    winners = {k for k in class_ids if (planes[k] >= highest).any()}
    if len(winners) == len(class_ids):
        return list(class_ids)
    import cv2

    bar = np.maximum.reduce([cv2.erode(planes[k], _NEIGHBOURS) for k in class_ids])
    return [
        k for k in class_ids if k in winners or (cv2.dilate(planes[k], _NEIGHBOURS) >= bar).any()
    ]


def linear_spread(placement: Placement, grid_wh: tuple[int, int]) -> Spread:
    """Make what interpolates scores for each source pixel that the network saw.

    It is bilinear between the centres of the cells that the picture touches; those that hold
    nothing but the border of a letterbox have no part in it.

    Args:
        placement: Where the source lies in the input.
        grid_wh: Columns and rows of the grid, which lies over the whole of the input.

    Returns:
        Writes a plane, shape (h, w) of the grid, to an array of the shape of the placement's
        crop, C-contiguous.
    """
    width, height = grid_wh
    network_w, network_h = placement.network_wh
    left, top, right, bottom = placement.paste_xyxy
    spans = (left * width, right * width, network_w), (top * height, bottom * height, network_h)
    if all(edge % network == 0 for *edges, network in spans for edge in edges):
        columns, rows = (slice(low // network, high // network) for low, high, network in spans)
        return PartSpread(rows, columns)
    seen_w, seen_h = seen_wh(placement)
    across = _weights(seen_w, (left, right), network_w, width).T
    down = _weights(seen_h, (top, bottom), network_h, height)

    def spread(plane: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        np.matmul(down @ plane, across, out=out)

    return spread


def spread_point(values: NDArray[_Value], placement: Placement) -> NDArray[_Value]:
    """Copy to each source pixel that the network saw the value of the cell under its centre.

    Args:
        values: Shape (h, w), over the whole of the network's input.
        placement: Where the source lies in the input.

    Returns:
        Shape of the placement's crop, a new array.
    """
    width, height = seen_wh(placement)
    left, top, right, bottom = placement.paste_xyxy
    network_w, network_h = placement.network_wh
    columns = _cells(width, (left, right), network_w, values.shape[1])
    rows = _cells(height, (top, bottom), network_h, values.shape[0])
    return values.take(columns, axis=1).take(rows, axis=0)


def embed(seen: NDArray[_Value], placement: Placement, unseen: int) -> NDArray[_Value]:
    """Copy what the network saw to its place in the source, with a value for the rest.

    Returns:
        Shape of the source; ``seen`` itself where that is all of it.
    """
    width, height = placement.source_wh
    if seen.shape == (height, width):
        return seen
    left, top, right, bottom = placement.crop_xyxy
    whole = np.full((height, width), unseen, seen.dtype)
    whole[top:bottom, left:right] = seen
    return whole


def _cells(count: int, paste: tuple[int, int], network: int, cells: int) -> NDArray[np.int64]:
    """Find, in whole numbers, the cell with the centre of each of ``count`` source pixels."""
    low, high = paste
    doubled = 2 * low * count + (2 * np.arange(count, dtype=np.int64) + 1) * (high - low)
    found: NDArray[np.int64] = doubled * cells // (2 * count * network)
    return found


def _weights(count: int, paste: tuple[int, int], network: int, cells: int) -> NDArray[np.float32]:
    """Compute the share of each cell in each of ``count`` source pixels; shape (count, cells)."""
    low, high = paste
    first, last = low * cells // network, -(-high * cells // network) - 1
    pixels = np.arange(count)
    centres = (low + (pixels + 0.5) * (high - low) / count) * cells / network - 0.5
    below = np.floor(centres).astype(np.int64)
    shares = (centres - below).astype(np.float32)
    table = np.zeros((count, cells), np.float32)
    table[pixels, below.clip(first, last)] += 1 - shares
    table[pixels, (below + 1).clip(first, last)] += shares
    return table
