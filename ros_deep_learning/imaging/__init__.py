# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pixels: image encodings, messages as arrays, placement, palettes and overlay drawing."""
