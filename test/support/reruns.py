# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What pytest-rerunfailures lacks: how a test failed that passed at its second try, and speed.

It lists the name of such a test only, and so what failed would never be found.
"""

from __future__ import annotations

import socket

import pytest
from _pytest.terminal import TerminalReporter


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let a worker of pytest-xdist note each test without waiting for an acknowledgement.

    It sends two small messages through TCP, of which the second waits 40 ms for that of the first.
    """
    notes = getattr(getattr(config, 'failures_db', None), 'sock', None)
    if notes is not None:
        notes.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the traceback and the output of each first try."""
    for report in terminalreporter.stats.get('rerun', []):
        terminalreporter.write_sep('_', f'first try of {report.nodeid}')
        terminalreporter.write_line(report.longreprtext)
        for title, printed in report.sections:
            terminalreporter.write_sep('-', title)
            terminalreporter.write_line(printed)
