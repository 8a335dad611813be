# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pascal VOC: one XML file a picture, as LabelImg writes it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from ..errors import DatasetError
from .boxes import BoxCollector
from .dataset import LabelledBoxes, Part, Problem, Sample, class_numbers
from .listing import (
    files_in,
    folders_in,
    image_sets,
    is_file,
    labels_listed,
    picture_beside,
    read_class_names,
    read_xml,
    split_of,
)

_MOST_BYTES = 2**22


def voc_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find the splits of a data set in the format of Pascal VOC; empty if it is none."""
    top = voc_top(folder)
    if top is not None:
        labels = files_in(top / 'Annotations', ['.xml'])
        pictures = top / 'JPEGImages'
        lists = image_sets(top / 'ImageSets' / 'Main')
        if not lists:
            return {'all': partial(_read, labels, pictures, top)}
        return {split: partial(_read_list, path, top) for split, path in lists.items()}
    found = {
        split: partial(_read, labels, inner, folder)
        for inner in folders_in(folder)
        if (split := split_of(inner.name)) and (labels := files_in(inner, ['.xml']))
    }
    if not found and (labels := files_in(folder, ['.xml'])):
        found = {'all': partial(_read, labels, folder, folder)}
    return dict(found)


def voc_top(folder: Path) -> Path | None:
    """Return the folder that holds ``Annotations`` and ``JPEGImages``; None if there is none."""
    inner = [folder, *folders_in(folder), *folders_in(folder / 'VOCdevkit')]
    return next((p for p in inner if files_in(p / 'Annotations', ['.xml'])), None)


def _read_list(path: Path, top: Path) -> Part:
    """Read the pictures that a file of ImageSets lists."""
    labels = labels_listed(path, top / 'Annotations', '.xml')
    missing = [Problem('missing label', label) for label in labels if not is_file(label)]
    part = _read([label for label in labels if is_file(label)], top / 'JPEGImages', top)
    return Part(part.classes, part.samples, (*missing, *part.problems))


def _read(labels: list[Path], pictures: Path, top: Path) -> Part:
    named = read_class_names(top)
    problems: list[Problem] = []
    read = []
    for label in labels:
        picture = picture_beside(label, pictures)
        if picture is None:
            problems.append(
                Problem('missing picture', label, f'no picture of its name in {pictures}')
            )
            continue
        try:
            root = read_xml(label, 'annotation', _MOST_BYTES)
        except DatasetError as err:
            problems.append(Problem('broken label', label, str(err)))
            continue
        read.append((label, picture, root))
    # Without a list of classes, they are those that occur.
    found = {_name(one) for _, _, root in read for one in root.iter('object')}
    classes = named or tuple(sorted(found - {''}))
    number_of = class_numbers(classes)
    samples = []
    for label, picture, root in read:
        boxes = _boxes(label, root, number_of, problems)
        if not len(boxes):
            problems.append(Problem('empty label', label, 'no box'))
        samples.append(Sample(picture, boxes=boxes))
    return Part(classes, tuple(samples), tuple(problems))


def _boxes(
    label: Path, root: ElementTree.Element, number_of: dict[str, int], problems: list[Problem]
) -> LabelledBoxes:
    size = (_number(root, 'size/width'), _number(root, 'size/height'))
    known = size if size[0] and size[1] and size[0] > 0 and size[1] > 0 else None
    collector = BoxCollector(label, (known[0] or 0, known[1] or 0) if known else None)
    for one in root.iter('object'):
        edges = [_number(one, f'bndbox/{key}') for key in ('xmin', 'ymin', 'xmax', 'ymax')]
        x1, y1, x2, y2 = (float('nan') if edge is None else edge for edge in edges)
        name = _name(one)
        if name not in number_of:
            problems.append(Problem('unknown class', label, repr(name)))
            continue
        is_difficult = bool(_number(one, 'difficult'))
        # As they are: VOC itself counts pixels from 1, the tools that write its format do not.
        collector.add((x1, y1, x2, y2), number_of[name], is_crowd=is_difficult)
    problems += collector.problems
    return collector.boxes()


def _name(one: ElementTree.Element) -> str:
    return (one.findtext('name') or '').strip()


def _number(root: ElementTree.Element, path: str) -> float | None:
    try:
        return float(root.findtext(path) or '')
    except ValueError:
        return None
