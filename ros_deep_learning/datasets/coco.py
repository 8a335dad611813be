# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""COCO's JSON: one file a split, with pictures, categories and boxes.

The format: https://cocodataset.org/#format-data
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import nan
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from ..errors import DatasetError
from .boxes import BoxCollector
from .dataset import Part, Problem, Sample, class_numbers
from .drawn_mask import Outline, Runs, drawn_mask, outline_of, runs_of
from .listing import contains, files_in, folders_in, is_file, read_data, split_of
from .pictures import MOST_PIXELS

_BACKGROUND = 'background'
_OUTLINES = b'"segmentation"'
_ROBOFLOW = '_annotations.coco.json'


def coco_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find the splits of a data set in COCO's format, or of one of its files; empty if none."""
    return dict(_parts(folder, _read))


def coco_mask_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find the splits as ``coco_parts``, whose outlines are drawn into masks.

    The classes are ``background`` and the categories. Of two that overlap the smaller is on top.
    """
    parts = _parts(folder, _read_masks)
    has_outlines = any(contains(part.args[1], _OUTLINES) for part in parts.values())
    return dict(parts) if has_outlines else {}


def _parts(folder: Path, read: Callable[[Path, Path, str], Part]) -> dict[str, partial[Part]]:
    if folder.suffix.lower() == '.json':
        split = split_of(folder.stem) or 'all'
        top = folder.parent.parent if folder.parent.name == 'annotations' else folder.parent
        return {split: partial(read, top, folder, split)}
    files = files_in(folder / 'annotations', ['.json'])
    # Beside the boxes, COCO has captions and key points there.
    files = [path for path in files if path.stem.startswith('instances')] or files
    if files:
        if len(files) == 1 and split_of(files[0].stem) is None:
            return {'all': partial(read, folder, files[0], 'all')}
        found: dict[str, partial[Part]] = {}
        for path in files:
            split = split_of(path.stem) or _subset(path)
            # Refused when it is read, since the folder may be another format's.
            found[split] = partial(_refuse if split in found else read, folder, path, split)
        return found
    parts = {
        split_of(inner.name) or inner.name: inner / _ROBOFLOW
        for inner in (*folders_in(folder), folder)
        if (inner / _ROBOFLOW).is_file()
    }
    return {split: partial(read, path.parent, path, split) for split, path in parts.items()}


def _refuse(top: Path, path: Path, split: str) -> Part:
    msg = (
        f'{path} is not the only file of the split {split!r} there; to fix: give the file itself, '
        f'or take the others out of {top / "annotations"}'
    )
    raise DatasetError(msg)


@dataclass(frozen=True, slots=True)
class _Content:
    """What is in a file, beside the labels.

    Attributes:
        classes: In the order of COCO's numbers, which have holes.
        class_of: Index of each number.
        images: Name and size of each picture, by its number.
    """

    classes: tuple[str, ...]
    class_of: Mapping[int, int]
    images: Mapping[int | str, tuple[str, tuple[float, float]]]


def _read(top: Path, path: Path, split: str) -> Part:
    content = _read_content(path)
    problems: list[Problem] = []
    known = _known(path, content, problems)
    boxes = {
        key: BoxCollector(path, size if min(size) > 0 else None)
        for key, (_, size) in known.images.items()
    }
    for entry, key, class_id in _annotations(path, content, known, problems):
        try:
            x, y, width, height = map(float, entry['bbox'])
            box = (x, y, x + width, y + height)
            is_crowd, area = bool(entry.get('iscrowd')), float(entry.get('area') or nan)
        except (KeyError, TypeError, ValueError, OverflowError):
            text = f'{_title(entry)} has no bbox of 4 numbers'
            problems.append(Problem('broken label', path, text))
            continue
        boxes[key].add(box, class_id, is_crowd=is_crowd, area=area)
    samples = []
    for key, picture in _pictures(top, path, split, known, problems, boxes):
        if not len(boxes[key].boxes()):
            problems.append(Problem('empty label', picture, 'no box'))
        samples.append(Sample(picture, boxes=boxes[key].boxes()))
    samples.sort(key=lambda sample: sample.picture)
    return Part(known.classes, tuple(samples), tuple(problems))


def _read_masks(top: Path, path: Path, split: str) -> Part:
    content = _read_content(path)
    problems: list[Problem] = []
    known = _known(path, content, problems)
    classes = known.classes
    if _BACKGROUND not in classes:
        classes = (_BACKGROUND, *classes)
    number_of = class_numbers(classes)
    shapes: dict[int | str, list[tuple[float, Outline | Runs]]] = {k: [] for k in known.images}
    for entry, key, class_id in _annotations(path, content, known, problems):
        number = number_of[known.classes[class_id]]
        width, height = known.images[key][1]
        try:
            shape = _shape(entry['segmentation'], number, (int(width), int(height)))
            shapes[key].append((-float(entry.get('area') or 0), shape))
        except (KeyError, TypeError, ValueError, OverflowError):
            problems.append(Problem('broken label', path, f'{_title(entry)} has no outline'))
    samples = []
    for key, picture in _pictures(top, path, split, known, problems):
        width, height = known.images[key][1]
        if not shapes[key] or not 0 < width * height <= MOST_PIXELS:
            problems.append(Problem('missing label', picture, 'no outline, or no size'))
            continue
        ordered = [shape for _, shape in sorted(shapes[key], key=lambda pair: pair[0])]
        try:
            mask = drawn_mask(path, (int(width), int(height)), ordered, number_of[_BACKGROUND])
        except ValueError as err:
            problems.append(Problem('broken label', path, f'{picture.name}: {err}'))
            continue
        samples.append(Sample(picture, mask=mask))
    samples.sort(key=lambda sample: sample.picture)
    return Part(classes, tuple(samples), tuple(problems))


def _shape(given: Any, class_id: int, size_wh: tuple[int, int]) -> Outline | Runs:
    """Return the outlines of an annotation, or its run lengths, which go down the columns."""
    if isinstance(given, list):
        if not given:
            msg = 'no outline'
            raise ValueError(msg)
        return Outline(class_id, tuple(outline_of(one) for one in given))
    height, width = given['size']
    counts = given['counts']
    if isinstance(counts, str):
        counts = _counts(counts)
    if (width, height) != size_wh or not all(type(count) is int for count in counts):
        msg = 'run lengths of another size'
        raise ValueError(msg)
    return runs_of(class_id, counts, (0, 0, width, height), size_wh, by_columns=True)


def _counts(text: str) -> list[int]:
    """Decode run lengths of a text.

    Each is a number of 5 bits a character from 48 on, the lowest first; from the third on it is
    the difference to the last but one (rleFrString of cocoapi/common/maskApi.c).
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            msg = 'no run lengths'
            raise ValueError(msg)
        value |= (bits & 0x1F) << shift
        shift += 5
        if not bits & 0x20:
            if bits & 0x10:
                value -= 1 << shift
            counts.append(value + counts[-2] if len(counts) > 2 else value)
            value = shift = 0
    return counts


