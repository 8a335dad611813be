# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write a data set in a format: all of it, or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..cards.card import Task
from ..errors import DatasetError
from ..files import move_whole_folder, scratch_folder
from ..progress import Progress, silent
from ..text import disk_cause
from .dataset import Dataset, LabelledBoxes, Problem, Sample
from .listing import UNLABELLED_FOLDER, split_of
from .mask_files import encode_mask, mask_label, read_mask
from .opening import FORMATS
from .pictures import read_rgb
from .yolo import box_line

USUAL: Mapping[Task, str] = {
    'classification': 'folder',
    'detection': 'coco',
    'segmentation': 'masks',
}
"""The format that a data set of a task is written in, if its own has no writer."""


@dataclass(slots=True)
class _Writer:
    """Copies the pictures of one split, each under a name of its own."""

    dataset: Dataset
    top: Path
    progress: Progress
    problems: list[Problem] = field(default_factory=list)
    _taken: set[Path] = field(default_factory=set)

    def pictures(self, samples: tuple[Sample, ...], folder: str) -> Iterator[tuple[Sample, Path]]:
        """Copy pictures into a folder; yield each with the path of its copy."""
        for index, sample in enumerate(samples):
            self.progress(f'writing {folder}', index / len(samples))
            try:
                read_rgb(sample.picture)
            except DatasetError as err:
                self.problems.append(Problem('broken picture', sample.picture, str(err)))
                continue
            yield sample, self.copy(sample.picture, self.top / folder)

    def copy(self, picture: Path, folder: Path) -> Path:
        """Copy a picture into a folder of the new data set; return the path of the copy."""
        folder.mkdir(parents=True, exist_ok=True)
        target, number = folder / picture.name, 1
        # Labels have the name of their picture without its ending.
        while target.with_suffix('') in self._taken:
            number += 1
            target = folder / f'{picture.stem}_{number}{picture.suffix}'
        self._taken.add(target.with_suffix(''))
        shutil.copyfile(picture, target)
        return target


def write_dataset(
    dataset: Dataset, folder: Path, format_name: str, progress: Progress = silent
) -> tuple[Problem, ...]:
    """Write a data set into a new folder, with copies of its pictures.

    A split ``all`` becomes ``train``, or a part of it.

    Args:
        dataset: What is written.
        folder: The new folder.
        format_name: A key of ``FORMATS`` for the task of the data set.
        progress: Told how far it is; may raise to cancel.

    Returns:
        Pictures that could not be read and are left out, and what the format cannot say.

    Raises:
        DatasetError: The folder exists, the format is for another task or has no such split, or
            the disk is full.
    """
    kind = FORMATS[format_name]
    if format_name not in WRITERS:
        msg = f'{format_name} is only read; to fix: --to {USUAL[kind.task]}'
        raise DatasetError(msg)
    if kind.task != dataset.task:
        msg = f'{format_name} is for {kind.task}, but {dataset.folder} is for {dataset.task}'
        raise DatasetError(msg)
    if folder.exists():
        msg = f'{folder} exists; to fix: name a new folder'
        raise DatasetError(msg)
    splits = _splits_to_write(dataset, format_name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(folder.parent, f'.{folder.name}.part-') as part:
            top = part / 'new'
            top.mkdir()
            writer = _Writer(dataset, top, progress)
            for split, samples in splits.items():
                WRITERS[format_name](writer, split, samples)
            _write_classes(top, format_name, dataset.classes, list(splits))
            move_whole_folder(top, folder)
    except OSError as err:
        msg = f'cannot write {folder}: {disk_cause(err)}'
        raise DatasetError(msg) from err
    return tuple(writer.problems)


def _splits_to_write(dataset: Dataset, format_name: str) -> dict[str, tuple[Sample, ...]]:
    splits: dict[str, tuple[Sample, ...]] = {}
    for name, samples in dataset.splits.items():
        target = 'train' if name == 'all' else name
        # Only the files of COCO can have any name.
        if split_of(target) != target and format_name != 'coco':
            msg = (
                f'{format_name} has no split {name!r}; to fix: --to coco, or divide it anew with '
                'rdl dataset split'
            )
            raise DatasetError(msg)
        splits[target] = splits.get(target, ()) + samples
    return splits


def _write_folder(writer: _Writer, split: str, samples: tuple[Sample, ...]) -> None:
    for class_id, name in enumerate(writer.dataset.classes):
        is_taken = name == UNLABELLED_FOLDER or name.startswith('.')
        if '/' in name or is_taken or not name:
            msg = f'the class {name!r} cannot be a folder'
            raise DatasetError(msg)
        of_class = tuple(sample for sample in samples if sample.class_id == class_id)
        for _ in writer.pictures(of_class, f'{split}/{name}'):
            pass


def _write_masks(writer: _Writer, split: str, samples: tuple[Sample, ...]) -> None:
    for sample, copy in writer.pictures(samples, f'images/{split}'):
        assert sample.mask is not None
        try:
            # What is none may be a link to any file.
            numbers = read_mask(sample.mask)
        except DatasetError as err:
            writer.problems.append(Problem('broken label', mask_label(sample.mask), str(err)))
            copy.unlink()
            continue
        folder = writer.top / 'masks' / split
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f'{copy.stem}.png'
        if isinstance(sample.mask, Path):
            shutil.copyfile(sample.mask, target)
        else:
            target.write_bytes(encode_mask(numbers))


def _write_coco(writer: _Writer, split: str, samples: tuple[Sample, ...]) -> None:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for _, copy, boxes, (width, height) in _labelled(writer, samples, split):
        images.append(
            {'id': len(images) + 1, 'file_name': copy.name, 'width': width, 'height': height}
        )
        edges, areas = boxes.in_pixels((width, height)), boxes.areas_in_pixels((width, height))
        for (x1, y1, x2, y2), k, is_crowd, area in zip(
            edges.tolist(), boxes.class_ids.tolist(), boxes.is_crowd, areas.tolist(), strict=True
        ):
            annotations.append(
                {
                    'id': len(annotations) + 1,
                    'image_id': len(images),
                    'category_id': k + 1,
                    'bbox': [x1, y1, x2 - x1, y2 - y1],
                    'area': area,
                    'iscrowd': int(is_crowd),
                }
            )
    categories = [{'id': k, 'name': name} for k, name in enumerate(writer.dataset.classes, 1)]
    content = {'images': images, 'annotations': annotations, 'categories': categories}
    path = writer.top / 'annotations' / f'instances_{split}.json'
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding='utf-8')


