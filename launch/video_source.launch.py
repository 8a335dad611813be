# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start video_source: publish a file, pictures, a camera or a stream as images."""

from launch import LaunchDescription

from ros_deep_learning.launching.launch_videos import source_launch


def generate_launch_description() -> LaunchDescription:
    return source_launch()
