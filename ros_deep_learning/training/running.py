# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a network in one process, alone or as one of several, from where it stands to its end."""

from __future__ import annotations

import logging
import os
import warnings
from dataclasses import dataclass
from time import monotonic
from typing import Any

import pytorch_lightning as lightning
import torch
from lightning_fabric.plugins.environments import LightningEnvironment
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from pytorch_lightning.loggers import TensorBoardLogger

from ..cards.card import InputSpec
from ..cpus import usable_cpus
from ..errors import TrainingError
from ..progress import Progress
from ..text import disk_cause
from .begun_with import InitialWeights
from .callbacks import AveragedWeights, Curves, ProgressReports
from .checkpoints import WholeFiles
from .modules.task_module import VAL_LOSS, TaskModule
from .outcome import Fitted
from .plan import Plan
from .run_folder import RunFolder
from .samples import Augmentation, Pictures, load_epochs, load_in_order
from .settings import TrainingSettings

_MOST_WORKERS = 16


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


@dataclass(frozen=True, slots=True)
class Job:
    """What the processes of a training have in common.

    Attributes:
        plan: The pictures.
        spec: The network's input.
        settings: How.
        run: Where the states are.
        parts: Number of parts into which a batch is divided.
        device: What it runs on.
        begun_with: Where the weights were from, if the states have them.
    """

    plan: Plan
    spec: InputSpec
    settings: TrainingSettings
    run: RunFolder
    parts: int
    device: Device
    begun_with: InitialWeights | None = None

    @property
    def part(self) -> int:
        """Pictures that pass at a time in one process."""
        return max(1, self.settings.batch // (self.parts * self.settings.devices))


def choose_device(wanted: str, count: int = 1) -> Device:
    """Choose the processor and its number format.

    Args:
        wanted: ``cuda``, ``cpu``, or ``auto`` for GPUs if there is one.
        count: How many train together.

    Raises:
        TrainingError: A GPU is wanted and there is none that PyTorch can use, or there are fewer.
    """
    if wanted == 'cpu' or (wanted == 'auto' and not torch.cuda.is_available()):
        processes = f'{count} processes with ' if count > 1 else ''
        text = f'{processes}{torch.get_num_threads()} CPU threads, float32'
        return Device('cpu', '32-true', text)
    if not torch.cuda.is_available():
        built = 'is built without CUDA' if torch.version.cuda is None else 'finds no GPU'
        msg = (
            f'there is no GPU to train on: PyTorch {torch.__version__} {built}; to fix: '
            '--device cpu, or another build of PyTorch'
        )
        raise TrainingError(msg)
    if (there := torch.cuda.device_count()) < count:
        msg = f'expected {count} GPUs, found {there}; to fix: --devices {there}'
        raise TrainingError(msg)
    fine = torch.cuda.is_bf16_supported(including_emulation=False)
    name = torch.cuda.get_device_name()
    return Device(
        'cuda',
        'bf16-mixed' if fine else '16-mixed',
        f'{count} x ' * (count > 1)
        + f'{name}, {"bfloat16" if fine else "float16"} mixed with float32',
    )


def run_trainer(module: TaskModule, job: Job, progress: Progress, rank: int = 0) -> Fitted:
    """Train after the last whole epoch in the folder, or from the start.

    Args:
        module: The network with its initial weights.
        job: What is trained.
        progress: Told of each batch.
        rank: Number of this process, from 0; its environment says where the others are.

    Raises:
        TrainingError: The loss is NaN or infinite, a state cannot be written or read, or a single
            picture is too little for a step.
        RuntimeError: Memory ran out.
    """
    # For cuBLAS, which reads it when it is first used.
    os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    for name in ('pytorch_lightning', 'lightning_fabric'):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # They advise other numbers of processes, and name operations of no fixed order.
        warnings.simplefilter('ignore')
        return _run_trainer(module, job, progress, rank)


def _run_trainer(module: TaskModule, job: Job, progress: Progress, rank: int) -> Fitted:
    settings, run, processes = job.settings, job.run, job.settings.devices
    curves = Curves()
    # A loss that is no number is told by the module.
    stopping = EarlyStopping(
        VAL_LOSS, patience=settings.patience or settings.epochs, check_finite=False
    )
    keep: dict[str, Any] = {
        'enable_version_counter': False,
        'save_on_train_epoch_end': True,
        'auto_insert_metric_name': False,
    }
    best = ModelCheckpoint(run.folder, run.best.stem, monitor=VAL_LOSS, save_top_k=1, **keep)
    # After the best one, so that it knows which that is.
    last = ModelCheckpoint(run.folder, run.last.stem, **keep)
    states = WholeFiles()
    begun = run.last if run.last.exists() else None
    state = states.load_checkpoint(begun) if begun else {}
    done = int(state['epoch']) + 1 if state else 0
    waited = state['callbacks'][stopping.state_key]['wait_count'] if state else 0
    trainer = lightning.Trainer(
        accelerator=job.device.accelerator,
        devices=processes,
        # A network may have layers that a step does not use.
        strategy='ddp_find_unused_parameters_true' if processes > 1 else 'auto',
        # Which of PyTorch is for GPUs alone.
        sync_batchnorm=processes > 1 and job.device.accelerator == 'cuda',
        use_distributed_sampler=False,
        precision=job.device.precision,
        # Lightning would go on for an epoch after the one that it stopped at.
        max_epochs=done if waited >= stopping.patience else settings.epochs,
        accumulate_grad_batches=job.parts,
        gradient_clip_val=1.0,
        deterministic='warn',
        benchmark=False,
        num_sanity_val_steps=0,
        logger=TensorBoardLogger(
            run.folder, name='tensorboard', version='', default_hp_metric=False
        ),
        callbacks=[
            AveragedWeights(),
            curves,
            ProgressReports(progress, curves, module.metric),
            stopping,
            best,
            last,
        ],
        # Otherwise it takes the ranks of a cluster's scheduler whose variables it finds.
        plugins=[states, LightningEnvironment()],
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    augment = Augmentation(job.spec, flip=settings.flip)
    seen = Pictures(job.plan.train, job.spec, module.target(), augment, settings.seed)
    judged = Pictures(job.plan.val, job.spec, module.target())
    share, workers = (rank, processes), _workers(job.device, processes)
    started = monotonic()
    try:
        trainer.fit(
            module,
            load_epochs(seen, job.part, settings.seed, workers, epoch=done, share=share),
            load_in_order(judged, job.part, workers, share=share),
            ckpt_path=begun,
        )
    except ValueError as err:
        if 'more than 1 value per channel' not in str(err):
            raise
        # Batch normalisation of a single picture whose grid is a single cell.
        msg = (
            f'{settings.network} cannot learn from one picture at a time; to fix: --batch 2 or '
            'more, a larger --size, or more pictures'
        )
        raise TrainingError(msg) from err
    except OSError as err:
        # Of what TensorBoard reads; states tell it themselves.
        msg = f'cannot train in {run.folder}: {disk_cause(err)}'
        raise TrainingError(msg) from err
    except SystemExit as err:
        # So Lightning ends when it is interrupted.
        raise KeyboardInterrupt from err
    return Fitted(
        tuple(curves.rows), job.parts, len(curves.rows) < settings.epochs, monotonic() - started
    )


def _workers(device: Device, processes: int) -> int:
    """Return how many processes load pictures: none where training needs the CPU itself."""
    if device.accelerator == 'cpu':
        return 0
    return min(_MOST_WORKERS, max(1, usable_cpus() // processes - 1))
