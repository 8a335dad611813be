# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a training will do: its pictures, and what is wrong with them."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..cards.card import InputSpec
from ..datasets.dataset import Dataset, Problem, Sample, counted
from ..datasets.listing import folders_in, split_of
from ..datasets.mask_files import read_mask
from ..datasets.opening import open_dataset
from ..errors import DatasetError, ImageError, TrainingError
from ..imaging.palettes import UNLABELLED
from ..networks.images import read_picture
from ..progress import Progress, silent
from .settings import TrainingSettings

_LISTED = 5


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Pictures for a training, all of which can be read.

    Attributes:
        dataset: Where they are from.
        classes: Name of each class.
        train: Pictures to train with.
        val: Pictures to judge with.
        held_out: Whether ``val`` was taken out of the others, for want of such a split.
        skipped: The broken pictures that were left out.
        unused: How many pictures each further split has, which is neither for training nor for
            validation.
    """

    dataset: Dataset
    classes: tuple[str, ...]
    train: tuple[Sample, ...]
    val: tuple[Sample, ...]
    held_out: bool
    skipped: tuple[Problem, ...]
    unused: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def describe(self) -> list[str]:
        """Return what will be done with which pictures, one line for people each."""
        data = self.dataset
        val = 'held out of them for validation' if self.held_out else 'for validation'
        lines = [
            f'{data.folder}: {data.format}, {data.task}, {len(self.classes)} classes '
            f'({", ".join(self.classes[:8])}{", ..." if len(self.classes) > 8 else ""})',
            f'{len(self.train)} pictures to train with, {len(self.val)} {val}',
        ]
        if empty := sum(one.boxes is not None and not len(one.boxes) for one in self.train):
            lines.append(f'{empty} of those to train with have no object: they teach what is none')
        lines += [
            f'{count} pictures are not used: they are '
            f'{"of no split" if name == "all" else f"of the split {name}"}, not of train or val'
            for name, count in self.unused.items()
        ]
        if self.skipped:
            lines.append(f'{len(self.skipped)} broken pictures are skipped:')
            lines += [f'  {problem}' for problem in self.skipped[:_LISTED]]
            if len(self.skipped) > _LISTED:
                lines.append(f'  and {len(self.skipped) - _LISTED} more')
        others = [problem for problem in data.problems if problem.kind != 'classes differ']
        if others:
            lines.append(f'further problems of the data set: {counted(others)}')
        return lines

    def fingerprint(self) -> str:
        """Return a hash of the names, sizes and labels of all pictures, as 64 hex digits."""
        digest = hashlib.sha256(repr(self.classes).encode())
        for split in (self.train, self.val):
            for sample in split:
                # It may be a file, and pictures may lie elsewhere.
                place = os.path.relpath(sample.picture, self.dataset.folder)
                size = sample.picture.stat().st_size
                digest.update(f'{place}\0{size}\0{sample.class_id}\n'.encode())
                if sample.boxes is not None:
                    digest.update(sample.boxes.boxes_xyxy.tobytes())
                    digest.update(sample.boxes.class_ids.tobytes())
                if sample.mask is not None:
                    digest.update(
                        sample.mask.read_bytes()
                        if isinstance(sample.mask, Path)
                        else read_mask(sample.mask).tobytes()
                    )
            digest.update(b'--')
        return digest.hexdigest()


def check_output(data: Path, output: Path) -> None:
    """Check that the folder of a training is not among the folders of classes.

    It, or the folders in it, would be classes without pictures, and the training could not be
    continued.

    Args:
        data: Folder of the data set.
        output: Folder of the training.

    Raises:
        DatasetError: There is no such data set.
        TrainingError: The folder is among them.
    """
    place = output.resolve()
    if not place.is_relative_to(data.resolve()):
        return
    if open_dataset(data, split=None).format != 'folder':
        return
    splits = [path for path in folders_in(data) if split_of(path.name) is not None]
    if any(place.is_relative_to(folder.resolve()) for folder in splits or [data]):
        msg = f'{output} would become a class of {data}; to fix: an --output beside it'
        raise TrainingError(msg)


def make_plan(folder: Path, settings: TrainingSettings, progress: Progress = silent) -> Plan:
    """Read a data set and check that a network can be trained on it.

    Args:
        folder: The data set.
        settings: How.
        progress: Told how many of the pictures were checked.

    Raises:
        DatasetError: There is no such data set of that task.
        TrainingError: Splits have other classes, a class has no picture, or there are too few.
    """
    data = open_dataset(
        folder,
        task=settings.task,
        split=None,
        without=('test',),
        pictures_below=settings.pictures_below,
    )
    differ = [problem for problem in data.problems if problem.kind == 'classes differ']
    if differ:
        msg = f'{data.folder}: the splits have other classes: {differ[0].text}'
        raise TrainingError(msg)
    wanted = {name: data.splits[name] for name in _used(data)}
    classes_of, skipped = _readable([s for split in wanted.values() for s in split], progress)
    kept = {
        name: tuple(sample for sample in samples if sample in classes_of)
        for name, samples in wanted.items()
    }
    val = kept.pop('val', ())
    train = tuple(sample for samples in kept.values() for sample in samples)
    held_out = not val
    if held_out:
        train, val = _hold_out(train, classes_of, settings)
    _check_classes(data, train, val, classes_of, skipped)
    if not val:
        msg = f'{data.folder} has too few pictures to hold some out for validation'
        raise TrainingError(msg)
    if not any(classes_of[sample] for sample in val):
        which = 'held out of them' if held_out else 'for validation'
        msg = (
            f'{data.folder}: no label of the {len(val)} pictures {which} says anything, so that '
            'no epoch would be better than another; to fix: label more pictures'
        )
        raise TrainingError(msg)
    if (least := min(len(train), len(val))) < settings.devices:
        msg = f'{settings.devices} devices cannot share {least} pictures; to fix: fewer --devices'
        raise TrainingError(msg)
    unused = {name: len(samples) for name, samples in data.splits.items() if name not in wanted}
    return Plan(data, data.classes, train, val, held_out, tuple(skipped), unused)


def input_spec(settings: TrainingSettings, preprocessing: Mapping[str, Any]) -> InputSpec:
    """Return how pictures become the network's input, in the training and afterwards.

    Args:
        settings: Have the size, and how pictures are fitted into it.
        preprocessing: Further fields, such as the mean and deviation of the network.
    """
    width, height = settings.size_wh
    return InputSpec(
        width=width,
        height=height,
        name='input_0',
        resize=settings.resize,
        **preprocessing,
    )


def _used(data: Dataset) -> list[str]:
    """List the splits to train with and to judge with; without ``train``, all are to train with.

    Raises:
        TrainingError: There is none to train with.
    """
    train = [name for name in data.splits if name == 'train']
    train = train or [name for name in data.splits if name != 'val']
    if not train:
        msg = f'{data.folder} has no pictures to train with: its only split is val'
        raise TrainingError(msg)
    return [*train, *(name for name in data.splits if name == 'val')]


def _readable(
    samples: Sequence[Sample], progress: Progress
) -> tuple[dict[Sample, frozenset[int]], list[Problem]]:
    """Decode each picture once: one that fails in the middle of the night would end a training.

    Returns:
        The classes in the label of each picture that can be used, and what is wrong with others.
    """

    def look(sample: Sample) -> tuple[str, frozenset[int]]:
        try:
            return '', _classes_in(sample, read_picture(sample.picture).size_wh)
        except (ImageError, DatasetError) as err:
            return str(err), frozenset()

    stage = 'checking the pictures'
    good: dict[Sample, frozenset[int]] = {}
    broken = []
    with ThreadPoolExecutor() as pool:
        for number, (sample, (why, classes)) in enumerate(
            zip(samples, pool.map(look, samples), strict=True), 1
        ):
            progress(stage, number / len(samples))
            if why:
                broken.append(Problem('broken picture', sample.picture, why))
            else:
                good[sample] = classes
    return good, broken


def _hold_out(
    samples: Sequence[Sample],
    classes_of: Mapping[Sample, frozenset[int]],
    settings: TrainingSettings,
) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Divide pictures: of each class, the share that is held out, and never all of it.

    Those without an object are divided by themselves: they alone could judge no detector.
    """
    random = np.random.default_rng(settings.seed)
    by_class: dict[tuple[int | None, bool], list[int]] = {}
    for index, sample in enumerate(samples):
        by_class.setdefault((sample.class_id, not classes_of[sample]), []).append(index)
    left = Counter(number for sample in samples for number in classes_of[sample])
    held: set[int] = set()
    for indices in by_class.values():
        count = min(max(1, round(len(indices) * settings.held_out)), len(indices) - 1)
        for k in map(int, random.permutation(indices)):
            inside = classes_of[samples[k]]
            if count > 0 and all(left[number] > 1 for number in inside):
                held.add(k)
                left.subtract(inside)
                count -= 1
    train = tuple(sample for k, sample in enumerate(samples) if k not in held)
    return train, tuple(sample for k, sample in enumerate(samples) if k in held)


