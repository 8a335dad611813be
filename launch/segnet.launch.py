# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start the segnet node on a camera topic."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription

from ros_deep_learning.nodes.launching import vision_launch

PARAMETERS = (
    ('model', str, 'Name of a network in the zoo, or path of a model card.'),
    ('mask_filter', str, 'linear or point.'),
    ('mask_resolution', str, 'source or grid: size of the class and confidence masks.'),
    ('min_confidence', float, 'Probability below which a pixel has no class, 0 to 1.'),
    ('ignore_class', str, 'Name or number of a class whose pixels get the runner-up.'),
    ('overlay_filter', str, 'linear or point.'),
    ('overlay_alpha', float, 'Opacity of the colours in the overlay, 0 to 255.'),
    ('overlay_bare', str, 'Classes that the overlay leaves without colour.'),
    ('backend', str, 'auto, tensorrt or onnxruntime.'),
    ('precision', str, 'auto, fp32, fp16 or int8.'),
    ('model_name', str, 'Old name of model.'),
    ('model_path', str, 'Old name of model, for the path of a card.'),
    ('class_labels_path', str, "File of labels instead of the model card's."),
    ('class_colors_path', str, "File of colours instead of the model card's."),
    ('prototxt_path', str, 'Of jetson-inference; must stay empty.'),
    ('input_blob', str, "Name of the input tensor instead of the model card's."),
    ('output_blob', str, "Name of the output tensor instead of the model card's."),
)


def generate_launch_description() -> LaunchDescription:
    share = Path(get_package_share_directory('ros_deep_learning'))
    return vision_launch('segnet', str(share / 'config' / 'segnet.yaml'), PARAMETERS)
