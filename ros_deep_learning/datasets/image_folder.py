# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in one folder a class, as torchvision's ImageFolder has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..errors import DatasetError
from .dataset import Part, Problem, Sample
from .listing import UNLABELLED_FOLDER, folders_in, pictures_below, split_of


def image_folder_parts(folder: Path) -> dict[str, Callable[[], Part]]:
    """Find the splits of a folder of class folders; empty if it is none."""
    inner = folders_in(folder)
    splits = {split: path for path in inner if (split := split_of(path.name)) is not None}
    found = {split: partial(_read, path) for split, path in splits.items() if _has_pictures(path)}
    if found or not _has_pictures(folder):
        return dict(found)
    # A class may be called train.
    return {'all': partial(_refuse if splits else _read, folder)}


def _refuse(folder: Path) -> Part:
    name = next(path.name for path in folders_in(folder) if split_of(path.name) is not None)
    msg = (
        f'{folder / name} has the name of a split, but no folders of classes in it; to fix: if it '
        'is a class, move the folders of all classes into a folder train; else move it elsewhere'
    )
    raise DatasetError(msg)


def _class_folders(folder: Path) -> list[Path]:
    return [path for path in folders_in(folder) if path.name != UNLABELLED_FOLDER]


def _has_pictures(folder: Path) -> bool:
    """Return whether some folder in this one holds pictures."""
    return any(pictures_below(path) for path in _class_folders(folder))


def _read(folder: Path) -> Part:
    paths = _class_folders(folder)
    samples, problems = [], []
    for class_id, path in enumerate(paths):
        pictures = pictures_below(path)
        samples += [Sample(picture, class_id=class_id) for picture in pictures]
        if not pictures:
            problems.append(Problem('empty label', path, 'no picture of this class'))
    return Part(tuple(path.name for path in paths), tuple(samples), tuple(problems))