def _write_yolo(writer: _Writer, split: str, samples: tuple[Sample, ...]) -> None:
    folder = writer.top / 'labels' / split
    folder.mkdir(parents=True)
    for sample, copy, boxes, (width, height) in _labelled(writer, samples, f'images/{split}'):
        lines = []
        for (x1, y1, x2, y2), k, is_crowd in zip(
            boxes.in_pixels((width, height)).tolist(),
            boxes.class_ids.tolist(),
            boxes.is_crowd,
            strict=True,
        ):
            if is_crowd:
                text = 'a box of a crowd, which YOLO does not have'
                writer.problems.append(Problem('left out', sample.picture, text))
                continue
            lines.append(box_line(k, (x1 / width, y1 / height, x2 / width, y2 / height)))
        (folder / f'{copy.stem}.txt').write_text(''.join(lines))


def _write_voc(writer: _Writer, split: str, samples: tuple[Sample, ...]) -> None:
    labels, lists = writer.top / 'Annotations', writer.top / 'ImageSets' / 'Main'
    labels.mkdir(exist_ok=True)
    lists.mkdir(parents=True, exist_ok=True)
    names = []
    for _, copy, boxes, (width, height) in _labelled(writer, samples, 'JPEGImages'):
        root = ElementTree.Element('annotation')
        ElementTree.SubElement(root, 'filename').text = copy.name
        _add(root, 'size', {'width': width, 'height': height, 'depth': 3})
        for edges, k, is_crowd in zip(
            boxes.in_pixels((width, height)).tolist(), boxes.class_ids, boxes.is_crowd, strict=True
        ):
            name = writer.dataset.classes[k]
            one = _add(root, 'object', {'name': name, 'difficult': int(is_crowd)})
            _add(one, 'bndbox', dict(zip(('xmin', 'ymin', 'xmax', 'ymax'), edges, strict=True)))
        ElementTree.ElementTree(root).write(labels / f'{copy.stem}.xml', encoding='utf-8')
        names.append(copy.stem)
    (lists / f'{split}.txt').write_text(''.join(f'{name}\n' for name in names), encoding='utf-8')


WRITERS: Mapping[str, Callable[[_Writer, str, tuple[Sample, ...]], None]] = {
    'folder': _write_folder,
    'masks': _write_masks,
    'coco': _write_coco,
    'yolo': _write_yolo,
    'voc': _write_voc,
}
"""The formats that can be written, by name."""


def _labelled(
    writer: _Writer, samples: tuple[Sample, ...], folder: str
) -> Iterator[tuple[Sample, Path, LabelledBoxes, tuple[int, int]]]:
    """Copy pictures; yield each with its copy, boxes and size, if the boxes are of that size."""
    for sample, copy in writer.pictures(samples, folder):
        assert sample.boxes is not None
        height, width = read_rgb(copy).shape[:2]
        try:
            sample.boxes.check_size((width, height))
        except DatasetError as err:
            writer.problems.append(Problem('broken label', sample.picture, str(err)))
            copy.unlink()
            continue
        yield sample, copy, sample.boxes, (width, height)


def _add(root: ElementTree.Element, tag: str, values: Mapping[str, Any]) -> ElementTree.Element:
    inner = ElementTree.SubElement(root, tag)
    for key, value in values.items():
        ElementTree.SubElement(inner, key).text = str(value)
    return inner


def _write_classes(
    top: Path, format_name: str, classes: tuple[str, ...], splits: list[str]
) -> None:
    if format_name == 'yolo':
        import yaml

        content: dict[str, Any] = {'path': '.', **{split: f'images/{split}' for split in splits}}
        content |= {'names': dict(enumerate(classes))}
        (top / 'data.yaml').write_text(yaml.safe_dump(content, sort_keys=False), encoding='utf-8')
    elif format_name in ('voc', 'masks'):
        (top / 'classes.txt').write_text(''.join(f'{n}\n' for n in classes), encoding='utf-8')
