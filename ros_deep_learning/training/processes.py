# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train in several processes, one a GPU, which average their gradients: PyTorch's DDP."""

from __future__ import annotations

import os
import socket
from typing import Any

import torch.multiprocessing as processes_of_torch

from ..errors import TrainingError
from ..progress import Progress, silent
from ..text import one_line
from .modules.making import make_module
from .outcome import Fitted
from .running import Job, run_trainer

_HERE = '127.0.0.1'
_POLL_S = 0.1


def run_processes(job: Job, progress: Progress) -> Fitted:
    """Train in one process a device; see ``run_trainer``.

    The first process to fail ends the others. None outlives this call.

    Raises:
        TrainingError: As ``run_trainer``, or a process was ended from outside.
        RuntimeError: Memory ran out in one of them.
    """
    # Of layers that a step could have left unused, and did not.
    os.environ.setdefault('TORCH_CPP_LOG_LEVEL', 'ERROR')
    messages = processes_of_torch.get_context('spawn').SimpleQueue()
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
            found += _received(messages, progress)
    except (
        processes_of_torch.ProcessRaisedException,
        processes_of_torch.ProcessExitedException,
    ) as err:
        found += _received(messages, progress)
        for one in found:
            # The first to fail; the others only miss it.
            if isinstance(one, Exception):
                raise one from err
        msg = f'process {err.error_index} of the training failed: {one_line(err, 2000)}'
        raise TrainingError(msg) from err
    finally:
        for process in running.processes:
            process.kill()
            process.join()
    (fitted,) = found
    assert isinstance(fitted, Fitted)
    return fitted


def _received(messages: Any, progress: Progress) -> list[Any]:
    """Pass progress on; return what else came."""
    others = []
    while not messages.empty():
        message = messages.get()
        if isinstance(message, tuple):
            progress(*message)
        else:
            others.append(message)
    return others


def _process(rank: int, job: Job, port: int, messages: Any) -> None:
    # Lightning's way to say that the processes are there.
    os.environ.update(LOCAL_RANK=str(rank), MASTER_ADDR=_HERE, MASTER_PORT=str(port))
    first = rank == 0

    def report(stage: str, share: float | None) -> None:
        messages.put((stage, share))

    try:
        module = make_module(job.settings, job.plan.classes)
        fitted = run_trainer(module, job, report if first else silent, rank)
    # Those that say what happened, memory among them.
    except (TrainingError, RuntimeError) as err:
        messages.put(err)
        raise
    if first:
        messages.put(fitted)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HERE, 0))
        port: int = probe.getsockname()[1]
        return port
