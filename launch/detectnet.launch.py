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
    ('classes', str, 'Labels of the classes to report, joined by commas; empty reports all.'),
    ('clustering', str, 'nms or union.'),
    ('tracking', str, 'none, iou or byte.'),
    ('tile_width', int, 'Width of the tiles that large images are cut into; 0 does not cut.'),
    ('tile_height', int, 'Height of the tiles; 0 is the width.'),
    ('region', str, 'Part of the image: left,top,right,bottom as shares 0 to 1.'),
    ('overlay_flags', str, 'What the overlay shows: box, lines, labels, conf, tracking, none.'),
    ('overlay_alpha', float, 'Opacity of the boxes in the overlay, 0 to 255.'),
    ('backend', str, 'auto, tensorrt or onnxruntime.'),
    ('precision', str, 'auto, fp32, fp16 or int8.'),
    ('model_name', str, 'Old name of model.'),
    ('model_path', str, 'Old name of model, for the path of a card.'),
    ('class_labels_path', str, "File of labels instead of the model card's."),
    ('prototxt_path', str, 'Of jetson-inference; must stay empty.'),
    ('input_blob', str, "Name of the input tensor instead of the model card's."),
    ('output_cvg', str, "Name of the tensor of scores instead of the model card's."),
    ('output_bbox', str, "Name of the tensor of boxes instead of the model card's."),
    ('mean_pixel_value', float, "Subtracted from pixels instead of the model card's mean."),
)


def generate_launch_description() -> LaunchDescription:
    share = Path(get_package_share_directory('ros_deep_learning'))
    return vision_launch('detectnet', str(share / 'config' / 'detectnet.yaml'), PARAMETERS)
