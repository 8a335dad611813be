# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tracking by overlap: a track goes on with the box that overlaps its own the most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..detection import Detections
from .association import greedy, overlaps
from .base import TrackerSettings, check_share
from .tracks import Tracks, unpaired


@dataclass(frozen=True, slots=True, kw_only=True)
class IouSettings(TrackerSettings):
    """How objects are followed; the parameters and values of jetson-inference.

    Attributes:
        overlap: Least intersection over union, 0..1, of a box and where its track should be.

    Raises:
        SettingsError: A value is out of its range.
    """

    overlap: float = 0.5

    def __post_init__(self) -> None:
        TrackerSettings.__post_init__(self)
        check_share('overlap', self.overlap)


class IouTracker:
    """Follows objects by the overlap of boxes, where they should be by their motion so far.

    Unlike jetson-inference's, a track that has no number yet takes its box for itself, the
    number comes with the frame that completes ``min_frames``, and objects that are not seen are
    not reported.
    """

    def __init__(self, settings: IouSettings | None = None) -> None:
        self.settings = settings or IouSettings()
        self._tracks = Tracks()

    def update(
        self, detections: Detections, dt_s: float | None = None
    ) -> tuple[Detections, NDArray[np.int64]]:
        """Follow the objects into the next frame.

        A frame without objects must be passed too, and one on which the network failed must not.

        Args:
            detections: Those of the frame.
            dt_s: Seconds since the last frame, from the images' stamps; None is one frame of the
                settings' length. A negative or infinite one is a jump in time: all tracks end.

        Returns:
            The detections to report, in the order that they came, and for each the number of its
            track, -1 where it has none yet. Numbers start at 0 and are never used again.
        """
        settings, tracks = self.settings, self._tracks
        tracks.advance(detections.source_wh, settings.frames_in(dt_s))
        likeness = overlaps(
            tracks.motion.boxes_xyxy(),
            tracks.class_ids,
            detections.boxes_xyxy,
            detections.class_ids,
            class_agnostic=settings.class_agnostic,
        )
        pairs = greedy(likeness, settings.overlap)
        tracks.misses += 1
        tracks.see(pairs, detections)
        new = unpaired(len(detections), pairs[:, 1])
        rows = np.concatenate([pairs[:, 1], new])
        places = np.concatenate([pairs[:, 0], len(tracks.ids) + np.arange(len(new))])
        tracks.start(detections, new)
        tracks.number(settings.min_frames)
        ids = np.full(len(detections), -1, np.int64)
        ids[rows] = tracks.ids[places]
        tracks.keep(tracks.misses < settings.drop_frames)
        return detections, ids

    def reset(self) -> None:
        """End all tracks; their numbers are not used again."""
        self._tracks.end_all()
