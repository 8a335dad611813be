# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train networks on pictures with labels, and write them so that the nodes run them."""
