# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""CenterNet: a heat map of centres for each class, with size and offset maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..detection import Candidates, as_candidates
from .arrays import centre_to_edges, reaching, sigmoid
from .shapes import Pattern, take

SHAPES: dict[str, Pattern] = {
    'heatmap': ('C', 'H', 'W'),
    'size': (2, 'H', 'W'),
    'offset': (2, 'H', 'W'),
}
_LOGIT_SLACK = 1e-3


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    The rule of ``ctdet_decode`` (Zhou et al., "Objects as Points", 2019): a cell is a centre
    where no neighbour in its class's map is hotter; centre = (cell + offset) * stride, and sides
    = size * stride. Both maps have their horizontal plane first, unlike CenterFace's.

    Args:
        outputs: By tensor name: ``heatmap`` of shape (C, H, W), 0..1; ``size`` and ``offset`` of
            shape (2, H, W), in cells.
        roles: The tensor name of each.
        network_wh: Width and height of the network's input in pixels; with the maps' size, it
            determines the stride.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    heatmap, size, offset = take('centernet', SHAPES, outputs, roles)
    peaks = _peaks(heatmap, reaching(heatmap, score_threshold))
    return _boxes(peaks, heatmap[peaks], size, offset, network_wh)


def decode_raw(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs as ``decode`` does, the heat map being logits.

    CenterNet's own networks end like this: the sigmoid is left to the reader of their outputs.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    heatmap, size, offset = take('centernet_raw', SHAPES, outputs, roles)
    with np.errstate(divide='ignore'):
        least = np.log(score_threshold) - np.log1p(-score_threshold) - _LOGIT_SLACK
    peaks = _peaks(heatmap, reaching(heatmap, least))
    scores = sigmoid(heatmap[peaks])
    sure = scores >= score_threshold
    return _boxes(tuple(axis[sure] for axis in peaks), scores[sure], size, offset, network_wh)


def _peaks(
    heatmap: NDArray[Any], found: tuple[NDArray[np.intp], ...]
) -> tuple[NDArray[np.intp], ...]:
    """Keep the cells that are as hot as the hottest of the nine around them."""
    classes, rows, columns = found
    hot = heatmap[found]
    _, height, width = heatmap.shape
    keep = np.ones(len(hot), np.bool_)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            # At the border the neighbour is the cell's own row or column once more.
            y = np.clip(rows + down, 0, height - 1)
            x = np.clip(columns + right, 0, width - 1)
            keep &= ~(heatmap[classes, y, x] > hot)
    return classes[keep], rows[keep], columns[keep]


def _boxes(
    peaks: tuple[NDArray[np.intp], ...],
    scores: NDArray[Any],
    size: NDArray[Any],
    offset: NDArray[Any],
    network_wh: tuple[int, int],
) -> Candidates:
    class_ids, rows, columns = peaks
    strides = np.divide(network_wh, size.shape[:0:-1], dtype=np.float32)
    cell = np.stack([columns, rows], axis=1).astype(np.float32)
    with np.errstate(over='ignore', invalid='ignore'):
        centres = (cell + offset[:, rows, columns].T.astype(np.float32)) * strides
        sides = size[:, rows, columns].T.astype(np.float32) * strides
    edges = centre_to_edges(np.concatenate([centres, sides], axis=1))
    return as_candidates(edges, scores, class_ids)
