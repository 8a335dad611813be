# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a network with as much memory as there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from ..errors import TrainingError
from ..progress import Progress
from .modules.task_module import TaskModule
from .outcome import Fitted
from .processes import run_processes
from .running import Job, run_trainer


def fit(
    module: TaskModule,
    make: Callable[[], TaskModule],
    job: Job,
    *,
    keep_parts: Callable[[int], None],
    progress: Progress,
) -> Fitted:
    """Train until the last epoch, or until the validation loss no longer falls.

    What was begun in the folder is continued after its last whole epoch. If memory runs out, a
    batch is divided into twice as many parts, whose gradients are added up, and the training goes
    on from there.

    Args:
        module: The network with its initial weights.
        make: Makes another one like it.
        job: What is trained.
        keep_parts: Called with a new number of parts, so that a continued training has it.
        progress: Told of each batch.

    Raises:
        TrainingError: The loss is NaN or infinite, memory is too small for one picture, or a
            state cannot be written or read.
    """
    while True:
        try:
            if job.settings.devices > 1:
                return run_processes(job, progress)
            return run_trainer(module, job, progress)
        except RuntimeError as err:
            if not _is_out_of_memory(err):
                raise
            if job.part <= 1:
                msg = 'memory is too small for one picture; to fix: a smaller --size'
                raise TrainingError(msg) from err
        module = make()
        torch.cuda.empty_cache()
        job = replace(job, parts=2 * job.parts)
        keep_parts(job.parts)
        progress(f'out of memory: {job.part} pictures at a time now', None)


def _is_out_of_memory(err: RuntimeError) -> bool:
    return isinstance(err, torch.OutOfMemoryError) or "can't allocate memory" in str(err)
