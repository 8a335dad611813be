# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""YOLO: ``data.yaml`` with the classes, and a text file a picture with one box a line.

labelImg and Label Studio write ``classes.txt`` in place of ``data.yaml``. The format: https://docs.ultralytics.com/datasets/detect/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..cards.labels import labels_in_configuration
from ..errors import DatasetError
from ..text import printable
from .boxes import BoxCollector
from .dataset import LabelledBoxes, Part, Problem, Sample
from .listing import (
    files_in,
    folders_in,
    is_file,
    is_folder,
    pictures_below,
    read_class_names,
    read_data,
    read_text,
    split_of,
)

_MOST_BYTES = 2**22
_KEYS = {'train': 'train', 'val': 'val', 'valid': 'val', 'test': 'test'}


def yolo_parts(folder: Path, root: Path | None = None) -> dict[str, Callable[[], Part]]:
    """Find the splits of a data set in the format of YOLO, or of its YAML file; empty if none.

    Args:
        folder: Its folder or YAML file.
        root: Where the folders, lists and pictures that it names must be; None is its folder.
    """
    is_file_given = folder.suffix.lower() in ('.yaml', '.yml')
    for path in [folder] if is_file_given else files_in(folder, ['.yaml', '.yml']):
        # Other YAML in the folder may be anything, such as with aliases.
        if not is_file_given and 'names' not in read_text(path):
            continue
        content = read_data(path)
        if not isinstance(content, dict) or 'names' not in content:
            continue
        classes = labels_in_configuration({'names': content['names']})
        if not classes:
            msg = f'{path}: names is no list of classes, numbered from 0'
            raise DatasetError(msg)
        top = path.parent / str(content.get('path') or '')
        places = _Places(path, top, (root or path.parent).resolve())
        return {
            split: partial(_read, places, content[key], classes)
            for key, split in _KEYS.items()
            if content.get(key)
        }
    listed = listed_boxes(folder)
    return {split: partial(_read_listed, folder, place) for split, place in listed.items()}


def listed_boxes(folder: Path) -> dict[str, Path]:
    """Find the folders of pictures with boxes, where no YAML names them; empty if there are none.

    Args:
        folder: It has ``images/`` and ``labels/``, or all of them beside a list of the classes;
            there may be a folder a split.

    Returns:
        The folder of each split.
    """
    pictures = folder / 'images'
    if not (is_folder(pictures) and is_folder(folder / 'labels')):
        if not read_class_names(folder):
            return {}
        pictures = folder
    splits = {s: p for p in folders_in(pictures) if (s := split_of(p.name)) is not None}
    places = splits or {'all': pictures}
    return {split: place for split, place in places.items() if _has_boxes(place)}


