# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where inputs come from and outputs go to: this machine's disks, or what fsspec reaches."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from ..errors import DeepLearningError, FleetError
from ..files import move_whole, move_whole_folder, write_output
from ..locks import locked
from ..paths import user_path
from ..progress import Progress, silent
from ..text import one_line

_PARTS = '.parts'
"""Folder of what is not complete, in the folder of the outputs."""
_STATE = ('size', 'ETag', 'md5Hash', 'mtime', 'LastModified', 'updated', 'created')
"""What stores tell of a file that changes with its content, each by names of its own."""


class Place(Protocol):
    """The folder of the outputs. Names are paths below it."""

    def read(self, name: str) -> bytes | None:
        """Return the content of a small file; None if there is none."""

    def write(self, name: str, data: bytes) -> None:
        """Write a small file, whole."""

    def sizes(self, name: str) -> dict[str, int]:
        """Return the bytes of each file of an output, by its name; empty if there is none."""

    def put(self, made: Path, name: str) -> None:
        """Move a complete file or folder of this machine to its name, which is free."""

    def remove(self, name: str) -> None:
        """Remove an output, if it is there."""

    def staging(self, name: str, progress: Progress = silent) -> Any:
        """Open a folder of this machine for what is not complete, as a context manager."""


class LocalPlace:
    """A folder of this machine, or of a disk that several share.

    Args:
        folder: Made if needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def read(self, name: str) -> bytes | None:
        """See ``Place``."""
        with suppress(FileNotFoundError):
            return (self._folder / name).read_bytes()
        return None

    def write(self, name: str, data: bytes) -> None:
        """See ``Place``."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_output(path, data)

    def sizes(self, name: str) -> dict[str, int]:
        """See ``Place``."""
        path = self._folder / name
        return {
            one.relative_to(self._folder).as_posix(): one.stat().st_size for one in files_of(path)
        }

    def put(self, made: Path, name: str) -> None:
        """See ``Place``."""
        move = move_whole_folder if made.is_dir() else move_whole
        move(made, self._folder / name)

    def remove(self, name: str) -> None:
        """See ``Place``."""
        path = self._folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    @contextmanager
    def staging(self, name: str, progress: Progress = silent) -> Iterator[Path]:
        """See ``Place``; one process at a time, and what it holds stays after an error."""
        folder = self._folder / _PARTS / name
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / 'lock', progress, holder=f'writes {name}'):
            # Who has held it may have removed it.
            inner = folder / 'work'
            inner.mkdir(parents=True, exist_ok=True)
            yield inner
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            (self._folder / _PARTS).rmdir()


class UrlPlace:
    """A folder on a file system of fsspec, such as ``s3://results/monday``.

    A file appears whole, since stores write objects so. A folder is whole when the manifest lists
    it.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip('/')
        self._system, self._root = file_system(self._url)

    def read(self, name: str) -> bytes | None:
        """See ``Place``."""
        with reaching(self._url), suppress(FileNotFoundError):
            return bytes(self._system.cat_file(self._at(name)))
        return None

    def write(self, name: str, data: bytes) -> None:
        """See ``Place``."""
        with reaching(self._url):
            self._system.makedirs(str(PurePosixPath(self._at(name)).parent), exist_ok=True)
            self._system.pipe_file(self._at(name), data)

    def sizes(self, name: str) -> dict[str, int]:
        """See ``Place``."""
        with reaching(self._url):
            found = _listing(self._system, self._at(name))
        start = len(self._root.rstrip('/')) + 1
        return {path[start:]: int(info['size']) for path, info in found.items()}

    def put(self, made: Path, name: str) -> None:
        """See ``Place``."""
        with reaching(self._url):
            self._system.makedirs(self._root, exist_ok=True)
            for file in files_of(made):
                inner = file.relative_to(made).as_posix()
                target = self._at(name if inner == '.' else f'{name}/{inner}')
                self._system.makedirs(str(PurePosixPath(target).parent), exist_ok=True)
                self._system.put_file(str(file), target)

    def remove(self, name: str) -> None:
        """See ``Place``."""
        with reaching(self._url), suppress(FileNotFoundError):
            self._system.rm(self._at(name), recursive=True)

    @contextmanager
    def staging(self, name: str, progress: Progress = silent) -> Iterator[Path]:
        """See ``Place``; a folder that does not outlive the call."""
        del name, progress
        with tempfile.TemporaryDirectory(prefix='rdl-') as folder:
            yield Path(folder)

    def _at(self, name: str) -> str:
        return f'{self._root.rstrip("/")}/{name}'


def is_url(text: str) -> bool:
    """Return whether a text is an address of another file system than this machine's."""
    return '://' in text and not text.startswith('file://')


