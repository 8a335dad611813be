# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start video_output: write images to a video or pictures, or show them in a window."""

from launch import LaunchDescription

from ros_deep_learning.launching.launch_videos import output_launch


def generate_launch_description() -> LaunchDescription:
    return output_launch()
