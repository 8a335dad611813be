# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Points in a stream's work that other streams and the host wait for."""

from __future__ import annotations

import contextlib
import ctypes

from ....errors import EngineError
from . import driver_calls

LEGACY_STREAM = 1
"""CU_STREAM_LEGACY, the handle of the default stream that waits for other streams."""

_DISABLE_TIMING = 2


class CudaEvent:
    """A point in a stream's work, on streams of any library of the process.

    All methods need the GPU's context current, and raise EngineError where the driver refuses.
    """

    def __init__(self) -> None:
        self._event = ctypes.c_void_p()
        driver_calls.quick_call(
            'cuEventCreate', ctypes.byref(self._event), ctypes.c_uint(_DISABLE_TIMING)
        )

    def record(self, stream: int) -> None:
        """Put the point behind all that is on a stream by now."""
        driver_calls.quick_call('cuEventRecord', self._event, ctypes.c_void_p(stream))

    def hold_back(self, stream: int) -> None:
        """Let what is put on a stream from now on wait for the point; the host goes on."""
        driver_calls.quick_call(
            'cuStreamWaitEvent', ctypes.c_void_p(stream), self._event, ctypes.c_uint(0)
        )

    def synchronize(self) -> None:
        """Wait for the point."""
        driver_calls.call('cuEventSynchronize', self._event)

    def free(self) -> None:
        """Free the event; streams that wait for it still do."""
        with contextlib.suppress(EngineError):
            driver_calls.quick_call('cuEventDestroy_v2', self._event)


def wait_for_stream(waiting: int, other: int) -> None:
    """Let a stream wait for all that is on another one by now; the host goes on.

    Args:
        waiting: Handle of the stream that waits.
        other: Handle of the stream that it waits for.
    """
    event = CudaEvent()
    try:
        event.record(other)
        event.hold_back(waiting)
    finally:
        event.free()
