# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""``rdl collect``: pictures of a camera become a data set."""

from .program import main

__all__ = ['main']
