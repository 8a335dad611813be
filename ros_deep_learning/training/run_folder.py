# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The folder of a training: what it is, how far it is, and what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import SettingsError, TrainingError
from ..files import write_output
from ..locks import locked
from ..progress import Progress
from ..text import disk_cause
from .begun_with import InitialWeights
from .settings import TrainingSettings

UNSTATED = 'LicenseRef-not-stated'
"""SPDX's way to say that a licence is not stated."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a training is, so that it can be continued.

    Attributes:
        data: Folder of the data set.
        fingerprint: Hash of its pictures and labels.
        settings: How.
        parts: Number of parts into which a batch is divided, since memory ran out.
        licence: SPDX identifier of the licence of the weights.
        begun_with: Where its first weights are from; None if that is not known.
    """

    data: Path
    fingerprint: str
    settings: TrainingSettings
    parts: int = 1
    licence: str = UNSTATED
    begun_with: InitialWeights | None = None


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of a training."""

    folder: Path

    @property
    def record(self) -> Path:
        """What the training is; see ``RunRecord``."""
        return self.folder / 'run.json'

    @property
    def last(self) -> Path:
        """The state after the last finished epoch."""
        return self.folder / 'last.ckpt'

    @property
    def best(self) -> Path:
        """The state after the epoch with the lowest validation loss."""
        return self.folder / 'best.ckpt'

    @property
    def has_state(self) -> bool:
        """Whether an epoch was finished."""
        return self.last.exists() or self.best.exists()

    @property
    def network(self) -> Path:
        """The network."""
        return self.folder / 'best.onnx'

    @property
    def int8_network(self) -> Path:
        """The int8 network, if one was asked for; its card is beside it."""
        return self.folder / 'int8.onnx'

    @property
    def card(self) -> Path:
        """The card of the network."""
        return self.folder / 'card.yaml'

    @property
    def report(self) -> Path:
        """The report for people."""
        return self.folder / 'report.html'

    def write_record(self, record: RunRecord) -> None:
        """Write what the training is.

        Raises:
            TrainingError: It cannot be written.
        """
        content: dict[str, Any] = {
            'data': str(record.data),
            'fingerprint': record.fingerprint,
            'settings': record.settings.to_dict(),
            'parts': record.parts,
            'licence': record.licence,
            'begun_with': None if record.begun_with is None else asdict(record.begun_with),
        }
        self.write(self.record, json.dumps(content, indent=1) + '\n')

    def read_record(self) -> RunRecord | None:
        """Read what the training is; None if there is none in the folder.

        Raises:
            TrainingError: The record is damaged.
        """
        try:
            content = json.loads(self.record.read_text(encoding='utf-8'))
            settings = TrainingSettings.from_dict(content['settings'])
            begun_with = content.get('begun_with')
            return RunRecord(
                Path(content['data']),
                content['fingerprint'],
                settings,
                int(content['parts']),
                # Records of older versions have neither.
                str(content.get('licence', UNSTATED)),
                None if begun_with is None else InitialWeights(**begun_with),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, SettingsError) as err:
            msg = f'{self.record} is damaged ({err}); to fix: start again in another folder'
            raise TrainingError(msg) from err

    def write(self, path: Path, text: str) -> None:
        """Write one of the files, completely or not at all.

        Raises:
            TrainingError: It cannot be written.
        """
        try:
            write_output(path, text.encode())
        except OSError as err:
            msg = f'cannot write {path}: {disk_cause(err)}'
            raise TrainingError(msg) from err


@contextmanager
def opened_run(folder: Path, progress: Progress) -> Iterator[RunFolder]:
    """Create the folder of a training if there is none, and hold it against other processes.

    Raises:
        TrainingError: It cannot be created.
        LockError: Its file system has no locks.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        msg = f'cannot create {folder}: {disk_cause(err)}'
        raise TrainingError(msg) from err
    with locked(folder / '.lock', progress, holder=f'trains in {folder}'):
        yield RunFolder(folder)
