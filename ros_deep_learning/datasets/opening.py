# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the format of a data set by itself, and read it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..cards.card import Task
from ..errors import DatasetError
from ..imaging.palettes import UNLABELLED
from ..paths import user_path
from ..text import printable
from .coco import coco_mask_parts, coco_parts
from .cvat import cvat_box_parts, cvat_mask_parts, cvat_tag_parts
from .dataset import Dataset, Part, Problem, Sample, class_numbers
from .image_folder import image_folder_parts
from .label_studio import studio_box_parts, studio_choice_parts, studio_mask_parts
from .mask_files import mask_label
from .masks import mask_parts
from .voc import voc_parts
from .yolo import yolo_parts


@dataclass(frozen=True, slots=True)
class Format:
    """A format of data sets.

    Attributes:
        task: What its labels are for.
        layout: What is looked for.
        parts: Finds the splits in a folder or file; empty if it has another format.
        names_paths: Whether ``parts`` also takes a folder, below which the paths in its files may
            lie; None is its own.
    """

    task: Task
    layout: str
    parts: Callable[..., dict[str, Callable[[], Part]]]
    names_paths: bool = False


FORMATS: Mapping[str, Format] = {
    'yolo': Format(
        'detection',
        'data.yaml with names, train and val, or labels/*.txt and classes.txt',
        yolo_parts,
        True,
    ),
    'label-studio': Format('detection', 'JSON of Label Studio with boxes', studio_box_parts),
    'label-studio-masks': Format('segmentation', 'such JSON with polygons', studio_mask_parts),
    'label-studio-choices': Format(
        'classification', 'such JSON with choices', studio_choice_parts
    ),
    'coco': Format('detection', 'annotations/instances_val.json', coco_parts),
    'cvat': Format('detection', 'annotations.xml of CVAT with boxes', cvat_box_parts),
    'cvat-masks': Format('segmentation', 'annotations.xml with polygons', cvat_mask_parts),
    'cvat-tags': Format('classification', 'annotations.xml with tags', cvat_tag_parts),
    'voc': Format('detection', 'Annotations/*.xml and JPEGImages/', voc_parts),
    'masks': Format('segmentation', 'images/ and masks/*.png', mask_parts),
    'coco-masks': Format('segmentation', 'polygons in a file of coco', coco_mask_parts),
    'folder': Format('classification', 'a folder of pictures a class', image_folder_parts),
}
"""The formats by name, in the order in which they are tried."""

_WEAKEST = 'folder'
"""The format that nearly every folder of folders with pictures has."""

PICTURES_BELOW = 'where data.yaml may name pictures (its own folder)'
"""The help of the option ``--pictures-below`` of programs."""

_TO_JUDGE = ('val', 'test', 'all', 'train')
"""Splits, those first that say most about a network."""


