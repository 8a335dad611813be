# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""How fast a network or a node is on this machine: rates, times, load, and what to doubt."""
