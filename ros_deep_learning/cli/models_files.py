# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Fetch, check, pack and unpack the files of networks."""

from __future__ import annotations

import argparse
import sys

from ..cards.card import ModelCard
from ..cards.zoo import find_card, list_cards
from ..downloads.pack import pack, unpack
from ..downloads.store import ModelStore
from ..downloads.trust import read_pin
from ..errors import DeepLearningError, FetchError, SettingsError
from ..paths import user_path
from .bar import progress_bar
from .evaluate.golden_run import run_networks
from .models_tables import filtered


def download(arguments: argparse.Namespace) -> int:
    """Fetch, verify and convert networks; continue after one that fails."""
    wants_all = arguments.task or arguments.family or arguments.state
    if bool(arguments.names) == bool(wants_all):
        msg = 'name the networks to download, or choose them by --task, --family or --state'
        raise SettingsError(msg)
    cards = [find_card(name) for name in arguments.names]
    cards = cards or filtered(list_cards(), arguments)
    store = _store(arguments)
    failed = 0
    for card in cards:
        is_pinned = bool(card.source.urls) and card.source.sha256 is None
        try:
            with progress_bar() as progress:
                if arguments.trust_anew and is_pinned:
                    store.download_anew(card, progress)
                store.complete(card, progress)
                path = store.onnx_path(card, progress)
        except DeepLearningError as err:
            print(f'rdl models: {err}', file=sys.stderr)
            failed += 1
            continue
        print(f'{card.name}: {path}{_trust(card, store)}')
    return 1 if failed else 0


def verify(arguments: argparse.Namespace) -> int:
    """Check the files of networks against their cards and pins; run them if that is asked for."""
    store = ModelStore(offline=True)
    cards = [find_card(name) for name in arguments.names]
    cards = cards or [card for card in list_cards() if _began(card, store)]
    bad = 0
    whole = []
    for card in cards:
        try:
            if not store.is_here(card):
                msg = f'{card.name}: missing or damaged; to fix: rdl models download {card.name}'
                raise FetchError(msg)
            print(f'{card.name}: whole{_trust(card, store)}')
            whole.append(card)
        except DeepLearningError as err:
            print(f'rdl models: {err}', file=sys.stderr)
            bad += 1
    if arguments.run_networks or arguments.all_backends:
        bad += run_networks(
            whole, all_backends=arguments.all_backends, say_absent=not arguments.names
        )
    return 1 if bad else 0


def print_path(arguments: argparse.Namespace) -> int:
    """Print the path of a network's ONNX file."""
    with progress_bar() as progress:
        path = _store(arguments).onnx_path(find_card(arguments.name), progress)
    print(path)
    return 0


def pack_folder(arguments: argparse.Namespace) -> int:
    """Put networks into a folder."""
    cards = [find_card(name) for name in arguments.names]
    with progress_bar() as progress:
        names = pack(cards, _store(arguments), user_path(arguments.folder), progress)
    print(f'{len(cards)} networks, {len(names)} files in {arguments.folder}')
    print(f'on the robot: rdl models unpack {arguments.folder.name}')
    return 0


def unpack_folder(arguments: argparse.Namespace) -> int:
    """Take networks from a folder."""
    with progress_bar() as progress:
        names = unpack(user_path(arguments.folder), ModelStore(), progress=progress)
    print(f'{len(names)} files checked and unpacked')
    return 0


def _store(arguments: argparse.Namespace) -> ModelStore:
    return ModelStore(offline=True if arguments.offline else None)


def _began(card: ModelCard, store: ModelStore) -> bool:
    """Return whether the store has files of a network, complete or not."""
    if card.source.file is not None:
        return True
    return any(store.folder().glob(f'{card.name}-*'))


def _trust(card: ModelCard, store: ModelStore) -> str:
    if not card.source.urls or card.source.sha256 is not None:
        return ''
    pin = read_pin(store.downloaded(card).pin_path)
    return f' (no SHA-256 is published: pinned on {pin.date} as {pin.sha256})' if pin else ''
