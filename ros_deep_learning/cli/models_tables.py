# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables of networks, and one network in full."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from ..cards.card import InputSpec, ModelCard
from ..cards.zoo import find_card, list_cards
from ..downloads.store import ModelStore
from ..downloads.trust import read_pin


def list_models(arguments: argparse.Namespace) -> int:
    """Print the networks as a table."""
    store = ModelStore()
    rows = []
    for card in filtered(list_cards(), arguments):
        here = store.is_here(card)
        if here or not arguments.here:
            spec = card.input
            size = f'{spec.width}x{spec.height}'
            rows.append([card.name, card.task, size, card.checked or '', 'yes' if here else ''])
    print(table(('NAME', 'TASK', 'INPUT', 'RUN WITH', 'HERE'), rows))
    print(f'{len(rows)} networks')
    return 0


def show_model(arguments: argparse.Namespace) -> int:
    """Print all that is known of one network."""
    card = find_card(arguments.name)
    store = ModelStore()
    rows = [
        ('name', card.name),
        ('other names', ', '.join(card.aliases)),
        ('task', card.task),
        ('what', card.description),
        ('input', _input_text(card.input)),
        ('outputs', ', '.join(f'{role} = {name}' for role, name in card.outputs.items())),
        ('decoder', card.decoder),
        ('labels', card.labels),
        ('colours', card.colors),
        ('licence', card.licence),
        ('accuracy', card.accuracy),
        ('run with', card.checked),
        ('family', card.family),
        ('notes', card.notes),
        ('card', card.folder / f'{card.name}.yaml'),
        *_source_rows(card, store),
        ('here', 'yes' if store.is_here(card) else 'no; rdl models download fetches it'),
    ]
    for key, value in rows:
        if value:
            print(f'{key + ":":<13}{value}')
    return 0


def filtered(cards: Iterable[ModelCard], arguments: argparse.Namespace) -> list[ModelCard]:
    """Return the cards that match the filters."""
    return [
        card
        for card in cards
        if arguments.task in (None, card.task)
        and arguments.family in (None, card.family)
        and arguments.state in (None, card.checked)
    ]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a text table, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [
        '  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *rows)
    ]
    return '\n'.join(lines)


def _input_text(spec: InputSpec) -> str:
    numbers = [f'* {spec.scale:g}'] if spec.scale != 1 else []
    if any(spec.mean):
        numbers.append(f'- ({", ".join(f"{v:g}" for v in spec.mean)})')
    if spec.std != (1.0, 1.0, 1.0):
        numbers.append(f'/ ({", ".join(f"{v:g}" for v in spec.std)})')
    value = ', pixel ' + ' '.join(numbers) if numbers else ''
    name = f'{spec.name}, ' if spec.name else ''
    return (
        f'{name}{spec.width}x{spec.height} {spec.channels} {spec.layout} {spec.dtype}, '
        f'{spec.resize}{value}'
    )


def _source_rows(card: ModelCard, store: ModelStore) -> list[tuple[str, object]]:
    source = card.source
    rows: list[tuple[str, object]] = [
        ('file', source.file),
        ('prototxt', source.prototxt),
        ('package', source.package and f'{source.package}, {source.member}'),
        *(('download' if k == 0 else 'mirror', url) for k, url in enumerate(source.urls)),
        ('members', ', '.join(f'{role} = {name}' for role, name in source.members.items())),
        ('made by', source.credit),
        ('SHA-256', source.sha256),
    ]
    if source.urls and source.sha256 is None:
        pin = read_pin(store.downloaded(card).pin_path)
        trusted = f'{pin.sha256}, trusted since its first download on {pin.date}' if pin else ''
        rows.append(('SHA-256', trusted or 'none is published; the first download is trusted'))
    return rows