def open_dataset(
    folder: str | Path,
    *,
    format_name: str | None = None,
    task: Task | None = None,
    split: str | None = 'best',
    without: Collection[str] = (),
    pictures_below: str | Path | None = None,
) -> Dataset:
    """Read the labels of a data set.

    Args:
        folder: Its folder, or its JSON (COCO) or YAML (YOLO) file.
        format_name: A key of ``FORMATS``; None finds it.
        task: Of the labels, if the folder has several kinds; None is any.
        split: ``train``, ``val`` or ``test``; ``best`` is ``val``, or ``test`` or all where there
            is none; None reads all of them.
        without: Splits that None does not read, and whose classes do not count.
        pictures_below: Folder below which the paths in ``data.yaml`` and its lists must lie; None
            is the folder of ``data.yaml``.

    Raises:
        DatasetError: There is no such folder or split, its format is none of these, its labels
            cannot be read, or it has no labelled picture.
    """
    path = user_path(folder)
    if not path.exists():
        msg = f'there is no {path}'
        raise DatasetError(msg)
    root = None if pictures_below is None else user_path(pictures_below)
    name, parts = _find(path, format_name, task, root)
    if split == 'best':
        split = next((one for one in _TO_JUDGE if one in parts), next(iter(parts)))
    if split is not None and split not in parts:
        msg = f'{path} has no split {split!r}; it has {", ".join(parts)}'
        raise DatasetError(msg)
    wanted = [split] if split is not None else [one for one in parts if one not in without]
    if not wanted:
        msg = f'{path} ({name}) has no split but {", ".join(parts)}'
        raise DatasetError(msg)
    read = {one: _with_printable_classes(parts[one]()) for one in wanted}
    classes, problems = _merge_classes(path, read)
    if FORMATS[name].task == 'segmentation' and len(classes) > UNLABELLED:
        msg = f'{path} ({name}) has {len(classes)} classes; a mask can hold {UNLABELLED}'
        raise DatasetError(msg)
    splits = {one: _renumbered(part, classes) for one, part in read.items()}
    found = Dataset(
        path,
        name,
        FORMATS[name].task,
        classes,
        splits,
        (*problems, *(p for part in read.values() for p in part.problems)),
        tuple(one for one in parts if one not in wanted),
    )
    if not found.samples:
        why = f'; {found.problems[0]}' if found.problems else ''
        msg = f'{path} ({name}, {", ".join(wanted)}) has no labelled picture{why}'
        raise DatasetError(msg)
    return found


def _find(
    path: Path, format_name: str | None, task: Task | None, root: Path | None
) -> tuple[str, dict[str, Callable[[], Part]]]:
    if format_name is not None and format_name not in FORMATS:
        msg = f'there is no format {format_name!r}; expected one of {", ".join(FORMATS)}'
        raise DatasetError(msg)
    others: list[str] = []
    for name, kind in FORMATS.items():
        if format_name not in (None, name):
            continue
        if others and name == _WEAKEST:
            # The folders of another format, such as images and labels, are no classes.
            break
        if parts := kind.parts(path, root) if kind.names_paths else kind.parts(path):
            if task in (None, kind.task):
                return name, parts
            others.append(f'{name}, for {kind.task}')
    if others:
        msg = f'{path} has no labels for {task}; it is {", ".join(others)}'
        raise DatasetError(msg)
    layouts = '; '.join(
        f'{name}: {kind.layout}' for name, kind in FORMATS.items() if format_name in (None, name)
    )
    msg = f'{path} is no data set of a known format; expected one of these in it: {layouts}'
    raise DatasetError(msg)


def _with_printable_classes(part: Part) -> Part:
    # They are printed, and written into files of text.
    return replace(part, classes=tuple(map(printable, part.classes)))


def _merge_classes(path: Path, parts: Mapping[str, Part]) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the classes of all splits, and a problem where they differ."""
    classes: dict[str, None] = {}
    for part in parts.values():
        classes |= dict.fromkeys(part.classes)
    problems = []
    for split, part in parts.items():
        known = set(part.classes)
        if missing := [name for name in classes if name not in known]:
            text = f'{split} lacks {", ".join(missing[:8])}'
            problems.append(Problem('classes differ', path, text))
    first = next(iter(parts.values())).classes
    # Doubled names are kept where the splits agree.
    same = all(part.classes == first for part in parts.values())
    return (first if same else tuple(classes)), problems


def _renumbered(part: Part, classes: tuple[str, ...]) -> tuple[Sample, ...]:
    if part.classes == classes:
        return part.samples
    number_of = class_numbers(classes)
    numbers = np.array([number_of[name] for name in part.classes], np.int64)
    renumbered = []
    for sample in part.samples:
        if sample.mask is not None:
            msg = f'{mask_label(sample.mask)}: the splits number their classes differently'
            raise DatasetError(msg)
        if sample.class_id is not None:
            sample = replace(sample, class_id=int(numbers[sample.class_id]))
        elif sample.boxes is not None and len(sample.boxes):
            boxes = replace(sample.boxes, class_ids=numbers[sample.boxes.class_ids])
            sample = replace(sample, boxes=boxes)
        renumbered.append(sample)
    return tuple(renumbered)
