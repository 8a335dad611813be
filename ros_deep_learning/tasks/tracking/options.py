# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The options of trackers, as jetson-inference spells them."""

from __future__ import annotations

import argparse

from .tracker import TrackingSettings


def add_tracking_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--tracking``, ``--tracker`` and the numbers of the tracker."""
    add, default = parser.add_argument, TrackingSettings()
    add('--tracking', action='store_true', help='number objects from frame to frame')
    add('--tracker', type=str.lower, choices=('iou', 'byte'), help='number objects by this method')
    add('--tracker-min-frames', type=int, default=default.min_frames)
    add('--tracker-drop-frames', type=int, default=default.drop_frames)
    add('--tracker-overlap', type=float, default=default.overlap)


def tracking_settings(arguments: argparse.Namespace) -> TrackingSettings:
    """Return the settings that the options give.

    Raises:
        SettingsError: A number is out of its range.
    """
    return TrackingSettings(
        kind=arguments.tracker or 'iou',
        min_frames=arguments.tracker_min_frames,
        drop_frames=arguments.tracker_drop_frames,
        overlap=arguments.tracker_overlap,
    )


def is_tracking(arguments: argparse.Namespace) -> bool:
    """Return whether the options ask for a tracker."""
    return bool(arguments.tracking) or arguments.tracker is not None
