# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin that adds what failed to the file ``$FAILURES``.

A run of several pytests prints that file at its very end, where a reader of a long log looks, and
a service that keeps the end of a log only.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from skipped import refused_skips


def line_of_error(report: pytest.CollectReport | pytest.TestReport) -> str:
    """Return the first line of what was raised; the last one of a traceback that is a text."""
    crash = getattr(report.longrepr, 'reprcrash', None)
    if crash is None:
        return str(report.longrepr).strip().rpartition('\n')[2]
    return str(crash.message).partition('\n')[0]


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Add a line for each failure, and for each test that had to run in CI and did not."""
    path = os.environ.get('FAILURES')
    # A worker of pytest-xdist summarises, too, and what failed there is told by the controller.
    if not path or hasattr(config, 'workerinput'):
        return
    failed = [*terminalreporter.stats.get('failed', []), *terminalreporter.stats.get('error', [])]
    lines = [f'{report.nodeid}: {line_of_error(report)}' for report in failed]
    lines += [f'{report.nodeid}: did not run' for report in refused_skips(config)]
    with Path(path).open('a') as file:
        file.writelines(f'{os.environ.get("ROS_DISTRO", "")} {line}\n' for line in lines)
