# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What every tracker offers."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import SettingsError
from ..detection import Detections

FRAME_S = 1 / 30
"""Length of the frame that motion noise is stated for, and of one whose length is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings:
    """What all trackers let be set.

    Attributes:
        min_frames: Frames in which a new object must be seen before it is given a number.
        drop_frames: Frames in a row without an object after which its track ends.
        class_agnostic: Whether a track may go on with a box of another class.
        frame_s: Seconds a frame, where no time is given, and for which motion noise is stated.

    Raises:
        SettingsError: A value is out of its range.
    """

    min_frames: int = 3
    drop_frames: int = 15
    class_agnostic: bool = False
    frame_s: float = FRAME_S

    def __post_init__(self) -> None:
        check_frames('min_frames', self.min_frames)
        check_frames('drop_frames', self.drop_frames)
        check_seconds('frame_s', self.frame_s)

    def frames_in(self, dt_s: float | None) -> float:
        """Count frames in some seconds; None is one frame."""
        return 1.0 if dt_s is None else dt_s / self.frame_s


class Tracker(Protocol):
    """Follows the objects of one camera; not to be shared between threads."""

    def update(
        self, detections: Detections, dt_s: float | None = None
    ) -> tuple[Detections, NDArray[np.int64]]:
        """Follow the objects into the next frame.

        A frame without objects must be told too, and one whose inference failed must not.

        Args:
            detections: Those of the frame, with scores from ``least_score`` up.
            dt_s: Seconds since the last frame, from the images' stamps; None is one frame of the
                settings' length. A negative or infinite one is a jump in time: all tracks end.

        Returns:
            The detections to report, in the order that they came, and for each the number of its
            track, -1 where it has none yet. Numbers start at 0 and are never used again.
        """

    def least_score(self, score_threshold: float) -> float:
        """Tell the least score it wants to see, given the least that is to be reported."""

    def reset(self) -> None:
        """End all tracks; their numbers are not used again."""


def check_share(name: str, value: float) -> None:
    """Refuse a setting that is not 0..1.

    Raises:
        SettingsError: It is not.
    """
    if not 0.0 <= value <= 1.0:
        msg = f'{name}: want 0 to 1, not {value!r}'
        raise SettingsError(msg)


def check_frames(name: str, value: int) -> None:
    """Refuse a number of frames below 1.

    Raises:
        SettingsError: It is.
    """
    if value < 1:
        msg = f'{name}: want 1 frame or more, not {value!r}'
        raise SettingsError(msg)


def check_seconds(name: str, value: float) -> None:
    """Refuse a duration that is not positive and finite.

    Raises:
        SettingsError: It is not.
    """
    if not (isfinite(value) and value > 0):
        msg = f'{name}: want more than 0 seconds, not {value!r}'
        raise SettingsError(msg)
