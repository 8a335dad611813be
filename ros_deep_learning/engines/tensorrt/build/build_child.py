# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The process that builds one plan; started by ``build_process``, and of no use to people."""

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
    """Build the plan of the job on stdin.

    Progress, log and outcome go to stdout as lines of JSON; plan and timing cache go to files
    that the parent opened.

    Args:
        arguments: Parent's process id, and the file descriptors of plan and timing cache.
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
    """End with the process that wants the plan, and leave the terminal's Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit('the process that wanted the plan is gone')


class _Sender:
    """Lines of JSON on what was stdout; whatever prints goes to stderr from now on."""

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
