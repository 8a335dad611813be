# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A folder of what is kept of events, with a limit of their number and of the disk."""

from __future__ import annotations

import json
import queue
import re
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import DeepLearningError, SettingsError
from ..files import move_whole_folder, scratch_folder
from ..text import disk_cause, one_line

FACTS_NAME = 'event.json'
_PART_PREFIX = '.part-'
_FOLDER = re.compile(r'\d{8}T\d{6}\.\d{6}Z-[A-Za-z0-9_-]+')
_WAITING = 4
_ENDING_S = 10.0
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept.

    Attributes:
        most: Most events.
        quota_mb: Most MiB of all of them together.
    """

    most: int
    quota_mb: int


def folder_name(now: datetime, rule: str) -> str:
    """Return the name of an event's folder, which sorts by time."""
    return f'{now.astimezone(timezone.utc):%Y%m%dT%H%M%S.%fZ}-{rule}'


def kept_folders(folder: Path) -> list[Path]:
    """List the folders of events in a folder, the oldest first; others are not ours."""
    return sorted(
        one
        for one in folder.iterdir()
        if _FOLDER.fullmatch(one.name) and not one.is_symlink() and (one / FACTS_NAME).is_file()
    )


def size_bytes(folder: Path) -> int:
    """Return the size of the files below a folder."""
    return sum(one.stat().st_size for one in folder.rglob('*') if one.is_file())


def enforce(folder: Path, limits: Limits) -> list[Path]:
    """Remove the oldest events until the rest is within the limits.

    Those of the future, from before the clock was set, come first: else new ones would be removed
    in their place. Another process may do the same in the same folder.

    Returns:
        What was removed; an event that alone is over the quota too.

    Raises:
        OSError: A folder cannot be read or removed.
    """
    now = folder_name(datetime.now(timezone.utc), '')
    sizes: dict[Path, int] = {}
    for one in sorted(kept_folders(folder), key=lambda one: (one.name < now, one.name)):
        with suppress(FileNotFoundError):
            sizes[one] = size_bytes(one)
    total = sum(sizes.values())
    removed: list[Path] = []
    for one, size in sizes.items():
        if len(sizes) - len(removed) <= limits.most and total <= limits.quota_mb * _MIB:
            break
        with suppress(FileNotFoundError):
            shutil.rmtree(one)
        total -= size
        removed.append(one)
    return removed


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """An event to be kept.

    Attributes:
        name: Of its folder.
        facts: For ``event.json``.
        write: Writes the other files into the folder that it is given.
    """

    name: str
    facts: Mapping[str, Any]
    write: Callable[[Path], None]


class Keeper:
    """Writes events in a thread of its own, each completely or not at all.

    Args:
        folder: Where they are kept.
        limits: How much is kept.
        warn: Told in one line what went wrong.

    Raises:
        OSError: The folder cannot be made, or leftovers cannot be removed.
    """

    def __init__(self, folder: Path, limits: Limits, warn: Callable[[str], None]) -> None:
        self._folder, self._limits, self._warn = folder, limits, warn
        folder.mkdir(parents=True, exist_ok=True)
        with scratch_folder(folder, _PART_PREFIX):
            # What killed processes left is gone now.
            pass
        self._jobs: queue.Queue[Job | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, name='events', daemon=True)
        self._thread.start()

    def put(self, job: Job) -> Path | None:
        """Take an event to be kept; None if too many wait for a slow disk."""
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self._warn(f'event {job.name} is not kept: {_WAITING} others wait for the disk')
            return None
        return self._folder / job.name

    def close(self) -> None:
        """Write what waits, for some seconds, and stop."""
        try:
            self._jobs.put(None, timeout=_ENDING_S)
        except queue.Full:
            self._warn('events that wait for the disk are not kept')
            return
        self._thread.join(_ENDING_S)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            cause = ''
            try:
                self._keep(job)
            except OSError as err:
                cause = disk_cause(err)
            except DeepLearningError as err:
                cause = str(err)
            except Exception as err:  # noqa: BLE001  the thread must go on
                cause = f'unexpected {one_line(err)}'
            if cause:
                self._warn(f'event {job.name} is not kept in {self._folder}: {cause}')
                continue
            try:
                enforce(self._folder, self._limits)
            except OSError as err:
                self._warn(f'{self._folder} outgrows its limits: {disk_cause(err)}')

    def _keep(self, job: Job) -> None:
        # Locked, so that another node with this folder does not take it for a leftover.
        with scratch_folder(self._folder, _PART_PREFIX) as part:
            whole = part / job.name
            whole.mkdir()
            job.write(whole)
            (whole / FACTS_NAME).write_text(json.dumps(job.facts, indent=1) + '\n')
            if size_bytes(whole) > self._limits.quota_mb * _MIB:
                msg = f'it alone is over the quota of {self._limits.quota_mb} MiB'
                raise SettingsError(msg)
            move_whole_folder(whole, self._folder / job.name)
