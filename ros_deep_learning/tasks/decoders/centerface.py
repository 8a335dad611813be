# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""CenterFace: a heat map of face centres, with size and offset maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..detection import Candidates, as_candidates
from .arrays import centre_to_edges, reaching
from .shapes import Pattern, take

SHAPES: dict[str, Pattern] = {
    'heatmap': ('C', 'H', 'W'),
    'scale': (2, 'H', 'W'),
    'offset': (2, 'H', 'W'),
}


def decode(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs.

    CenterFace's rule, with a stride of 4 pixels a cell: centre = (cell + offset + 0.5) * stride,
    side = exp(scale) * stride. Both maps have their vertical plane first. Its landmarks are left
    aside.

    Args:
        outputs: By tensor name: ``heatmap`` of shape (C, H, W), 0..1, with C = 1 for faces;
            ``scale`` and ``offset`` of shape (2, H, W).
        roles: The tensor name of each.
        network_wh: Width and height of the network's input in pixels; with the maps' size, it
            determines the stride.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    heatmap, scale, offset = take('centerface', SHAPES, outputs, roles)
    class_ids, rows, columns = reaching(heatmap, score_threshold)
    strides = np.divide(network_wh, heatmap.shape[:0:-1], dtype=np.float32)
    cell = np.stack([columns, rows], axis=1).astype(np.float32)
    with np.errstate(over='ignore', invalid='ignore'):
        centres = (cell + offset[::-1, rows, columns].T.astype(np.float32) + 0.5) * strides
        sides = np.exp(scale[::-1, rows, columns].T.astype(np.float32)) * strides
    edges = centre_to_edges(np.concatenate([centres, sides], axis=1))
    return as_candidates(edges, heatmap[class_ids, rows, columns], class_ids)
