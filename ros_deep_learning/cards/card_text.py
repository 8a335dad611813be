# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write a model card as YAML that ``load_card`` can read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from .card import InputSpec, ModelCard
from .decision import guesses
from .source import SourceSpec

_LAST_KEYS = (
    *('decoder', 'classes', 'labels', 'colors', 'licence'),
    *('accuracy', 'checked', 'family', 'notes'),
)


def card_text(card: ModelCard, folder: Path | None = None, *, with_source: bool = True) -> str:
    """Return a card as YAML text, in which every guessed value is written and marked.

    Args:
        card: The card.
        folder: Folder of the card file, such as ``cards`` of the zoo: files in it, or in
            ``weights`` and ``labels`` next to it, are written with their bare names. None = all
            files are written with absolute paths.
        with_source: Whether to write where the network's files are.
    """
    import yaml

    values: dict[str, Any] = {'name': card.name}
    if card.aliases:
        values['aliases'] = list(card.aliases)
    values['task'] = card.task
    if card.description:
        values['description'] = card.description
    if with_source:
        values['source'] = _source(card.source, folder)
    values['format'] = card.format
    guessed = {decision.key: decision.reason for decision in guesses(card.decisions)}
    if 'input_size' in guessed:
        guessed |= dict.fromkeys(('width', 'height'), guessed['input_size'])
    values['input'] = _input(card.input, guessed)
    if card.outputs:
        values['outputs'] = dict(card.outputs)
    for key in _LAST_KEYS:
        value = getattr(card, key)
        if value is not None:
            values[key] = _name(value, folder) if isinstance(value, Path) else value
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=99)
    text, marked = _commented(text, guessed)
    marked |= {'input_size'} if 'width' in marked else set()
    rest = [one for one in guesses(card.decisions) if one.key not in marked]
    return text + ''.join(f'# {one}\n' for one in rest)


def _commented(text: str, guessed: Mapping[str, str]) -> tuple[str, set[str]]:
    """Add a comment to each guessed value that calls it a guess; return the marked keys too."""
    lines, section, marked = [], '', set()
    for line in text.splitlines():
        key = line.strip().partition(':')[0]
        if not line.startswith((' ', '-')):
            section = key
        if key in guessed and section in (key, 'input'):
            line = f'{line}  # {guessed[key]}'
            marked.add(key)
        lines.append(line)
    return '\n'.join(lines) + '\n', marked


def _source(source: SourceSpec, folder: Path | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if source.urls:
        values['url'] = source.urls[0]
        if source.urls[1:]:
            values['mirrors'] = list(source.urls[1:])
    for field in fields(source):
        value = getattr(source, field.name)
        if isinstance(value, Path):
            values[field.name] = _name(value, folder)
        elif field.name == 'members':
            if value:
                values['members'] = dict(value)
        elif value is not None and field.name != 'urls':
            values[field.name] = value
    return values


def _input(spec: InputSpec, guessed: Collection[str]) -> dict[str, Any]:
    plain = InputSpec(spec.width, spec.height)
    values: dict[str, Any] = {} if spec.name is None else {'name': spec.name}
    values |= {'width': spec.width, 'height': spec.height, 'channels': spec.channels}
    for field in fields(spec):
        value = getattr(spec, field.name)
        stated = value != getattr(plain, field.name) or field.name in guessed
        if field.name not in values and stated:
            values[field.name] = list(value) if isinstance(value, tuple) else value
    return values


def _name(path: Path, folder: Path | None) -> str:
    if folder is not None and path.parent in (
        folder,
        folder.parent / 'weights',
        folder.parent / 'labels',
    ):
        return path.name
    return str(path.absolute())
