# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What both trackers let be set."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from ...errors import SettingsError

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


def check_share(name: str, value: float) -> None:
    """Check that a setting is 0..1.

    Raises:
        SettingsError: It is not.
    """
    if not 0.0 <= value <= 1.0:
        msg = f'{name}: expected 0 to 1, got {value!r}'
        raise SettingsError(msg)


def check_frames(name: str, value: int) -> None:
    """Check that a number of frames is at least 1.

    Raises:
        SettingsError: It is not.
    """
    if value < 1:
        msg = f'{name}: expected 1 frame or more, got {value!r}'
        raise SettingsError(msg)


def check_seconds(name: str, value: float) -> None:
    """Check that a duration is positive and finite.

    Raises:
        SettingsError: It is not.
    """
    if not (isfinite(value) and value > 0):
        msg = f'{name}: expected more than 0 seconds, got {value!r}'
        raise SettingsError(msg)
