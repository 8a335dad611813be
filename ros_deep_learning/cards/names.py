# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the card that a name refers to, and read as few cards as possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from .card import ModelCard

_RESOLUTION = re.compile(r'-([0-9]+)x([0-9]+)')


def normal(name: str) -> str:
    """Return a name in the form for comparison: lower case, with ``-`` for all separators."""
    return '-'.join(name.strip().casefold().replace('_', ' ').replace('-', ' ').split())


def card_name(path: Path) -> str:
    """Return the name of a file's card: the file's, as far as cards allow it."""
    stem = re.sub('[^A-Za-z0-9._-]+', '-', path.stem).strip('._-')[:64]
    return stem or 'network'


def find_named(
    wanted: str, paths: Iterable[Path], load: Callable[[Path], ModelCard]
) -> ModelCard | None:
    """Find a card by name among card files, whose stems are the names of their cards.

    The order is that of jetson-inference: a card's name, then an alias, then, for a name without
    a resolution, the card of that name with the lowest resolution.

    Args:
        wanted: The name.
        paths: The card files; the first file wins over a later one of the same name.
        load: Loads a card; its exceptions pass through.

    Returns:
        The card; None if no card has the name.
    """
    wanted = normal(wanted)
    by_name: dict[str, Path] = {}
    for path in paths:
        by_name.setdefault(normal(path.stem), path)
    if wanted in by_name:
        return load(by_name[wanted])
    # Parsing YAML is slow, so only cards whose text contains the name are loaded.
    for path in by_name.values():
        if wanted and wanted in normal(_text(path)):
            card = load(path)
            if wanted in (normal(alias) for alias in card.aliases):
                return card
    sizes = [
        (int(match[1]) * int(match[2]), name)
        for name in by_name
        if (match := _RESOLUTION.fullmatch(name.removeprefix(wanted))) and wanted
    ]
    return load(by_name[min(sizes)[1]]) if sizes else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding='utf-8', errors='replace')
    except OSError:
        return ''
