# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which card a name means, told without reading more cards than need be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from .card import ModelCard

_RESOLUTION = re.compile(r'-([0-9]+)x([0-9]+)')


def normal(name: str) -> str:
    """Give the form in which names are compared: no case, and one sign for all separators."""
    return '-'.join(name.strip().casefold().replace('_', ' ').replace('-', ' ').split())


def find_named(
    wanted: str, paths: Iterable[Path], load: Callable[[Path], ModelCard]
) -> ModelCard | None:
    """Find the card of a name among card files that are called by their cards' names.

    The rule is jetson-inference's: a name, else an alias, else, for a name without a resolution,
    the card of that name with the lowest one.

    Args:
        wanted: The name.
        paths: The card files, best first.
        load: Reads a card; what it raises passes through.
    """
    wanted = normal(wanted)
    by_name: dict[str, Path] = {}
    for path in paths:
        by_name.setdefault(normal(path.stem), path)
    if wanted in by_name:
        return load(by_name[wanted])
    # Reading YAML is slow: only those cards are read that have the name's words somewhere.
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
