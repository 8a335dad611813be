# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A data set that grows: pictures are added, changed and removed, by several people at once.

Each change is made under the lock of the folder, which is held for milliseconds. Files appear
whole. A label is written before its picture, which makes both valid by one rename, since a
picture without a label means that there is nothing in it. A label whose picture did not follow,
because the process was killed in between, is named in a journal and removed by whoever opens or
changes the folder next. Of two people who label one picture the last wins.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ..cards.card import Task
from ..datasets.listing import UNLABELLED_FOLDER, pictures_below
from ..errors import DatasetError, LockError
from ..files import PART_SUFFIX, write_output
from ..locks import locked
from ..text import disk_cause
from .label import Label
from .layouts import LAYOUTS, SPLITS, task_of

_OWN = '.collect'
"""Folder of what is not part of the data set: the lock, the journal, unfinished files."""


class CollectedFolder:
    """A data set to add to.

    Args:
        top: Its folder; it is created if needed.
        task: What its labels are for; None is what the folder has, or else detection.
        classes: Names of the classes; those that the folder has already come first.

    Attributes:
        top: Its folder.
        task: What its labels are for.
        classes: Name of each class. Other processes may append some: ``refresh`` reads them.

    Raises:
        DatasetError: It cannot be written, has another task or format, or a class cannot have
            that name.
    """

    def __init__(self, top: Path, task: Task | None, classes: Sequence[str] = ()) -> None:
        self.top = top
        found = task_of(top)
        if None not in (found, task) and found != task:
            msg = f'{top} is for {found}, not for {task}; to fix: give another folder'
            raise DatasetError(msg)
        self.task: Task = found or task or 'detection'
        self._layout = LAYOUTS[self.task](top)
        self._own = top / _OWN
        self._journal = self._own / 'journal.json'
        self._seen: dict[Path, tuple[tuple[int, int], list[int]]] = {}
        self.classes: tuple[str, ...] = ()
        _check_names(classes)
        _refuse_links_out(top)
        try:
            self._own.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            msg = f'cannot write {top}: {disk_cause(err)}'
            raise DatasetError(msg) from err
        with self._locked():
            for part in self._own.glob(f'*{PART_SUFFIX}'):
                part.unlink(missing_ok=True)
            self._append(classes)

    def refresh(self) -> None:
        """Read the classes that others have appended.

        Raises:
            DatasetError: Somebody has removed or renumbered some.
        """
        there = self._layout.read_classes()
        if self.task == 'classification':
            there = tuple(dict.fromkeys((*self.classes, *there)))
        if there[: len(self.classes)] != self.classes[: len(there)]:
            msg = (
                f'the classes of {self.top} were changed to {", ".join(there[:8])}; to fix: start '
                'again'
            )
            raise DatasetError(msg)
        self.classes = max(self.classes, there, key=len)

    def extend(self, classes: Sequence[str]) -> None:
        """Append the classes that the folder does not have yet.

        Raises:
            DatasetError: A class cannot have that name, or the folder cannot be written.
        """
        _check_names(classes)
        if not set(classes) <= set(self.classes):
            with self._locked():
                self._append(classes)

    def add(self, name: str, data: bytes, label: Label, split: str) -> str:
        """Add a picture.

        Args:
            name: File name, with the suffix of its format.
            data: The file.
            label: What is in it.
            split: ``train``, ``val`` or ``test``.

        Returns:
            Its path below the folder, which names it from now on.

        Raises:
            DatasetError: There is one of this name, or it cannot be written.
        """
        with self._locked():
            picture = self._place(name, label, split)
            with self._labelled(picture, label):
                write_output(picture, data, self._own)
            self._write_head()
        return self._entry(picture)

    def take(self, waiting: Path, label: Label, split: str, name: str = '') -> str:
        """Move a picture that waited for its label; otherwise as ``add``.

        Args:
            waiting: The file.
            label: What is in it.
            split: ``train``, ``val`` or ``test``.
            name: Its name in the data set; empty is that of the file.

        Raises:
            DatasetError: Somebody else has labelled it meanwhile, or it cannot be moved.
        """
        with self._locked():
            if not waiting.is_file():
                msg = f'{waiting.name} is gone: somebody else has labelled or removed it'
                raise DatasetError(msg)
            picture = self._place(name or waiting.name, label, split)
            with self._labelled(picture, label):
                waiting.rename(picture)
            self._write_head()
        return self._entry(picture)

    def change(self, entry: str, label: Label, split: str) -> str:
        """Change the label or split of a picture; return its new path below the folder.

        Raises:
            DatasetError: It is gone, or cannot be written.
        """
        with self._locked():
            picture = self._existing(entry)
            target = self._layout.folder_for(split, self.classes, label) / picture.name
            if target != picture:
                target = self._place(picture.name, label, split)
                with self._labelled(target, label, picture):
                    picture.rename(target)
            elif (path := self._layout.label_path(picture)) is not None:
                self._written(path, self._layout.encode(label))
            self._write_head()
        return self._entry(target)

    def put_back(self, entry: str, waiting: Path) -> None:
        """Move a picture back to where it waited, without its label.

        Args:
            entry: Its path below the folder.
            waiting: Where it waited.

        Raises:
            DatasetError: It is gone, another one waits there, or it cannot be moved.
        """
        with self._locked():
            picture = self._existing(entry)
            _refuse_present(waiting)
            with self._journalled([picture]):
                waiting.parent.mkdir(parents=True, exist_ok=True)
                picture.rename(waiting)
            self._write_head()

    def remove(self, entry: str) -> tuple[bytes, Label]:
        """Remove a picture; return it and its label.

        Raises:
            DatasetError: It is gone, or cannot be removed.
        """
        with self._locked():
            picture = self._existing(entry)
            kept = self.read(entry), self.label(entry)
            with self._journalled([picture]):
                picture.unlink()
            self._write_head()
        return kept

    def keep(self, name: str, data: bytes) -> Path:
        """Add a picture that waits for its label; return its path.

        Args:
            name: Its path below the folder of those that wait.
            data: The file.

        Raises:
            DatasetError: Another one of this name waits, or it cannot be written.
        """
        path = self.top / UNLABELLED_FOLDER / name
        with self._locked():
            _refuse_present(path)
            self._written(path, data)
        return path

    def discard(self, waiting: Path) -> bytes:
        """Remove a picture that waits for its label; return it.

        Raises:
            DatasetError: It is gone already.
        """
        with self._locked():
            try:
                data = waiting.read_bytes()
                waiting.unlink()
            except OSError as err:
                msg = f'cannot remove {waiting}: {disk_cause(err)}'
                raise DatasetError(msg) from err
        return data

    def waiting(self) -> list[Path]:
        """List the pictures that wait for a label, by name."""
        return pictures_below(self.top / UNLABELLED_FOLDER)

    def entries(self) -> list[str]:
        """List the pictures with a label, by split and path."""
        found = [path for split in SPLITS for path in self._layout.pictures_of(split)]
        return [self._entry(path) for path in found]

    def own_files(self) -> set[Path]:
        """Return the absolute path of each picture that is in it or waits in it."""
        pictures = [*self.waiting(), *(self.top / entry for entry in self.entries())]
        return {place_of(picture) for picture in pictures}

    def split_of(self, entry: str) -> str:
        """Return the split of a picture."""
        return self._layout.split_of(self.top / entry)

    def read(self, entry: str) -> bytes:
        """Return the file of a picture.

        Raises:
            DatasetError: It is gone.
        """
        try:
            return self._existing(entry).read_bytes()
        except OSError as err:
            msg = f'cannot read {self.top / entry}: {disk_cause(err)}'
            raise DatasetError(msg) from err

    def label(self, entry: str) -> Label:
        """Read the label of a picture.

        Raises:
            DatasetError: It is gone, or broken.
        """
        picture = self._existing(entry)
        # Somebody else may have given it a class that came meanwhile.
        self.refresh()
        return self._layout.decode(picture, self.classes)

    def left_out(self, entry: str) -> list[str]:
        """Return what the label file of a picture has that its label lacks, one line each."""
        return self._layout.left_out(self.top / entry, self.classes)

    def counts(self) -> dict[str, Counter[int]]:
        """Count in each split the pictures, under -1, and those that have each class."""
        self.refresh()
        counts = {split: Counter[int]() for split in SPLITS}
        for entry in self.entries():
            counts[self.split_of(entry)].update((-1, *set(self._class_ids(entry))))
        return counts

    def _class_ids(self, entry: str) -> list[int]:
        picture = self.top / entry
        path = self._layout.label_path(picture) or picture
        try:
            facts = path.stat()
            stamp = (facts.st_mtime_ns, facts.st_size)
            if path not in self._seen or self._seen[path][0] != stamp:
                found = self._layout.decode(picture, self.classes).class_ids()
                self._seen[path] = (stamp, found)
            return self._seen[path][1]
        except (OSError, DatasetError):
            return []

    def _entry(self, picture: Path) -> str:
        return picture.relative_to(self.top).as_posix()

    def _existing(self, entry: str) -> Path:
        if entry not in self.entries():
            msg = f'{entry} is gone: somebody else has moved or removed it'
            raise DatasetError(msg)
        return self.top / entry

    def _place(self, name: str, label: Label, split: str) -> Path:
        if split not in SPLITS:
            msg = f'no split {split!r}; expected one of {", ".join(SPLITS)}'
            raise DatasetError(msg)
        picture = self._layout.folder_for(split, self.classes, label) / name
        if any(Path(other).stem == picture.stem for other in self._beside(picture)):
            msg = f'{picture} is there already'
            raise DatasetError(msg)
        return picture

    def _beside(self, picture: Path) -> list[str]:
        try:
            return [path.name for path in picture.parent.iterdir()]
        except OSError:
            return []

    @contextmanager
    def _labelled(self, picture: Path, label: Label, *moved: Path) -> Iterator[None]:
        """Write the label of a picture, which comes in the block."""
        with self._journalled([picture, *moved]):
            path = self._layout.label_path(picture)
            if path is not None:
                self._written(path, self._layout.encode(label))
            picture.parent.mkdir(parents=True, exist_ok=True)
            yield

    @contextmanager
    def _journalled(self, pictures: Sequence[Path]) -> Iterator[None]:
        """Remove labels of pictures that are gone: at the end, or in the next process."""
        names = json.dumps([self._entry(picture) for picture in pictures])
        try:
            write_output(self._journal, names.encode(), self._own)
            yield
        except OSError as err:
            msg = f'cannot write {pictures[0]}: {disk_cause(err)}'
            raise DatasetError(msg) from err
        finally:
            self._recover()

    def _recover(self) -> None:
        with suppress(OSError, ValueError):
            for entry in json.loads(self._journal.read_bytes()):
                picture = self.top / str(entry)
                # The folder of somebody else may have any journal.
                if not picture.resolve().is_relative_to(self.top.resolve()):
                    continue
                path = self._layout.label_path(picture)
                if path is not None and not picture.exists():
                    path.unlink(missing_ok=True)
                for folder in (picture.parent, *([path.parent] if path else ())):
                    # A split without a picture is none. Folders of classes stay.
                    if self.task != 'classification' and folder.is_dir():
                        with suppress(OSError):
                            folder.rmdir()
        self._journal.unlink(missing_ok=True)

    def _append(self, classes: Sequence[str]) -> None:
        self.refresh()
        self.classes = tuple(dict.fromkeys((*self.classes, *classes)))
        self._write_head()

    def _written(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_output(path, data, self._own)
        except OSError as err:
            msg = f'cannot write {path}: {disk_cause(err)}'
            raise DatasetError(msg) from err

    def _write_head(self) -> None:
        self.refresh()
        splits = [split for split in SPLITS if self._layout.pictures_of(split)]
        try:
            head = self._layout.head(self.classes, splits)
            if head is not None and self.classes:
                path, data = head
                if not path.is_file() or path.read_bytes() != data:
                    self._written(path, data)
        except OSError as err:
            msg = f'cannot write {self.top}: {disk_cause(err)}'
            raise DatasetError(msg) from err

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with locked(self._own / 'lock'):
                self._recover()
                yield
        except LockError as err:
            msg = f'cannot lock {self.top}: {err.__cause__}; to fix: give a folder on a local disk'
            raise DatasetError(msg) from err


def place_of(picture: Path) -> Path:
    """Return the absolute path of a file, which is the same whatever way leads to its folder."""
    return picture.parent.resolve() / picture.name


def _refuse_present(path: Path) -> None:
    if path.exists():
        msg = f'{path} is there already'
        raise DatasetError(msg)


def _refuse_links_out(top: Path) -> None:
    """Raise DatasetError if a folder in it is a link to one elsewhere, whose files would change.

    The folder of somebody else may have any link, and whoever sees the page can remove pictures.
    """
    own = top.resolve()
    for folder, inner, _ in os.walk(top):
        for name in inner:
            path = Path(folder, name)
            if path.is_symlink() and not path.resolve().is_relative_to(own):
                msg = f'{path} is a link to a folder outside of {top}; to fix: remove the link'
                raise DatasetError(msg)


def _check_names(classes: Sequence[str]) -> None:
    for name in classes:
        # Lines of files are read without the spaces around them.
        is_line = name and name == name.strip() and name.isprintable()
        if not is_line or name.startswith('.') or '/' in name:
            msg = f'the class {name!r} cannot be a folder or a line of a file'
            raise DatasetError(msg)
