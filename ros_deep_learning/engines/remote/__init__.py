# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run networks on an inference server, over the Open Inference Protocol (KServe v2)."""
