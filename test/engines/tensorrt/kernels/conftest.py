# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The kernels on the CPU, and the helpers of this folder on Python's path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope='session')
def shim_module(tmp_path_factory):
    from kernel_shim import ShimModule, build_shim

    return ShimModule(build_shim(tmp_path_factory.mktemp('shim')))


@pytest.fixture
def device(shim_module):
    from kernel_devices import HostDevice

    from ros_deep_learning.engines.tensorrt.kernels.launcher import Kernels

    shim_module.backwards = False
    return HostDevice(Kernels(shim_module))
