# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""`ros2 launch` and `ros2 lifecycle` for a ROS made from PyPI, which has neither.

A distribution brings its own, in the packages ros2launch and ros2lifecycle.
"""
