# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Options of programs whose network runs on a server, and what a server needs to serve one."""
