# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Exports of CVAT, "CVAT for images 1.1": annotations.xml beside the folder images.

The format: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..errors import DatasetError
from .boxes import BoxCollector
from .dataset import Part, Problem, Sample, class_numbers
from .drawn_mask import Outline, Runs, drawn_mask, outline_of, runs_of, turned_box
from .listing import is_file, read_xml, split_of
from .pictures import MOST_PIXELS

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MOST_BYTES = 2**30
_BACKGROUND = 'background'
_AREAS = ('polygon', 'mask')


def cvat_box_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find the splits of an export with boxes; empty if it is none."""
    return _parts(folder, ('box',), _boxes)


def cvat_mask_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find the splits of an export with polygons or masks; empty if it is none."""
    return _parts(folder, _AREAS, _masks)


def cvat_tag_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find the splits of an export with a tag a picture; empty if it is none."""
    return _parts(folder, ('tag',), _tags)


def _parts(
    folder: Path,
    kinds: tuple[str, ...],
    read: Callable[[Path, list[Element], tuple[str, ...]], Part],
) -> dict[str, Callable[[], Part]]:
    is_xml = folder.suffix.lower() == '.xml'
    path = folder if is_xml else folder / 'annotations.xml'
    if not is_file(path):
        return {}
    root = read_xml(path, 'annotations', _MOST_BYTES)
    if root.find('track') is not None:
        msg = f'{path} is of a video; to fix: export it as CVAT for images 1.1'
        raise DatasetError(msg)
    images: dict[str, list[Element]] = {}
    for image in root.iter('image'):
        images.setdefault(split_of(image.get('subset', '')) or 'all', []).append(image)
    if not any(one.tag in kinds for image in root.iter('image') for one in image):
        return {}
    meta = root.find('meta')
    names = [] if meta is None else [one.findtext('name') or '' for one in meta.iter('label')]
    classes = tuple(dict.fromkeys(name for name in names if name))
    # A file without its head has the classes that occur.
    used = {one.get('label', '') for image in root.iter('image') for one in image} - {''}
    named = classes or tuple(sorted(used))
    return {split: partial(read, path, found, named) for split, found in images.items()}


def _boxes(path: Path, images: list[Element], classes: tuple[str, ...]) -> Part:
    problems: list[Problem] = []
    samples = []
    number_of = class_numbers(classes)
    for image, picture, size in _pictures(path, images, problems):
        collector = BoxCollector(path, size)
        for one, class_id in _labelled(path, image, ('box',), number_of, problems):
            try:
                x1, y1, x2, y2 = (float(one.get(k, '')) for k in ('xtl', 'ytl', 'xbr', 'ybr'))
                degrees = float(one.get('rotation', 0))
            except ValueError:
                problems.append(Problem('broken label', path, f'a box of {picture.name}'))
                continue
            middle = ((x1 + x2) / 2, (y1 + y2) / 2)
            edges = (x1, y1, x2, y2)
            if degrees:
                edges = turned_box((x1, y1), (x2 - x1, y2 - y1), degrees, middle)
            collector.add(edges, class_id)
        problems += collector.problems
        if not len(collector.boxes()):
            problems.append(Problem('empty label', picture, 'no box'))
        samples.append(Sample(picture, boxes=collector.boxes()))
    return Part(classes, _in_order(samples), tuple(problems))


def _masks(path: Path, images: list[Element], classes: tuple[str, ...]) -> Part:
    if _BACKGROUND not in classes:
        classes = (_BACKGROUND, *classes)
    number_of = class_numbers(classes)
    problems: list[Problem] = []
    samples = []
    for image, picture, (width, height) in _pictures(path, images, problems):
        if width * height > MOST_PIXELS:
            problems.append(Problem('broken label', path, f'{picture.name}: {width}x{height}'))
            continue
        shapes = []
        for one, class_id in _labelled(path, image, _AREAS, number_of, problems):
            try:
                shape = _shape(one, class_id, (width, height))
            except ValueError as err:
                problems.append(Problem('broken label', path, f'{picture.name}: {err}'))
                continue
            shapes.append((_order(one), shape))
        if not shapes:
            problems.append(Problem('empty label', picture, 'no polygon and no mask'))
        shapes.sort(key=lambda pair: pair[0])
        ordered = [shape for _, shape in shapes]
        try:
            mask = drawn_mask(path, (width, height), ordered, number_of[_BACKGROUND])
        except ValueError as err:
            problems.append(Problem('broken label', path, f'{picture.name}: {err}'))
            continue
        samples.append(Sample(picture, mask=mask))
    return Part(classes, _in_order(samples), tuple(problems))


def _tags(path: Path, images: list[Element], classes: tuple[str, ...]) -> Part:
    problems: list[Problem] = []
    samples = []
    number_of = class_numbers(classes)
    for image, picture, _ in _pictures(path, images, problems):
        found = [k for _, k in _labelled(path, image, ('tag',), number_of, problems)]
        if len(found) == 1:
            samples.append(Sample(picture, class_id=found[0]))
        elif found:
            problems.append(Problem('left out', picture, f'{len(found)} tags'))
        else:
            problems.append(Problem('missing label', picture, 'no tag'))
    return Part(classes, _in_order(samples), tuple(problems))


def _shape(one: Element, class_id: int, size_wh: tuple[int, int]) -> Outline | Runs:
    if one.tag == 'polygon':
        pairs = one.get('points', '').replace(';', ',').split(',')
        return Outline(class_id, (outline_of([float(number) for number in pairs]),))
    left, top, width, height = (int(one.get(k, '')) for k in ('left', 'top', 'width', 'height'))
    counts = [int(count) for count in one.get('rle', '').split(',')]
    return runs_of(class_id, counts, (left, top, width, height), size_wh)


def _order(one: Element) -> int:
    try:
        return int(one.get('z_order', 0))
    except ValueError:
        return 0


def _labelled(
    path: Path,
    image: Element,
    kinds: tuple[str, ...],
    number_of: dict[str, int],
    problems: list[Problem],
) -> Iterator[tuple[Element, int]]:
    """Yield the shapes of some kinds in a picture, each with its class."""
    for one in image:
        if one.tag not in kinds:
            continue
        label = one.get('label', '')
        if label in number_of:
            yield one, number_of[label]
        else:
            problems.append(Problem('unknown class', path, repr(label)))


def _pictures(
    path: Path, images: list[Element], problems: list[Problem]
) -> Iterator[tuple[Element, Path, tuple[int, int]]]:
    """Yield each picture that is there, with its file and its size."""
    for image in images:
        name = image.get('name', '')
        parts = PurePosixPath(name.replace('\\', '/'))
        subset = image.get('subset', '')
        folders = [path.parent / 'images', path.parent]
        folders += [folder / subset for folder in folders if subset not in ('', '.', '..')]
        # A file of someone else may not point out of its folder.
        inside = not parts.is_absolute() and '..' not in parts.parts and '/' not in subset
        found = [f / parts for f in folders if is_file(f / parts)] if inside and name else []
        try:
            size = (int(image.get('width', '')), int(image.get('height', '')))
        except ValueError:
            problems.append(Problem('broken label', path, f'{name!r} has no size'))
            continue
        if not found:
            problems.append(Problem('missing picture', path, name))
        elif min(size) < 1:
            problems.append(Problem('broken label', path, f'{name!r} has no size'))
        else:
            yield image, found[0], size


def _in_order(samples: list[Sample]) -> tuple[Sample, ...]:
    return tuple(sorted(samples, key=lambda sample: sample.picture))
