# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""COCO's JSON: one file a split, with pictures, categories and boxes.

The format: https://cocodataset.org/#format-data
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import nan
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import DatasetError
from .boxes import BoxCollector
from .dataset import Part, Problem, Sample
from .listing import files_in, folders_in, is_file, read_data, split_of

_ROBOFLOW = '_annotations.coco.json'


def coco_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find the splits of a data set in COCO's format, or of one of its files; empty if none."""
    if folder.suffix.lower() == '.json':
        split = split_of(folder.stem) or 'all'
        top = folder.parent.parent if folder.parent.name == 'annotations' else folder.parent
        return {split: partial(_read, top, folder, split)}
    files = files_in(folder / 'annotations', ['.json'])
    # Beside the boxes, COCO has captions and key points there.
    files = [path for path in files if path.stem.startswith('instances')] or files
    if files:
        return {
            split: partial(_read, folder, path, split)
            for path in files
            if (split := split_of(path.stem) or path.stem)
        }
    parts = {
        split_of(inner.name) or inner.name: inner / _ROBOFLOW
        for inner in (*folders_in(folder), folder)
        if (inner / _ROBOFLOW).is_file()
    }
    return {split: partial(_read, path.parent, path, split) for split, path in parts.items()}


def _read(top: Path, path: Path, split: str) -> Part:
    content = read_data(path)
    if not isinstance(content, dict) or not {'images', 'categories'} <= set(content):
        msg = f'{path} is not in the format of COCO: it lacks images or categories'
        raise DatasetError(msg)
    problems: list[Problem] = []
    categories = {
        entry['id']: str(entry.get('name', entry['id']))
        for entry in _entries(content, 'categories')
        if isinstance(entry.get('id'), int)
    }
    # The order of COCO's numbers, which have holes.
    numbers = sorted(categories)
    class_of = {number: index for index, number in enumerate(numbers)}
    images = {}
    for entry in _entries(content, 'images'):
        try:
            size = (float(entry.get('width') or 0), float(entry.get('height') or 0))
            images[entry['id']] = (str(entry['file_name']), size)
        except (KeyError, TypeError, ValueError, OverflowError):
            problems.append(
                Problem('broken label', path, f'image without id or name: {entry}'[:200])
            )
    boxes = {
        key: BoxCollector(path, size if min(size) > 0 else None)
        for key, (_, size) in images.items()
    }
    for entry in _entries(content, 'annotations'):
        text = f'annotation {entry.get("id", "without a number")}'
        key, category = entry.get('image_id'), entry.get('category_id')
        if not isinstance(key, int | str) or key not in images:
            problems.append(Problem('broken label', path, f'{text} is of no image: {key!r}'))
        elif not isinstance(category, int) or category not in class_of:
            problems.append(
                Problem('unknown class', path, f'{text} has the category {category!r}')
            )
        else:
            try:
                x, y, width, height = map(float, entry['bbox'])
                box = (x, y, x + width, y + height)
                is_crowd, area = bool(entry.get('iscrowd')), float(entry.get('area') or nan)
            except (KeyError, TypeError, ValueError, OverflowError):
                problems.append(Problem('broken label', path, f'{text} has no bbox of 4 numbers'))
                continue
            boxes[key].add(box, class_of[category], is_crowd=is_crowd, area=area)
    samples = []
    for key, (name, _) in images.items():
        problems += boxes[key].problems
        picture = _find_picture(top, path.parent, split, name)
        if picture is None:
            problems.append(Problem('missing picture', path, name))
            continue
        if not len(boxes[key].boxes()):
            problems.append(Problem('empty label', picture, 'no box'))
        samples.append(Sample(picture, boxes=boxes[key].boxes()))
    samples.sort(key=lambda sample: sample.picture)
    return Part(tuple(categories[number] for number in numbers), tuple(samples), tuple(problems))


def _entries(content: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
    listed = content.get(key, ())
    if isinstance(listed, list):
        yield from (entry for entry in listed if isinstance(entry, dict))


def _find_picture(top: Path, beside: Path, split: str, name: str) -> Path | None:
    """Return where a picture is: beside the file, or in one of the usual folders."""
    parts = PurePosixPath(name.replace('\\', '/'))
    # A file of someone else may not point out of its folder.
    if parts.is_absolute() or '..' in parts.parts:
        return None
    spellings = [split, *(f'{split}{year}' for year in (2017, 2014))]
    folders = [beside, top, top / 'images']
    folders += [base / one for base in (top, top / 'images') for one in spellings]
    return next((path for f in folders if is_file(path := f / parts)), None)
