# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert frozen SSD graphs of TensorFlow to ONNX."""
