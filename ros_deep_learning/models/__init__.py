# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a network is: cards, the zoo of names, fetching, labels and converters to ONNX."""
