# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The page of ``rdl collect``: the live picture, and what a person says about a picture."""
