# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Check the pictures of a data set, beside what reading its labels has found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ..errors import DatasetError
from ..files import sha256_of
from ..progress import Progress, silent
from .dataset import Dataset, Problem, Sample
from .mask_files import mask_label, read_mask
from .pictures import read_rgb

_SLACK = 1.001
"""How far a box may stick out of its picture, which rounding does."""
# COCO's groups of areas in square pixels: https://cocodataset.org/#detection-eval
_SMALL, _MEDIUM = 32**2, 96**2
_NO_CLASS = 255


@dataclass(slots=True)
class Findings:
    """What a data set holds, and what is wrong with it.

    Attributes:
        problems: Of the labels and of the pictures.
        sizes_wh: Width and height of each picture that could be read.
        per_class: For each class the pictures of it, its boxes, or the pictures that it is in.
        box_sizes: Number of boxes by size, as COCO groups them.
    """

    problems: list[Problem] = field(default_factory=list)
    sizes_wh: list[tuple[int, int]] = field(default_factory=list)
    per_class: Counter[str] = field(default_factory=Counter)
    box_sizes: Counter[str] = field(default_factory=Counter)

    def size_text(self) -> str:
        """Return the smallest, median and largest width and height."""
        if not self.sizes_wh:
            return 'no picture can be read'
        sides = np.array(self.sizes_wh)
        low, middle, high = (
            'x'.join(str(int(side)) for side in function(sides, axis=0))
            for function in (np.min, np.median, np.max)
        )
        return f'smallest sides {low}, median {middle}, largest {high}'


def check_dataset(dataset: Dataset, progress: Progress = silent) -> Findings:
    """Read every picture and mask of a data set.

    Args:
        dataset: With all its splits.
        progress: Told how far it is; may raise to cancel.
    """
    findings = Findings(list(dataset.problems))
    seen: dict[str, tuple[str, Sample]] = {}
    done, total = 0, len(dataset.samples)
    for split, samples in dataset.splits.items():
        for sample in samples:
            progress('checking pictures', done / max(1, total))
            done += 1
            _check(sample, dataset.classes, findings)
            try:
                digest = sha256_of(sample.picture)
            except OSError:
                continue
            first_split, first = seen.setdefault(digest, (split, sample))
            if first_split != split or first.class_id != sample.class_id:
                text = f'the same as {first.picture}'
                findings.problems.append(Problem('duplicate', sample.picture, text))
    progress('checking pictures', 1.0)
    return findings


def _check(sample: Sample, classes: tuple[str, ...], findings: Findings) -> None:
    try:
        height, width = read_rgb(sample.picture).shape[:2]
    except DatasetError as err:
        findings.problems.append(Problem('broken picture', sample.picture, str(err)))
        return
    findings.sizes_wh.append((width, height))
    if sample.class_id is not None:
        findings.per_class[classes[sample.class_id]] += 1
    elif sample.boxes is not None:
        boxes = sample.boxes
        try:
            boxes.check_size((width, height))
        except DatasetError as err:
            findings.problems.append(Problem('broken label', sample.picture, str(err)))
        findings.per_class.update(classes[k] for k in boxes.class_ids)
        for area in boxes.areas_in_pixels((width, height)):
            size = 'small' if area < _SMALL else 'medium' if area < _MEDIUM else 'large'
            findings.box_sizes[size] += 1
        edges = boxes.in_pixels((width, height))
        # Those in shares are checked where they are read.
        if not boxes.in_shares and (edges[:, 2:] > np.array((width, height)) * _SLACK + 1).any():
            text = f'a box ends outside of its {width}x{height} pixels'
            findings.problems.append(Problem('box outside', sample.picture, text))
    elif sample.mask is not None:
        _check_mask(sample, (width, height), classes, findings)


def _check_mask(
    sample: Sample, size_wh: tuple[int, int], classes: tuple[str, ...], findings: Findings
) -> None:
    assert sample.mask is not None
    label = mask_label(sample.mask)
    try:
        mask = read_mask(sample.mask)
    except DatasetError as err:
        findings.problems.append(Problem('broken label', label, str(err)))
        return
    if mask.shape[::-1] != size_wh:
        text = f'{mask.shape[1]}x{mask.shape[0]}, its picture {size_wh[0]}x{size_wh[1]}'
        findings.problems.append(Problem('broken label', label, text))
    numbers = [int(number) for number in np.unique(mask) if number != _NO_CLASS]
    findings.per_class.update(classes[k] for k in numbers if k < len(classes))
    if unknown := [number for number in numbers if number >= len(classes)]:
        text = f'numbers that are no class: {", ".join(map(str, unknown[:8]))}'
        findings.problems.append(Problem('unknown class', label, text))
    if not numbers:
        findings.problems.append(Problem('empty label', label, 'no pixel has a class'))