def open_place(output: str) -> Place:
    """Return the folder of the outputs, by its path or address.

    Raises:
        FleetError: fsspec is not installed, or does not know the address.
        OSError: The folder cannot be made.
    """
    return UrlPlace(output) if is_url(output) else LocalPlace(user_path(output))


def join_place(output: str, name: str) -> str:
    """Return where an output lies, spelled as ``find_units`` spells an input there.

    Raises:
        FleetError: fsspec is not installed, or does not know the address.
    """
    if not is_url(output):
        return str(user_path(output).resolve() / name)
    system, root = file_system(output)
    with reaching(output):
        return str(PurePosixPath(system.unstrip_protocol(f'{root.rstrip("/")}/{name}')))


def matching_urls(url: str) -> list[str]:
    """Return the addresses that a pattern matches, by name; one without ``*`` is itself.

    Raises:
        FleetError: There is none, or its file system cannot be reached.
    """
    system, path = file_system(url)
    with reaching(url):
        found = system.glob(path) if '*' in path else [path] * bool(system.exists(path))
        urls = [str(system.unstrip_protocol(one)) for one in sorted(found)]
    if not urls:
        msg = f'there is no {url}'
        raise FleetError(msg)
    return urls


def identity(source: str) -> str:
    """Return a text that changes when an input changes, by what is known without reading it.

    Raises:
        FleetError: A file system cannot be reached.
        OSError: A file of this machine is gone.
    """
    if is_url(source):
        system, path = file_system(source)
        with reaching(source):
            facts = [
                (one, [(key, str(info[key])) for key in _STATE if key in info])
                for one, info in sorted(_listing(system, path).items())
            ]
    else:
        top = Path(source)
        states = [(one.relative_to(top), one.stat()) for one in files_of(top)]
        facts = [
            (str(name), [('size', str(state.st_size)), ('mtime', str(state.st_mtime_ns))])
            for name, state in states
        ]
    if not facts:
        msg = f'there is nothing in {source}'
        raise FleetError(msg)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


@contextmanager
def fetched(source: str) -> Iterator[Path]:
    """Yield the path of an input: its own, or that of a copy which is removed at the end.

    Raises:
        FleetError: It cannot be fetched.
    """
    if not is_url(source):
        yield Path(source)
        return
    system, path = file_system(source)
    with tempfile.TemporaryDirectory(prefix='rdl-') as folder:
        copy = Path(folder) / PurePosixPath(path).name
        with reaching(source):
            start = len(path.rstrip('/')) + 1
            for one in _listing(system, path):
                # Stores have names that lead out of a folder.
                target = copy / one[start:] if one != path else copy
                if not target.resolve().is_relative_to(copy.resolve()):
                    msg = f'{one} would be written outside of its folder'
                    raise FleetError(msg)
                target.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(one, str(target))
                # The time of the copy says nothing; ``identity`` tells changes.
                os.utime(target, (0, 0))
        yield copy


def files_of(top: Path) -> list[Path]:
    """List the files of an output or input, by path: itself, or those in a folder not hidden."""
    if not top.is_dir():
        return [top] if top.is_file() else []
    return sorted(
        path
        for path in top.rglob('*')
        if path.is_file() and not any(part.startswith('.') for part in path.relative_to(top).parts)
    )


def file_system(url: str) -> tuple[Any, str]:
    """Return fsspec's file system of an address, and the path in it.

    Raises:
        FleetError: fsspec, or its part for this kind of address, is not installed.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as err:
        msg = f'{url} needs the package fsspec; to fix: pip install fsspec'
        raise FleetError(msg) from err
    with reaching(url):
        system, path = url_to_fs(url)
        # Others write there too.
        system.invalidate_cache()
    return system, str(path)


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Raise whatever a file system of fsspec raises as a FleetError on one line."""
    try:
        yield
    except DeepLearningError:
        raise
    except Exception as err:  # each store has errors of its own
        # Some say no more than a path of their own.
        missing = 'there is no such file or bucket: ' * isinstance(err, FileNotFoundError)
        msg = f'cannot use {url}: {missing}{one_line(err)}'
        raise FleetError(msg) from err


def _listing(system: Any, path: str) -> dict[str, dict[str, Any]]:
    """Return the facts of a file, or of all files below a folder, by path."""
    if system.isfile(path):
        return {path: system.info(path)}
    return dict(system.find(path, detail=True)) if system.exists(path) else {}
