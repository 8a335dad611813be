# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find pictures and splits in the folders of a data set, and read its small files."""

from __future__ import annotations

from collections.abc import Iterable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..cards.foreign_files import parse_foreign
from ..errors import DatasetError
from ..files import read_limited
from ..paths import PICTURE_SUFFIXES
from ..text import disk_cause, one_line

SPLITS = {
    'train': 'train',
    'training': 'train',
    'val': 'val',
    'valid': 'val',
    'validation': 'val',
    'test': 'test',
    'testing': 'test',
}
"""Names of folders and files of splits, and the name that the split has here."""

UNLABELLED_FOLDER = 'unlabelled'
"""Folder in a data set whose pictures wait for a label; it is no class."""

_MOST_BYTES = 2**30
"""COCO's instances_train2017.json has 470 MB."""


def split_of(name: str) -> str | None:
    """Return the split that a name such as ``instances_val2017`` means; None if it means none."""
    words = ''.join(c if c.isalpha() else ' ' for c in name.lower()).split()
    return next((SPLITS[word] for word in words if word in SPLITS), None)


def is_file(path: Path) -> bool:
    """Return whether there is such a file, also of a name that cannot be one."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Return whether there is such a folder that may be looked at."""
    try:
        return path.is_dir()
    except OSError:
        return False


def folders_in(folder: Path) -> list[Path]:
    """List the folders in a folder that are not hidden, by name; empty if it is none."""
    return sorted(p for p in _entries(folder) if is_folder(p) and not p.name.startswith('.'))


def files_in(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """List the files in a folder that are not hidden and have one of some endings, by name."""
    wanted = frozenset(suffixes)
    return sorted(
        p
        for p in _entries(folder)
        if p.suffix.lower() in wanted and not p.name.startswith('.') and is_file(p)
    )


def pictures_below(folder: Path) -> list[Path]:
    """List the pictures in a folder and in the folders below it, by path."""
    found = files_in(folder, PICTURE_SUFFIXES)
    for deeper in folders_in(folder):
        # A link to a folder above it would never end.
        if not deeper.is_symlink():
            found += pictures_below(deeper)
    return found


def picture_beside(label: Path, folder: Path) -> Path | None:
    """Return the picture of a label's name in a folder; None if there is none."""
    for suffix in PICTURE_SUFFIXES:
        for ending in (suffix, suffix.upper()):
            path = folder / f'{label.stem}{ending}'
            if is_file(path):
                return path
    return None


def read_text(path: Path, max_bytes: int = _MOST_BYTES) -> str:
    """Read a text file in UTF-8.

    Raises:
        DatasetError: It cannot be read, is too large, or is no such text.
    """
    try:
        return read_limited(path, max_bytes).decode('utf-8-sig')
    except OSError as err:
        msg = f'cannot read {path}: {disk_cause(err)}'
        raise DatasetError(msg) from err
    except UnicodeDecodeError as err:
        msg = f'{path} is not a text in UTF-8'
        raise DatasetError(msg) from err


def begins_with(path: Path, sign: str) -> bool:
    """Return whether the first character of a text file that is no space is some sign."""
    try:
        with path.open('rb') as stream:
            return stream.read(4096).decode('utf-8-sig', 'replace').lstrip().startswith(sign)
    except OSError:
        return False


def contains(path: Path, text: bytes) -> bool:
    """Return whether some bytes are in a file, which is read as far as the first of them."""
    try:
        with path.open('rb') as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            return content.find(text) >= 0
    except (OSError, ValueError):
        return False


def read_data(path: Path) -> Any:
    """Read a file of JSON or YAML, by its ending.

    Raises:
        DatasetError: It cannot be read, or is neither.
    """
    is_json = path.suffix.lower() == '.json'
    try:
        return parse_foreign(read_text(path), is_json=is_json)
    except ValueError as err:
        msg = f'{path} is not valid {"JSON" if is_json else "YAML"}: {one_line(err)}'
        raise DatasetError(msg) from err


def read_xml(path: Path, tag: str, max_bytes: int) -> ElementTree.Element:
    """Read a file of XML.

    Args:
        path: The file.
        tag: Of the element that it must be.
        max_bytes: How large it may be.

    Raises:
        DatasetError: It cannot be read, is none, or has a document type.
    """
    text = read_text(path, max_bytes)
    # Entities of a document type could grow to gigabytes; no label has one.
    if '<!' in text.replace('<!--', ''):
        msg = 'it has a document type or CDATA, which no label needs'
        raise DatasetError(msg)
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (no entities, see above)
    except (ElementTree.ParseError, ValueError) as err:
        msg = f'it is not valid XML: {one_line(err)}'
        raise DatasetError(msg) from err
    if root.tag != tag:
        msg = f'expected the element {tag}, got {root.tag[:40]!r}'
        raise DatasetError(msg)
    return root


def read_class_names(folder: Path) -> tuple[str, ...]:
    """Read ``classes.txt`` or ``labels.txt``, one name a line; empty if there is neither.

    Raises:
        DatasetError: The file cannot be read.
    """
    for name in ('classes.txt', 'labels.txt'):
        path = folder / name
        if path.is_file():
            lines = (line.strip() for line in read_text(path, 2**20).splitlines())
            return tuple(line for line in lines if line)
    return ()


def image_sets(folder: Path) -> dict[str, Path]:
    """Find the lists of VOC's splits, such as ``val.txt``, in a folder; may be empty."""
    return {
        split: path
        for path in files_in(folder, ['.txt'])
        if (split := SPLITS.get(path.stem)) is not None
    }


def labels_listed(path: Path, folder: Path, suffix: str) -> list[Path]:
    """Read a list of VOC: the names of pictures without their ending.

    Args:
        path: The list.
        folder: Folder of the labels.
        suffix: Their ending.

    Returns:
        The label of each picture, whether it is there or not.

    Raises:
        DatasetError: The file cannot be read.
    """
    labels = []
    for line in map(str.strip, read_text(path).splitlines()):
        # A name may not point out of its folder.
        if not line or '/' in line:
            continue
        label = folder / f'{line}{suffix}'
        # Behind a name without spaces there may be a number.
        labels.append(label if is_file(label) else folder / f'{line.split()[0]}{suffix}')
    return labels


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
