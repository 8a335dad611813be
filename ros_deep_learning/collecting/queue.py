# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The pictures that wait for a person: those of the data set, and those of a source."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DatasetError
from .folder import CollectedFolder, place_of
from .naming import name_of_file, name_of_waiting


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A picture that waits.

    Attributes:
        path: Its file.
        name: The name that it gets in the data set.
        data: The content of the file.
        is_inside: Whether it lies in the data set, so that it is moved, not copied.
    """

    path: Path
    name: str
    data: bytes
    is_inside: bool


class Queue:
    """Gives out pictures that wait.

    Args:
        folder: The data set.
        pictures: Further files, which are copied into it unless they are its own.
    """

    def __init__(self, folder: CollectedFolder, pictures: Sequence[Path] = ()) -> None:
        self._folder = folder
        own = folder.own_files()
        self._others = [path for path in pictures if place_of(path) not in own]
        self._names: dict[Path, str] = {}

    def __len__(self) -> int:
        """Count the pictures that wait, as far as their files need not be read for it."""
        there = {Path(entry).name for entry in self._folder.entries()}
        left = [path for path in self._others if self._names.get(path, '') not in there]
        return len(self._folder.waiting()) + len(left)

    def next(self, taken: Collection[Path]) -> Waiting | None:
        """Return the first picture that is not taken; None if there is none."""
        there = {Path(entry).name for entry in self._folder.entries()}
        stems = {Path(name).stem for name in there}
        for path in (*self._folder.waiting(), *self._others):
            if path in taken or self._names.get(path, '') in there:
                continue
            try:
                data = path.read_bytes()
            except OSError:
                continue
            is_inside = path not in self._others
            if is_inside:
                name = name_of_waiting(path, data, stems)
            else:
                name = self._names[path] = name_of_file(path, data)
            if name not in there:
                return Waiting(path, name, data, is_inside)
        return None

    def leave_out(self, path: Path) -> None:
        """Remove a file of the source from those that wait; it stays where it is.

        Raises:
            DatasetError: It is none of them.
        """
        try:
            self._others.remove(path)
        except ValueError as err:
            msg = f'{path} does not wait'
            raise DatasetError(msg) from err
