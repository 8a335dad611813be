# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Measure how far a quantised network agrees with its float original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cards.card import ModelCard
from ..imaging.placement import Placement
from ..onnx_tools.mixed import Goal
from ..tasks.boxes import iou_matrix
from ..tasks.decoders.registry import find_decoder
from ..tasks.detection import Detections
from ..tasks.score_grid import read_scores
from ..tasks.suppression import DetectionSettings, detections_from

Outputs = Mapping[str, NDArray[Any]]
MATCH_IOU = 0.5
"""Lowest IoU of two boxes of the same object, as in PASCAL VOC and COCO's AP50."""
KEPT_IOU = 0.9
"""Lowest IoU with a box of the float network for int8 to have kept that box."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two networks agree on some frames.

    Attributes:
        share: 0..1: of frames with the same best class, of pixels with the same class, or of
            objects that both found; nan where neither found any.
        measure: Name of what the share counts.
        detail: More of it, for people; may be empty.
    """

    share: float
    measure: str
    detail: str = ''

    def __str__(self) -> str:
        if isnan(self.share):
            return f'{self.measure}: neither found any'
        return f'{self.measure}: {self.share:.1%}' + f' ({self.detail})' * bool(self.detail)


def agreement(
    card: ModelCard,
    placements: Sequence[Placement],
    floats: Sequence[Outputs],
    ints: Sequence[Outputs],
    *,
    min_iou: float = MATCH_IOU,
) -> Agreement:
    """Compare the outputs of two networks on the same frames by the results of the task.

    Args:
        card: Of the network; its task, outputs and decoder count.
        placements: How each frame was laid into the input.
        floats: Outputs of the float network, with batch axis 1, one set a frame.
        ints: Those of the quantised one.
        min_iou: Lowest IoU of two boxes that count as the same object.

    Raises:
        DecodeError: The outputs do not fit the card.
    """
    pairs = list(zip(floats, ints, strict=True))
    if card.task == 'classification':
        name = next(iter(card.outputs.values()))
        same = [a[name].argmax() == b[name].argmax() for a, b in pairs]
        return Agreement(float(np.mean(same)), 'same top-1', f'{len(same)} frames')
    if card.task == 'segmentation':
        name = next(iter(card.outputs.values()))
        masks = [(_mask(a[name][0]), _mask(b[name][0])) for a, b in pairs]
        worst = min(float(np.mean(a == b)) for a, b in masks)
        share = float(np.mean([np.mean(a == b) for a, b in masks]))
        return Agreement(share, 'same class of pixels', f'worst frame {worst:.1%}')
    return _boxes(card, placements, pairs, min_iou)


def _mask(output: NDArray[Any]) -> NDArray[np.int64]:
    mask: NDArray[np.int64] = read_scores(output, 'scores').argmax(0)
    return mask


def _boxes(
    card: ModelCard,
    placements: Sequence[Placement],
    pairs: Sequence[tuple[Outputs, Outputs]],
    min_iou: float,
) -> Agreement:
    found = matched = 0
    overlaps: list[float] = []
    for placement, (first, second) in zip(placements, pairs, strict=True):
        a, b = (detections_of(card, placement, outputs) for outputs in (first, second))
        hits = match_ious(a, b, min_iou)
        found += len(a) + len(b)
        matched += 2 * len(hits)
        overlaps += hits
    share = matched / found if found else float('nan')
    detail = f'{found} objects in both, mean IoU {np.mean(overlaps):.3f}' if overlaps else ''
    return Agreement(share, 'objects that both found', detail)


def answers_kept(card: ModelCard, placements: Sequence[Placement], share: float) -> Goal:
    """Return the goal of keeping a share of the results of a float network.

    Args:
        card: The network.
        placements: Of the frames that it is judged by, in the input.
        share: 0..1, as ``agreement`` with ``min_iou=KEPT_IOU`` computes it.
    """

    def score(floats: Sequence[Outputs], ints: Sequence[Outputs]) -> float:
        return agreement(card, placements, floats, ints, min_iou=KEPT_IOU).share

    return Goal(score, share)


def match_ious(a: Detections, b: Detections, min_iou: float = MATCH_IOU) -> list[float]:
    """Return the overlaps of objects of one class, paired greedily, each used once.

    Returns:
        The IoU of each pair, all at or above ``min_iou``.
    """
    ious = iou_matrix(a.boxes_xyxy, b.boxes_xyxy)
    ious = np.where(a.class_ids[:, None] == b.class_ids[None, :], ious, 0.0)
    hits = []
    while ious.size and ious.max() >= min_iou:
        row, column = np.unravel_index(ious.argmax(), ious.shape)
        hits.append(float(ious[row, column]))
        ious[row, :] = ious[:, column] = 0.0
    return hits


def detections_of(
    card: ModelCard,
    placement: Placement,
    outputs: Outputs,
    settings: DetectionSettings | None = None,
) -> Detections:
    """Decode the objects of one frame.

    Args:
        card: The network.
        placement: How the frame was laid into the input.
        outputs: The network's, with batch axis 1.
        settings: Which objects are kept; None for the defaults.

    Raises:
        DecodeError: The outputs do not fit the card.
    """
    settings = settings or DetectionSettings()
    arrays = {name: array[0] for name, array in outputs.items()}
    size = (card.input.width, card.input.height)
    decode = find_decoder(card.decoder or '').decode
    candidates = decode(arrays, card.outputs, size, settings.score_threshold)
    return detections_from(candidates, placement, settings)
