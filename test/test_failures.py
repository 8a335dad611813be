# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the list of failures of several runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_runs import run_with_plugins

BODY = """
import pytest

@pytest.fixture
def broken():
    raise ValueError('no fixture')

def test_fails():
    assert [1] == [2], 'expected 2, got 1'

def test_errs(broken):
    pass

def test_skips():
    pytest.importorskip('no_such_module')

def test_passes():
    pass
"""


def run(folder: Path, body: str, *options: str, ci: str = '') -> int:
    folder.joinpath('test_it.py').write_text(body)
    plugins = ('skipped', 'failures', 'xdist')
    variables = {'CI': ci, 'ROS_DISTRO': 'lunar', 'FAILURES': str(folder / 'failures')}
    return run_with_plugins(folder, plugins, *options, **variables).returncode


@pytest.mark.parametrize('workers', [(), ('-n', '1')], ids=['alone', 'worker'])
def test_each_failure_has_a_line_and_runs_are_added(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    assert run(tmp_path, 'def test_it():\n    pass\n', *workers) == 0
    assert (tmp_path / 'failures').read_text() == ''
    assert run(tmp_path, BODY, *workers) == 1
    failed, erred = (tmp_path / 'failures').read_text().splitlines()
    assert failed.startswith('lunar test_it.py::test_fails: AssertionError: expected 2, got 1')
    assert erred == 'lunar test_it.py::test_errs: ValueError: no fixture'
    assert run(tmp_path, BODY, *workers, ci='true') == 1
    lines = (tmp_path / 'failures').read_text().splitlines()
    assert lines[:2] == lines[2:4] == [failed, erred]
    assert lines[4:] == ['lunar test_it.py::test_skips: did not run']


def test_a_file_that_cannot_be_imported_has_a_line(tmp_path: Path) -> None:
    assert run(tmp_path, 'import no_such_module\n') == 2
    (line,) = (tmp_path / 'failures').read_text().splitlines()
    assert line.startswith('lunar test_it.py: ')
    assert 'no_such_module' in line
