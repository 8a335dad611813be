# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train in several processes, one a GPU, which average their gradients: PyTorch's DDP."""

from __future__ import annotations

import os
import socket
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
    messages = processes_of_torch.get_context('spawn').SimpleQueue()
    progress(f'starting {job.settings.devices} processes', None)
    starts = Starts(job.settings.devices, monotonic())
    running = processes_of_torch.start_processes(
        _process,
        (job, _free_port(), messages),
        nprocs=job.settings.devices,
        join=False,
        start_method='spawn',
    )
    found: list[Any] = []
    try:
        ended = False
        while not ended:
            ended = running.join(timeout=_POLL_S)
            found += _received(messages, progress, starts)
            starts.check(monotonic())
    except (
        processes_of_torch.ProcessRaisedException,
        processes_of_torch.ProcessExitedException,
    ) as err:
        found += _received(messages, progress, starts)
        for one in found:
            # The first to fail; the others only miss it.
            if isinstance(one, Exception):
                raise one from err
        which = f'process {err.error_index + 1} of {job.settings.devices}'
        msg = f'{which} failed: {one_line(err, 2000)}'
        raise TrainingError(msg) from err
    finally:
        for process in running.processes:
            process.kill()
            process.join()
    (fitted,) = found
    assert isinstance(fitted, Fitted)
    return fitted


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


def _process(rank: int, job: Job, port: int, messages: Any) -> None:
    # Lightning's way to say that the processes are there.
    os.environ.update(LOCAL_RANK=str(rank), MASTER_ADDR=_HERE, MASTER_PORT=str(port))

    def report(stage: str, share: float | None) -> None:
        messages.put((rank, stage, share))

    try:
        report('making the network', None)
        module = make_module(job.settings, job.plan.classes)
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
