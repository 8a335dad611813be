# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The inputs of a job: paths, patterns, addresses and lists of them."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import FleetError
from ..files import read_limited
from ..paths import user_path
from ..text import disk_cause
from .storage import is_url, matching_urls

LIST_SIGN = '@'
"""Begins the name of a file with one input a line."""
_ENDINGS = ('.db3', '.json', '.mcap', '.xml', '.yaml', '.zstd')
_MOST_LIST_BYTES = 2**26


@dataclass(frozen=True, slots=True)
class Unit:
    """An input, and what its output is called.

    Attributes:
        source: An absolute path, or an address such as ``s3://drives/monday.mcap``.
        name: Of the output, without an ending; unique within a job.
    """

    source: str
    name: str


def is_many(text: str) -> bool:
    """Return whether an argument can stand for other than one path of this machine."""
    if text.startswith(LIST_SIGN) or is_url(text):
        return True
    return glob.has_magic(text) and not user_path(text).exists()


def find_units(texts: Sequence[str]) -> list[Unit]:
    """Find the inputs that arguments stand for, each once.

    Args:
        texts: Each a path, a pattern with ``*``, ``?``, ``[...]`` or ``**``, an address or pattern
            of a file system that fsspec knows, or ``@`` and a file of such texts, one a line.

    Returns:
        The inputs in the order of the arguments, those of a pattern by name. The name of an
        output is that of its input; where several have the same, the folders above are added.

    Raises:
        FleetError: There is no such input, or a list cannot be read.
    """
    sources = dict.fromkeys(source for text in texts for source in _expand(text))
    if not sources:
        msg = f'no input in {", ".join(texts)}'
        raise FleetError(msg)
    names = {source: _name(source, 1) for source in sources}
    depth = 2
    while doubled := [s for s, n in Counter(names.values()).items() if n > 1]:
        for source, name in names.items():
            if name in doubled:
                names[source] = _name(source, depth)
        if depth > max(len(PurePosixPath(source).parts) for source in sources):
            msg = f'two outputs would be called {doubled[0]}; to fix: run them into two folders'
            raise FleetError(msg)
        depth += 1
    return [Unit(source, name) for source, name in names.items()]


def _expand(text: str) -> Iterator[str]:
    if text.startswith(LIST_SIGN):
        yield from _listed(user_path(text[1:]))
    elif is_url(text):
        yield from matching_urls(text)
    else:
        path = user_path(text.removeprefix('file://'))
        if path.exists():
            yield str(path.resolve())
        elif glob.has_magic(str(path)):
            found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  absolute too
            if not found:
                msg = f'no file or folder matches {path}'
                raise FleetError(msg)
            yield from (str(Path(one).resolve()) for one in found)
        else:
            msg = f'there is no {path}'
            raise FleetError(msg)


def _listed(path: Path) -> Iterator[str]:
    try:
        lines = read_limited(path, _MOST_LIST_BYTES).decode().splitlines()
    except OSError as err:
        msg = f'cannot read the list {path}: {disk_cause(err)}'
        raise FleetError(msg) from err
    except UnicodeDecodeError as err:
        msg = f'{path} is no list of inputs, one a line in UTF-8'
        raise FleetError(msg) from err
    for line in map(str.strip, lines):
        if line.startswith(LIST_SIGN):
            msg = f'{path}: a list cannot name another one, as {line} does'
            raise FleetError(msg)
        if line and not line.startswith('#'):
            yield from _expand(line)


def _name(source: str, depth: int) -> str:
    """Return the last parts of a path, without the ending of the last one."""
    parts = PurePosixPath(source.partition('://')[2] or source).parts[-depth:]
    stem = parts[-1]
    while (path := PurePosixPath(stem)).suffix in _ENDINGS:
        stem = path.stem
    return '_'.join(part.strip('/') for part in (*parts[:-1], stem)).strip('_')
