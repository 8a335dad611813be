# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Transformers that answer a set of queries: DETR, and RT-DETR with focal scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..activation import softmax
from ..detection import Candidates, as_candidates
from .arrays import centre_to_edges, reaching, sigmoid
from .shapes import Pattern, take

SOFTMAX_SHAPES: dict[str, Pattern] = {'logits': ('Q', '1+C'), 'boxes': ('Q', 4)}
FOCAL_SHAPES: dict[str, Pattern] = {'logits': ('Q', 'C'), 'boxes': ('Q', 4)}
ROW_SHAPES: dict[str, Pattern] = {'predictions': ('Q', '4+C')}


def decode_softmax(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs of DETR.

    A query is one object: its class is the likeliest one, "no object" aside, and its score that
    class's softmax probability.

    Args:
        outputs: By tensor name: ``logits`` of shape (Q, C + 1), the last being "no object";
            ``boxes`` of shape (Q, 4), (cx, cy, w, h) as shares of the input.
        roles: The tensor name of ``logits`` and of ``boxes``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    logits, boxes = take('detr', SOFTMAX_SHAPES, outputs, roles)
    probabilities = softmax(logits, axis=-1)[:, :-1]
    class_ids = probabilities.argmax(axis=1)
    scores = probabilities[np.arange(len(logits)), class_ids]
    queries = np.flatnonzero(scores >= score_threshold)
    edges = _edges(boxes[queries], network_wh)
    return as_candidates(edges, scores[queries], class_ids[queries])


def decode_focal(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs of RT-DETR, Deformable DETR, D-FINE or RF-DETR.

    Each class of a query has a score of its own, the sigmoid of its logit; as in the published
    post-processing, the best Q of all pairs of query and class are taken.

    Args:
        outputs: By tensor name: ``logits`` of shape (Q, C); ``boxes`` of shape (Q, 4),
            (cx, cy, w, h) as shares of the input.
        roles: The tensor name of ``logits`` and of ``boxes``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    logits, boxes = take('rtdetr', FOCAL_SHAPES, outputs, roles)
    return _best_pairs(sigmoid(logits), boxes, network_wh, score_threshold)


def decode_spare(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs of RF-DETR, whose last logit belongs to no class.

    Otherwise as ``decode_focal``: ``logits`` has the shape (Q, C + 1).

    Raises:
        DecodeError: The arrays have other shapes.
    """
    logits, boxes = take('rfdetr', SOFTMAX_SHAPES, outputs, roles)
    return _best_pairs(sigmoid(logits[:, :-1]), boxes, network_wh, score_threshold)


def decode_coco(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs of networks that number classes as COCO does, from 1.

    Otherwise as ``decode_focal``: ``logits`` has the shape (Q, 1 + C), and the first belongs to
    no class.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    logits, boxes = take('rtdetr_coco', SOFTMAX_SHAPES, outputs, roles)
    return _best_pairs(sigmoid(logits[:, 1:]), boxes, network_wh, score_threshold)


def decode_rows(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs of RT-DETR as Ultralytics exports it.

    As its own predictor does, a query is one object with its best class.

    Args:
        outputs: By tensor name: ``predictions`` of shape (Q, 4 + C), (cx, cy, w, h) as shares of
            the input and a score 0..1 a class.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The array has another shape.
    """
    (rows,) = take('rtdetr_rows', ROW_SHAPES, outputs, roles)
    class_ids = rows[:, 4:].argmax(axis=1)
    scores = rows[np.arange(len(rows)), class_ids + 4]
    queries = np.flatnonzero(scores >= score_threshold)
    return as_candidates(
        _edges(rows[queries, :4], network_wh), scores[queries], class_ids[queries]
    )


def _best_pairs(
    scores: NDArray[np.float32],
    boxes: NDArray[Any],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    queries, class_ids = reaching(scores, score_threshold)
    best = np.argsort(-scores[queries, class_ids], kind='stable')[: len(scores)]
    queries, class_ids = queries[best], class_ids[best]
    edges = _edges(boxes[queries], network_wh)
    return as_candidates(edges, scores[queries, class_ids], class_ids)


def _edges(boxes: NDArray[Any], network_wh: tuple[int, int]) -> NDArray[np.float32]:
    with np.errstate(over='ignore', invalid='ignore'):
        return centre_to_edges(boxes) * np.array(network_wh * 2, np.float32)
