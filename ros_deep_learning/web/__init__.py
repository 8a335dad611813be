# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Serve pages to browsers: addresses, who is let in, the server. Others say what a page shows."""
