# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which class each pixel of an image has, and how a network's scores become it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from ..imaging.kept_arrays import Empty
from ..imaging.palettes import UNLABELLED
from ..imaging.placement import Placement
from .masks import (
    are_complements,
    best_classes,
    better_complement,
    contenders,
    embed,
    highest_scores,
    keep_size,
    linear_spread,
    seen_wh,
    spread_point,
)
from .times import NOT_TIMED, StageTimes

MaskFilter = Literal['linear', 'point']
Resolution = Literal['source', 'grid'] | tuple[int, int]

MAX_MASK_SIDE = 4096
"""Largest width and height that a mask can be asked for in pixels."""

_VOID = 'void'
_EXACT_IN_FLOAT32 = 2**24
_LEAST_SCORE = 1e-20
_LISTED = 5
"""Classes that the text of a result lists."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadyParts:
    """What a device has already made of a mask; None where it was not asked, or cannot.

    Attributes:
        counts: Shape (class_count,), int64: pixels of each class.
        confidence_levels: Shape (H, W), uint8: 255 times the confidence, rounded.
        color_mask: Shape (H, W, 3), uint8, rgb: the colour of each pixel's class, black for none.
        overlay: Shape of the source image, uint8, rgb: the colours laid over it.
        memory: Shape (N,), uint8: what these and the masks are parts of, with free bytes before
            each image; see ``DeviceMask``.
    """

    counts: NDArray[np.int64] | None = None
    confidence_levels: NDArray[np.uint8] | None = None
    color_mask: NDArray[np.uint8] | None = None
    overlay: NDArray[np.uint8] | None = None
    memory: NDArray[np.uint8] | None = None


_NOTHING_READY = ReadyParts()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Segmentation:
    """The classes of one image's pixels.

    Attributes:
        class_mask: Shape (H, W) of the source image, or the one that was asked for; uint8,
            index into the card's labels, 255 where a pixel has no class or was not seen.
        confidence_mask: Same shape, float32, 0..1: probability of the pixel's best class, also
            where that is too low for it to have the class; 0 where it was not seen. Of a network
            that gives no scores, 1 where a pixel has a class. NaN where it was not asked for.
        class_count: How many classes the network has.
        source_wh: Size of the source image in pixels.
        ready: What a device has made of them beside.
        labels: Name of each class; empty where only their numbers are known.
        times: What the image cost; the same for all masks of one run.
    """

    class_mask: NDArray[np.uint8]
    confidence_mask: NDArray[np.float32]
    class_count: int
    source_wh: tuple[int, int]
    ready: ReadyParts = _NOTHING_READY
    labels: tuple[str, ...] = ()
    times: StageTimes = NOT_TIMED

    def __repr__(self) -> str:
        """Describe the mask in one line, with the classes that cover the most of it."""
        height, width = self.class_mask.shape
        shares = sorted(self.to_dicts(), key=lambda one: -one['share'])
        listed = [f'{one["label"]} {one["share"]:.0%}' for one in shares[:_LISTED] if one['share']]
        return f'<Segmentation: {", ".join([f"{width}x{height}", *listed])}>'

    def to_dicts(self) -> list[dict[str, Any]]:
        """List how much each class covers as plain dictionaries, ready for JSON.

        Returns:
            For each class ``label``, ``class_id``, ``pixels`` and ``share``, 0..1 of the mask.
        """
        counts, shares = self.pixel_counts().tolist(), self.shares().tolist()
        return [
            {
                'label': self.labels[k] if self.labels else str(k),
                'class_id': k,
                'pixels': counts[k],
                'share': shares[k],
            }
            for k in range(self.class_count)
        ]

    def pixel_counts(self) -> NDArray[np.int64]:
        """Count the pixels of each class; shape (class_count,)."""
        if self.ready.counts is not None:
            return np.array(self.ready.counts)
        import cv2

        counts = np.zeros(UNLABELLED + 1, np.int64)
        height, width = self.class_mask.shape
        # OpenCV counts five times as fast as np.bincount, but in single precision.
        step = max(1, _EXACT_IN_FLOAT32 // width)
        for top in range(0, height, step):
            rows = self.class_mask[top : top + step]
            counts += cv2.calcHist([rows], [0], None, [256], [0, 256])[:, 0].astype(np.int64)
        return counts[: self.class_count]

    def shares(self) -> NDArray[np.float64]:
        """Compute each class's share 0..1 of all pixels of the mask; shape (class_count,).

        What is missing to a sum of 1 is the share without a class.
        """
        return self.pixel_counts() / max(1, self.class_mask.size)


@dataclass(frozen=True, slots=True)
class SegmentationSettings:
    """How scores become masks; may change between frames.

    Attributes:
        mask_filter: ``linear`` interpolates the scores of each class between the grid's cells,
            ``point`` gives a pixel the class of its cell.
        min_confidence: Probability 0..1 below which a pixel has no class.
        ignore_class: A label, or a class's number: its pixels get the runner-up. None is the
            class that is called ``void``, where there is one, as in jetson-inference; an empty
            text is no class.
        resolution: ``source`` for masks of the source's size, ``grid`` for the network's grid,
            which lies over the whole of its input, or width and height in pixels for masks of
            the source stretched to that size.

    Raises:
        SettingsError: A value is not one of these, or out of its range.
    """

    mask_filter: MaskFilter = 'linear'
    min_confidence: float = 0.0
    ignore_class: str | None = None
    resolution: Resolution = 'source'

    def __post_init__(self) -> None:
        if self.mask_filter not in get_args(MaskFilter):
            choices = ', '.join(get_args(MaskFilter))
            msg = f'mask_filter: expected one of {choices}, got {self.mask_filter!r}'
            raise SettingsError(msg)
        if self.resolution not in ('source', 'grid') and not _is_size(self.resolution):
            msg = (
                'resolution: expected one of source, grid, or width and height of 1 to '
                f'{MAX_MASK_SIDE} pixels, got {self.resolution!r}'
            )
            raise SettingsError(msg)
        if not 0.0 <= self.min_confidence <= 1.0:
            msg = f'min_confidence: expected 0 to 1, got {self.min_confidence!r}'
            raise SettingsError(msg)

    def placement(self, placement: Placement) -> Placement:
        """Return where the pixels of the mask lie in the network's input, those of a grid apart.

        Args:
            placement: Where the source image lies in it.
        """
        if isinstance(self.resolution, tuple):
            return placement.of_resized_source(self.resolution)
        return placement


@lru_cache(maxsize=64)
def ignored_class(settings: SegmentationSettings, labels: tuple[str, ...]) -> int | None:
    """Find the class that the settings ignore.

    Args:
        settings: Its ``ignore_class`` is compared without regard to case.
        labels: The network's, one a class.

    Returns:
        The index of the class; None for no class.

    Raises:
        SettingsError: No class has that label or number.
    """
    wanted = _VOID if settings.ignore_class is None else settings.ignore_class.strip()
    names = [label.casefold() for label in labels]
    if not wanted or (settings.ignore_class is None and _VOID not in names):
        return None
    if wanted.casefold() in names:
        return names.index(wanted.casefold())
    if wanted.isdecimal() and int(wanted) < len(labels):
        return int(wanted)
    msg = f'ignore_class: no class is called {wanted!r}; there are {", ".join(labels)}'
    raise SettingsError(msg)


def segmentation_from_scores(
    planes: NDArray[np.float32],
    placement: Placement,
    settings: SegmentationSettings,
    ignored: int | None = None,
    empty: Empty = np.empty,
) -> Segmentation:
    """Turn class probabilities into masks.

    A pixel has no class if its probabilities are all 0.

    Args:
        planes: Shape (C, h, w), 0..1, without NaN, C at least 2, over the network's input.
        placement: Where the source image lies in the input.
        settings: How.
        ignored: A class that no pixel gets.
        empty: Makes the arrays of the masks.
    """
    source_wh, placement = placement.source_wh, settings.placement(placement)
    class_ids = [k for k in range(len(planes)) if k != ignored]
    height, width = planes.shape[1:]
    on_grid = settings.resolution == 'grid'
    if settings.mask_filter == 'linear' and not on_grid:
        size_wh, spread = seen_wh(placement), linear_spread(placement, (width, height))
        if are_complements(planes, class_ids):
            ids, best = better_complement(planes[1], size_wh, spread, empty)
            scored = True
        else:
            highest = highest_scores(planes, class_ids)
            runners = contenders(planes, class_ids, highest)
            ids, best = best_classes(planes, runners, size_wh, spread, empty)
            # What is interpolated between cells with a score has one too, unless the product with
            # two shares is 0.
            scored = bool(highest.min() > _LEAST_SCORE)
        if settings.min_confidence > 0 or not scored:
            _drop_below(ids, best, settings.min_confidence)
    else:
        ids, best = best_classes(planes, class_ids, (width, height), keep_size)
        _drop_below(ids, best, settings.min_confidence)
        if not on_grid:
            ids, best = spread_point(ids, placement), spread_point(best, placement)
    if not on_grid:
        ids, best = embed(ids, placement, UNLABELLED), embed(best, placement, 0)
    return Segmentation(ids, best, len(planes), source_wh)


def segmentation_from_class_ids(
    ids: NDArray[np.uint8],
    placement: Placement,
    settings: SegmentationSettings,
    class_count: int,
    ignored: int | None = None,
) -> Segmentation:
    """Turn class indices, which leave no score to interpolate or runner-up, into masks.

    Args:
        ids: Shape (h, w), 0..class_count-1 or 255, over the network's input.
        placement: Where the source image lies in the input.
        settings: How; the filter is ``point``, and confidence plays no part.
        class_count: How many classes there are.
        ignored: A class that becomes no class.
    """
    source_wh, placement = placement.source_wh, settings.placement(placement)
    if ignored is not None:
        ids = np.where(ids == ignored, np.uint8(UNLABELLED), ids)
    if settings.resolution != 'grid':
        ids = embed(spread_point(ids, placement), placement, UNLABELLED)
    known = (ids != UNLABELLED).astype(np.float32)
    return Segmentation(ids, known, class_count, source_wh)


def _is_size(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(side, int) and 1 <= side <= MAX_MASK_SIDE for side in value)
    )


def _drop_below(ids: NDArray[np.uint8], best: NDArray[np.float32], least: float) -> None:
    """Take their class from the pixels whose score is below the least, or 0; in place."""
    low = best < np.float32(least) if least > 0 else best <= 0
    # A bool is 0 or 1, and -1 in 8 bits is UNLABELLED: much faster than ids[low] = 255.
    np.maximum(ids, np.negative(low.view(np.uint8)), out=ids)
