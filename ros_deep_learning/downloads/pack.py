# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pack networks into a folder for a robot without an internet connection, and unpack it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from ..cards.card import ModelCard, load_card
from ..cards.foreign_files import parse_foreign
from ..cards.zoo import is_own, user_folder
from ..errors import CardError, FetchError
from ..files import copy_whole, is_whole, sha256_of, usual_mode, write_whole
from ..locks import work_folder
from ..progress import Progress, silent
from ..text import disk_cause
from .own_cards import own_lock, refuse_taken_names, remove_replaced, write_own
from .store import ModelStore
from .trust import read_pin

MANIFEST = 'pack.json'

_VERSION = 1
_CACHE, _OWN = 'models', 'own'
# The paths that the store and the user's folder use; none of them leaves its folder.
_PATH = re.compile(r'(models|own)(/[A-Za-z0-9_][A-Za-z0-9._-]*){1,3}')


def pack(
    cards: Iterable[ModelCard], store: ModelStore, folder: Path, progress: Progress = silent
) -> list[str]:
    """Copy networks into a folder, with everything needed to load them.

    Files that come with the package are left out, since the robot has them. The folder can be
    unpacked on the robot. If none of the networks is the user's own, ``$ROS_DEEP_LEARNING_CACHE``
    can also be set to the folder itself.

    Args:
        cards: The networks.
        store: Store that provides their files; it downloads and converts what is missing.
        folder: A new or empty folder.
        progress: Called at each stage; an exception from it cancels the work.

    Returns:
        The paths in the pack, relative to it.

    Raises:
        CardError: The name of a user's network is taken by the package or by another network, or
            external weights are missing.
        FetchError: A file cannot be downloaded or written, or the folder is not empty.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            msg = f'{folder} is not empty; give a new folder'
            raise FetchError(msg)
        for card in cards:
            progress(f'packing {card.name}', None)
            for path in store.kept_files(card, progress):
                target = folder / _CACHE / path.relative_to(store.folder())
                target.parent.mkdir(parents=True, exist_ok=True)
                copy_whole(path, target)
            if is_own(card):
                _check_names(card, folder / _OWN)
                write_own(card, folder / _OWN)
        own_lock(folder / _OWN).unlink(missing_ok=True)
        paths = sorted(p for p in folder.rglob('*') if p.is_file())
        names = [path.relative_to(folder).as_posix() for path in paths]
        manifest = {
            'version': _VERSION,
            'files': dict(zip(names, map(sha256_of, paths), strict=True)),
        }
        write_whole(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
        # Another user may carry it away.
        for path in (*paths, folder / MANIFEST):
            path.chmod(usual_mode())
    except OSError as err:
        msg = f'cannot pack into {folder}: {disk_cause(err)}'
        raise FetchError(msg) from err
    return names


def _check_names(card: ModelCard, own: Path) -> None:
    refuse_taken_names(card, is_own)
    if (own / 'cards' / f'{card.name}.yaml').exists():
        msg = f'two of the networks are called {card.name}; give one another name in its card'
        raise CardError(msg)


def unpack(
    folder: Path, store: ModelStore, own_folder: Path | None = None, progress: Progress = silent
) -> list[str]:
    """Copy the files of a pack to where networks are searched, after checking every file.

    Args:
        folder: The pack.
        store: Store that gets the downloaded and converted files.
        own_folder: Folder for the user's own networks; None = the one that is searched.
        progress: Called at each stage; an exception from it cancels the work.

    Returns:
        The paths in the pack, relative to it.

    Raises:
        FetchError: The folder is not a pack, one of its files is missing or altered, it pins
            another download than the one trusted here, or a file cannot be written.
    """
    own_folder = user_folder() if own_folder is None else own_folder
    files = _manifest(folder)
    homes = {_CACHE: store.folder(), _OWN: own_folder}
    targets: dict[Path, Path] = {}
    for name, sha256 in files.items():
        progress('checking the pack', len(targets) / len(files))
        path = folder / name
        if any(p.is_symlink() for p in (path, *path.parents[: name.count('/')])):
            msg = f'{path} is a link: refused'
            raise FetchError(msg)
        if not is_whole(path, sha256):
            msg = f'{path} is missing or was altered since it was packed; copy the pack again'
            raise FetchError(msg)
        home, _, rest = name.partition('/')
        targets[path] = homes[home] / rest
    for path, target in targets.items():
        _check_pin(path, target)
    try:
        _put(targets, dict.fromkeys(homes.values()), progress)
    except OSError as err:
        msg = f'cannot unpack {folder}: {disk_cause(err)}'
        raise FetchError(msg) from err
    return list(files)


def _manifest(folder: Path) -> dict[str, str]:
    try:
        manifest = parse_foreign((folder / MANIFEST).read_text(), is_json=True)
        version, files = manifest['version'], dict(manifest['files'])
    except (OSError, ValueError, KeyError, TypeError) as err:
        msg = f'{folder} is not a pack of networks: {MANIFEST} cannot be read'
        raise FetchError(msg) from err
    if version != _VERSION:
        msg = f'{folder}: expected a pack of version {_VERSION}, got {version!r}; pack it again'
        raise FetchError(msg)
    for name, sha256 in files.items():
        if not _PATH.fullmatch(name) or not isinstance(sha256, str):
            msg = f'{folder / MANIFEST}: {name!r} would be written outside of its folder: refused'
            raise FetchError(msg)
    return files


def _check_pin(path: Path, target: Path) -> None:
    if target.parent.name != 'pins' or not target.exists():
        return
    packed, here = read_pin(path), read_pin(target)
    if packed is not None and here is not None and packed.sha256 != here.sha256:
        msg = (
            f'{path} pins another download than {target}, which is trusted here: refused; '
            'remove the latter to trust the pack'
        )
        raise FetchError(msg)


def _put(targets: Mapping[Path, Path], homes: Iterable[Path], progress: Progress) -> None:
    """Put the files in their places; cards and records, which make others valid, come last."""
    with ExitStack() as stack:
        works = {}
        for home in homes:
            home.mkdir(parents=True, exist_ok=True)
            works[home] = stack.enter_context(work_folder(own_lock(home), progress))
        last = sorted(targets.items(), key=lambda item: item[0].suffix in ('.yaml', '.json'))
        for done, (path, target) in enumerate(last):
            progress('unpacking', done / len(targets))
            target.parent.mkdir(parents=True, exist_ok=True)
            (work,) = (work for home, work in works.items() if home in target.parents)
            copy_whole(path, target, work)
        for target in targets.values():
            if target.suffix == '.yaml':
                remove_replaced(load_card(target), target.parents[1])
