# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a console program has to do with its terminal: log records there, and signals from it."""

from __future__ import annotations

import logging
import signal
import threading


def log_to_terminal(level: int = logging.WARNING) -> None:
    """Write log records to the standard error, as ``WARNING: text``.

    Args:
        level: Least level of the package's own records; those of others are warnings and worse.
    """
    logging.basicConfig(level=logging.WARNING, format='%(levelname)s: %(message)s')
    logging.getLogger('ros_deep_learning').setLevel(level)


def treat_sigterm_as_interrupt() -> None:
    """Let SIGTERM raise KeyboardInterrupt, as Ctrl-C does, so that files are finished."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
