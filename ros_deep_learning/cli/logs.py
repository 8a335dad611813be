# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a console program has to do with its terminal: log records, errors, and signals from it."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable

from ..errors import DeepLearningError
from ..text import for_terminal


def log_to_terminal(level: int = logging.WARNING) -> None:
    """Write log records to the standard error, as ``WARNING: text``.

    Args:
        level: Least level of the package's own records; those of others are warnings and worse.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Printable('%(levelname)s: %(message)s'))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger('ros_deep_learning').setLevel(level)


class _Printable(logging.Formatter):
    """Escapes what a terminal takes for commands, such as in the name of a file of others."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        return for_terminal(super().formatMessage(record))


def treat_sigterm_as_interrupt() -> None:
    """Let SIGTERM raise KeyboardInterrupt, as Ctrl-C does, so that files are finished."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def run_command(
    program: str, work: Callable[[], int], *, interrupted: str, level: int = logging.WARNING
) -> int:
    """Run the work of a command, and print an error of it as one line.

    Args:
        program: Its name, which begins the line.
        work: Returns the exit code.
        interrupted: Printed where a signal ends it: what is lost, or how to go on.
        level: See ``log_to_terminal``.

    Returns:
        The exit code of the work, 1 after an error, 130 after a signal.
    """
    log_to_terminal(level)
    treat_sigterm_as_interrupt()
    try:
        return work()
    except (DeepLearningError, OSError) as err:
        print(f'{program}: {for_terminal(str(err))}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f'{program}: interrupted; {interrupted}', file=sys.stderr)
        return 130
