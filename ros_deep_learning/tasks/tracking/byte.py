# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""ByteTrack: tracks go on with likely boxes first, then with what is left of unlikely ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import SettingsError
from ..detection import Detections
from .association import optimal, overlaps
from .base import TrackerSettings, check_share
from .tracks import Tracks

LEAST_FIRST, LEAST_SECOND, LEAST_NEW = 0.2, 0.5, 0.3
"""A pair's least overlap in each of ByteTrack's stages, as published (1 - its limits of cost)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteSettings(TrackerSettings):
    """How objects are followed; the values are the published ones.

    New objects must be seen ``min_frames`` frames in a row.

    Attributes:
        high_score: Least score 0..1 of a likely box; these are reported, tracked or not.
        low_score: Least score 0..1 of a box that can continue a track, and is then reported.
        new_margin: How much more than ``high_score`` a box needs to begin a track.

    Raises:
        SettingsError: A value is out of its range.
    """

    min_frames: int = 2
    drop_frames: int = 30
    high_score: float = 0.5
    low_score: float = 0.1
    new_margin: float = 0.1

    def __post_init__(self) -> None:
        TrackerSettings.__post_init__(self)
        check_share('high_score', self.high_score)
        check_share('low_score', self.low_score)
        check_share('new_margin', self.new_margin)
        if self.low_score > self.high_score:
            msg = f'low_score: expected at most high_score {self.high_score}, got {self.low_score}'
            raise SettingsError(msg)


class ByteTracker:
    """Follows objects as ByteTrack does (Zhang et al., 2022), class by class.

    Likely boxes continue tracks, seen or lost, where the overlap with the predicted box, times
    the score, is best over all; unlikely ones then continue tracks seen in the last frame. New
    objects that miss a frame before they have a number are forgotten.
    """

    def __init__(self, settings: ByteSettings | None = None) -> None:
        """Make a tracker without tracks.

        Raises:
            SettingsError: SciPy, which solves the assignment, is not installed.
        """
        try:
            import scipy.optimize  # noqa: F401
        except ImportError as err:
            msg = 'tracker byte needs SciPy: install python3-scipy, or pip install scipy'
            raise SettingsError(msg) from err
        self.settings = settings or ByteSettings()
        self._tracks = Tracks()

    def update(
        self, detections: Detections, dt_s: float | None = None
    ) -> tuple[Detections, NDArray[np.int64]]:
        """Follow the objects into the next frame.

        A frame without objects must be passed too, and one on which the network failed must not.

        Args:
            detections: Those of the frame, with scores from ``low_score`` up.
            dt_s: Seconds since the last frame, from the images' stamps; None is one frame of the
                settings' length. A negative or infinite one is a jump in time: all tracks end.

        Returns:
            The detections to report, in the order that they came, and for each the number of its
            track, -1 where it has none yet. Numbers start at 0 and are never used again.
        """
        settings, tracks = self.settings, self._tracks
        tracks.advance(detections.source_wh, settings.frames_in(dt_s))
        high = np.flatnonzero(detections.scores >= settings.high_score)
        low = np.flatnonzero(
            (detections.scores >= settings.low_score) & (detections.scores < settings.high_score)
        )
        numbered, fresh = np.flatnonzero(tracks.ids >= 0), np.flatnonzero(tracks.ids < 0)
        seen = tracks.misses == 0
        place = np.full(len(detections), -1, np.intp)

        self._pair(detections, place, numbered, high, LEAST_FIRST, weigh=True)
        left = np.setdiff1d(numbered[seen[numbered]], place)
        self._pair(detections, place, left, low, LEAST_SECOND, weigh=False)
        self._pair(detections, place, fresh, high[place[high] < 0], LEAST_NEW, weigh=True)

        rows = np.flatnonzero(place >= 0)
        tracks.misses += 1
        tracks.see(np.stack([place[rows], rows], axis=1), detections)
        likely = detections.scores[high] >= settings.high_score + settings.new_margin
        new = high[likely & (place[high] < 0)]
        place[new] = len(tracks.ids) + np.arange(len(new))
        tracks.start(detections, new)
        tracks.number(settings.min_frames)
        ids = np.where(place >= 0, tracks.ids[place], -1) if len(tracks.ids) else place
        tracks.keep(
            (tracks.misses == 0) | ((tracks.ids >= 0) & (tracks.misses < settings.drop_frames))
        )
        reported = np.flatnonzero((detections.scores >= settings.high_score) | (place >= 0))
        return detections.take(reported), ids[reported].astype(np.int64)

    def reset(self) -> None:
        """End all tracks; their numbers are not used again."""
        self._tracks.end_all()

    def _pair(
        self,
        detections: Detections,
        place: NDArray[np.intp],
        tracks: NDArray[np.intp],
        boxes: NDArray[np.intp],
        least: float,
        *,
        weigh: bool,
    ) -> None:
        """Write the track of each box that continues one into ``place``."""
        likeness = overlaps(
            self._tracks.motion.boxes_xyxy()[tracks],
            self._tracks.class_ids[tracks],
            detections.boxes_xyxy[boxes],
            detections.class_ids[boxes],
            class_agnostic=self.settings.class_agnostic,
        )
        if weigh:
            likeness *= detections.scores[boxes]
        pairs = optimal(likeness, least)
        place[boxes[pairs[:, 1]]] = tracks[pairs[:, 0]]
