# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""ROS, and nothing else: the lifecycle base, parameters, publishers, one thin file a node."""
