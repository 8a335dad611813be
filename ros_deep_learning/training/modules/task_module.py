# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the training of all tasks has in common: steps, optimiser, schedule."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from math import cos, pi
from typing import Any, ClassVar

import pytorch_lightning as lightning
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ...cards.card import Task
from ...errors import TrainingError
from ...recognition.usual import IMAGENET
from ..begun_with import InitialWeights
from ..settings import TrainingSettings
from .targets import Target

VAL_LOSS = 'val_loss'
"""Name of the number by which the best epoch is chosen."""

_LEAST_MOMENTUM = 0.1
_WARM_UP = 0.05


class TaskModule(lightning.LightningModule):
    """A network in training.

    Attributes:
        task: Its task.
        network: The network.
        begun_with: Where its weights were from.
        metric: Name of the number that people look at, 0 to 1.
        outputs: For the card: tensor name by role.
        decoder: For the card.
        preprocessing: What a pixel value becomes, as fields of ``InputSpec``.
        learning_rates: Where none is given, from random weights and from trained ones.
    """

    task: Task
    network: nn.Module
    metric: str
    outputs: ClassVar[Mapping[str, str]]
    decoder: str | None = None
    preprocessing: Mapping[str, Any] = IMAGENET
    learning_rates: tuple[float, float] = (1e-3, 3e-4)

    def __init__(
        self,
        settings: TrainingSettings,
        classes: Sequence[str],
        network: nn.Module,
        begun_with: InitialWeights,
    ) -> None:
        """Wrap a network.

        Args:
            settings: How it is trained.
            classes: Name of each class of the data set.
            network: The network.
            begun_with: The weights that it has.
        """
        super().__init__()
        self._classes = tuple(classes)
        self.network = network
        self.begun_with = begun_with
        self._settings = settings
        for layer in network.modules():
            # MobileNetV3's 0.01 is for ImageNet: after a few hundred steps, the statistics of
            # batch normalisation would still be those of its start.
            if isinstance(layer, _BatchNorm) and layer.momentum is not None:
                layer.momentum = max(layer.momentum, _LEAST_MOMENTUM)
        self.prepare()

    @property
    def _learning_rate(self) -> float:
        return self._settings.learning_rate or self.learning_rates[self.begun_with.trained]

    def prepare(self) -> None:
        """Make what the task needs beside the network, such as metrics."""

    @abstractmethod
    def target(self) -> Target:
        """Return what reads the labels."""

    @abstractmethod
    def loss(self, batch: Any) -> torch.Tensor:
        """Compute the loss of a batch in training."""

    @abstractmethod
    def judge(self, batch: Any) -> None:
        """Log the loss of a batch as ``VAL_LOSS``, and the metrics."""

    @abstractmethod
    def exported(self) -> nn.Module:
        """Return the network as it is exported, with one tensor as its input."""

    def labels(self) -> tuple[str, ...]:
        """Return the label of each class that the exported network tells apart."""
        return self._classes

    def on_train_epoch_start(self) -> None:
        """Seed what is random within the network, such as dropout, for the epoch."""
        torch.manual_seed(self._settings.seed + 7919 * self.current_epoch + self.global_rank)

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        """Return the loss of a batch.

        Raises:
            TrainingError: It is NaN or infinite.
        """
        loss = self.loss(batch)
        self._check_loss('loss', loss, f', batch {batch_idx + 1}')
        self.log('train_loss', loss, on_step=False, on_epoch=True, sync_dist=True)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        """Judge a batch."""
        self.judge(batch)

    def on_train_epoch_end(self) -> None:
        """Check the loss by which the best epoch is chosen, before a state is kept.

        Raises:
            TrainingError: It is NaN or infinite: the last step has spoilt the weights.
        """
        self._check_loss('validation loss', self.trainer.callback_metrics[VAL_LOSS])

    def _check_loss(self, name: str, loss: torch.Tensor, place: str = '') -> None:
        if not torch.isfinite(loss):
            msg = (
                f'the {name} is {loss.item()} in epoch {self.current_epoch + 1}{place}; to fix: '
                f'a smaller --lr than {self._learning_rate:g}'
            )
            raise TrainingError(msg)

    def configure_optimizers(self) -> Any:
        """Return AdamW with a short warm-up and a cosine down to 0."""
        optimizer = torch.optim.AdamW(self.parameters(), self._learning_rate, weight_decay=1e-2)
        steps = max(1, int(self.trainer.estimated_stepping_batches))
        warm_up = max(1, round(_WARM_UP * steps))

        def factor(step: int) -> float:
            if step < warm_up:
                return (step + 1) / warm_up
            share = (step - warm_up) / max(1, steps - warm_up)
            return 0.5 * (1 + cos(pi * min(1.0, share)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {
            'optimizer': optimizer,
            'lr_scheduler': {'scheduler': schedule, 'interval': 'step'},
        }
