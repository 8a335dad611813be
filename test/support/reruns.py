# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin that prints how a test failed that passed at its second try.

pytest-rerunfailures lists its name only, and so what failed would never be found.
"""

from __future__ import annotations

from _pytest.terminal import TerminalReporter


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the traceback and the output of each first try."""
    for report in terminalreporter.stats.get('rerun', []):
        terminalreporter.write_sep('_', f'first try of {report.nodeid}')
        terminalreporter.write_line(report.longreprtext)
        for title, printed in report.sections:
            terminalreporter.write_sep('-', title)
            terminalreporter.write_line(printed)
