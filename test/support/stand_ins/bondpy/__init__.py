# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Takes the place of bondpy of bond_core, which PyPI lacks."""
