# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start detectnet, imagenet and segnet, or some of them, in one process with one camera topic."""

from launch import LaunchDescription

from ros_deep_learning.launching.vision_launch import composed_launch


def generate_launch_description() -> LaunchDescription:
    return composed_launch(('detectnet', 'imagenet', 'segnet'))
