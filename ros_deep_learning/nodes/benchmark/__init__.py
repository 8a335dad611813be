# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of a whole graph: a camera's process, the node's, and a viewer of the results."""