def _check_classes(
    data: Dataset,
    train: Sequence[Sample],
    val: Sequence[Sample],
    classes_of: Mapping[Sample, frozenset[int]],
    skipped: Sequence[Problem],
) -> None:
    if len(data.classes) < 2 and data.task != 'detection':
        msg = f'{data.folder} has one class, {data.classes[0]}; expected at least two'
        raise TrainingError(msg)
    there = {number for sample in train for number in classes_of[sample]}
    judged = {number for sample in val for number in classes_of[sample]}
    if unknown := sorted((there | judged) - set(range(len(data.classes)))):
        msg = (
            f'{data.folder}: masks have the numbers {", ".join(map(str, unknown[:8]))}, but there '
            f'are {len(data.classes)} classes; {UNLABELLED} is for pixels without one'
        )
        raise TrainingError(msg)
    empty = [name for number, name in enumerate(data.classes) if number not in there]
    if empty:
        broken = f'; {len(skipped)} are skipped, such as {skipped[0]}' if skipped else ''
        msg = (
            f'{data.folder}: no picture to train with of class {", ".join(empty)}{broken}; to '
            'fix: add pictures, or remove the class'
        )
        raise TrainingError(msg)


def _classes_in(sample: Sample, size_wh: tuple[int, int]) -> frozenset[int]:
    """Return the classes in the label of a picture of a size.

    Raises:
        DatasetError: The label cannot be read, or is of a picture of another size.
    """
    if sample.mask is not None:
        mask = read_mask(sample.mask)
        if (found := mask.shape[::-1]) != size_wh:
            expected = f'{size_wh[0]}x{size_wh[1]}'
            msg = f'its mask has another size, {found[0]}x{found[1]} in place of {expected}'
            raise DatasetError(msg)
        return frozenset(np.unique(mask).tolist()) - {UNLABELLED}
    if sample.boxes is not None:
        sample.boxes.check_size(size_wh)
        return frozenset(sample.boxes.class_ids.tolist())
    return frozenset() if sample.class_id is None else frozenset({sample.class_id})
