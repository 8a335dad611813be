# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Training of networks that give each pixel a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
import torchvision
from torch import nn
from torch.nn import functional
from torchmetrics.classification import MulticlassJaccardIndex
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.fcn import FCN, FCNHead
from torchvision.models.segmentation.lraspp import LRASPP

from ...errors import TrainingError
from ...imaging.palettes import UNLABELLED
from ..settings import TrainingSettings
from .initial_weights import load_initial
from .targets import MaskTarget
from .task_module import VAL_LOSS, TaskModule

FCN_RESNET18 = 'fcn_resnet18'
"""The network of jetson-inference, which torchvision has with larger backbones only."""


def make_segmenter(settings: TrainingSettings, classes: Sequence[str]) -> Segmenter:
    """Make a segmentation network, such as ``lraspp_mobilenet_v3_large``, for some classes.

    Raises:
        TrainingError: There is no such network, or the weights cannot be used.
    """
    known = torchvision.models.list_models(module=torchvision.models.segmentation)
    name = settings.network
    if name == FCN_RESNET18:
        resnet = torchvision.models.resnet18(weights=None)
        backbone = IntermediateLayerGetter(resnet, {'layer4': 'out'})
        network: nn.Module = FCN(backbone, FCNHead(512, len(classes)))
    elif name in known:
        network = torchvision.models.get_model(
            name, weights=None, weights_backbone=None, num_classes=len(classes)
        )
    else:
        msg = f'there is no segmentation network {name!r}; there are {FCN_RESNET18}, ' + ', '.join(
            known
        )
        raise TrainingError(msg)
    begun_with = (
        load_initial(network.backbone, 'resnet18', settings.weights)
        if name == FCN_RESNET18 and settings.weights == 'auto'
        else load_initial(network, name, settings.weights)
    )
    return Segmenter(settings, classes, network, begun_with)


class Segmenter(TaskModule):
    """A segmentation network in training; the exported one gives logits on its own grid."""

    task = 'segmentation'
    metric = 'mean_iou'
    outputs: ClassVar[Mapping[str, str]] = {'logits': 'output_0'}

    def prepare(self) -> None:
        """Make the metric, and the network without its interpolation."""
        self._grid = _Grid(self.network)
        self._iou = MulticlassJaccardIndex(len(self._classes), ignore_index=UNLABELLED)

    def target(self) -> MaskTarget:
        """Return what reads the masks."""
        return MaskTarget()

    def loss(self, batch: Any) -> torch.Tensor:
        """Compute the cross entropy of the pixels that have a class."""
        images, masks = batch
        return _cross_entropy(self._logits(images), masks.long())

    def judge(self, batch: Any) -> None:
        """Log the cross entropy and the mean intersection over union of the classes."""
        images, masks = batch
        logits, wanted = self._logits(images), masks.long()
        loss = _cross_entropy(logits, wanted)
        self._iou(logits, wanted)
        self.log(VAL_LOSS, loss, batch_size=len(images), sync_dist=True)
        self.log(self.metric, self._iou, on_epoch=True)

    def exported(self) -> nn.Module:
        """Return the network without the interpolation, which SegNet does for the image's size."""
        return self._grid

    def _logits(self, images: torch.Tensor) -> torch.Tensor:
        return functional.interpolate(
            self._grid(images), images.shape[-2:], mode='bilinear', align_corners=False
        )


def _cross_entropy(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the mean over the pixels that have a class, and 0 where none has one."""
    total = functional.cross_entropy(logits, wanted, ignore_index=UNLABELLED, reduction='sum')
    return total / (wanted != UNLABELLED).sum().clamp(min=1)


class _Grid(nn.Module):
    """A network of torchvision without its last step, the interpolation."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.backbone, self.classifier = network.backbone, network.classifier
        self._takes_all = isinstance(network, LRASPP)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features = self.backbone(images)
        logits: torch.Tensor = self.classifier(features if self._takes_all else features['out'])
        return logits
