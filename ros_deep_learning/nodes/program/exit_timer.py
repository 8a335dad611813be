# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A timer that ends the process without Python, which a hanging library may have locked."""

from __future__ import annotations

import ctypes
import time

_SIGEV_THREAD = 2


class _SigEvent(ctypes.Structure):
    # struct sigevent of 64-bit Linux, which has 64 bytes (man 3type sigevent).
    _fields_ = (
        ('value', ctypes.c_void_p),
        ('signal', ctypes.c_int),
        ('notify', ctypes.c_int),
        ('function', ctypes.c_void_p),
        ('attributes', ctypes.c_void_p),
        ('padding', ctypes.c_byte * 32),
    )


class _ITimerSpec(ctypes.Structure):
    _fields_ = (
        ('interval_s', ctypes.c_long),
        ('interval_ns', ctypes.c_long),
        ('value_s', ctypes.c_long),
        ('value_ns', ctypes.c_long),
    )


class ExitTimer:
    """Ends the process at once, in ``limit_s``, also where there is no interpreter any more.

    ``_exit`` is called in a thread of the C library with the exit code as its argument. Nothing
    is flushed.

    Args:
        limit_s: Time from now, more than 0.
        exit_code: Exit code of the process, 0 to 255.
    """

    def __init__(self, limit_s: float, exit_code: int) -> None:
        # Whose functions the C library holds itself since glibc 2.34.
        self._library = ctypes.CDLL('librt.so.1')
        end = ctypes.cast(self._library['_exit'], ctypes.c_void_p)
        event = _SigEvent(value=exit_code, notify=_SIGEV_THREAD, function=end)
        self._timer = ctypes.c_void_p()
        clock = ctypes.c_int(time.CLOCK_MONOTONIC)
        self._library.timer_create(clock, ctypes.byref(event), ctypes.byref(self._timer))
        seconds, nanoseconds = divmod(round(limit_s * 1e9), 10**9)
        limit = _ITimerSpec(value_s=seconds, value_ns=nanoseconds)
        self._library.timer_settime(self._timer, 0, ctypes.byref(limit), None)

    def cancel(self) -> None:
        """Let the process live."""
        self._library.timer_delete(self._timer)
