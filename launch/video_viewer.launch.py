# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start video_source, and a window with its images."""

from launch import LaunchDescription

from ros_deep_learning.launching.launch_videos import viewer_launch


def generate_launch_description() -> LaunchDescription:
    return viewer_launch()