def _read_content(path: Path) -> dict[str, Any]:
    content = read_data(path)
    if not isinstance(content, dict) or not {'images', 'categories'} <= set(content):
        msg = f'{path} is not in the format of COCO: it lacks images or categories'
        raise DatasetError(msg)
    return content


def _known(path: Path, content: Mapping[str, Any], problems: list[Problem]) -> _Content:
    categories = {
        entry['id']: str(entry.get('name', entry['id']))
        for entry in _entries(content, 'categories')
        if isinstance(entry.get('id'), int)
    }
    numbers = sorted(categories)
    images = {}
    for entry in _entries(content, 'images'):
        try:
            size = (float(entry.get('width') or 0), float(entry.get('height') or 0))
            images[entry['id']] = (str(entry['file_name']), size)
        except (KeyError, TypeError, ValueError, OverflowError):
            problems.append(
                Problem('broken label', path, f'image without id or name: {entry}'[:200])
            )
    class_of = {number: index for index, number in enumerate(numbers)}
    return _Content(tuple(categories[number] for number in numbers), class_of, images)


def _annotations(
    path: Path, content: Mapping[str, Any], known: _Content, problems: list[Problem]
) -> Iterator[tuple[dict[str, Any], int | str, int]]:
    """Yield each annotation with its picture's number and its class."""
    for entry in _entries(content, 'annotations'):
        text, key, category = _title(entry), entry.get('image_id'), entry.get('category_id')
        if not isinstance(key, int | str) or key not in known.images:
            problems.append(Problem('broken label', path, f'{text} is of no image: {key!r}'))
        elif not isinstance(category, int) or category not in known.class_of:
            problems.append(
                Problem('unknown class', path, f'{text} has the category {category!r}')
            )
        else:
            yield entry, key, known.class_of[category]


def _title(entry: Mapping[str, Any]) -> str:
    return f'annotation {entry.get("id", "without a number")}'


def _pictures(
    top: Path,
    path: Path,
    split: str,
    known: _Content,
    problems: list[Problem],
    boxes: Mapping[int | str, BoxCollector] = MappingProxyType({}),
) -> Iterator[tuple[int | str, Path]]:
    """Yield each picture that is there, by its number, after the problems of its boxes."""
    for key, (name, _) in known.images.items():
        problems += boxes[key].problems if key in boxes else ()
        picture = _find_picture(top, path, split, name)
        if picture is None:
            problems.append(Problem('missing picture', path, name))
        else:
            yield key, picture


def _entries(content: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
    listed = content.get(key, ())
    if isinstance(listed, list):
        yield from (entry for entry in listed if isinstance(entry, dict))


def _subset(path: Path) -> str:
    """Return what a file such as ``instances_default.json`` of CVAT calls its pictures."""
    return path.stem.removeprefix('instances_') or path.stem


def _find_picture(top: Path, path: Path, split: str, name: str) -> Path | None:
    """Return where a picture is: beside the file, or in one of the usual folders."""
    parts = PurePosixPath(name.replace('\\', '/'))
    # A file of someone else may not point out of its folder.
    if parts.is_absolute() or '..' in parts.parts:
        return None
    spellings = [split, *(f'{split}{year}' for year in (2017, 2014)), _subset(path)]
    folders = [path.parent, top, top / 'images']
    folders += [base / one for base in (top, top / 'images') for one in spellings]
    return next((found for f in folders if is_file(found := f / parts)), None)