def _has_boxes(pictures: Path) -> bool:
    """Return whether the first label that says anything begins with a box or polygon."""
    for picture in pictures_below(pictures):
        label = label_of(picture)
        if not is_file(label):
            continue
        try:
            words = read_text(label, _MOST_BYTES).split('\n', 1)[0].split()
            numbers = [*map(float, words)]
        except (DatasetError, ValueError):
            return False
        if numbers:
            return _is_row(numbers[1:])
    return False


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the pictures may be.

    Attributes:
        yaml: The file that names them.
        top: What its paths are relative to.
        root: Below which they must lie, without links in it. Everything in the folder of a split
            is read, so that ``val: /`` of someone else would read the whole disk.
    """

    yaml: Path
    top: Path
    root: Path

    def find(self, entry: str) -> Path | None:
        """Return the folder or list that an entry points to; None if neither is there.

        A list ends with .txt, so that lines of any other file cannot come out among the problems.

        Raises:
            DatasetError: It is there, but outside of the root.
        """
        beside = self.yaml.parent
        # Roboflow writes ../train/images for a folder beside the file.
        places = [self.top / entry, beside / entry, beside / entry.removeprefix('../')]
        there = [
            place
            for place in places
            if is_folder(place) or (place.suffix == '.txt' and is_file(place))
        ]
        found = next(filter(self.holds, there), None)
        if there and found is None:
            msg = (
                f'{self.yaml} names {there[0]}, which is not below {self.root}; to fix: if you '
                'trust the file, give the folder of its pictures with --pictures-below FOLDER '
                '(pictures_below of open_dataset)'
            )
            raise DatasetError(printable(msg))
        return found

    def holds(self, path: Path) -> bool:
        """Return whether a path lies below the root, links followed."""
        try:
            return path.resolve().is_relative_to(self.root)
        except (OSError, RuntimeError):
            return False


def _read(places: _Places, given: Any, classes: tuple[str, ...]) -> Part:
    problems: list[Problem] = []
    pictures: list[Path] = []
    for entry in given if isinstance(given, list) else [given]:
        place = places.find(str(entry))
        if place is None:
            text = f'there is no folder or .txt {entry}'
            problems.append(Problem('missing picture', places.yaml, text))
        elif is_folder(place):
            pictures += pictures_below(place)
        else:
            lines = [line.strip() for line in read_text(place).splitlines() if line.strip()]
            for line in lines:
                path = place.parent / line
                if not is_file(path):
                    problems.append(Problem('missing picture', place, line))
                elif not places.holds(path):
                    text = f'{line} is not below {places.root} (--pictures-below)'
                    problems.append(Problem('missing picture', place, text))
                else:
                    pictures.append(path)
    return _part(pictures, classes, problems)


def _read_listed(folder: Path, place: Path) -> Part:
    classes = read_class_names(folder) or read_class_names(folder / 'labels')
    if not classes:
        msg = (
            f'the boxes in {folder / "labels"} have no names of classes; to fix: write one a line '
            f'into {folder / "classes.txt"}'
        )
        raise DatasetError(msg)
    return _part(pictures_below(place), classes, [])


def _part(pictures: list[Path], classes: tuple[str, ...], problems: list[Problem]) -> Part:
    samples = []
    for picture in pictures:
        label = label_of(picture)
        if not is_file(label):
            # A picture without objects needs no file.
            problems.append(Problem('empty label', picture, 'no label file'))
        boxes = read_boxes(label, len(classes), problems)
        samples.append(Sample(picture, boxes=boxes))
    return Part(classes, tuple(samples), tuple(problems))


def label_of(picture: Path) -> Path:
    """Return the path of a picture's label: the last folder ``images`` becomes ``labels``."""
    parts = list(picture.parts)
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] == 'images':
            parts[index] = 'labels'
            break
    return Path(*parts).with_suffix('.txt')


def box_line(class_id: int, box_xyxy: tuple[float, float, float, float]) -> str:
    """Return the line of a box whose edges are shares of its picture."""
    x1, y1, x2, y2 = box_xyxy
    return f'{class_id} {(x1 + x2) / 2:.8g} {(y1 + y2) / 2:.8g} {x2 - x1:.8g} {y2 - y1:.8g}\n'


def read_boxes(label: Path, class_count: int, problems: list[Problem]) -> LabelledBoxes:
    """Read the boxes of a label file, in shares.

    Args:
        label: The file; without one there is no box.
        class_count: How many classes there are.
        problems: Takes what is wrong with it.
    """
    collector = BoxCollector(label, (1.0, 1.0))
    text = ''
    if is_file(label):
        try:
            text = read_text(label, _MOST_BYTES)
        except DatasetError as err:
            problems.append(Problem('broken label', label, str(err)))
        if not text.strip():
            problems.append(Problem('empty label', label, 'no box'))
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            first, *rest = map(float, line.split())
        except ValueError:
            problems.append(Problem('broken label', label, f'line {number}: {line[:60]!r}'))
            continue
        if not _is_row(rest):
            cause = f'line {number}: expected a class and 4 numbers, got {len(rest)}'
            problems.append(Problem('broken label', label, cause))
        elif first not in range(class_count):
            cause = f'line {number}: class {first:g} of {class_count}'
            problems.append(Problem('unknown class', label, cause))
        else:
            collector.add(_edges(rest), int(first))
    problems += collector.problems
    return collector.boxes(in_shares=True)


def polygon_lines(label: Path) -> list[int]:
    """Return the numbers of the lines of a label file, from 1, that ``read_boxes`` makes a box of.

    Raises:
        DatasetError: It cannot be read.
    """
    lines = read_text(label, _MOST_BYTES).splitlines() if is_file(label) else []
    return [number for number, line in enumerate(lines, 1) if len(line.split()) >= 7]


def _is_row(numbers: list[float]) -> bool:
    """Return whether numbers can be a box's centre and size, or the corners of a polygon."""
    return len(numbers) == 4 or (len(numbers) >= 6 and len(numbers) % 2 == 0)


def _edges(numbers: list[float]) -> tuple[float, float, float, float]:
    if len(numbers) == 4:
        x, y, width, height = numbers
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    xs, ys = numbers[::2], numbers[1::2]
    return min(xs), min(ys), max(xs), max(ys)
