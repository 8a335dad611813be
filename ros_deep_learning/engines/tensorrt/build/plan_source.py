# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a plan comes from: the cache, or a build that fills it."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import platform
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from ....errors import BuildError, DeepLearningError
from ....files import write_whole
from ....progress import Progress, silent
from ...backend import EngineOptions
from ...base import Precision
from ..api import TensorRt
from ..plans.plan_cache import PlanCache
from ..plans.plan_key import PlanKey
from ..plans.plan_record import PlanRecord
from ..plans.private_files import read_private
from ..profile import InputRange, SizeRange, input_ranges
from ..target import Target
from .build_job import BuildJob
from .build_process import build_in_child
from .network_facts import NetworkFacts, read_network
from .precision import BuildPrecision, has_fast_fp16, resolve_precision

if TYPE_CHECKING:
    from ....cards.card import InputSpec

_LOG = logging.getLogger('ros_deep_learning')


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """A plan that somebody wants.

    Attributes:
        network: The ONNX file's facts.
        target: The GPU it is for.
        api: The TensorRT it is for.
        precision: What to build in.
        inputs: The shapes to build for.
        options: Limits and levels.
    """

    network: NetworkFacts
    target: Target
    api: TensorRt
    precision: BuildPrecision
    inputs: tuple[InputRange, ...]
    options: EngineOptions

    @property
    def effective_precision(self) -> str:
        """What will be computed in, for people."""
        return 'mixed' if self.network.precision == 'mixed' else self.precision

    @property
    def key(self) -> PlanKey:
        """What the plan is cached under."""
        return PlanKey(
            onnx_sha256=self.network.sha256,
            module=self.api.name,
            version=self.api.version,
            platform=f'{platform.system().lower()}-{platform.machine()}',
            gpu=self.target.gpu,
            compute_capability=self.target.capability_text,
            precision=self.precision,
            inputs=self.inputs,
            workspace_mb=self.options.workspace_mb,
            dla_core=self.options.dla_core,
            optimization_level=self.options.optimization_level,
        )

    @property
    def job(self) -> BuildJob:
        """The build that makes it."""
        convert = self.api.strongly_typed and self.precision == 'fp16'
        return BuildJob(
            module=self.api.name,
            onnx_path=str(self.network.path),
            precision=self.precision,
            convert=convert and self.network.precision == 'fp32',
            fast_fp16=has_fast_fp16(self.target.compute_capability),
            inputs=self.inputs,
            device=self.target.device or 0,
            target=self.target.capability_text if self.target.device is None else None,
            workspace_mb=self.options.workspace_mb,
            dla_core=self.options.dla_core,
            optimization_level=self.options.optimization_level,
        )


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


def request_plan(
    onnx_path: Path,
    *,
    api: TensorRt,
    target: Target,
    input_spec: InputSpec | None,
    precision: Precision,
    options: EngineOptions,
    sizes: SizeRange | None = None,
    batch_may_be_fixed: bool = False,
) -> PlanRequest:
    """Settle what a plan must be.

    Args:
        onnx_path: The network.
        api: The TensorRT it is for.
        target: The GPU it is for.
        input_spec: The card's input.
        precision: What to run in.
        options: Limits and levels.
        sizes: Heights and widths to build for, beside the card's.
        batch_may_be_fixed: Whether ``max_batch`` is a limit, so that a network of a fixed batch
            is taken as it is; else it is refused.

    Raises:
        BuildError: The network cannot be built so; the message has the mend.
        BackendUnavailableError: The GPU does not run that precision.
        EngineError: The file cannot be read.
    """
    network = read_network(onnx_path)
    if batch_may_be_fixed and not any(tensor.shape[:1] == (-1,) for tensor in network.inputs):
        options = replace(options, max_batch=1)
    try:
        resolved = resolve_precision(precision, network.precision, target.compute_capability)
        ranges = input_ranges(network.inputs, input_spec, max_batch=options.max_batch, sizes=sizes)
    except DeepLearningError as err:
        msg = f'{onnx_path}: {err}'
        raise type(err)(msg) from err
    return PlanRequest(network, target, api, resolved, ranges, options)


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
