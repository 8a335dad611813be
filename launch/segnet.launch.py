# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start the segnet node; `input:=` adds a camera, `output:=` a window or a file."""

from launch import LaunchDescription

from ros_deep_learning.launching.vision_launch import vision_launch
from ros_deep_learning.nodes.parameters.segnet_settings import SegNetSettings


def generate_launch_description() -> LaunchDescription:
    return vision_launch('segnet', SegNetSettings)
