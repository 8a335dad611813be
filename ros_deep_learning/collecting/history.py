# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What one person has changed in a data set, to be undone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

from ..errors import DatasetError
from .folder import CollectedFolder
from .label import Label

_KEPT = 50


class History:
    """Changes a data set, and takes the changes back, the last one first.

    Args:
        folder: The data set, which others may change too.
    """

    def __init__(self, folder: CollectedFolder) -> None:
        self._folder = folder
        self._done: deque[tuple[str, Callable[[], object]]] = deque(maxlen=_KEPT)

    @property
    def last(self) -> str:
        """What ``undo`` takes back; empty for nothing."""
        return self._done[-1][0] if self._done else ''

    def add(self, name: str, data: bytes, label: Label, split: str) -> str:
        """Add a picture, as ``CollectedFolder.add``."""
        entry = self._folder.add(name, data, label, split)
        self._done.append((f'save {name}', lambda: self._folder.remove(entry)))
        return entry

    def take(self, waiting: Path, label: Label, split: str, name: str = '') -> str:
        """Move a picture that waited, as ``CollectedFolder.take``."""
        entry = self._folder.take(waiting, label, split, name)
        self._done.append(
            (
                f'save {waiting.name}',
                lambda: self._folder.keep(waiting.name, self._folder.remove(entry)[0]),
            )
        )
        return entry

    def change(self, entry: str, label: Label, split: str) -> str:
        """Change label and split of a picture, as ``CollectedFolder.change``."""
        before, split_before = self._folder.label(entry), self._folder.split_of(entry)
        now = self._folder.change(entry, label, split)
        written = self._folder.label(now).to_json()

        def back() -> None:
            if self._folder.label(now).to_json() != written:
                msg = f'{now} was changed by somebody else since'
                raise DatasetError(msg)
            self._folder.change(now, before, split_before)

        self._done.append((f'change {Path(now).name}', back))
        return now

    def remove(self, entry: str) -> None:
        """Remove a picture, as ``CollectedFolder.remove``."""
        split, name = self._folder.split_of(entry), Path(entry).name
        data, label = self._folder.remove(entry)
        self._done.append((f'remove {name}', lambda: self._folder.add(name, data, label, split)))

    def discard(self, waiting: Path) -> None:
        """Remove a picture that waits, as ``CollectedFolder.discard``."""
        data = self._folder.discard(waiting)
        self._done.append(
            (f'remove {waiting.name}', lambda: self._folder.keep(waiting.name, data))
        )

    def undo(self) -> str:
        """Take back the last change that is not yet; return what it was, empty if there is none.

        Raises:
            DatasetError: Somebody else has changed the picture since; it stays as it is.
        """
        if not self._done:
            return ''
        text, back = self._done.pop()
        back()
        return text
