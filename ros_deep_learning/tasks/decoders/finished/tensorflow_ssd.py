# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Detectors of TensorFlow's object detection API, with suppression in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...detection import Candidates, as_candidates
from ..arrays import whole_classes
from ..shapes import Pattern, take
from .labelled_boxes import listed

SHAPES: dict[str, Pattern] = {'boxes': ('N', 4), 'classes': ('N',), 'scores': ('N',)}


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    TensorFlow numbers classes from 1; here class 1 is the first label.

    Args:
        outputs: By tensor name: ``boxes`` (detection_boxes) of shape (N, 4), edges
            (y1, x1, y2, x2) as shares of the input; ``classes`` (detection_classes) of shape
            (N,), from 1; ``scores`` (detection_scores) of shape (N,), 0..1; ``count``
            (num_detections), one number: rows from there on are padding.
        roles: The tensor name of each; ``count`` may be left out.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    return _decode('tensorflow_ssd', 1, outputs, roles, network_wh, score_threshold)


def decode_tflite(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs as TensorFlow Lite's post-processing writes them.

    As ``decode``, but classes are numbered from 0.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    return _decode('tflite_ssd', 0, outputs, roles, network_wh, score_threshold)


def _decode(
    decoder: str,
    first_class: int,
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    boxes, classes, scores = take(decoder, SHAPES, outputs, roles)
    class_ids = whole_classes(classes, first_class)
    rows = listed(decoder, outputs, roles, class_ids, scores, score_threshold)
    with np.errstate(over='ignore', invalid='ignore'):
        edges = boxes[rows][:, [1, 0, 3, 2]].astype(np.float32) * np.array(
            network_wh * 2, np.float32
        )
    return as_candidates(edges, scores[rows], class_ids[rows])
