# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Labelled pictures on disk: their formats, what is wrong with them, and how they are written."""
