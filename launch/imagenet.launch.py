# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Start the imagenet node on a camera topic."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription

from ros_deep_learning.nodes.launching import vision_launch

PARAMETERS = (
    ('model', str, 'Name of a network in the zoo, or path of a model card.'),
    ('threshold', float, 'Least score of a class, 0 to 1.'),
    ('top_k', int, 'Most classes of an image; 0 is no limit.'),
    ('smoothing', float, '0 is none, up to 1 the weight of the newest frame, else a count.'),
    ('multi_label', bool, 'Whether several classes can be true of an image.'),
    ('region', str, 'Part of the image: left,top,right,bottom as shares 0 to 1.'),
    ('backend', str, 'auto, tensorrt or onnxruntime.'),
    ('precision', str, 'auto, fp32, fp16 or int8.'),
    ('model_name', str, 'Old name of model.'),
    ('model_path', str, 'Old name of model, for the path of a card.'),
    ('class_labels_path', str, "File of labels instead of the model card's."),
    ('prototxt_path', str, 'Of jetson-inference; must stay empty.'),
    ('input_blob', str, "Name of the input tensor instead of the model card's."),
    ('output_blob', str, "Name of the output tensor instead of the model card's."),
)


def generate_launch_description() -> LaunchDescription:
    share = Path(get_package_share_directory('ros_deep_learning'))
    return vision_launch('imagenet', str(share / 'config' / 'imagenet.yaml'), PARAMETERS)
