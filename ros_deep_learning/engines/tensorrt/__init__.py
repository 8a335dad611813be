# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks on an NVIDIA GPU, through TensorRT 8.6 to 11 or TensorRT for RTX."""
