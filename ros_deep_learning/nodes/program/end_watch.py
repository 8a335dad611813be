# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""End a process that does not end by itself, after saying what it waits for."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading

END_S = 5.0
"""Longest time from a signal to the end of the process; launch sends its next signal then."""
_WITHOUT_PYTHON_S = 2.0
_STDERR = 2


class EndWatch:
    """Ends the process if it takes longer than ``END_S`` to free everything.

    A middleware or driver may spin or wait forever when its entities are destroyed (seen once:
    Fast DDS in ``set_listener``, at 95 % CPU for minutes), or when the interpreter ends.
    """

    def __init__(self) -> None:
        self._timer = threading.Timer(END_S, _leave)
        self._timer.daemon = True
        self._started = False

    def start(self) -> None:
        """Start the time, when the end begins."""
        self._started = True
        self._timer.start()
        # Written in C, so that it also works while a library holds Python's lock.
        faulthandler.dump_traceback_later(END_S + _WITHOUT_PYTHON_S, exit=True, file=_STDERR)

    def all_is_free(self) -> None:
        """Limit what the interpreter and then the libraries take to as long, if it was started."""
        self._timer.cancel()
        if self._started:
            faulthandler.dump_traceback_later(END_S, exit=True, file=_STDERR)
            # Whose default action ends the process also where there is no interpreter any more.
            signal.setitimer(signal.ITIMER_REAL, 2 * END_S)


def _leave() -> None:
    print(
        f'error: not everything was freed within {END_S:.0f} s, so the process ends now; each '
        'thread was here:',
        file=sys.stderr,
        flush=True,
    )
    faulthandler.dump_traceback(file=_STDERR, all_threads=True)
    os._exit(1)
