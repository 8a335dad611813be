# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what a run prints of a first try."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_runs import run_with_plugins

SECOND_TRY = """
tries = []

def test_late():
    tries.append(1)
    print('the picture was late')
    assert len(tries) > 1, 'waited in vain'
"""


@pytest.mark.parametrize('workers', [(), ('-n', '1')], ids=['alone', 'worker'])
def test_the_failure_of_a_first_try_is_printed(tmp_path: Path, workers: tuple[str, ...]) -> None:
    tmp_path.joinpath('test_it.py').write_text(SECOND_TRY)
    plugins = ('reruns', 'pytest_rerunfailures', 'xdist')
    done = run_with_plugins(tmp_path, plugins, '--reruns', '1', *workers)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '1 rerun' in done.stdout
    for words in ('first try of test_it.py::test_late', 'waited in vain', 'the picture was late'):
        assert words in done.stdout
