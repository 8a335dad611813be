# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Collect pictures and label them: from a camera to a data set that ``rdl train`` takes."""
