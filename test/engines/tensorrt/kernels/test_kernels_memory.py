# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
sys.path[:0] = [{folder!r}]
import faulthandler
import numpy as np
import kernel_cases as cases
from kernel_devices import PageDevice
from kernel_shim import ShimModule
from ros_deep_learning.engines.tensorrt.kernels.launcher import Kernels
faulthandler.enable()
device = PageDevice(Kernels(ShimModule({library!r})), at_end={at_end})
for seed in range(40):
    for check in (cases.check_preprocess, cases.check_segment, cases.check_colors):
        check(device, np.random.default_rng(seed))
    if seed < 10:
        cases.check_candidates(device, np.random.default_rng(seed))
        cases.check_activate(device, np.random.default_rng(seed))
print('whole')
"""


@pytest.mark.parametrize('at_end', [True, False])
def test_nothing_is_touched_beyond_the_buffers(shim_module, at_end):
    program = PROGRAM.format(
        folder=str(Path(__file__).parent), library=shim_module.library._name, at_end=at_end
    )
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[4],
    )  # fmt: skip
    assert done.stdout == 'whole\n', done.stderr
