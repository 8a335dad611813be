# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The kernels on the CPU, and the helpers of this folder on Python's path."""

from __future__ import annotations

import pytest


@pytest.fixture
def device(shim_module):
    from kernel_devices import HostDevice

    from ros_deep_learning.engines.tensorrt.kernels.launcher import Kernels

    shim_module.backwards = False
    return HostDevice(Kernels(shim_module))
