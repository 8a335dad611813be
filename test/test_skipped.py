# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the count of skipped tests, and of the refusal of skips in CI."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from plugin_runs import run_with_plugins
from skipped import in_ci

GPU = """
import pytest

@pytest.mark.gpu
@pytest.mark.parametrize('n', range(3))
def test_gpu(n):
    pytest.skip('no driver')

def test_other():
    pass
"""
LACKS = (
    GPU
    + """
def test_lacks():
    pytest.importorskip('no_such_module')
"""
)
WHOLE_FILE = "import pytest\n\npytest.importorskip('no_such_module')\n"


OWN_MESSAGES = """
import pytest

@pytest.mark.own_messages
@pytest.mark.parametrize('n', range(2))
def test_message(n):
    raise AssertionError

def test_other():
    pass
"""
# Alone, and with a worker; both read what the controller prints and returns.
ALONE, WORKERS = (), ('-p', 'xdist', '-n', '1')

Run = Callable[[str, str, tuple[str, ...]], tuple[int, str]]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run tests in this process, or with workers in one of its own."""

    def call(body: str, ci: str, options: tuple[str, ...]) -> tuple[int, str]:
        if options:
            done = run_apart(pytester.path, body, ci, *options)
            return done.returncode, done.stdout
        write(pytester.path, body)
        monkeypatch.setenv('CI', ci)
        monkeypatch.setenv('PYTEST_DISABLE_PLUGIN_AUTOLOAD', '1')
        result = pytester.runpytest_inprocess('-p', 'skipped', '-p', 'no:cacheprovider')
        return int(result.ret), result.stdout.str()

    return call


def write(folder: Path, body: str) -> None:
    folder.joinpath('pytest.ini').write_text('[pytest]\nmarkers = gpu\n own_messages\n')
    folder.joinpath('test_it.py').write_text(body)


def run_apart(folder: Path, body: str, ci: str, *options: str) -> subprocess.CompletedProcess[str]:
    write(folder, body)
    return run_with_plugins(folder, ['skipped'], *options, CI=ci)


@pytest.mark.parametrize(
    ('value', 'expected'),
    [('', False), ('0', False), ('False', False), ('true', True), ('1', True)],
)
def test_in_ci(value: str, expected: bool) -> None:
    assert in_ci({'CI': value}) is expected
    assert in_ci({}) is False


def test_nothing_is_printed_where_all_ran(run: Run) -> None:
    code, text = run('def test_it():\n    pass\n', 'true', ALONE)
    assert code == 0
    assert 'did not run' not in text


@pytest.mark.parametrize(('ci', 'options'), [('', ALONE), ('true', ALONE), ('true', WORKERS)])
def test_gpu_tests_are_counted_and_may_skip(run: Run, ci: str, options: tuple[str, ...]) -> None:
    code, text = run(GPU, ci, options)
    assert code == 0
    assert text.count('\n3 tests did not run: needs a GPU: no driver\n') == 1
    assert 'must run in CI' not in text


@pytest.mark.parametrize(('body', 'others'), [(LACKS, 3), (WHOLE_FILE, 0)])
@pytest.mark.parametrize(('ci', 'options'), [('', ALONE), ('true', ALONE), ('true', WORKERS)])
def test_another_skip_is_a_failure_in_ci(
    run: Run, body: str, others: int, ci: str, options: tuple[str, ...]
) -> None:
    code, text = run(body, ci, options)
    assert ('3 tests did not run: needs a GPU' in text) is bool(others)
    assert "1 test did not run: could not import 'no_such_module'" in text
    failed = '1 of them need no GPU and must run in CI: this run failed' in text
    assert failed is bool(ci)
    # pytest itself calls it a failure when no test is left.
    assert (code == 0) is (not ci and bool(others))


@pytest.mark.parametrize('options', [ALONE, WORKERS])
def test_tests_of_messages_that_were_not_generated_are_counted(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    # A package without messages stands in for such a build.
    package = tmp_path / 'ros_deep_learning'
    package.mkdir()
    (package / '__init__.py').touch()
    done = run_apart(tmp_path, OWN_MESSAGES, 'true', *options)
    assert done.returncode == 0
    line = '\n2 tests of our own messages did not run: none were generated here\n'
    assert done.stdout.count(line) == 1
    assert '1 passed' in done.stdout
