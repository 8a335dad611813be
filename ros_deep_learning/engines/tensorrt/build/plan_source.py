# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a plan comes from: the cache, or a build that fills it."""

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
from ....progress import Progress, silent
from ..plans.plan_cache import PlanCache
from ..plans.plan_key import PlanKey
from ..plans.plan_record import PlanRecord
from ..plans.private_files import read_private
from .build_process import build_in_child
from .plan_request import PlanRequest

_LOG = logging.getLogger('ros_deep_learning')


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that may be deserialised.

    Attributes:
        data: Its bytes.
        record: What it is.
        path: Where it is cached; None where it could not be.
        built: Whether it was built just now.
    """

    data: bytes
    record: PlanRecord
    path: Path | None
    built: bool


def obtain_plan(
    request: PlanRequest, cache: PlanCache, progress: Progress = silent, *, refused: str = ''
) -> Plan:
    """Take a plan from the cache, or build it and keep it.

    Processes that want the same plan at the same time build it once. A cache that cannot be
    written costs a warning.

    Args:
        request: The plan.
        cache: Where plans are kept.
        progress: Told how far it is; an exception from it cancels, and leaves nothing half-made.
        refused: Why the cached plan is of no use, to build it anew; empty = it is.

    Raises:
        BuildError: The network cannot be built.
        BackendUnavailableError: TensorRT does not load.
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
        result = build_in_child(request.job, timings or b'', name, progress)
        if not result.plan:
            msg = f'the builder of {name} answered an empty plan'
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
        if path is not None and timings is not None and result.timings != timings:
            with contextlib.suppress(OSError, DeepLearningError):
                write_whole(cache.timing_path(key), result.timings)
        _LOG.info('built %s in %s, %.1f s', name, request.precision, record.build_seconds)
        return Plan(result.plan, record, path, built=True)


def _store(cache: PlanCache, plan: bytes, record: PlanRecord) -> Path | None:
    try:
        return cache.store(plan, record)
    except (OSError, DeepLearningError) as err:
        _LOG.warning(
            'the engine of %s cannot be kept and will be built at every start: %s',
            record.network,
            err,
        )
        return None


def _timings(cache: PlanCache, key: PlanKey) -> bytes | None:
    """Read the timings of earlier builds.

    Returns:
        None where there is nothing to gain from them: the file was emptied, because this TensorRT
        refused what it had written itself.
    """
    try:
        return read_private(cache.timing_path(key)) or None
    except (FileNotFoundError, DeepLearningError):
        return b''
