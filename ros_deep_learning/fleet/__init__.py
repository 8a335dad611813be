# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One program over many inputs: in this process, or on the machines of a Ray cluster."""
