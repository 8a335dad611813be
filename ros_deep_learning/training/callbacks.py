# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What is done beside the steps of a training: averages, curves, progress."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytorch_lightning as lightning
from pytorch_lightning.callbacks import Callback, WeightAveraging
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ..progress import Progress

_DECAY = 0.999
_LEAST_S = 5.0
"""Of batches, from which the time left is estimated before an epoch is over."""


class AveragedWeights(WeightAveraging):
    """Judges and keeps a moving average of the weights, in place of the last ones.

    Its decay rises to 0.999, as in TensorFlow's ExponentialMovingAverage: after few steps the
    random weights of the start would otherwise weigh most.
    """

    def __init__(self) -> None:
        """Begin without an average."""
        super().__init__(multi_avg_fn=_average)

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Make the average where the network will be, which Lightning moves after this only."""
        self._device = trainer.strategy.root_device
        super().setup(trainer, pl_module, stage)


def _average(averaged: Any, now: Any, count: Any) -> None:
    decay = min(_DECAY, (1 + int(count)) / (10 + int(count)))
    get_ema_multi_avg_fn(decay)(averaged, now, count)


class Curves(Callback):
    """Remembers the numbers of each epoch, also in the states on the disk.

    Attributes:
        rows: For each finished epoch the number of each name, such as ``val_loss``.
    """

    def __init__(self) -> None:
        """Begin without an epoch."""
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Keep the numbers of the epoch."""
        numbers = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.rows.append({'epoch': float(trainer.current_epoch + 1), **numbers})

    def state_dict(self) -> dict[str, Any]:
        """Return what belongs into a state of the training."""
        return {'rows': self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the rows of a state."""
        self.rows = list(state_dict['rows'])


class ProgressReports(Callback):
    """Reports the share of the epoch, the numbers of the last one and the time left."""

    def __init__(self, progress: Progress, curves: Curves, metric: str) -> None:
        """Report to a function.

        Args:
            progress: Called after each batch.
            curves: Has the numbers of the last epoch.
            metric: Name of the one for people.
        """
        self._progress, self._curves, self._metric = progress, curves, metric
        self._begun = self._warm = 0.0
        self._begun_in = 0
        self._left = (-1, '')

    def on_fit_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Report what is done before the first batch."""
        self._progress('loading the first pictures', None)

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Remember when this process began, and in which epoch."""
        self._begun = self._warm = monotonic()
        self._begun_in = trainer.current_epoch

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        """Report the beginning of an epoch, when its first pictures are loaded."""
        if not batch_idx:
            self._progress(self._stage(trainer), 0.0)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Report."""
        batches = max(1, int(trainer.num_training_batches))
        if trainer.current_epoch == self._begun_in:
            self._estimate(trainer, batch_idx, batches)
        self._progress(self._stage(trainer), (batch_idx + 1) / batches)

    def _estimate(self, trainer: lightning.Trainer, batch: int, batches: int) -> None:
        """Estimate the time left in the first epoch, once, from the batches behind the first."""
        if not batch:
            self._warm = monotonic()
            return
        spent = monotonic() - self._warm
        if not self._left[1] and spent >= _LEAST_S:
            epochs = int(trainer.max_epochs or 1) - self._begun_in
            seconds = spent / batch * (epochs * batches - batch - 1)
            self._left = (self._begun_in, f'about {_duration(seconds)} left')

    def _stage(self, trainer: lightning.Trainer) -> str:
        epoch, epochs = trainer.current_epoch, int(trainer.max_epochs or 1)
        text = f'epoch {epoch + 1} of {epochs}'
        known = []
        if self._curves.rows:
            last = self._curves.rows[-1]
            known = [f'loss {last["train_loss"]:.3g}', f'validation {last["val_loss"]:.3g}']
            known.append(f'{self._metric} {last[self._metric]:.1%}')
        if left := self._time_left(epoch, epochs):
            known.append(left)
        return f'{text} ({", ".join(known)})' if known else text

    def _time_left(self, epoch: int, epochs: int) -> str:
        done = epoch - self._begun_in
        if done and self._left[0] != epoch:
            seconds = (monotonic() - self._begun) / done * (epochs - epoch)
            self._left = (epoch, f'at most {_duration(seconds)} left')
        return self._left[1]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{rest:02}' if hours else f'{minutes}:{rest:02}'
