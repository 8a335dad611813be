# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The ROS nodes, one file each, and the rooms that they are made of."""
