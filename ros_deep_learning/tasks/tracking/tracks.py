# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The objects that a tracker follows."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..detection import Detections
from . import kalman
from .association import Pairs


class Tracks:
    """Objects followed from frame to frame, and the numbers given to them.

    Attributes:
        motion: Where they are.
        ids: Shape (T,), int64; -1 as long as they have not been seen often enough.
        class_ids: Shape (T,), int32, as last seen.
        hits: Shape (T,), int64, frames in which they were seen.
        misses: Shape (T,), int64, frames since they were last seen.
    """

    def __init__(self) -> None:
        self._next_id = 0
        self._source_wh: tuple[int, int] | None = None
        self.end_all()

    def end_all(self) -> None:
        """End all tracks; their numbers are not used again."""
        self.motion = kalman.initiate(np.zeros((0, 4)))
        self.ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self.class_ids: NDArray[np.int32] = np.zeros(0, np.int32)
        self.hits: NDArray[np.int64] = np.zeros(0, np.int64)
        self.misses: NDArray[np.int64] = np.zeros(0, np.int64)

    def advance(self, source_wh: tuple[int, int], frames: float) -> None:
        """Move all tracks on to the next frame; a jump in time or of the image's size ends them.

        Args:
            source_wh: Size of the source image.
            frames: How many frames later it is.
        """
        if source_wh != self._source_wh or not (isfinite(frames) and frames >= 0):
            self.end_all()
        self._source_wh = source_wh
        self.motion = kalman.predict(self.motion, frames, self.misses > 0)

    def see(self, pairs: Pairs, detections: Detections) -> None:
        """Continue tracks with the detections they are paired with."""
        tracks, seen = pairs.T
        boxes_xyxy = detections.boxes_xyxy[seen]
        self.motion = self.motion.put(tracks, kalman.update(self.motion.take(tracks), boxes_xyxy))
        self.class_ids[tracks] = detections.class_ids[seen]
        self.hits[tracks] += 1
        self.misses[tracks] = 0

    def start(self, detections: Detections, index: NDArray[Any]) -> None:
        """Begin a track with each detection of an index, behind those there are."""
        count = len(index)
        self.motion = self.motion.join(kalman.initiate(detections.boxes_xyxy[index]))
        self.ids = np.concatenate([self.ids, np.full(count, -1, np.int64)])
        self.class_ids = np.concatenate([self.class_ids, detections.class_ids[index]])
        self.hits = np.concatenate([self.hits, np.ones(count, np.int64)])
        self.misses = np.concatenate([self.misses, np.zeros(count, np.int64)])

    def number(self, min_frames: int) -> None:
        """Assign numbers to the tracks that have been seen in ``min_frames`` frames."""
        ready = np.flatnonzero((self.ids < 0) & (self.hits >= min_frames))
        self.ids[ready] = np.arange(self._next_id, self._next_id + len(ready))
        self._next_id += len(ready)

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """End the tracks outside a mask."""
        index = np.flatnonzero(mask)
        self.motion = self.motion.take(index)
        self.ids, self.class_ids = self.ids[index], self.class_ids[index]
        self.hits, self.misses = self.hits[index], self.misses[index]


def unpaired(count: int, paired: NDArray[Any]) -> NDArray[np.intp]:
    """List the numbers below a count that do not occur among some."""
    free = np.ones(count, np.bool_)
    free[paired] = False
    return np.flatnonzero(free)
