# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Add networks of the user to those of the package."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..cards.card import ModelCard, load_card
from ..cards.card_text import card_text
from ..cards.names import find_named
from ..cards.zoo import card_files, user_folder
from ..errors import CardError, FetchError
from ..files import sha256_of, write_whole
from ..onnx_tools.external_data import copy_onnx
from ..text import disk_cause


def add_card(card: ModelCard, folder: Path | None = None, *, replace_it: bool = False) -> Path:
    """Write a network's card into the user's folder, with copies of the files that it names.

    Args:
        card: The network.
        folder: The user's folder; None = the one in which names are searched.
        replace_it: Whether to replace a network of the same name that was added before.

    Returns:
        The path of the written card.

    Raises:
        CardError: The name is taken, or the file is not an ONNX file, or its external weights
            are missing.
        FetchError: The files cannot be copied.
    """
    folder = user_folder() if folder is None else folder
    cards = folder / 'cards'
    refuse_taken_names(card, lambda other: replace_it and other.folder == cards.resolve())
    return write_own(card, folder)


def refuse_taken_names(card: ModelCard, gives_way: Callable[[ModelCard], bool]) -> None:
    """Raise CardError if another network already has one of a network's names.

    Args:
        card: The network.
        gives_way: Returns whether a found network of the same name may be ignored.

    Raises:
        CardError: A name is taken.
    """
    for name in (card.name, *card.aliases):
        taken = find_named(name, card_files(), load_card)
        if taken is not None and not gives_way(taken):
            msg = f'the name {name!r} is taken by {taken.folder / taken.name}.yaml; give another'
            raise CardError(msg)


def write_own(card: ModelCard, folder: Path) -> Path:
    """Write a card and copies of its files into a folder with the subfolders of the zoo.

    External weights beside an ONNX file are copied too; the card's SHA-256 covers the ONNX file
    only.

    Returns:
        The path of the written card.

    Raises:
        CardError: The file is not an ONNX file, or its external weights are missing.
        FetchError: The files cannot be written.
    """
    cards = folder / 'cards'
    path = cards / f'{card.name}.yaml'
    try:
        for name in ('cards', 'weights', 'labels'):
            (folder / name).mkdir(parents=True, exist_ok=True)
        kept = _with_copies(card, folder)
        text = card_text(kept, cards)
        with tempfile.TemporaryDirectory(prefix='.adding-', dir=folder) as work:
            write_whole(path, text.encode(), Path(work))
    except OSError as err:
        msg = f'cannot keep {card.name} in {folder}: {disk_cause(err)}'
        raise FetchError(msg) from err
    return path


def _with_copies(card: ModelCard, folder: Path) -> ModelCard:
    source = card.source
    if source.file is not None:
        stem = card.name
        suffix = source.file.suffix
        copy = copy_onnx if suffix.lower() == '.onnx' else shutil.copyfile
        model = _copied(source.file, folder / 'weights' / f'{stem}{suffix}', copy)
        prototxt = source.prototxt and _copied(
            source.prototxt, folder / 'weights' / f'{stem}.prototxt'
        )
        source = replace(
            source,
            file=model,
            prototxt=prototxt,
            sha256=sha256_of(model),
            size_bytes=model.stat().st_size,
        )
    labels = card.labels and _copied(card.labels, folder / 'labels' / f'{card.name}.txt')
    colors = card.colors and _copied(card.colors, folder / 'labels' / f'{card.name}-colors.txt')
    return replace(card, source=source, labels=labels, colors=colors, folder=folder / 'cards')


def _copied(
    path: Path, target: Path, copy: Callable[[Path, Path], object] = shutil.copyfile
) -> Path:
    if path.resolve() != target.resolve():
        copy(path, target)
    return target.resolve()
