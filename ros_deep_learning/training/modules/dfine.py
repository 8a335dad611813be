# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Training of D-FINE, a transformer that answers a set of queries and needs no suppression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import nn
from torchvision.ops import box_convert

from ...errors import TrainingError
from ...recognition.usual import UNIT
from ..settings import TrainingSettings
from .detector import MOST_FOUND, Detector
from .initial_weights import load_initial

_COARSEST = 32
"""Pixels of the input for a cell of the coarsest grid."""

_SMALL_BACKBONE: dict[str, Any] = {
    'hidden_sizes': [128, 256, 512, 1024],
    'stem_channels': [3, 16, 16],
    'stage_in_channels': [16, 64, 256, 512],
    'stage_mid_channels': [16, 32, 64, 128],
    'stage_out_channels': [64, 256, 512, 1024],
    'stage_num_blocks': [1, 1, 2, 1],
    'stage_numb_of_layers': [3, 3, 3, 3],
}
_FINER: dict[str, Any] = {'feat_strides': [8, 16, 32], 'decoder_n_points': [3, 6, 3]}
# The architectures of github.com/Peterande/D-FINE in the terms of transformers' configuration.
DFINES: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    'dfine_n': (
        {**_SMALL_BACKBONE, 'out_indices': [3, 4]},
        {
            'num_feature_levels': 2,
            'feat_strides': [16, 32],
            'encoder_in_channels': [512, 1024],
            'encoder_hidden_dim': 128,
            'encoder_ffn_dim': 512,
            'encode_proj_layers': [1],
            'hidden_expansion': 0.34,
            'depth_mult': 0.5,
            'd_model': 128,
            'decoder_in_channels': [128, 128],
            'decoder_ffn_dim': 512,
            'decoder_n_points': [6, 6],
            'decoder_layers': 3,
        },
    ),
    'dfine_s': (
        {**_SMALL_BACKBONE, 'out_indices': [2, 3, 4]},
        {
            **_FINER,
            'encoder_in_channels': [256, 512, 1024],
            'hidden_expansion': 0.5,
            'depth_mult': 0.34,
            'decoder_layers': 3,
        },
    ),
    'dfine_m': (
        {
            'hidden_sizes': [192, 384, 768, 1536],
            'stem_channels': [3, 24, 32],
            'stage_in_channels': [32, 96, 384, 768],
            'stage_mid_channels': [32, 64, 128, 256],
            'stage_out_channels': [96, 384, 768, 1536],
            'stage_num_blocks': [1, 1, 3, 1],
            'stage_numb_of_layers': [4, 4, 4, 4],
            'out_indices': [2, 3, 4],
        },
        {
            **_FINER,
            'encoder_in_channels': [384, 768, 1536],
            'depth_mult': 0.67,
            'decoder_layers': 4,
        },
    ),
}
"""Of each network, the configuration of its backbone and of the rest."""

_QUERIES = 300


def make_dfine(settings: TrainingSettings, classes: Sequence[str]) -> Dfine:
    """Make a detector such as ``dfine_n``.

    Raises:
        TrainingError: The size does not fit its grids, or the weights cannot be used.
    """
    from transformers import DFineConfig, DFineForObjectDetection, HGNetV2Config

    if any(side % _COARSEST for side in settings.size_wh):
        size = 'x'.join(map(str, settings.size_wh))
        msg = f'size: {settings.network} needs multiples of {_COARSEST}, got {size}'
        raise TrainingError(msg)
    backbone, rest = DFINES[settings.network]
    width, height = settings.size_wh
    cells = sum((width // stride) * (height // stride) for stride in rest['feat_strides'])
    config = DFineConfig(
        backbone_config=HGNetV2Config(**backbone, use_learnable_affine_block=True),
        # Only what was published for ImageNet would be better than the statistics of these.
        freeze_backbone_batch_norms=False,
        num_labels=len(classes),
        num_queries=min(_QUERIES, cells),
        **rest,
    )
    network = DFineForObjectDetection(config)
    network.loss_function = _loss_in_float32
    begun_with = load_initial(network, settings.network, settings.weights)
    return Dfine(settings, classes, network, begun_with)


class Dfine(Detector):
    """A D-FINE in training; the exported one gives the logits and boxes of its queries."""

    preprocessing = UNIT
    learning_rates = (4e-4, 1e-4)
    outputs: ClassVar[Mapping[str, str]] = {'logits': 'logits', 'boxes': 'boxes'}
    decoder = 'rtdetr'

    def loss(self, batch: Any) -> torch.Tensor:
        """Compute the loss of D-FINE: of classes, boxes and the distributions of their edges."""
        images, targets = batch
        loss: torch.Tensor = self.network(images, labels=self._shares(targets)).loss
        return loss

    def judged(
        self, images: torch.Tensor, targets: Sequence[dict[str, Any]]
    ) -> tuple[torch.Tensor, list[dict[str, torch.Tensor]]]:
        """Return the loss of a batch, and what was found."""
        answer = self.network(images, labels=self._shares(targets))
        edges = box_convert(answer.pred_boxes.float(), 'cxcywh', 'xyxy') * self._size(images)
        found = []
        for logits, boxes in zip(answer.logits.float(), edges, strict=True):
            best, where = logits.sigmoid().flatten().topk(min(MOST_FOUND, logits.numel()))
            query, label = where // logits.shape[1], where % logits.shape[1]
            found.append({'boxes': boxes[query], 'scores': best, 'labels': label + 1})
        return answer.loss, found

    def exported(self) -> nn.Module:
        """Return the network with two tensors as its answer."""
        return _LogitsAndBoxes(self.network)

    def _shares(self, targets: Sequence[dict[str, Any]]) -> list[dict[str, torch.Tensor]]:
        """Return labels as transformers has them: classes from 0, boxes as shares of the input."""
        labels = []
        for target in targets:
            edges = target['boxes'] / self._size(target['boxes'])
            boxes = box_convert(edges, 'xyxy', 'cxcywh')
            labels.append({'class_labels': target['labels'] - 1, 'boxes': boxes})
        return labels

    def _size(self, like: torch.Tensor) -> torch.Tensor:
        return torch.tensor(self._settings.size_wh * 2, device=like.device)


class _LogitsAndBoxes(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits, (B, Q, C), and centres and sizes as shares of the input, (B, Q, 4)."""
        answer = self.network(images)
        return answer.logits, answer.pred_boxes


def _loss_in_float32(
    logits: torch.Tensor, labels: Any, device: torch.device, *others: Any, **named: Any
) -> Any:
    """Compute the loss of transformers, whose matching needs more than bfloat16."""
    from transformers.loss.loss_d_fine import DFineForObjectDetectionLoss

    with torch.autocast(device.type, enabled=False):
        return DFineForObjectDetectionLoss(
            logits.float(),
            labels,
            device,
            *map(_float32, others),
            **{name: _float32(value) for name, value in named.items()},
        )


def _float32(value: Any) -> Any:
    is_float = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.float() if is_float else value
