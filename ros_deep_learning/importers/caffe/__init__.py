# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert Caffe networks, a prototxt and its caffemodel, to ONNX."""

from __future__ import annotations

from .caffe_network import input_shapes
from .convert import CONVERTER_VERSION, convert_caffe

__all__ = ['CONVERTER_VERSION', 'convert_caffe', 'input_shapes']
