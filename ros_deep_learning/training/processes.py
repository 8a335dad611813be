# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train in several processes, one a GPU, which average their gradients: PyTorch's DDP."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence
from time import monotonic
from typing import Any

import torch.multiprocessing as processes_of_torch

from ..errors import TrainingError
from ..progress import Progress
from ..text import one_line
from .modules.making import make_module
from .outcome import Fitted
from .running import Job, run_trainer

_HERE = '127.0.0.1'
_POLL_S = 0.1
_SILENT_S = 300.0
"""Time from one stage of a start to the next; imports take the longest."""

_ENDING_S = 10.0
"""For processes to take leave of each other, and to end what loads their pictures."""


def run_processes(job: Job, progress: Progress) -> Fitted:
    """Train in one process a device; see ``run_trainer``.

    The first process to fail ends the others, as does one that hangs before its first step. None
    outlives this call.

    Raises:
        TrainingError: As ``run_trainer``, or a process was ended from outside, or hung.
        RuntimeError: Memory ran out in one of them.
    """
    # Of layers that a step could have left unused, and did not.
    os.environ.setdefault('TORCH_CPP_LOG_LEVEL', 'ERROR')
    context = processes_of_torch.get_context('spawn')
    messages, jobs = context.SimpleQueue(), context.Queue()
    count = job.settings.devices
    progress(f'starting {count} processes', None)
    # As an argument, a job larger than a pipe would keep the next process from starting until
    # the last one has imported PyTorch.
    jobs.cancel_join_thread()
    for _ in range(count):
        jobs.put(job)
    starts = Starts(count, monotonic())
    running = processes_of_torch.start_processes(
        _process, (jobs, _free_port(), messages), nprocs=count, join=False, start_method='spawn'
    )
    found: list[Any] = []
    try:
        # What comes first decides: the others only miss a process that failed, and when the first
        # of them has finished, all is on the disk.
        while not found and not running.join(timeout=_POLL_S):
            found += _received(messages, progress, starts)
            starts.check(monotonic())
        found += _received(messages, progress, starts)
    except (
        processes_of_torch.ProcessRaisedException,
        processes_of_torch.ProcessExitedException,
    ) as err:
        found += _received(messages, progress, starts)
        if not found:
            which = f'process {err.error_index + 1} of {count}'
            msg = f'{which} failed: {one_line(err, 2000)}'
            raise TrainingError(msg) from err
    finally:
        finished = bool(found) and isinstance(found[0], Fitted)
        _end(running.processes, _ENDING_S if finished else 0.0)
    if isinstance(found[0], Exception):
        raise found[0]
    assert isinstance(found[0], Fitted)
    return found[0]


def _end(processes: Sequence[Any], seconds: float) -> None:
    """Wait for the end of processes, together for some seconds at most, and then end them."""
    latest = monotonic() + seconds
    for process in processes:
        process.join(max(0.0, latest - monotonic()))
    for process in processes:
        process.kill()
        process.join()


class Starts:
    """Knows of each process that has not begun to train what it said last, and when."""

    def __init__(self, count: int, now: float) -> None:
        """Wait for processes.

        Args:
            count: How many.
            now: Time in seconds.
        """
        self._count = count
        self._last = dict.fromkeys(range(count), ('starting', now))

    def heard(self, rank: int, stage: str, share: float | None, now: float) -> None:
        """Remember the progress of a process; with a share, it trains."""
        if share is not None:
            self._last.pop(rank, None)
        elif rank in self._last:
            self._last[rank] = (stage, now)

    def check(self, now: float) -> None:
        """Check that no process hangs.

        Raises:
            TrainingError: One does. Named is that which said something first, since the others
                may wait for it.
        """
        if not self._last:
            return
        rank, (stage, since) = min(self._last.items(), key=lambda one: one[1][1])
        if now - since > _SILENT_S:
            msg = (
                f'process {rank + 1} of {self._count} has not begun to train: for '
                f'{_SILENT_S:.0f} s it is at {stage!r}; to fix: --devices 1, or see with '
                'NCCL_DEBUG=INFO what GPUs wait for'
            )
            raise TrainingError(msg)


def _received(messages: Any, progress: Progress, starts: Starts) -> list[Any]:
    """Pass the progress of the first process on; return what else came."""
    others = []
    while not messages.empty():
        message = messages.get()
        if isinstance(message, tuple):
            rank, stage, share = message
            starts.heard(rank, stage, share, monotonic())
            if rank == 0:
                progress(stage, share)
        else:
            others.append(message)
    return others


def _process(rank: int, jobs: Any, port: int, messages: Any) -> None:
    # PyTorch has it sent when the program that started this process has gone. Lightning would take
    # leave of the other GPUs then, in which NCCL may wait for good.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = processes_of_torch.parent_process()
    if parent is None or not parent.is_alive():
        sys.exit(1)
    # Lightning's way to say that the processes are there.
    os.environ.update(
        NODE_RANK='0', LOCAL_RANK=str(rank), MASTER_ADDR=_HERE, MASTER_PORT=str(port)
    )
    job: Job = jobs.get()

    def report(stage: str, share: float | None) -> None:
        messages.put((rank, stage, share))

    try:
        report('making the network', None)
        module = make_module(job.settings, job.plan.classes, job.begun_with)
        report('waiting for the other processes', None)
        fitted = run_trainer(module, job, report, rank)
    # Those that say what happened, memory among them.
    except (TrainingError, RuntimeError) as err:
        messages.put(err)
        raise
    if rank == 0:
        messages.put(fitted)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HERE, 0))
        port: int = probe.getsockname()[1]
        return port
