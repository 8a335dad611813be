# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start the detectnet node on a camera topic."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription

from ros_deep_learning.nodes.launching import vision_launch

PARAMETERS = (
    ('model', str, 'Name of a network in the zoo, or path of a model card.'),
    ('threshold', float, 'Least score of a detection, 0 to 1.'),
    ('backend', str, 'auto, tensorrt or onnxruntime.'),
    ('precision', str, 'auto, fp32, fp16 or int8.'),
    ('overlay_flags', str, 'What the overlay shows: box, lines, labels, conf, or none.'),
)


def generate_launch_description() -> LaunchDescription:
    share = Path(get_package_share_directory('ros_deep_learning'))
    return vision_launch('detectnet', str(share / 'config' / 'detectnet.yaml'), PARAMETERS)
