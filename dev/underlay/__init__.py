# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find a sourced ROS 2 distribution, or make one from PyPI in the user's cache."""

from __future__ import annotations


class UnderlayError(Exception):
    """The underlay or the overlay cannot be made; the text is one line that names the fix."""
