# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that what the library logs reaches the terminal of a console program."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from ros_deep_learning.cli.logs import treat_sigterm_as_interrupt

CODE = """
import logging
from ros_deep_learning.cli.logs import log_to_terminal
log_to_terminal({level})
for level in ('debug', 'info', 'warning'):
    getattr(logging.getLogger('ros_deep_learning.engines'), level)('ours')
    getattr(logging.getLogger('others'), level)('theirs')
"""


def said(level: str) -> list[str]:
    command = [sys.executable, '-c', CODE.format(level=level)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == ''
    return done.stderr.splitlines()


def test_records_have_their_level_and_only_ours_may_be_below_a_warning() -> None:
    assert said('') == ['WARNING: ours', 'WARNING: theirs']
    assert said('logging.INFO') == ['INFO: ours', 'WARNING: ours', 'WARNING: theirs']


def test_sigterm_ends_a_program_as_ctrl_c_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        treat_sigterm_as_interrupt()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
