# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Exports of Label Studio as JSON: a list of tasks, beside the pictures.

The format: https://labelstud.io/guide/task_format
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from ..errors import DatasetError
from .boxes import BoxCollector
from .dataset import Part, Problem, Sample, class_numbers
from .drawn_mask import Outline, drawn_mask, outline_of, turned_box
from .listing import begins_with, files_in, pictures_below, read_data
from .pictures import MOST_PIXELS

_BACKGROUND = 'background'
_PREFIX = 9
"""Characters that Label Studio puts before the name of an uploaded file: 8 hex digits and -."""


def studio_box_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find an export with boxes; empty if it is none."""
    return _parts(folder, 'rectanglelabels', _boxes)


def studio_mask_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find an export with polygons; empty if it is none."""
    return _parts(folder, 'polygonlabels', _masks)


def studio_choice_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find an export with a choice a picture; empty if it is none."""
    return _parts(folder, 'choices', _choices)


def _parts(
    folder: Path, kind: str, read: Callable[[Path, list[Any]], Part]
) -> dict[str, Callable[[], Part]]:
    is_json = folder.suffix.lower() == '.json'
    for path in [folder] if is_json else files_in(folder, ['.json']):
        try:
            # Other formats have files of gigabytes, none of which is a list.
            if not begins_with(path, '['):
                continue
            tasks = read_data(path)
        except DatasetError:
            # Another reader says what is wrong with its file.
            continue
        if not isinstance(tasks, list) or not any(_is_task(task) for task in tasks):
            continue
        if any(one.get('type') == kind for task in tasks for one in _results(task)):
            return {'all': partial(read, path, tasks)}
    return {}


def _is_task(task: Any) -> bool:
    return isinstance(task, dict) and isinstance(task.get('data'), dict) and 'annotations' in task


def _results(task: Any) -> list[dict[str, Any]]:
    """List the results of the last annotation of a task that was not cancelled."""
    if not _is_task(task) or not isinstance(task['annotations'], list):
        return []
    done = [a for a in task['annotations'] if isinstance(a, dict) and not a.get('was_cancelled')]
    results = done[-1].get('result') if done else None
    return [one for one in results if isinstance(one, dict)] if isinstance(results, list) else []


def _names(one: dict[str, Any], kind: str) -> list[str]:
    value = one.get('value')
    names = value.get(kind) if isinstance(value, dict) else None
    return [str(name) for name in names] if isinstance(names, list) else []


def _classes(tasks: list[Any], kind: str) -> tuple[str, ...]:
    """List the classes that occur, since an export does not have the others."""
    found = {
        name
        for task in tasks
        for one in _results(task)
        if one.get('type') == kind
        for name in _names(one, kind)
    }
    return tuple(sorted(found))


def _boxes(path: Path, tasks: list[Any]) -> Part:
    kind = 'rectanglelabels'
    classes, problems = _classes(tasks, kind), list[Problem]()
    number_of = class_numbers(classes)
    samples = []
    for task, picture in _pictures(path, tasks, problems):
        collector = BoxCollector(path, (1.0, 1.0))
        for one, class_id, size in _labelled(path, task, kind, number_of, problems):
            value = one['value']
            try:
                x, y, w, h = (float(value[k]) / 100 for k in ('x', 'y', 'width', 'height'))
                degrees = float(value.get('rotation') or 0)
            except (KeyError, TypeError, ValueError, OverflowError):
                problems.append(Problem('broken label', path, f'a box of {picture.name}'))
                continue
            edges = (x, y, x + w, y + h)
            if degrees:
                # It is turned in pixels, about its left upper corner.
                sides = np.array(size, np.float64)
                corner, extent = np.array((x, y)) * sides, np.array((w, h)) * sides
                at = (float(corner[0]), float(corner[1]))
                turned = turned_box(at, (float(extent[0]), float(extent[1])), degrees, at)
                x1, y1, x2, y2 = (np.array(turned) / (*size, *size)).tolist()
                edges = (x1, y1, x2, y2)
            collector.add(edges, class_id)
        problems += collector.problems
        if not len(collector.boxes()):
            problems.append(Problem('empty label', picture, 'no box'))
        samples.append(Sample(picture, boxes=collector.boxes(in_shares=True)))
    return Part(classes, _in_order(samples), tuple(problems))


def _masks(path: Path, tasks: list[Any]) -> Part:
    kind = 'polygonlabels'
    classes, problems = _classes(tasks, kind), list[Problem]()
    if _BACKGROUND not in classes:
        classes = (_BACKGROUND, *classes)
    number_of = class_numbers(classes)
    samples = []
    for task, picture in _pictures(path, tasks, problems):
        shapes = []
        size_wh = (0, 0)
        for one, class_id, size in _labelled(path, task, kind, number_of, problems):
            try:
                corners = np.array(one['value']['points'], np.float64) / 100 * size
                shapes.append(Outline(class_id, (outline_of(corners.ravel().tolist()),)))
                size_wh = size
            except (KeyError, TypeError, ValueError, OverflowError):
                problems.append(Problem('broken label', path, f'a polygon of {picture.name}'))
        if any(one.get('type') == 'brushlabels' for one in _results(task)):
            text = 'painted by a brush; to fix: export it as "Brush labels to PNG"'
            problems.append(Problem('left out', picture, text))
        if not shapes:
            # Without a polygon the export does not have the size of the picture.
            problems.append(Problem('missing label', picture, 'no polygon'))
        else:
            try:
                mask = drawn_mask(path, size_wh, shapes, number_of[_BACKGROUND])
            except ValueError as err:
                problems.append(Problem('broken label', path, f'{picture.name}: {err}'))
                continue
            samples.append(Sample(picture, mask=mask))
    return Part(classes, _in_order(samples), tuple(problems))


def _choices(path: Path, tasks: list[Any]) -> Part:
    kind = 'choices'
    classes, problems = _classes(tasks, kind), list[Problem]()
    number_of = class_numbers(classes)
    samples = []
    for task, picture in _pictures(path, tasks, problems):
        results = [one for one in _results(task) if one.get('type') == kind]
        found = [name for one in results for name in _names(one, kind)]
        if len(found) == 1:
            samples.append(Sample(picture, class_id=number_of[found[0]]))
        elif found:
            problems.append(Problem('left out', picture, f'{len(found)} choices'))
        else:
            problems.append(Problem('missing label', picture, 'no choice'))
    return Part(classes, _in_order(samples), tuple(problems))


def _labelled(
    path: Path, task: Any, kind: str, number_of: dict[str, int], problems: list[Problem]
) -> Iterator[tuple[dict[str, Any], int, tuple[int, int]]]:
    """Yield the results of a kind, each with its class and the size of the picture."""
    for one in _results(task):
        if one.get('type') != kind:
            continue
        names, size = _names(one, kind), (one.get('original_width'), one.get('original_height'))
        width, height = size
        # A truth value is an int, too.
        if type(width) is not int or type(height) is not int or min(width, height) < 1:
            problems.append(
                Problem('broken label', path, f'a result with no size of a picture: {size}'[:200])
            )
        elif width * height > MOST_PIXELS:
            problems.append(Problem('broken label', path, 'a picture that is too large'))
        elif len(names) != 1:
            problems.append(Problem('unknown class', path, f'a result of {len(names)} classes'))
        else:
            yield one, number_of[names[0]], (width, height)


def _pictures(path: Path, tasks: list[Any], problems: list[Problem]) -> Iterator[tuple[Any, Path]]:
    """Yield the tasks whose picture is there, with its file."""
    there: dict[str, list[Path]] = {}
    for picture in pictures_below(path.parent):
        there.setdefault(picture.name, []).append(picture)
    for task in tasks:
        if not _is_task(task):
            problems.append(Problem('broken label', path, f'no task: {task}'[:120]))
            continue
        # The field has the name that the project's configuration gives it.
        texts = [text for text in task['data'].values() if isinstance(text, str)]
        places = [place for text in texts for place in _places(text)]
        found = next((_nearest(there[p.name], p) for p in places if p.name in there), [])
        names = ', '.join(place.name for place in places)[:120]
        if not found:
            problems.append(Problem('missing picture', path, names))
        elif len(found) > 1:
            text = f'{names} can be {found[0]} or {found[1]}'
            problems.append(Problem('missing picture', path, text))
        else:
            yield task, found[0]


def _nearest(pictures: list[Path], place: PurePosixPath) -> list[Path]:
    """Return those of some pictures of one name that share most folders with a place."""

    def shared(picture: Path) -> int:
        pairs = zip(reversed(picture.parts), reversed(place.parts), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    counts = [shared(picture) for picture in pictures]
    return [p for p, count in zip(pictures, counts, strict=True) if count == max(counts)]


def _places(address: str) -> list[PurePosixPath]:
    """Return the paths that the file of an address may have."""
    try:
        parts = urlsplit(address)
        place = parse_qs(parts.query).get('d', [unquote(parts.path)])[0]
    except ValueError:
        return []
    path = PurePosixPath(place.replace('\\', '/'))
    is_uploaded = path.name[_PREFIX - 1 : _PREFIX] == '-'
    original = path.name[_PREFIX:]
    return [path, path.with_name(original)] if is_uploaded and original else [path]


def _in_order(samples: list[Sample]) -> tuple[Sample, ...]:
    return tuple(sorted(samples, key=lambda sample: sample.picture))
