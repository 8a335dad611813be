# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Training of networks that classify whole pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
import torchvision
from torch import nn
from torchmetrics.classification import MulticlassAccuracy

from ...errors import TrainingError
from ..settings import TIMM, TrainingSettings
from .initial_weights import load_initial
from .targets import ClassTarget
from .task_module import VAL_LOSS, TaskModule
from .timm_networks import timm_network


def make_classifier(settings: TrainingSettings, classes: Sequence[str]) -> Classifier:
    """Make a classifier such as ``resnet18`` or ``timm:convnext_atto`` for some classes.

    Raises:
        TrainingError: There is no such network, or the weights cannot be used.
    """
    if settings.network.startswith(TIMM):
        network, begun_with, preprocessing = timm_network(settings, len(classes))
        made = Classifier(settings, classes, network, begun_with)
        made.preprocessing = preprocessing
        return made
    known = torchvision.models.list_models(module=torchvision.models)
    if settings.network not in known:
        msg = (
            f'torchvision has no classifier {settings.network!r}; it has resnet18, '
            'mobilenet_v3_small, efficientnet_b0 and others: '
            'https://docs.pytorch.org/vision/stable/models.html; those of timm are timm:NAME'
        )
        raise TrainingError(msg)
    network = torchvision.models.get_model(
        settings.network, weights=None, num_classes=len(classes)
    )
    begun_with = load_initial(network, settings.network, settings.weights)
    return Classifier(settings, classes, network, begun_with)


class Classifier(TaskModule):
    """A classifier in training; the exported network gives logits."""

    task = 'classification'
    metric = 'accuracy'
    outputs: ClassVar[Mapping[str, str]] = {'logits': 'output_0'}

    def prepare(self) -> None:
        """Make the metric."""
        self._loss = nn.CrossEntropyLoss()
        self._accuracy = MulticlassAccuracy(len(self._classes), average='micro')

    def target(self) -> ClassTarget:
        """Return what reads the classes."""
        return ClassTarget()

    def loss(self, batch: Any) -> torch.Tensor:
        """Compute the cross entropy."""
        images, targets = batch
        found = self.network(images)
        # GoogLeNet and Inception give further outputs while they are trained.
        loss: torch.Tensor = self._loss(getattr(found, 'logits', found), targets)
        return loss

    def judge(self, batch: Any) -> None:
        """Log the cross entropy and the share of right answers."""
        images, targets = batch
        logits = self.network(images)
        self._accuracy(logits, targets)
        self.log(VAL_LOSS, self._loss(logits, targets), batch_size=len(targets), sync_dist=True)
        self.log(self.metric, self._accuracy, on_epoch=True)

    def exported(self) -> nn.Module:
        """Return the network itself."""
        return self.network
