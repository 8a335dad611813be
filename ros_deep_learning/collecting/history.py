# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What one person has changed in a data set, to be undone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

from ..datasets.listing import UNLABELLED_FOLDER
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
        self._done.append((f'save {name}', self._unless_changed(entry, self._folder.remove)))
        return entry

    def take(self, waiting: Path, label: Label, split: str, name: str = '') -> str:
        """Move a picture that waited, as ``CollectedFolder.take``."""
        entry = self._folder.take(waiting, label, split, name)

        def back(entry: str) -> None:
            self._folder.put_back(entry, waiting)

        self._done.append((f'save {waiting.name}', self._unless_changed(entry, back)))
        return entry

    def change(self, entry: str, label: Label, split: str) -> str:
        """Change label and split of a picture, as ``CollectedFolder.change``."""
        before, split_before = self._folder.label(entry), self._folder.split_of(entry)
        now = self._folder.change(entry, label, split)

        def back(entry: str) -> None:
            self._folder.change(entry, before, split_before)

        self._done.append((f'change {Path(now).name}', self._unless_changed(now, back)))
        return now

    def remove(self, entry: str) -> None:
        """Remove a picture, as ``CollectedFolder.remove``."""
        split, name = self._folder.split_of(entry), Path(entry).name
        data, label = self._folder.remove(entry)
        self._done.append((f'remove {name}', lambda: self._folder.add(name, data, label, split)))

    def discard(self, waiting: Path) -> None:
        """Remove a picture that waits, as ``CollectedFolder.discard``."""
        data = self._folder.discard(waiting)
        name = waiting.relative_to(self._folder.top / UNLABELLED_FOLDER).as_posix()
        self._done.append((f'remove {waiting.name}', lambda: self._folder.keep(name, data)))

    def undo(self) -> str:
        """Take back the last change that is not yet; return what it was, empty if there is none.

        Raises:
            DatasetError: Somebody else has changed the picture since, so that it stays as it is;
                or the disk is full, and another call may succeed.
        """
        if not self._done:
            return ''
        text, back = self._done[-1]
        try:
            back()
        except DatasetError as err:
            # A picture that was removed is nowhere else.
            if not isinstance(err.__cause__, OSError):
                self._done.pop()
            raise
        self._done.pop()
        return text

    def _unless_changed(self, entry: str, back: Callable[[str], object]) -> Callable[[], None]:
        """Return a function that takes a change of a picture back if its label is still this."""
        written = self._folder.label(entry).to_json()

        def checked() -> None:
            if self._folder.label(entry).to_json() != written:
                msg = f'{entry} was changed by somebody else since'
                raise DatasetError(msg)
            back(entry)

        return checked
