# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Divide a data set into train, val and test."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from ..errors import DatasetError
from ..files import sha256_of
from ..text import disk_cause
from .dataset import Dataset, Sample


def split_dataset(dataset: Dataset, shares: Mapping[str, float], seed: int) -> Dataset:
    """Divide the pictures anew; equal ones stay together, and classes keep their shares.

    Args:
        dataset: With all its splits, whose division is forgotten.
        shares: Share 0..1 of each split beside ``train``, which gets the rest.
        seed: Equal seeds divide equally.

    Raises:
        DatasetError: A split would be empty, or a picture cannot be read.
    """
    by_content: dict[str, list[Sample]] = defaultdict(list)
    for sample in dataset.samples:
        try:
            by_content[sha256_of(sample.picture)].append(sample)
        except OSError as err:
            msg = f'cannot read {sample.picture}: {disk_cause(err)}'
            raise DatasetError(msg) from err
    by_class: dict[int | None, list[list[Sample]]] = defaultdict(list)
    for group in by_content.values():
        by_class[group[0].class_id].append(group)
    splits: dict[str, list[Sample]] = {'train': [], **{name: [] for name in shares}}
    chooser = random.Random(seed)  # noqa: S311 (no secret)
    for groups in by_class.values():
        chooser.shuffle(groups)
        start = 0
        for name, share in shares.items():
            count = round(len(groups) * share)
            splits[name] += [sample for group in groups[start : start + count] for sample in group]
            start += count
        splits['train'] += [sample for group in groups[start:] for sample in group]
    if empty := [name for name, samples in splits.items() if not samples]:
        msg = f'{len(dataset.samples)} pictures are too few: {", ".join(empty)} would be empty'
        raise DatasetError(msg)
    ordered = {
        name: tuple(sorted(samples, key=lambda sample: sample.picture))
        for name, samples in splits.items()
    }
    return replace(dataset, splits=ordered)
