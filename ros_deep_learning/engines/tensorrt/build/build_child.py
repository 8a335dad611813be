# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The child process that builds one plan; only ``build_process`` starts it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import signal
import sys
import threading
from typing import Any

from ....errors import BackendUnavailableError, BuildError, DeepLearningError
from .build_job import BuildJob, BuildResult

_PR_SET_PDEATHSIG = 1
ERRORS: dict[str, type[DeepLearningError]] = {
    kind.__name__: kind for kind in (BuildError, BackendUnavailableError)
}


def main(arguments: list[str]) -> int:
    """Build the plan for the job on stdin.

    Write progress, log and outcome to stdout as lines of JSON, and the plan and the timing cache
    to files that the parent has opened.

    Args:
        arguments: Process id of the parent, and the file descriptors of plan and timing cache.

    Returns:
        Exit code: 0 done, 1 failed.
    """
    parent, plan_fd, timings_fd = (int(word) for word in arguments)
    _die_with(parent)
    send = _Sender()
    job = BuildJob.parse(sys.stdin.read())
    logging.basicConfig(level=logging.WARNING, handlers=[_Forward(send)])
    with os.fdopen(timings_fd, 'r+b') as file:
        timings = file.read()
        try:
            result = _build(job, timings, send)
        except DeepLearningError as err:
            kind = type(err).__name__ if type(err).__name__ in ERRORS else 'BuildError'
            send({'error': kind, 'message': str(err)})
            return 1
        file.seek(0)
        file.truncate()
        file.write(result.timings)
    with os.fdopen(plan_fd, 'wb') as file:
        file.write(result.plan)
    send({'done': list(result.notes)})
    return 0


def _build(job: BuildJob, timings: bytes, send: _Sender) -> BuildResult:
    from .builder import build

    def report(share: float) -> None:
        send({'share': share})

    with contextlib.ExitStack() as stack:
        if job.target is None:
            from ..runtime.cuda import gpu_context

            stack.enter_context(gpu_context(job.device).current())
        return build(job, timings, report)


def _die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends; the parent handles Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit('the parent process has ended')


class _Sender:
    """Write lines of JSON to the original stdout, and redirect all other output to stderr."""

    def __init__(self) -> None:
        self._file = os.fdopen(os.dup(1), 'w', buffering=1)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def __call__(self, message: dict[str, Any]) -> None:
        with self._lock:
            self._file.write(json.dumps(message) + '\n')


class _Forward(logging.Handler):
    def __init__(self, send: _Sender) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        self._send({'log': record.getMessage(), 'level': record.levelno})
