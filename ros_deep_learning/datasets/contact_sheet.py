# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Draw many pictures of a data set with their labels on one sheet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError
from ..imaging.drawing.mask_overlay import blend_mask
from ..imaging.drawing.overlay import OverlayFlags, draw_detections
from ..imaging.palettes import class_colors
from .dataset import Dataset, Sample
from .mask_files import read_mask
from .pictures import read_rgb

_TILE_WH = (320, 240)
_COLUMNS = 4
_GAP = 4
_FLAGS = OverlayFlags(box=False, conf=False)


def contact_sheet(dataset: Dataset, count: int) -> NDArray[np.uint8]:
    """Draw pictures that are evenly spread over a data set; unreadable ones are left out.

    Args:
        dataset: What is drawn.
        count: Most pictures, at least 1.

    Returns:
        Shape (H, W, 3), uint8, RGB.

    Raises:
        DatasetError: No picture can be read.
    """
    samples = dataset.samples
    chosen = np.unique(np.linspace(0, len(samples) - 1, min(count, len(samples))).round())
    colors = class_colors(max(1, len(dataset.classes)))
    tiles = []
    for index in chosen.astype(int):
        try:
            tiles.append(_tile(samples[index], dataset.classes, colors))
        except DatasetError:
            continue
    if not tiles:
        msg = f'no picture of {dataset.folder} can be read'
        raise DatasetError(msg)
    columns, rows = min(_COLUMNS, len(tiles)), -(-len(tiles) // _COLUMNS)
    width, height = _TILE_WH
    shape = (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3)
    sheet = np.zeros(shape, np.uint8)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, _COLUMNS)
        top, left = row * (height + _GAP), column * (width + _GAP)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def _tile(
    sample: Sample, classes: tuple[str, ...], colors: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Draw one picture with its label, in the middle of a tile."""
    import cv2

    image = read_rgb(sample.picture)
    height, width = image.shape[:2]
    scale = min(_TILE_WH[0] / width, _TILE_WH[1] / height)
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.ascontiguousarray(
        cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA), np.uint8
    )
    if sample.mask is not None:
        mask = cv2.resize(read_mask(sample.mask), size_wh, interpolation=cv2.INTER_NEAREST)
        blend_mask(small, np.asarray(mask, np.uint8), colors)
    else:
        if sample.boxes is not None:
            edges, ids = sample.boxes.in_pixels((width, height)) * scale, sample.boxes.class_ids
        else:
            # The class of the whole picture is written as that of a box around it.
            edges = np.array([(0.0, 0.0, *size_wh)])
            ids = np.array([sample.class_id or 0])
        draw_detections(
            small, edges, np.ones(len(ids)), ids, labels=classes, colors_rgb=colors, flags=_FLAGS
        )
    tile = np.zeros((_TILE_WH[1], _TILE_WH[0], 3), np.uint8)
    top, left = (_TILE_WH[1] - size_wh[1]) // 2, (_TILE_WH[0] - size_wh[0]) // 2
    tile[top : top + size_wh[1], left : left + size_wh[0]] = small
    return tile
