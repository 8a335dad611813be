# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a build in a child process.

A build takes minutes and much memory, cannot be interrupted before TensorRT 10, and a crash in it
ends the process. In a child process it can be cancelled at any time, releases all its memory, and
leaves no partial files: the plan is passed through memory, and the parent writes it to disk.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import IO, Any

from ....errors import BuildError
from ....progress import Progress
from .build_child import ERRORS
from .build_job import BuildJob, BuildResult

_LOG = logging.getLogger('ros_deep_learning.tensorrt')
_TICK_S = 0.25
_CLOCK_S = 5
_PROGRAM = (
    'import sys; sys.path[:] = sys.argv[4:]; '
    'from ros_deep_learning.engines.tensorrt.build.build_child import main; '
    'sys.exit(main(sys.argv[1:4]))'
)
"""Gives the child the ``sys.path`` of this process. With ``-m``, Python would import from the
working folder first; with a file name, from the folder of the file."""


def build_in_child(job: BuildJob, timings: bytes, name: str, progress: Progress) -> BuildResult:
    """Build a plan in a child process, and wait for it.

    Args:
        job: The plan to build.
        timings: Timing cache of an earlier build, or empty.
        name: Name of the network in messages.
        progress: Called several times a second with the finished share, or with the elapsed time
            if TensorRT does not report progress. An exception from it, or an interrupt, kills the
            child and is raised again.

    Raises:
        BuildError: The build failed, or its process died.
        BackendUnavailableError: TensorRT cannot be imported.
    """
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        plan = stack.enter_context(_memory_file('plan'))
        cache = stack.enter_context(_memory_file('timings'))
        cache.write(timings)
        cache.seek(0)
        log = stack.enter_context(tempfile.TemporaryFile())
        child = stack.enter_context(_child(job, plan.fileno(), cache.fileno(), log))
        outcome: dict[str, Any] = {}
        share: float | None = None
        for message in _messages(child):
            if 'share' in message:
                share = message['share']
            elif 'log' in message:
                _LOG.log(message['level'], '%s', message['log'])
            elif message:
                outcome = message
            seconds = int(time.monotonic() - start) // _CLOCK_S * _CLOCK_S
            progress(f'building {name}' + f', {seconds} s' * (share is None), share)
        code = child.wait()
        if 'error' in outcome:
            raise ERRORS[outcome['error']](outcome['message'])
        if 'done' not in outcome:
            raise BuildError(_died(name, code, log))
        plan.seek(0)
        cache.seek(0)
        return BuildResult(plan.read(), cache.read(), tuple(outcome['done']))


@contextlib.contextmanager
def _memory_file(name: str) -> Iterator[IO[bytes]]:
    with os.fdopen(os.memfd_create(f'ros_deep_learning-{name}'), 'w+b') as file:
        yield file


@contextlib.contextmanager
def _child(
    job: BuildJob, plan_fd: int, timings_fd: int, log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    numbers = [str(os.getpid()), str(plan_fd), str(timings_fd)]
    child = subprocess.Popen(
        [sys.executable, '-c', _PROGRAM, *numbers, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        pass_fds=(plan_fd, timings_fd),
        start_new_session=True,
    )
    try:
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError), child.stdin:
            child.stdin.write(job.dump().encode())
        yield child
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _messages(child: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the messages of the child, and an empty one whenever none came for a while."""
    assert child.stdout is not None
    handle = child.stdout.fileno()
    rest = b''
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        while True:
            if not selector.select(_TICK_S):
                yield {}
                continue
            block = os.read(handle, 1 << 16)
            if not block:
                return
            *lines, rest = (rest + block).split(b'\n')
            messages = [json.loads(line) for line in lines]
            # A build reports thousands of steps, so only the last share of a block is used.
            yield from [m for m in messages if 'share' not in m]
            yield from [m for m in messages if 'share' in m][-1:]


def _died(name: str, code: int, log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors='replace').strip().splitlines()
    last = f': {lines[-1].strip()}' if lines else ''
    if code == -9:
        return (
            f'the builder of {name} was killed (signal 9), probably because memory ran out; '
            'to fix: free memory, or set workspace_mb'
        )
    how = f'signal {-code}' if code < 0 else f'exit code {code}'
    return f'the builder of {name} died with {how}{last}'
