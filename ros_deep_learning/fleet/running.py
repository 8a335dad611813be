# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a job in this process, one input after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..progress import Progress, silent
from .inputs import Unit
from .job import Entry, Job, do_unit


def run_here(job: Job, units: Sequence[Unit], progress: Progress = silent) -> Iterator[Entry]:
    """Yield the entry of each input as it is done.

    Args:
        job: The program.
        units: The inputs.
        progress: Told how far all of them are; may raise to cancel.

    Raises:
        DeepLearningError: What the program needs cannot be loaded.
    """
    with job.open_work() as work:
        for k, unit in enumerate(units):
            stage = f'{k + 1} of {len(units)}: {unit.name}'

            def report(text: str, share: float | None, stage: str = stage) -> None:
                progress(f'{stage}, {text}', share)

            yield do_unit(job, work, unit, report)
