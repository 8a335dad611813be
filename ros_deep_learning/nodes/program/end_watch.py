# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""End a process that does not end by itself, after saying what it waits for."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time

from .exit_timer import ExitTimer

END_S = 5.0
"""Longest time from a signal to the end of the process; launch sends its next signal then."""
ENDING = (signal.SIGINT, signal.SIGTERM)
"""Signals that end the process."""
_WITHOUT_PYTHON_S = 2.0
_DUMP_S = 0.5
_STDERR = 2


class EndWatch:
    """Ends the process if it takes longer than ``END_S`` to free everything.

    A middleware or driver may spin or wait forever when its entities are destroyed, or when the
    interpreter ends. Fast DDS does where a peer leaves at that moment, if it is built for systems
    as old as those of its wheels: https://github.com/eProsima/Fast-DDS/issues/6513.
    """

    def __init__(self) -> None:
        self._timer = threading.Timer(END_S, _leave)
        self._timer.daemon = True
        self._started = False
        self._lock = threading.Lock()
        self._exit_code = 1
        self._exit: ExitTimer | None = None
        self._told: int | None = None
        self._told_before = -1

    def start_at_signals(self) -> None:
        """Start the time ``END_S`` after a signal of ``ENDING``, if that was not done until then.

        The main thread learns of a signal when it runs Python code: not while a library that
        creates a node hangs. So a thread of its own is told too.
        """
        heard, told = os.pipe()
        os.set_blocking(told, False)
        self._told = told
        self._told_before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)

        def listen() -> None:
            while number := os.read(heard, 1):
                if number[0] in ENDING:
                    time.sleep(END_S)
                    if self._told is not None:
                        self.start()
            os.close(heard)

        threading.Thread(target=listen, name='signals', daemon=True).start()

    def start(self) -> None:
        """Start the time, when the end begins; a second call does nothing."""
        with self._lock:
            if self._started:
                return
            self._started = True
        self._timer.start()
        self._limit(END_S + _WITHOUT_PYTHON_S)

    def work_is_done(self, exit_code: int) -> None:
        """Limit what the middleware takes to as long, and end with ``exit_code`` after that.

        Files are complete then and all results were sent, so that what hangs in a library does
        not make a failure of them.
        """
        self._timer.cancel()
        self._exit_code = exit_code
        if self._started:
            sys.stdout.flush()
            self._limit(END_S)

    def all_is_free(self) -> None:
        """Limit what the interpreter and then the libraries take to as long, if it was started."""
        self._timer.cancel()
        if self._told is not None:
            # A process that goes on without nodes keeps no thread that would end it at a signal.
            signal.set_wakeup_fd(self._told_before)
            os.close(self._told)
            self._told = None
        if self._started:
            self._limit(END_S)

    def _limit(self, limit_s: float) -> None:
        # Both are in C, so that they also work while a library holds Python's lock.
        faulthandler.dump_traceback_later(limit_s, file=_STDERR)
        if self._exit is not None:
            self._exit.cancel()
        self._exit = ExitTimer(limit_s + _DUMP_S, self._exit_code)


def _leave() -> None:
    print(
        f'error: not everything was freed within {END_S:.0f} s, so the process ends now; each '
        'thread was here:',
        file=sys.stderr,
        flush=True,
    )
    faulthandler.dump_traceback(file=_STDERR, all_threads=True)
    os._exit(1)
