# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert networks of other formats to ONNX: Caffe, frozen TensorFlow graphs and UFF.

The rest of the package imports these names only, and only when a file of such a format is used.
"""

from __future__ import annotations

from .conversion import (
    caffe_data_transform,
    caffe_ends,
    caffe_input_shapes,
    caffe_mean,
    check_caffe_outputs,
    conversion_key,
    convert,
    uff_input_size,
)
from .data_transform import DataTransform

__all__ = [
    'DataTransform',
    'caffe_data_transform',
    'caffe_ends',
    'caffe_input_shapes',
    'caffe_mean',
    'check_caffe_outputs',
    'conversion_key',
    'convert',
    'uff_input_size',
]
