# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the training of all networks that find objects has in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from torch import distributed
from torchmetrics.detection import MeanAveragePrecision

from .targets import BoxTarget
from .task_module import VAL_LOSS, TaskModule

MOST_FOUND = 100
"""Most objects of a picture by which a detector is judged, as in COCO."""


class Detector(TaskModule):
    """A detector in training, judged by the average precision of boxes that overlap by half."""

    task = 'detection'
    metric = 'map_50'

    def prepare(self) -> None:
        """Make the metric."""
        # Its own way to other processes needs as many pictures in each of them.
        self._precision = MeanAveragePrecision(iou_type='bbox', sync_on_compute=False)
        self._seen: list[Any] = []

    @abstractmethod
    def judged(
        self, images: torch.Tensor, targets: Sequence[dict[str, Any]]
    ) -> tuple[torch.Tensor, list[dict[str, torch.Tensor]]]:
        """Return the loss of a batch, and for each picture what was found.

        That is ``boxes``, xyxy in pixels of the input, ``scores``, and ``labels`` from 1.
        """

    def target(self) -> BoxTarget:
        """Return what reads the boxes."""
        return BoxTarget()

    def judge(self, batch: Any) -> None:
        """Log the loss, and keep what was found."""
        images, targets = batch
        loss, found = self.judged(images, targets)
        self.log(VAL_LOSS, loss, batch_size=len(images), sync_dist=True)
        self._seen.append((_on_cpu(found), _on_cpu(targets)))

    def on_validation_epoch_end(self) -> None:
        """Log the average precision of all pictures, also of those that other processes saw."""
        parts = [self._seen]
        if distributed.is_initialized():
            parts = [[] for _ in range(distributed.get_world_size())]
            distributed.all_gather_object(parts, self._seen)
        self._seen = []
        precision = self._precision.cpu()
        for found, targets in chain.from_iterable(parts):
            precision.update(found, targets)
        value = precision.compute()['map_50'].clamp(min=0)
        precision.reset()
        self.log(self.metric, value.to(self.device))


def _on_cpu(rows: Sequence[dict[str, torch.Tensor]]) -> list[dict[str, torch.Tensor]]:
    return [{name: value.cpu() for name, value in row.items()} for row in rows]
