# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What int8 costs: how far a quantised network agrees with its float original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
"""Least overlap of two boxes that show the same object, as in PASCAL VOC and COCO's AP50."""
KEPT_IOU = 0.9
"""Least overlap of a box with the float network's own for int8 to have kept it."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two networks agree on some frames.

    Attributes:
        share: 0..1: of frames with the same best class, of pixels with the same class, or of
            objects that both found; nan where neither found any.
        measure: What the share is of.
        detail: More of it, for people; may be empty.
    """

    share: float
    measure: str
    detail: str = ''

    def __str__(self) -> str:
        return f'{self.measure}: {self.share:.1%}' + f' ({self.detail})' * bool(self.detail)


def agreement(
    card: ModelCard,
    placements: Sequence[Placement],
    floats: Sequence[Outputs],
    ints: Sequence[Outputs],
    *,
    min_iou: float = MATCH_IOU,
) -> Agreement:
    """Compare the outputs of two networks on the same frames, by what the task makes of them.

    Args:
        card: The network; says task, outputs and decoder.
        placements: How each frame was laid into the input.
        floats: Outputs of the float network, with batch axis 1, one set a frame.
        ints: Those of the quantised one.
        min_iou: Least overlap of two boxes that count as the same object.

    Raises:
        DecodeError: The outputs are not what the card says.
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
    """Make the goal of keeping a share of a float network's answers.

    Args:
        card: The network.
        placements: How each frame that it is judged by is laid into the input.
        share: 0..1 of ``agreement``, with boxes that overlap by ``KEPT_IOU``.
    """

    def score(floats: Sequence[Outputs], ints: Sequence[Outputs]) -> float:
        return agreement(card, placements, floats, ints, min_iou=KEPT_IOU).share

    return Goal(score, share)


def match_ious(a: Detections, b: Detections, min_iou: float = MATCH_IOU) -> list[float]:
    """Pair the objects of the same class that overlap most, each one once.

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
    """Read the objects of one frame, by the card's decoder.

    Args:
        card: The network.
        placement: How the frame was laid into the input.
        outputs: The network's, with batch axis 1.
        settings: What to keep; the defaults, if none are given.

    Raises:
        DecodeError: The outputs are not what the card says.
    """
    settings = settings or DetectionSettings()
    arrays = {name: array[0] for name, array in outputs.items()}
    size = (card.input.width, card.input.height)
    decode = find_decoder(card.decoder or '').decode
    candidates = decode(arrays, card.outputs, size, settings.score_threshold)
    return detections_from(candidates, placement, settings)
