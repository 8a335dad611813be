# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start the imagenet node; `input:=` adds a camera, `output:=` a window or a file."""

from launch import LaunchDescription

from ros_deep_learning.launching.vision_launch import vision_launch
from ros_deep_learning.nodes.parameters.imagenet_settings import ImageNetSettings


def generate_launch_description() -> LaunchDescription:
    return vision_launch('imagenet', ImageNetSettings)
