# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which detections are wanted, and in which order they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from .boxes import areas

if TYPE_CHECKING:
    from .detection import Detections

Order = Literal['score', 'area']


@dataclass(frozen=True, slots=True)
class DetectionFilter:
    """Which detections are wanted; may change between frames.

    Attributes:
        class_ids: Only these classes; None is all of them, none at all lets nothing through.
        min_width_px: Least width in pixels of the source image.
        min_height_px: Least height in pixels of the source image.
        order: ``score`` (best first), or ``area`` (largest first, as jetson-inference has it).

    Raises:
        SettingsError: A value is out of its range.
    """

    class_ids: frozenset[int] | None = None
    min_width_px: float = 0.0
    min_height_px: float = 0.0
    order: Order = 'score'

    def __post_init__(self) -> None:
        for name in ('min_width_px', 'min_height_px'):
            side = getattr(self, name)
            if not 0.0 <= side < float('inf'):
                msg = f'{name}: want 0 or more pixels, not {side!r}'
                raise SettingsError(msg)
        if self.order not in get_args(Order):
            msg = f'order: want one of {", ".join(get_args(Order))}, not {self.order!r}'
            raise SettingsError(msg)


def of_wanted_class(class_ids: NDArray[Any], settings: DetectionFilter) -> NDArray[np.bool_]:
    """Tell which boxes are of a wanted class, both of shape (N,)."""
    if settings.class_ids is None:
        return np.ones(len(class_ids), np.bool_)
    return np.isin(class_ids, np.fromiter(settings.class_ids, np.int64))


def of_wanted_size(boxes_xyxy: NDArray[Any], settings: DetectionFilter) -> NDArray[np.bool_]:
    """Tell which boxes, shape (N, 4), source pixels, are large enough; shape (N,)."""
    sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
    good: NDArray[np.bool_] = (sides[:, 0] >= settings.min_width_px) & (
        sides[:, 1] >= settings.min_height_px
    )
    return good


def filtered(detections: Detections, settings: DetectionFilter) -> Detections:
    """Take the wanted detections, in the wanted order; ties stay as they are."""
    boxes_xyxy, scores = detections.boxes_xyxy, detections.scores
    keep = np.flatnonzero(
        of_wanted_class(detections.class_ids, settings) & of_wanted_size(boxes_xyxy, settings)
    )
    key = areas(boxes_xyxy) if settings.order == 'area' else scores
    return detections.take(keep[np.argsort(-key[keep], kind='stable')])


def class_ids_of(names: Sequence[str], labels: Sequence[str]) -> frozenset[int]:
    """Find classes by their names, whatever the case of the letters.

    A name that several classes bear stands for all of them.

    Raises:
        SettingsError: A name is none of the labels; the message tells those close to it.
    """
    by_name: dict[str, set[int]] = {}
    for k, label in enumerate(labels):
        by_name.setdefault(label.casefold(), set()).add(k)
    found: set[int] = set()
    for name in names:
        if name.casefold() not in by_name:
            close = get_close_matches(name.casefold(), by_name, n=3)
            hint = f'; close to it: {", ".join(close)}' if close else ''
            msg = f'classes: {name!r} is none of the {len(labels)} labels{hint}'
            raise SettingsError(msg)
        found |= by_name[name.casefold()]
    return frozenset(found)
