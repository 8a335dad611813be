# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a network: from where it stands, with as much memory as there is, to its end."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytorch_lightning as lightning
import torch
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from pytorch_lightning.loggers import TensorBoardLogger

from ..cards.card import InputSpec
from ..errors import TrainingError
from ..progress import Progress
from .callbacks import Curves, ProgressReports, averaged_weights
from .checkpoints import WholeFiles
from .modules.task_module import VAL_LOSS, TaskModule
from .outcome import Fitted
from .plan import Plan
from .run_folder import RunFolder
from .samples import Augmentation, Pictures, load_epochs, load_in_order
from .settings import TrainingSettings

_MOST_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Device:
    """What a training runs on.

    Attributes:
        accelerator: Lightning's name of it.
        precision: Lightning's name of the number format.
        text: For people.
    """

    accelerator: str
    precision: Any
    text: str


def choose_device(wanted: str) -> Device:
    """Choose the processor and its number format.

    Raises:
        TrainingError: A GPU is wanted and there is none that PyTorch can use.
    """
    if wanted == 'cpu' or (wanted == 'auto' and not torch.cuda.is_available()):
        return Device('cpu', '32-true', f'{torch.get_num_threads()} CPU threads, float32')
    if not torch.cuda.is_available():
        built = 'is built without CUDA' if torch.version.cuda is None else 'finds no GPU'
        msg = (
            f'there is no GPU to train on: PyTorch {torch.__version__} {built}; to fix: '
            '--device cpu, or another build of PyTorch'
        )
        raise TrainingError(msg)
    fine = torch.cuda.is_bf16_supported(including_emulation=False)
    name = torch.cuda.get_device_name()
    return Device(
        'cuda',
        'bf16-mixed' if fine else '16-mixed',
        f'{name}, {"bfloat16" if fine else "float16"} mixed with float32',
    )


def fit(
    module: TaskModule,
    make: Callable[[], TaskModule],
    plan: Plan,
    spec: InputSpec,
    settings: TrainingSettings,
    run: RunFolder,
    parts: int,
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
        plan: The pictures.
        spec: The network's input.
        settings: How.
        run: Where the states are.
        parts: Number of parts of a batch to begin with.
        keep_parts: Called with a new number of parts, so that a continued training has it.
        progress: Told of each batch.

    Raises:
        TrainingError: The loss is NaN or infinite, memory is too small for one picture, or a
            state cannot be written or read.
    """
    device = choose_device(settings.device)
    # For cuBLAS, which reads it when it is first used.
    os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    for name in ('pytorch_lightning', 'lightning_fabric'):
        logging.getLogger(name).setLevel(logging.ERROR)
    while True:
        try:
            with warnings.catch_warnings():
                # They advise other numbers of processes, and name operations of no fixed order.
                warnings.simplefilter('ignore')
                return _fit_once(module, plan, spec, settings, run, parts, device, progress)
        except RuntimeError as err:
            if not _is_out_of_memory(err):
                raise
            if settings.batch // parts <= 1:
                msg = 'memory is too small for one picture; to fix: a smaller --size'
                raise TrainingError(msg) from err
        module = make()
        torch.cuda.empty_cache()
        parts *= 2
        keep_parts(parts)
        progress(f'out of memory: {_part(settings, parts)} pictures at a time now', None)


def _fit_once(
    module: TaskModule,
    plan: Plan,
    spec: InputSpec,
    settings: TrainingSettings,
    run: RunFolder,
    parts: int,
    device: Device,
    progress: Progress,
) -> Fitted:
    curves = Curves()
    stopping = EarlyStopping(VAL_LOSS, patience=settings.patience or settings.epochs)
    keep: dict[str, Any] = {
        'enable_version_counter': False,
        'save_on_train_epoch_end': True,
        'auto_insert_metric_name': False,
    }
    best = ModelCheckpoint(run.folder, run.best.stem, monitor=VAL_LOSS, save_top_k=1, **keep)
    # After the best one, so that it knows which that is.
    last = ModelCheckpoint(run.folder, run.last.stem, **keep)
    states = WholeFiles()
    trainer = lightning.Trainer(
        accelerator=device.accelerator,
        devices=1,
        precision=device.precision,
        max_epochs=settings.epochs,
        accumulate_grad_batches=parts,
        gradient_clip_val=1.0,
        deterministic='warn',
        benchmark=False,
        num_sanity_val_steps=0,
        logger=TensorBoardLogger(
            run.folder, name='tensorboard', version='', default_hp_metric=False
        ),
        callbacks=[
            averaged_weights(),
            curves,
            ProgressReports(progress, curves, module.metric),
            stopping,
            best,
            last,
        ],
        plugins=[states],
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    augment = Augmentation(spec, flip=settings.flip)
    seen = Pictures(plan.train, spec, module.target(), augment, settings.seed)
    judged = Pictures(plan.val, spec, module.target())
    count, workers = _part(settings, parts), _workers(device)
    begun = run.last if run.last.exists() else None
    done = int(states.load_checkpoint(begun)['epoch']) + 1 if begun else 0
    try:
        trainer.fit(
            module,
            load_epochs(seen, count, settings.seed, workers, epoch=done),
            load_in_order(judged, count, workers),
            ckpt_path=begun,
        )
    except SystemExit as err:
        # So Lightning ends when it is interrupted.
        raise KeyboardInterrupt from err
    return Fitted(tuple(curves.rows), parts, len(curves.rows) < settings.epochs)


def _part(settings: TrainingSettings, parts: int) -> int:
    return max(1, settings.batch // parts)


def _workers(device: Device) -> int:
    """Return how many processes load pictures: none where training needs the CPU itself."""
    if device.accelerator == 'cpu':
        return 0
    return min(_MOST_WORKERS, max(1, len(os.sched_getaffinity(0)) - 1))


def _is_out_of_memory(err: RuntimeError) -> bool:
    return isinstance(err, torch.OutOfMemoryError) or "can't allocate memory" in str(err)
