# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Small data sets cut out of real pictures, whose labels are right by construction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def cut(picture: Picture, random: np.random.Generator) -> Picture:
    """Return a part of a picture, of odd size and changed brightness."""
    height, width = picture.shape[:2]
    h, w = (int(side * random.uniform(0.4, 0.8)) | 1 for side in (height, width))
    y, x = int(random.integers(0, height - h + 1)), int(random.integers(0, width - w + 1))
    part = picture[y : y + h, x : x + w].astype(np.float32) * random.uniform(0.7, 1.2)
    scale = random.uniform(0.2, 0.5)
    small = cv2.resize(
        part, (int(w * scale) | 1, int(h * scale) | 1), interpolation=cv2.INTER_AREA
    )
    return small.clip(0, 255).astype(np.uint8)


def write_rgb(path: Path, picture: Picture) -> None:
    """Write a picture, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def image_folder(
    folder: Path, pictures: Mapping[str, Picture], counts: Mapping[str, int], seed: int = 0
) -> Path:
    """Write parts of pictures into a folder for each split and class.

    Args:
        folder: The data set.
        pictures: The picture of each class.
        counts: How many parts of each picture a split has.
        seed: Of the parts.
    """
    random = np.random.default_rng(seed)
    for split, count in counts.items():
        for name, picture in pictures.items():
            for number in range(count):
                write_rgb(folder / split / name / f'{number:03}.jpg', cut(picture, random))
    return folder
