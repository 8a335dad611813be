# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the end of a run in which a test hangs."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_runs import run_with_plugins

HANGS = """
import ctypes
import pytest

@pytest.fixture
def node():
    yield
    # As in C code that keeps Python's lock.
    ctypes.PyDLL(None).usleep(60_000_000)

def test_passes():
    pass

def test_hangs(node):
    pass
"""


@pytest.mark.parametrize(
    'workers', [(), ('-n', '1', '--max-worker-restart=0')], ids=['alone', 'worker']
)
def test_a_fixture_that_hangs_ends_the_run(tmp_path: Path, workers: tuple[str, ...]) -> None:
    tmp_path.joinpath('test_it.py').write_text(HANGS)
    done = run_with_plugins(tmp_path, ['hangs', 'xdist'], *workers, HANG_LIMIT_S='1')
    assert done.returncode != 0
    assert 'Timeout (0:00:01)' in done.stderr + done.stdout
    assert 'test_it.py", line 9 in node' in done.stderr + done.stdout


def test_each_test_has_the_time_anew(tmp_path: Path) -> None:
    body = 'import time\n' + ''.join(f'def test_{k}():\n    time.sleep(0.7)\n' for k in range(3))
    tmp_path.joinpath('test_it.py').write_text(body)
    done = run_with_plugins(tmp_path, ['hangs'], HANG_LIMIT_S='1.5')
    assert done.returncode == 0, done.stdout + done.stderr
