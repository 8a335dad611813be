# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start detectnet, imagenet and segnet, or some of them, in one process with one camera topic."""

from launch import LaunchDescription

from ros_deep_learning.launching.vision_launch import composed_launch
from ros_deep_learning.nodes.parameters.detectnet_settings import DetectNetSettings
from ros_deep_learning.nodes.parameters.imagenet_settings import ImageNetSettings
from ros_deep_learning.nodes.parameters.segnet_settings import SegNetSettings


def generate_launch_description() -> LaunchDescription:
    return composed_launch(
        {'detectnet': DetectNetSettings, 'imagenet': ImageNetSettings, 'segnet': SegNetSettings}
    )
