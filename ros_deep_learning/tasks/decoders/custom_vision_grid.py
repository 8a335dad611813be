# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Azure Custom Vision's first form: YOLOv2's grid with five anchors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DecodeError
from ..activation import softmax
from ..detection import Candidates, as_candidates
from .arrays import sigmoid
from .shapes import Pattern, take

SHAPES: dict[str, Pattern] = {'predictions': ('F', 'H', 'W')}

# Source: ANCHORS in the Python sample of Custom Vision's exports; width and height in cells.
_ANCHORS = ((0.573, 0.677), (1.87, 2.06), (3.34, 5.47), (7.88, 3.53), (9.77, 9.17))


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    The formulas are those of ``_postprocess`` in the Python sample of Custom Vision's exports:
    the centre is ``(x + column) / W``, the width ``exp(w) * anchor / W``, and the score the
    sigmoid of the objectness times the softmax of the classes. A box has its best class.

    Args:
        outputs: By tensor name: ``predictions`` of shape (5 * (5 + C), H, W), for each of five
            anchors x, y, w, h, objectness and a logit a class.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The array has another shape.
    """
    (grid,) = take('custom_vision_grid', SHAPES, outputs, roles)
    height, width = grid.shape[1:]
    if class_count({'predictions': grid.shape}) is None:
        msg = f'decoder custom_vision_grid expects predictions (5*(5+C), H, W), got {grid.shape}'
        raise DecodeError(msg)
    cells = grid.reshape(len(_ANCHORS), -1, height, width).astype(np.float32)
    scores = sigmoid(cells[:, 4:5]) * softmax(cells[:, 5:], axis=1)
    best = scores.max(axis=1)
    # NaN never reaches the threshold.
    anchors, rows, columns = np.nonzero(best >= score_threshold)
    x, y, w, h = cells[anchors, :4, rows, columns].T
    sizes = np.array(_ANCHORS, np.float32)[anchors]
    with np.errstate(over='ignore', invalid='ignore'):
        centre = np.stack([(x + columns) / width, (y + rows) / height], axis=1)
        half = np.exp(np.stack([w, h], axis=1)) * sizes / np.array((width, height), np.float32) / 2
        edges = np.concatenate([centre - half, centre + half], axis=1)
        edges = edges * np.array(network_wh * 2, np.float32)
    class_ids = scores.argmax(axis=1)[anchors, rows, columns]
    return as_candidates(edges, best[anchors, rows, columns], class_ids)


def class_count(shapes: Mapping[str, tuple[int, ...]]) -> int | None:
    """Return the number of classes; None if the axis of the fields is open or of no such size."""
    fields, rest = divmod(shapes['predictions'][0], len(_ANCHORS))
    return fields - 5 if not rest and fields > 5 else None
