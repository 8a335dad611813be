# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""``rdl autolabel``: a network labels pictures."""

from .program import main

__all__ = ['main']
