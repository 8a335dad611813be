# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run networks on an NVIDIA GPU with TensorRT 8.6 to 11 or TensorRT for RTX."""
