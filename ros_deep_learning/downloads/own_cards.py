# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Add networks of the user to those of the package."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ..cards.card import ModelCard, load_card
from ..cards.card_text import card_text
from ..cards.names import card_name, find_named
from ..cards.source import SourceSpec
from ..cards.zoo import card_files, user_folder
from ..errors import CardError, FetchError
from ..files import copy_whole, move_whole, sha256_of, write_output, write_whole
from ..locks import work_folder
from ..onnx_tools.external_data import copy_onnx, onnx_files
from ..text import disk_cause

_COPY = re.compile(r'(?P<name>.+)-[0-9a-f]{16}(?=\.|-colors\.)')


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


def own_lock(folder: Path) -> Path:
    """Return the lock file of a folder of own networks, held while files are put there."""
    return folder / '.lock'


def write_own(card: ModelCard, folder: Path) -> Path:
    """Write a card and copies of its files into a folder with the subfolders of the zoo.

    The copies have names made from their content, and the card is written last: a network of the
    same name stays complete until then, also for a process that runs it. External weights beside
    an ONNX file are copied too; the card's SHA-256 covers the ONNX file only.

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
        with work_folder(own_lock(folder)) as work:
            kept = _with_copies(card, folder, work)
            write_whole(path, card_text(kept, cards).encode(), work)
            remove_replaced(kept, folder)
    except OSError as err:
        msg = f'cannot keep {card.name} in {folder}: {disk_cause(err)}'
        raise FetchError(msg) from err
    return path


def remove_replaced(card: ModelCard, folder: Path) -> None:
    """Remove the copies that earlier cards of the same name had; call with the lock held.

    A process that runs such a network keeps its files until it closes them.
    """
    used = {p.name for p in (card.source.file, card.labels, card.colors) if p is not None}
    kept = {match[0] for name in used if (match := _COPY.match(name))}
    for path in (*(folder / 'weights').iterdir(), *(folder / 'labels').iterdir()):
        match = _COPY.match(path.name)
        if match and match['name'] == card.name and match[0] not in kept:
            path.unlink(missing_ok=True)


def refuse_foreign_card(onnx_path: Path) -> None:
    """Raise CardError if the place of a file's card has a YAML file that is none of our cards."""
    beside = onnx_path.with_suffix('.yaml')
    if not beside.exists():
        return
    try:
        load_card(beside)
    except CardError as err:
        msg = f'{beside} is there already and is no card; to fix: another name than {onnx_path}'
        raise CardError(msg) from err


def write_card_beside(card: ModelCard, onnx_path: Path) -> ModelCard:
    """Write the card of a file that was made from a card's network, with the suffix ``.yaml``.

    Args:
        card: The network that the file was made from.
        onnx_path: The file; its metadata have the labels. Colours are copied beside it.

    Returns:
        The new card.

    Raises:
        FetchError: The files cannot be written.
    """
    onnx_path = onnx_path.absolute()
    source = SourceSpec(
        file=onnx_path,
        sha256=sha256_of(onnx_path),
        size_bytes=onnx_path.stat().st_size,
        credit=card.source.credit,
    )
    try:
        colors = None
        if card.colors is not None:
            colors = onnx_path.with_name(f'{onnx_path.stem}-colors.txt')
            write_output(colors, card.colors.read_bytes())
        made = replace(
            card,
            name=card_name(onnx_path),
            aliases=(),
            source=source,
            format='onnx',
            folder=onnx_path.parent,
            labels=None,
            colors=colors,
        )
        text = card_text(made, onnx_path.parent)
        write_output(onnx_path.with_suffix('.yaml'), text.encode())
    except OSError as err:
        msg = f'cannot write the card of {onnx_path}: {disk_cause(err)}'
        raise FetchError(msg) from err
    return made


def _with_copies(card: ModelCard, folder: Path, work: Path) -> ModelCard:
    source = card.source
    if source.file is not None:
        is_onnx = source.file.suffix.lower() == '.onnx'
        files = onnx_files(source.file) if is_onnx else [source.file]
        if source.prototxt is not None:
            files.append(source.prototxt)
        stem = f'{card.name}-{_content_key(files)}'
        model = work / f'{stem}{source.file.suffix}'
        (copy_onnx if is_onnx else shutil.copyfile)(source.file, model)
        sha256, size_bytes = sha256_of(model), model.stat().st_size
        prototxt = None
        if source.prototxt is not None:
            prototxt = Path(shutil.copyfile(source.prototxt, work / f'{stem}.prototxt'))
        for part in tuple(work.iterdir()):
            move_whole(part, folder / 'weights' / part.name)
        source = replace(
            source,
            file=_placed(model, folder / 'weights'),
            prototxt=prototxt and _placed(prototxt, folder / 'weights'),
            sha256=sha256,
            size_bytes=size_bytes,
        )
    # The suffix says how labels are read.
    labels = card.labels and _copied(card, card.labels, card.labels.suffix, folder, work)
    colors = card.colors and _copied(card, card.colors, '-colors.txt', folder, work)
    return replace(card, source=source, labels=labels, colors=colors, folder=folder / 'cards')


def _copied(card: ModelCard, path: Path, ending: str, folder: Path, work: Path) -> Path:
    target = folder / 'labels' / f'{card.name}-{_content_key([path])}{ending}'
    copy_whole(path, target, work)
    return target.resolve()


def _placed(part: Path, folder: Path) -> Path:
    return (folder / part.name).resolve()


def _content_key(files: Iterable[Path]) -> str:
    parts = '\n'.join(sha256_of(path) for path in files)
    return hashlib.sha256(parts.encode()).hexdigest()[:16]
