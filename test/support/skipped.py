# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin that counts the tests that did not run, and refuses all but GPU skips in CI.

With pytest-xdist the counts are those of all workers, printed once.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

Report = pytest.CollectReport | pytest.TestReport

_LEFT_OUT = pytest.StashKey[int]()
_OWN_MESSAGES = 'tests_of_own_messages_left_out'


def in_ci(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether this is continuous integration, by the variable that its services set."""
    return environ.get('CI', '').lower() not in {'', '0', 'false'}


def reason(report: Report) -> str:
    """Return why a test did not run, without the file and line of the skip."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    text = text.removeprefix('Skipped: ')
    return f'needs a GPU: {text}' if 'gpu' in getattr(report, 'keywords', ()) else text


def may_skip(report: Report) -> bool:
    """Return whether a test needs what cannot be made here, as its mark says.

    A whole file that skips itself has no marks.
    """
    marks = {'chromium', 'gpu', 'real_weights', 'security_plugins'}
    return bool(marks & set(getattr(report, 'keywords', ())))


def summary(skipped: Sequence[Report]) -> list[str]:
    """Return one line for each reason, the most frequent first."""
    counted = Counter(map(reason, skipped)).most_common()
    return [f'{count} test{"s"[: count > 1]} did not run: {text}' for text, count in counted]


def _skipped(config: pytest.Config) -> list[Report]:
    reporter: TerminalReporter | None = config.pluginmanager.get_plugin('terminalreporter')
    # A worker of pytest-xdist has no terminal; its reports go to the controller.
    return [] if reporter is None else reporter.stats.get('skipped', [])


def refused_skips(config: pytest.Config) -> list[Report]:
    """Return the tests that make a CI run fail because they did not run."""
    return [report for report in _skipped(config) if in_ci() and not may_skip(report)]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of our own messages where the build generated none."""
    left_out = [item for item in items if item.get_closest_marker('own_messages')]
    if not left_out or find_spec('ros_deep_learning.msg') is not None:
        return
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    config.stash[_LEFT_OUT] = len(left_out)
    if hasattr(config, 'workeroutput'):
        config.workeroutput[_OWN_MESSAGES] = len(left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Keep the count of a worker of pytest-xdist; each worker collects all tests."""
    count = getattr(node, 'workeroutput', {}).get(_OWN_MESSAGES, 0)
    node.config.stash[_LEFT_OUT] = max(count, node.config.stash.get(_LEFT_OUT, 0))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a CI run in which a test was skipped that needs no GPU."""
    if refused_skips(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Print how many tests did not run, and why."""
    for line in summary(_skipped(config)):
        terminalreporter.write_line(line, yellow=True, bold=True)
    if count := config.stash.get(_LEFT_OUT, 0):
        line = f'{count} tests of our own messages did not run: none were generated here'
        terminalreporter.write_line(line, yellow=True)
    if refused := refused_skips(config):
        line = f'{len(refused)} of them need no GPU and must run in CI: this run failed'
        terminalreporter.write_line(line, red=True, bold=True)
