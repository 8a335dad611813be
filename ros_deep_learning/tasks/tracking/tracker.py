# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Follow objects from frame to frame: what a camera remembers of its detections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from ...errors import SettingsError
from ..detection import Detections
from .base import check_frames, check_share
from .byte import ByteSettings, ByteTracker
from .iou import IouSettings, IouTracker

TrackerKind = Literal['iou', 'byte']

LOW_SHARE = 0.2
"""ByteTrack's published least scores of unlikely and likely boxes are 0.1 and 0.5."""

NEW_SHARE = 0.2
"""A new track's published margin is 0.1 above a score of 0.5: a fifth of what is left to 1."""


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """How objects are followed.

    Attributes:
        kind: ``iou`` pairs boxes by their overlap, with jetson-inference's parameters. ``byte``
            is ByteTrack, which also continues tracks with boxes below the score threshold, from a
            fifth of it up, and reports these; it needs SciPy.
        min_frames: Frames in which an object must be seen before it is given a number.
        drop_frames: Frames in a row without an object after which its track ends.
        overlap: Least intersection over union 0..1 of a box and its track, for ``iou``.
        class_agnostic: Whether a track may go on with a box of another class.

    Raises:
        SettingsError: A value is out of its range.
    """

    kind: TrackerKind = 'iou'
    min_frames: int = 3
    drop_frames: int = 15
    overlap: float = 0.5
    class_agnostic: bool = False

    def __post_init__(self) -> None:
        if self.kind not in get_args(TrackerKind):
            msg = f'tracker: expected one of {", ".join(get_args(TrackerKind))}, got {self.kind!r}'
            raise SettingsError(msg)
        check_frames('min_frames', self.min_frames)
        check_frames('drop_frames', self.drop_frames)
        check_share('overlap', self.overlap)


class Tracker:
    """Numbers the objects of one camera's frames. Not to be shared between threads.

    No number is used twice, whatever the settings change to in between.

    Examples:
        >>> tracker = Tracker(TrackingSettings())  # doctest: +SKIP
        ... for image_rgb in images:
        ...     found = tracker.update(net.detect(image_rgb))

    ``byte`` also needs boxes below the score from which objects are reported: load the detector
    with ``threshold=tracker.least_score``.

    Attributes:
        score_threshold: Least score 0..1 of the objects that ``byte`` reports, followed or not. A
            change ends no track.
    """

    def __init__(
        self, settings: TrackingSettings | None = None, *, score_threshold: float = 0.5
    ) -> None:
        """Make a tracker without tracks.

        Args:
            settings: How objects are followed; None is not at all, until they are set.
            score_threshold: Least score 0..1 of the objects that ``byte`` reports.

        Raises:
            SettingsError: SciPy is missing, which ``byte`` needs.
        """
        self.score_threshold = score_threshold
        self._settings: TrackingSettings | None = None
        self._tracker: IouTracker | ByteTracker | None = None
        self._first_id = 0
        self._next_id = 0
        self._stamp_s: float | None = None
        self.settings = settings

    @property
    def settings(self) -> TrackingSettings | None:
        """How objects are followed; None for not at all. A change ends all tracks.

        Raises:
            SettingsError: When set: SciPy is missing, which ``byte`` needs.
        """
        return self._settings

    @settings.setter
    def settings(self, settings: TrackingSettings | None) -> None:
        if settings == self._settings:
            return
        self._tracker = None if settings is None else _make_tracker(settings, self.score_threshold)
        self._settings = settings
        self._first_id = self._next_id
        self._stamp_s = None

    @property
    def least_score(self) -> float:
        """Least score 0..1 of the boxes to look for; ``byte`` also takes unlikely ones."""
        is_byte = self._settings is not None and self._settings.kind == 'byte'
        return LOW_SHARE * self.score_threshold if is_byte else self.score_threshold

    def update(self, found: Detections, stamp_s: float | None = None) -> Detections:
        """Follow the objects into the next frame.

        Args:
            found: Those of the frame, with scores from ``least_score`` up; for frames on which
                the network failed, do not call this.
            stamp_s: When the frame was taken, in seconds of any clock; None where that is not
                known. A stamp before the last one ends all tracks.

        Returns:
            The objects to report, with ``track_ids`` where they are followed.
        """
        if self._tracker is None or self._settings is None:
            return found
        if (
            isinstance(self._tracker, ByteTracker)
            and self._tracker.settings.high_score != self.score_threshold
        ):
            self._tracker.settings = _byte_settings(self._settings, self.score_threshold)
        last_s, self._stamp_s = self._stamp_s, stamp_s
        dt_s = None if stamp_s is None or last_s is None else stamp_s - last_s
        reported, ids = self._tracker.update(found, dt_s)
        ids = np.where(ids < 0, ids, ids + self._first_id)
        self._next_id = max(self._next_id, int(ids.max(initial=-1)) + 1)
        return replace(reported, track_ids=ids)

    def reset(self) -> None:
        """End all tracks: the next frame is of another scene. Numbers are not used again."""
        self._stamp_s = None
        if self._tracker is not None:
            self._tracker.reset()


def _make_tracker(settings: TrackingSettings, score_threshold: float) -> IouTracker | ByteTracker:
    if settings.kind == 'byte':
        return ByteTracker(_byte_settings(settings, score_threshold))
    return IouTracker(
        IouSettings(
            min_frames=settings.min_frames,
            drop_frames=settings.drop_frames,
            overlap=settings.overlap,
            class_agnostic=settings.class_agnostic,
        )
    )


def _byte_settings(settings: TrackingSettings, score_threshold: float) -> ByteSettings:
    return ByteSettings(
        high_score=score_threshold,
        low_score=LOW_SHARE * score_threshold,
        new_margin=NEW_SHARE * (1.0 - score_threshold),
        min_frames=settings.min_frames,
        drop_frames=settings.drop_frames,
        class_agnostic=settings.class_agnostic,
    )
