# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run the steps of a build: logged to files, in parallel, stopped together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TextIO

from . import UnderlayError

_NO_NETWORK = (
    'NewConnectionError',
    'Temporary failure in name resolution',
    'Name or service not known',
    'Network is unreachable',
    'Connection refused',
    'ConnectTimeoutError',
    'ReadTimeoutError',
    'ProxyError',
)


Command = Sequence[str | Path]


class Runner:
    """Runs the commands of a build, each with its own log file under one folder."""

    def __init__(self, logs: Path, out: TextIO | None = None) -> None:
        self.logs = logs
        self._out = out or sys.stderr
        self._start = time.monotonic()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def say(self, text: str) -> None:
        """Print one line with the seconds since the start."""
        print(f'[{time.monotonic() - self._start:5.1f} s] {text}', file=self._out, flush=True)

    def run(
        self,
        log: str,
        command: Command,
        environment: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        """Run a command to its end, with its output in the log.

        Raises:
            UnderlayError: It failed; the line has the likely reason and the log's path.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        path = self.logs / f'{log}.log'
        with path.open('wb') as output:
            with self._lock:
                if self._stopped:
                    msg = f'{log} was not started, because another step failed'
                    raise UnderlayError(msg)
                process = subprocess.Popen(
                    [str(part) for part in command],
                    env=dict(environment),
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                self._running.add(process)
            try:
                status = process.wait()
            except BaseException:
                self.stop()
                process.wait()
                raise
            finally:
                with self._lock:
                    self._running.discard(process)
        if status:
            raise UnderlayError(reason(log, path.read_text(errors='replace'), path))

    def together(self, *jobs: Callable[[], None]) -> None:
        """Run jobs in parallel; if one fails, stop the others and raise its error."""
        with ThreadPoolExecutor(len(jobs)) as pool:
            futures = [pool.submit(job) for job in jobs]
            try:
                done, unfinished = wait(futures, return_when=FIRST_EXCEPTION)
            except BaseException:
                self.stop()
                raise
            failed = [future for future in done if future.exception()]
            if unfinished:
                self.stop()
        for future in failed:
            future.result()

    def stop(self) -> None:
        """End every running command and its children, and start no more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)


def reason(step: str, output: str, log: Path) -> str:
    """Return one line with the reason why a step failed, from its output.

    pip reports a missing connection as a missing version, so the connection is checked first.
    """
    if any(sign in output for sign in _NO_NETWORK):
        return (
            f'{step}: no network: pip cannot reach its package index; check the connection or '
            f"pip's settings (pip config list), then run again; log: {log}"
        )
    if 'No space left on device' in output:
        return f'{step}: the disk is full; make room, then run again; log: {log}'
    errors = [line.strip() for line in output.splitlines() if 'error' in line.lower()]
    for line in errors:
        if 'No matching distribution found' in line:
            return (
                f'{step}: {line}: pip has no such package for this Python and machine; log: {log}'
            )
    last = errors[0] if errors else (output.strip().splitlines() or ['no output'])[-1]
    return f'{step} failed: {last[:200]}; log: {log}'
