# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Cache plans on disk, with a sidecar and a lock for each."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ....errors import LockError, PlanError, SettingsError
from ....files import PART_SUFFIX, write_whole
from ....locks import locked
from ....paths import cache_folder
from ....private_files import check_private_folder, read_private
from ....progress import Progress, silent
from .plan_key import PlanKey
from .plan_record import PlanRecord

_LOG = logging.getLogger('ros_deep_learning')
_STALE_S = 600.0
_NAME = re.compile(r'[0-9a-f]{64}')


@dataclass(frozen=True, slots=True)
class CachedPlan:
    """An entry of the cache.

    Attributes:
        digest: Digest of the key, which is the name of the files.
        record: Content of the sidecar; None if it cannot be read.
        fault: Why the plan must not be used; None = it is valid.
    """

    digest: str
    record: PlanRecord | None
    fault: str | None


class PlanCache:
    """A folder of plans.

    A plan is executable code: only this user may be able to write the folder and the files, and a
    plan is used only if its sidecar has its SHA-256 and the requested key. This protects against
    corruption and against other users, but not against a program that runs as the same user.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Set the folder, which is created and checked when it is first used.

        Args:
            folder: Folder of the plans; None = ``engines`` in the user's cache folder.
        """
        self._wanted = folder

    def folder(self) -> Path:
        """Return the folder: create it with mode 0700 if necessary, and check that it is private.

        Raises:
            PlanError: It is not private, see ``check_private_folder``, or cannot be created.
            SettingsError: The user's cache folder cannot be created.
        """
        if self._wanted is None:
            folder = cache_folder('engines')
        else:
            folder = self._wanted
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as err:
                msg = f'cannot create the engine folder {folder}: {err.strerror}'
                raise PlanError(msg) from err
        check_private_folder(folder)
        return folder

    @contextlib.contextmanager
    def lock(self, key: PlanKey, progress: Progress = silent) -> Iterator[None]:
        """Hold the lock of a key, which all processes share.

        If the folder cannot be used, log a warning and run the block without a lock.

        Args:
            key: Key of the plan to look up or build.
            progress: Called several times a second while another process holds the lock.
        """
        with contextlib.ExitStack() as stack:
            try:
                path = self.folder() / f'{key.digest}.lock'
                stack.enter_context(locked(path, progress, holder='builds this engine'))
            except (PlanError, SettingsError, LockError) as err:
                _LOG.warning(
                    'the engine cache cannot be locked, two nodes may build twice: %s', err
                )
            yield

    def find(self, key: PlanKey, network: str) -> tuple[bytes, PlanRecord]:
        """Read a plan and its record.

        Args:
            key: Key of the plan.
            network: Name of the ONNX file, to find out what changed since an earlier plan.

        Raises:
            PlanError: There is no valid plan; the message is the reason to build one.
        """
        folder = self.folder()
        record = self._record(folder, key.digest)
        if record is None:
            raise PlanError(self._why_missing(key, network))
        return _check_files(folder, key.digest, record), record

    def store(self, plan: bytes, record: PlanRecord) -> Path:
        """Write a plan and its sidecar completely or not at all; the caller holds the key's lock.

        Returns:
            Path of the plan.

        Raises:
            OSError: The folder is read-only or the disk is full; no part of the plan is left.
            PlanError: The folder is not private.
        """
        path = self.folder() / f'{record.key.digest}.plan'
        sidecar = path.with_suffix('.json')
        for torn in path.parent.glob(f'{path.stem}.*{PART_SUFFIX}'):
            torn.unlink(missing_ok=True)
        # A plan without a sidecar is never used, so a crash here cannot combine old and new files.
        sidecar.unlink(missing_ok=True)
        write_whole(path, plan)
        write_whole(sidecar, record.dump())
        return path

    def entries(self) -> list[CachedPlan]:
        """List and check all plans in the folder, newest first.

        Raises:
            PlanError: The folder is not private.
        """
        folder = self.folder()
        digests = {p.stem for p in folder.iterdir() if p.suffix in ('.plan', '.json')}
        found = [self._examine(folder, digest) for digest in digests if _NAME.fullmatch(digest)]
        return sorted(found, key=lambda e: e.record.created if e.record else '', reverse=True)

    def remove(self, digest: str) -> int | None:
        """Remove a plan, its sidecar, and partial files of a killed process.

        Returns:
            Freed bytes; None if another process is building the plan.
        """
        from filelock import FileLock, Timeout

        folder = self.folder()
        try:
            with FileLock(folder / f'{digest}.lock', timeout=0, mode=0o600):
                return sum(_unlink(path) for path in folder.glob(f'{digest}.*'))
        except Timeout:
            return None

    def sweep(self) -> int:
        """Remove partial files of killed processes: those not changed for 10 minutes.

        Returns:
            Freed bytes.
        """
        limit = time.time() - _STALE_S
        parts = self.folder().glob(f'*{PART_SUFFIX}')
        return sum(_unlink(path) for path in parts if _changed(path) < limit)

    def forget_timings(self) -> int:
        """Remove the timing caches of all builds.

        Returns:
            Freed bytes.
        """
        return sum(_unlink(path) for path in self.folder().glob('timing-*.cache'))

    def timing_path(self, key: PlanKey) -> Path:
        """Return the path of the timing cache for a key's GPU and TensorRT."""
        facts = (key.module, key.version, key.platform, key.gpu, key.compute_capability)
        name = hashlib.sha256('\n'.join(facts).encode()).hexdigest()[:16]
        return self.folder() / f'timing-{name}.cache'

    def _record(self, folder: Path, digest: str) -> PlanRecord | None:
        try:
            return PlanRecord.parse(read_private(folder / f'{digest}.json'))
        except FileNotFoundError:
            return None

    def _examine(self, folder: Path, digest: str) -> CachedPlan:
        record = None
        try:
            record = self._record(folder, digest)
            _check_files(folder, digest, record)
        except PlanError as err:
            return CachedPlan(digest, record, str(err))
        return CachedPlan(digest, record, None)

    def _why_missing(self, key: PlanKey, network: str) -> str:
        """Return what differs from the most similar plan of the same network."""
        folder = self.folder()
        if (folder / f'{key.digest}.plan').exists():
            return 'its sidecar is missing'
        best: list[str] | None = None
        for sidecar in folder.glob('*.json'):
            try:
                other = PlanRecord.parse(read_private(sidecar))
            except (PlanError, FileNotFoundError):
                continue
            if other.network != network and other.key.onnx_sha256 != key.onnx_sha256:
                continue
            changes = key.differences(other.key)
            if best is None or len(changes) < len(best):
                best = changes
        return 'no plan yet' if best is None else '; '.join(best)


def _check_files(folder: Path, digest: str, record: PlanRecord | None) -> bytes:
    """Read a plan and check it against its sidecar."""
    if record is None:
        msg = 'its sidecar is missing'
        raise PlanError(msg)
    if record.key.digest != digest:
        msg = 'its sidecar is for another key'
        raise PlanError(msg)
    try:
        plan = read_private(folder / f'{digest}.plan')
    except FileNotFoundError as err:
        msg = 'its plan is missing'
        raise PlanError(msg) from err
    if len(plan) != record.plan_bytes:
        msg = f'its plan is incomplete: expected {record.plan_bytes} bytes, got {len(plan)}'
        raise PlanError(msg)
    if hashlib.sha256(plan).hexdigest() != record.plan_sha256:
        msg = 'its plan was altered: its SHA-256 differs from the one in its sidecar'
        raise PlanError(msg)
    return plan


def _changed(path: Path) -> float:
    """Return the time of a file's last change, s; infinite where it is gone by now."""
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return math.inf


def _unlink(path: Path) -> int:
    try:
        size = path.lstat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size
