# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin: counts what did not run and why, and refuses all but GPU skips in CI."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from _pytest.terminal import TerminalReporter

Report = pytest.CollectReport | pytest.TestReport


def in_ci(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this is continuous integration, by the variable that its services set."""
    return environ.get('CI', '').lower() not in {'', '0', 'false'}


def reason(report: Report) -> str:
    """Give why a test did not run, without the place that says so."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    text = text.removeprefix('Skipped: ')
    return f'needs a GPU: {text}' if may_skip(report) else text


def may_skip(report: Report) -> bool:
    """Tell whether this is a test for a GPU; a whole file that skips itself has no marks."""
    return 'gpu' in getattr(report, 'keywords', ())


def summary(skipped: Sequence[Report]) -> list[str]:
    """Give a line for each reason, the most frequent first."""
    counted = Counter(map(reason, skipped)).most_common()
    return [f'{count} test{"s"[: count > 1]} did not run: {text}' for text, count in counted]


def _skipped(config: pytest.Config) -> list[Report]:
    reporter: TerminalReporter = config.pluginmanager.get_plugin('terminalreporter')
    return reporter.stats.get('skipped', [])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Make the run a failure where CI would take a skipped test for a passed one."""
    refused = [report for report in _skipped(session.config) if not may_skip(report)]
    if in_ci() and refused and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Tell how many tests did not run, and why."""
    skipped = _skipped(config)
    for line in summary(skipped):
        terminalreporter.write_line(line, yellow=True, bold=True)
    refused = [report for report in skipped if not may_skip(report)]
    if in_ci() and refused:
        line = f'{len(refused)} of them need no GPU and must run in CI: this run failed'
        terminalreporter.write_line(line, red=True, bold=True)
