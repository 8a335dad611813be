# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Finished boxes in pixels, with a class number and a score each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import DecodeError
from ...detection import Candidates, as_candidates
from ..arrays import whole_classes
from ..shapes import Pattern, take

SHAPES: dict[str, Pattern] = {'boxes': ('N', 4), 'classes': ('N',), 'scores': ('N',)}


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    So the exports of RT-DETR, D-FINE and DEIM (labels, boxes, scores), YOLO-NAS and TensorRT's
    EfficientNMS plugin write down what they found.

    Args:
        outputs: By tensor name: ``boxes`` of shape (N, 4), edges (x1, y1, x2, y2) in input
            pixels; ``classes`` of shape (N,), from 0; ``scores`` of shape (N,), 0..1;
            ``count``, one number: rows from there on are padding.
        roles: The tensor name of each; ``count`` may be left out.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    return _decode('labelled_boxes', (1, 1), outputs, roles, score_threshold)


def decode_shares(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
    *,
    decoder: str = 'labelled_shares',
) -> Candidates:
    """Read one image's outputs, where edges are shares of the input; otherwise as ``decode``.

    So NVIDIA TAO's BatchedNMS and Azure Custom Vision write down what they found.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    return _decode(decoder, network_wh, outputs, roles, score_threshold)


def decode_torchvision(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
    *,
    decoder: str = 'torchvision',
) -> Candidates:
    """Read the outputs of torchvision's detectors, which have no batch axis.

    As ``decode``; class 0 is the background, except for ``torchvision_from_0``: RetinaNet and FCOS
    have no background of their own, and can be trained with class 0.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    return _decode(decoder, (1, 1), outputs, roles, score_threshold)


def _decode(
    decoder: str,
    unit_wh: tuple[int, int],
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    score_threshold: float,
) -> Candidates:
    boxes, classes, scores = take(decoder, SHAPES, outputs, roles)
    class_ids = whole_classes(classes)
    rows = listed(decoder, outputs, roles, class_ids, scores, score_threshold)
    with np.errstate(over='ignore', invalid='ignore'):
        edges = boxes[rows].astype(np.float32) * np.array(unit_wh * 2, np.float32)
    return as_candidates(edges, scores[rows], class_ids[rows])


def listed(
    decoder: str,
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    class_ids: NDArray[np.float64],
    scores: NDArray[Any],
    score_threshold: float,
) -> NDArray[np.int64]:
    """Find the rows that are no padding, reach the threshold and have a class.

    Raises:
        DecodeError: ``count`` is not one number.
    """
    good = (scores >= score_threshold) & np.isfinite(class_ids)
    if 'count' in roles and roles['count'] in outputs:
        count = outputs[roles['count']]
        if count.size != 1:
            msg = f'decoder {decoder} expects count to be one number, got {count.shape}'
            raise DecodeError(msg)
        good &= np.arange(len(scores)) < count.reshape(())
    return np.flatnonzero(good)
