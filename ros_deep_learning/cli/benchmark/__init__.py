# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The command ``rdl benchmark``, and what the program of the whole graph shares with it."""

from .program import main

__all__ = ['main']
