# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start video_output: an image topic into a video, pictures or a window."""

from launch import LaunchDescription

from ros_deep_learning.launching.launch_videos import output_launch


def generate_launch_description() -> LaunchDescription:
    return output_launch()
