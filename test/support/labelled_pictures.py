# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Small data sets cut out of real pictures, whose labels are right by construction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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


def scenes(
    pictures: Mapping[str, Picture], count: int, random: np.random.Generator
) -> Iterator[tuple[Picture, Picture, list[tuple[int, tuple[int, int, int, int]]]]]:
    """Yield pictures of 96x80 of a grey ground with things on it.

    Yields:
        The picture; its mask, 0 for the ground and 1 for the first thing; and for each thing its
        number from 0 and its box, xyxy in pixels.
    """
    width, height = 96, 80
    middles = {
        name: picture[picture.shape[0] // 5 : -picture.shape[0] // 5, picture.shape[1] // 4 :]
        for name, picture in pictures.items()
    }
    for number in range(count):
        noise = random.integers(90, 150, (height, width, 1))
        picture = np.repeat(noise, 3, axis=2).astype(np.uint8)
        mask = np.zeros((height, width), np.uint8)
        # One in each half, so that none covers another.
        things = []
        for half in range(1 + number % 2):
            kind = int(random.integers(len(middles)))
            w, h = (int(side) for side in random.integers(24, 40, 2))
            x = int(random.integers(0, 48 - w + 1)) + 48 * half
            y = int(random.integers(0, height - h + 1))
            thing = cv2.resize(middles[list(middles)[kind]], (w, h), interpolation=cv2.INTER_AREA)
            picture[y : y + h, x : x + w] = thing
            mask[y : y + h, x : x + w] = kind + 1
            things.append((kind, (x, y, x + w, y + h)))
        yield picture, mask, things


def mask_folder(folder: Path, pictures: Mapping[str, Picture], counts: Mapping[str, int]) -> Path:
    """Write pictures with masks of a ground and things into a folder for each split."""
    random = np.random.default_rng(3)
    for split, count in counts.items():
        for number, (picture, mask, _) in enumerate(scenes(pictures, count, random)):
            write_rgb(folder / 'images' / split / f'{number:03}.png', picture)
            path = folder / 'masks' / split / f'{number:03}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), mask)
    (folder / 'classes.txt').write_text('\n'.join(['ground', *pictures]) + '\n')
    return folder


def coco_folder(folder: Path, pictures: Mapping[str, Picture], counts: Mapping[str, int]) -> Path:
    """Write pictures with boxes of things as COCO has them."""
    random = np.random.default_rng(4)
    categories = [{'id': k + 1, 'name': name} for k, name in enumerate(pictures)]
    for split, count in counts.items():
        images, annotations = [], []
        for number, (picture, _, things) in enumerate(scenes(pictures, count, random)):
            name = f'{number:03}.png'
            write_rgb(folder / split / name, picture)
            images.append({'id': number, 'file_name': name, 'width': 96, 'height': 80})
            annotations += [
                {
                    'id': len(annotations) + k,
                    'image_id': number,
                    'category_id': kind + 1,
                    'bbox': [x1, y1, x2 - x1, y2 - y1],
                    'area': (x2 - x1) * (y2 - y1),
                    'iscrowd': 0,
                }
                for k, (kind, (x1, y1, x2, y2)) in enumerate(things)
            ]
        path = folder / 'annotations' / f'instances_{split}.json'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({'images': images, 'annotations': annotations, 'categories': categories})
        )
    return folder
