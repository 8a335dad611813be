# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Training of SSD and SSDLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
import torchvision
from torch import nn
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import box_iou

from ..settings import TrainingSettings
from .detector import MOST_FOUND, Detector
from .initial_weights import load_initial

SSDS = ('ssdlite320_mobilenet_v3_large', 'ssd300_vgg16')
"""Names of the networks."""

_BACKGROUND = 'BACKGROUND'


def make_ssd(settings: TrainingSettings, classes: Sequence[str]) -> Ssd:
    """Make a detector of torchvision, such as ``ssdlite320_mobilenet_v3_large``.

    Raises:
        TrainingError: The weights cannot be used.
    """
    network = torchvision.models.get_model(
        settings.network, weights=None, weights_backbone=None, num_classes=len(classes) + 1
    )
    begun_with = load_initial(network, settings.network, settings.weights)
    return Ssd(settings, classes, network, begun_with)


class Ssd(Detector):
    """An SSD in training; the exported one gives scores and decoded boxes of all anchors."""

    outputs: ClassVar[Mapping[str, str]] = {'scores': 'scores', 'boxes': 'boxes'}
    decoder = 'pytorch_ssd'

    def prepare(self) -> None:
        """Make the metric, and what decodes the boxes."""
        super().prepare()
        self._decoded = _Decoded(self.network, self._settings.size_wh)

    def loss(self, batch: Any) -> torch.Tensor:
        """Compute the loss of SSD: of the boxes' edges and, with hard negatives, their classes.

        Of a picture without an object the three worst mistakes count.
        """
        images, targets = batch
        return self._loss_of(self._decoded.head(images), targets)

    def judged(
        self, images: torch.Tensor, targets: Sequence[dict[str, Any]]
    ) -> tuple[torch.Tensor, list[dict[str, torch.Tensor]]]:
        """Return the loss of a batch, and what was found."""
        loss = self._loss_of(self._decoded.head(images), targets)
        scores, boxes = self._decoded(images)
        size = torch.tensor(self._settings.size_wh * 2, device=boxes.device)
        return loss, [
            _best(one, edges * size, self.network.nms_thresh)
            for one, edges in zip(scores, boxes, strict=True)
        ]

    def exported(self) -> nn.Module:
        """Return the network with its anchors applied."""
        return self._decoded

    def labels(self) -> tuple[str, ...]:
        """Return the background and the classes, as SSD numbers them."""
        return (_BACKGROUND, *self._classes)

    def _loss_of(
        self, head: dict[str, torch.Tensor], targets: Sequence[dict[str, Any]]
    ) -> torch.Tensor:
        anchors = self._decoded.anchors
        matched = []
        for target in targets:
            if target['boxes'].numel():
                matched.append(self.network.proposal_matcher(box_iou(target['boxes'], anchors)))
            else:
                matched.append(torch.full((len(anchors),), -1, device=anchors.device))
        losses = self.network.compute_loss(targets, head, [anchors] * len(targets), matched)
        total: torch.Tensor = losses['bbox_regression'] + losses['classification']
        empty = [k for k, target in enumerate(targets) if not target['boxes'].numel()]
        if not empty:
            return total
        found = int((torch.stack(matched) >= 0).sum())
        # Each counts as an anchor with an object does.
        mistakes = self._mistakes(head['cls_logits'][empty])
        return (total * found + mistakes) / (found + len(empty))

    def _mistakes(self, logits: torch.Tensor) -> torch.Tensor:
        """Sum the worst mistakes in pictures without an object, whose logits are (B, A, C).

        torchvision looks for three mistakes for each anchor with an object, and so for none here.
        """
        losses = -logits.log_softmax(-1)[..., 0]
        return losses.topk(round(self.network.neg_to_pos_ratio), 1).values.sum()


class _Decoded(nn.Module):
    """An SSD from an image to the scores and boxes of its anchors, without suppression."""

    anchors: torch.Tensor

    def __init__(self, network: nn.Module, size_wh: tuple[int, int]) -> None:
        super().__init__()
        self.network = network
        width, height = size_wh
        example = torch.zeros(1, 3, height, width)
        was_training = network.training
        with torch.no_grad():
            features = list(network.eval().backbone(example).values())
        network.train(was_training)
        (anchors,) = network.anchor_generator(ImageList(example, [(height, width)]), features)
        self.register_buffer('anchors', anchors, persistent=False)
        self.register_buffer('_size', torch.tensor(size_wh * 2).float(), persistent=False)

    def head(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return ``cls_logits``, (B, A, C), and ``bbox_regression``, (B, A, 4)."""
        features = list(self.network.backbone(images).values())
        found: dict[str, torch.Tensor] = self.network.head(features)
        return found

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores, (B, A, C), and edges as shares of the input, (B, A, 4)."""
        found = self.head(images)
        x1, y1, x2, y2 = self.anchors.unbind(-1)
        wide, high = x2 - x1, y2 - y1
        # The weights of torchvision's box coder for SSD.
        dx, dy, dw, dh = (found['bbox_regression'] / self._weights()).unbind(-1)
        x, y = dx * wide + x1 + wide / 2, dy * high + y1 + high / 2
        w, h = dw.clamp(max=4.0).exp() * wide / 2, dh.clamp(max=4.0).exp() * high / 2
        edges = torch.stack((x - w, y - h, x + w, y + h), -1) / self._size
        return found['cls_logits'].softmax(-1), edges

    def _weights(self) -> torch.Tensor:
        return torch.tensor(self.network.box_coder.weights, device=self.anchors.device)


def _best(scores: torch.Tensor, edges: torch.Tensor, iou: float) -> dict[str, torch.Tensor]:
    """Choose the best boxes of each class of an image, (A, C) and (A, 4)."""
    best, labels = scores[:, 1:].float().max(1)
    order = best.argsort(descending=True)[: 4 * MOST_FOUND]
    kept = torchvision.ops.batched_nms(edges[order].float(), best[order], labels[order], iou)
    chosen = order[kept[:MOST_FOUND]]
    return {'boxes': edges[chosen].float(), 'scores': best[chosen], 'labels': labels[chosen] + 1}
