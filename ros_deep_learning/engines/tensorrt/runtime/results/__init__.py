# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of a network's outputs on the GPU: masks, candidates, and their way to the host."""
