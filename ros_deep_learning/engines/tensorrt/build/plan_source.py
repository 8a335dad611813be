# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Get a plan from the cache, or build it and store it there."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ....errors import BuildError, DeepLearningError
from ....files import write_whole
from ....private_files import read_private
from ....progress import Progress, silent
from ..plans.plan_cache import PlanCache
from ..plans.plan_key import PlanKey, hash_onnx
from ..plans.plan_record import PlanRecord
from .build_process import build_in_child
from .plan_request import PlanRequest

_LOG = logging.getLogger('ros_deep_learning')


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that can be deserialised.

    Attributes:
        data: The serialised engine.
        record: Its description.
        path: Its file in the cache; None if it could not be stored.
        built: Whether it was built now, instead of being read from the cache.
    """

    data: bytes
    record: PlanRecord
    path: Path | None
    built: bool


def obtain_plan(
    request: PlanRequest, cache: PlanCache, progress: Progress = silent, *, refused: str = ''
) -> Plan:
    """Read a plan from the cache, or build and store it.

    If several processes request the same plan at the same time, one of them builds it. If the
    cache cannot be written, a warning is logged.

    Args:
        request: The plan.
        cache: The cache of plans.
        progress: Called with the progress; an exception from it cancels the build and leaves no
            partial files.
        refused: Why the cached plan cannot be used, to build it again; empty = use it.

    Raises:
        BuildError: The network cannot be built, or its files changed during the build.
        BackendUnavailableError: TensorRT cannot be imported.
        PlanError: Its files are gone after the build.
    """
    key = request.key
    name = request.network.path.name
    with cache.lock(key, progress):
        reason = refused
        if not reason:
            try:
                data, record = cache.find(key, name)
            except DeepLearningError as err:
                reason = str(err)
            else:
                return Plan(data, record, cache.folder() / f'{key.digest}.plan', built=False)
        _LOG.info('building %s in %s: %s', name, request.precision, reason)
        start = time.monotonic()
        timings = _timings(cache, key)
        result = build_in_child(request.job, timings, name, progress)
        if not result.plan:
            msg = f'the builder of {name} returned an empty plan'
            raise BuildError(msg)
        if hash_onnx(request.network) != request.onnx_sha256:
            # Its plan would be found for ever under the key of the network that was there before.
            msg = f'{request.network.path} changed while it was built; to fix: load it again'
            raise BuildError(msg)
        record = PlanRecord(
            key=key,
            network=name,
            plan_sha256=hashlib.sha256(result.plan).hexdigest(),
            plan_bytes=len(result.plan),
            created=datetime.now(timezone.utc).isoformat(timespec='seconds'),
            build_seconds=round(time.monotonic() - start, 1),
            reason=reason,
            notes=result.notes,
        )
        path = _store(cache, result.plan, record)
        if path is not None and result.timings != timings:
            with contextlib.suppress(OSError, DeepLearningError):
                _replace_timings(cache.timing_path(key), result.timings)
        _LOG.info('built %s in %s, %.1f s', name, request.precision, record.build_seconds)
        return Plan(result.plan, record, path, built=True)


def _store(cache: PlanCache, plan: bytes, record: PlanRecord) -> Path | None:
    try:
        return cache.store(plan, record)
    except (OSError, DeepLearningError) as err:
        _LOG.warning(
            'the engine of %s cannot be stored and will be built at every start: %s',
            record.network,
            err,
        )
        return None


def _timings(cache: PlanCache, key: PlanKey) -> bytes:
    """Read the timings of earlier builds; empty if there are none."""
    try:
        return read_private(cache.timing_path(key))
    except (FileNotFoundError, DeepLearningError):
        return b''


def _replace_timings(path: Path, timings: bytes) -> None:
    """Write the timings; none remove the file, which would be refused at each build."""
    if timings:
        write_whole(path, timings)
    else:
        path.unlink(missing_ok=True)
