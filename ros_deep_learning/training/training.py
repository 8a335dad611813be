# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a network on a folder of pictures, from the first look at them to the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torchvision

from .. import __version__
from ..cards.card import ModelCard
from ..errors import TrainingError
from ..progress import Progress, silent
from .exporting import export, load_best
from .fitting import fit
from .judging import Judged, judge_networks
from .modules.making import check_size, make_module
from .modules.task_module import VAL_LOSS, TaskModule
from .outcome import Fitted
from .plan import Plan, check_output, input_spec, make_plan
from .report import report_page
from .run_folder import RunFolder, RunRecord, opened_run
from .running import Job, choose_device
from .settings import TrainingSettings

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training made.

    Attributes:
        run: Its files.
        card: The network.
        fitted: How it went.
        result: Of the best epoch, for people.
        judged: What the network reaches as the package runs it.
    """

    run: RunFolder
    card: ModelCard
    fitted: Fitted
    result: str
    judged: Judged


def train(
    data: Path | None,
    settings: TrainingSettings | None,
    output: Path,
    *,
    resume: bool = False,
    int8: bool = False,
    licence: str | None = None,
    say: Say = lambda line: None,
    progress: Progress = silent,
) -> Trained:
    """Train a network.

    Args:
        data: Folder of a data set; None with ``resume`` is that of the training.
        settings: How; None with ``resume`` are those of the training.
        output: Folder for what is made.
        resume: Whether to continue the training in ``output``.
        int8: Whether an int8 network is made too, calibrated with the training pictures.
        licence: SPDX identifier of the licence of the weights; None is that of the training, or
            none that is stated.
        say: Called with each line about what will be done.
        progress: Told how far it is.

    Raises:
        DatasetError: There is no such data set.
        TrainingError: It cannot be done, or had to stop; see ``fit``. If an epoch was finished,
            the network of the best one is written nevertheless.
    """
    if data is not None and not resume:
        check_output(data, output)
    with opened_run(output, progress) as run:
        record = _find_record(run, data, settings, resume=resume)
        record = replace(record, licence=licence or record.licence)
        settings = record.settings
        device = choose_device(settings.device, settings.devices)
        plan = make_plan(record.data, settings, progress)
        record = _check_pictures(run, record, plan)
        begun_with = record.begun_with if run.last.exists() else None
        make = partial(make_module, settings, plan.classes, begun_with)
        module = make()
        check_size(module, settings)
        # Not before, so that a wrong name or size spoils no folder.
        record = replace(record, begun_with=module.begun_with)
        run.write_record(record)
        size = 'x'.join(map(str, settings.size_wh))
        for line in (
            *plan.describe(),
            f'{settings.network}, {size}, from {module.begun_with.source}',
            f'{settings.epochs} epochs in batches of {settings.batch} on {device.text}',
            f'into {run.folder}' + (', continued' if run.last.exists() else ''),
        ):
            say(line)
        try:
            spec = input_spec(settings, module.preprocessing)
            fitted = fit(
                module,
                make,
                Job(plan, spec, settings, run, record.parts, device, begun_with),
                keep_parts=lambda parts: run.write_record(replace(record, parts=parts)),
                progress=progress,
            )
        except TrainingError as err:
            if not run.best.exists():
                raise
            card, row = _write_network(run, record, plan, module)
            msg = f'{err}; the network of epoch {row["epoch"]:.0f} is kept in {run.network}'
            raise TrainingError(msg) from err
        progress('writing the network', None)
        card, row = _write_network(run, record, plan, module)
        judged = judge_networks(card, module.labels(), plan, run, int8=int8, progress=progress)
        run.write(run.report, report_page(card, settings, plan.describe(), fitted, judged))
        return Trained(run, card, fitted, _result(module, row), judged)


def _find_record(
    run: RunFolder, data: Path | None, settings: TrainingSettings | None, *, resume: bool
) -> RunRecord:
    """Return what is trained, as asked for or as begun.

    Raises:
        TrainingError: The folder has another training, or none to continue.
    """
    begun = run.read_record()
    if not resume:
        if begun is not None and run.has_state:
            msg = f'{run.folder} has a training already; to fix: --resume, or another --output'
            raise TrainingError(msg)
        if data is None or settings is None:
            msg = 'expected the folder of a data set'
            raise TrainingError(msg)
        return RunRecord(data.absolute(), '', settings)
    if begun is None:
        msg = f'{run.folder} has no training to continue; to fix: the same without --resume'
        raise TrainingError(msg)
    if settings is not None and (differences := begun.settings.differences(settings)):
        msg = f'{run.folder} was begun with other settings: {", ".join(differences)}'
        raise TrainingError(msg)
    if data is not None and data.resolve() != begun.data.resolve():
        msg = f'{run.folder} was begun with the pictures in {begun.data}, not {data}'
        raise TrainingError(msg)
    return begun


def _check_pictures(run: RunFolder, record: RunRecord, plan: Plan) -> RunRecord:
    """Return the record with the hash of the pictures, which is that of a begun training.

    Raises:
        TrainingError: The pictures have changed.
    """
    now = plan.fingerprint()
    if record.fingerprint and record.fingerprint != now:
        msg = (
            f'the pictures in {record.data} have changed since {run.folder} was begun; to fix: '
            f'another --output, with --weights {run.best} to begin with what was learnt'
        )
        raise TrainingError(msg)
    return replace(record, fingerprint=now)


def _write_network(
    run: RunFolder, record: RunRecord, plan: Plan, module: TaskModule
) -> tuple[ModelCard, dict[str, float]]:
    row = load_best(module, run)
    settings = record.settings
    provenance: dict[str, Any] = {
        'settings': settings.to_dict(),
        'weights_from': module.begun_with.source,
        'data': record.data.name,
        'data_format': plan.dataset.format,
        'data_sha256': record.fingerprint,
        'pictures': {'train': len(plan.train), 'val': len(plan.val)},
        'skipped_pictures': len(plan.skipped),
        'best_epoch': row,
        'versions': {
            'ros_deep_learning': __version__,
            'torch': torch.__version__,
            'torchvision': torchvision.__version__,
        },
    }
    card = export(
        module,
        input_spec(settings, module.preprocessing),
        run,
        licence=record.licence,
        accuracy=f'{_result(module, row)} of {len(plan.val)} validation pictures',
        provenance=provenance,
    )
    return card, row


def _result(module: TaskModule, row: dict[str, float]) -> str:
    return (
        f'{module.metric} {row[module.metric]:.1%}, loss {row[VAL_LOSS]:.3g} '
        f'in epoch {row["epoch"]:.0f}'
    )
