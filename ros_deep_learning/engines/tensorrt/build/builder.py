# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Build a plan in this process; nodes call it through ``build_process``."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....errors import BuildError
from ....onnx_tools.external_data import load_with_weights
from ....onnx_tools.half import to_half
from ....onnx_tools.load import load_onnx
from ....onnx_tools.qdq import fit_qdq
from ..api import TensorRt, tensorrt
from ..log import RecentErrors, logger
from .build_job import BuildJob, BuildResult
from .phases import Phases

if TYPE_CHECKING:
    from onnx import ModelProto

_LOG = logging.getLogger('ros_deep_learning.tensorrt')
Report = Callable[[float], None]
_PROTOBUF_LIMIT = (1 << 31) - 1


def build(job: BuildJob, timings: bytes, report: Report) -> BuildResult:
    """Build a plan.

    The CUDA context of the GPU must be current, unless the job has a target.

    Args:
        job: The plan to build.
        timings: Timing cache of an earlier build, or empty.
        report: Called with the finished share, 0 to 1, if this TensorRT reports progress.

    Raises:
        BackendUnavailableError: TensorRT cannot be imported.
        OnnxError: The network cannot be read.
        BuildError: The network cannot be converted, parsed or built; the message has all errors
            of the parser, with node name and operator.
    """
    api = tensorrt(job.module)
    trt_logger, errors = logger(api)
    notes: list[str] = []
    model = _converted(job, notes)
    builder = api.module.Builder(trt_logger)
    network = builder.create_network(api.network_flags())
    parser = api.module.OnnxParser(network, trt_logger)
    _parse(api, parser, Path(job.onnx_path), model)
    config = builder.create_builder_config()
    _configure(api, builder, config, job)
    _add_profile(builder, config, network, job)
    # A timing cache is only valid for the GPU of this machine.
    cache, earlier = None, b''
    if not job.target:
        cache, earlier = _load_timings(api, config, timings, errors)
    phases = Phases()

    def forward(event: str, phase: str, count: int | None) -> bool:
        report(phases.report(event, phase, count))
        return True

    api.set_progress(config, forward)
    errors.take()
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise BuildError(_failure(api, job, errors))
    kept = b''
    if cache is not None:
        kept = _timings_worth_keeping(builder, config.get_timing_cache(), earlier, errors)
    return BuildResult(bytes(plan), kept, tuple(notes))


def _converted(job: BuildJob, notes: list[str]) -> ModelProto | None:
    """Convert the network for the precision; None = build from the file unchanged."""
    if job.precision == 'int8':
        model, changes = fit_qdq(load_with_weights(Path(job.onnx_path)))
        if changes.note:
            notes.append(changes.note)
        return model
    if not job.convert:
        return None
    notes.append('network converted to half')
    return to_half(load_with_weights(Path(job.onnx_path)))


def _parse(api: TensorRt, parser: Any, path: Path, model: ModelProto | None) -> None:
    if model is None:
        done = parser.parse_from_file(str(path))
    elif model.ByteSize() < _PROTOBUF_LIMIT:
        done = parser.parse(model.SerializeToString())
    else:
        done = _parse_large(parser, model)
    if done:
        return
    graph = (model or load_onnx(path, weights=False)).graph
    lines = api.parser_errors(parser, [(n.name or n.output[0], n.op_type) for n in graph.node])
    msg = f'{api.name} {api.version} cannot parse {path}: {"; ".join(lines) or "no reason given"}'
    raise BuildError(msg)


def _parse_large(parser: Any, model: ModelProto) -> bool:
    """Parse a network that exceeds the size limit of a protobuf message."""
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'network.onnx'
        onnx.save(model, str(path), save_as_external_data=True)
        return bool(parser.parse_from_file(str(path)))


def _configure(api: TensorRt, builder: Any, config: Any, job: BuildJob) -> None:
    api.share_profiles(config)
    api.set_precision(config, job.precision, fast_fp16=job.fast_fp16)
    if job.workspace_mb is not None:
        api.set_workspace(config, job.workspace_mb)
    if job.optimization_level is not None:
        api.set_optimization_level(config, job.optimization_level)
    if job.dla_core is not None:
        api.set_dla(builder, config, job.dla_core, job.precision)
    if job.target is not None:
        api.set_target(config, job.target)


def _add_profile(builder: Any, config: Any, network: Any, job: BuildJob) -> None:
    ranges = {item.name: item for item in job.inputs}
    profile = None
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        if -1 not in tuple(tensor.shape):
            continue
        if tensor.name not in ranges:
            msg = f'the job has no shape for the input {tensor.name!r}'
            raise BuildError(msg)
        if profile is None:
            profile = builder.create_optimization_profile()
        item = ranges[tensor.name]
        profile.set_shape(tensor.name, item.smallest, item.best, item.largest)
    if profile is not None and config.add_optimization_profile(profile) < 0:
        msg = f'TensorRT refused the input shapes {ranges}'
        raise BuildError(msg)


def _load_timings(
    api: TensorRt, config: Any, timings: bytes, errors: RecentErrors
) -> tuple[Any, bytes]:
    """Load earlier timings into a configuration; if TensorRT refuses them, use an empty cache.

    Returns:
        The timing cache in use, None if there is none; and the earlier timings, empty if they
        were refused.
    """
    cache, why = _offer_timings(config, timings, errors)
    if cache is not None or not timings:
        return cache, timings
    _LOG.warning(
        '%s %s does not read the timings of earlier builds (%s); new ones replace them, and this '
        'build takes its full time',
        api.name,
        api.version,
        why or 'no reason given',
    )
    fresh, _ = _offer_timings(config, b'', errors)
    return fresh, b''


def _offer_timings(config: Any, timings: bytes, errors: RecentErrors) -> tuple[Any, str]:
    """Load timings into a configuration; return the cache, or None and the reason."""
    errors.take()
    with errors.expecting():
        cache = config.create_timing_cache(timings)
        taken = cache is not None and config.set_timing_cache(cache, ignore_mismatch=False)
    why = errors.take()
    return (cache, '') if taken and not why else (None, why)


def _timings_worth_keeping(builder: Any, used: Any, timings: bytes, errors: RecentErrors) -> bytes:
    """Return the timings including this build's, if TensorRT can read them again.

    For some networks (those with parts for Myelin), TensorRT 8.5 and 8.6 write timings that they
    then refuse to read (github.com/lightvector/KataGo/issues/739 and 945; fixed in 10). In that
    case the earlier timings are returned unchanged.
    """
    if used is None:
        return timings
    written = bytes(used.serialize())
    readable, _ = _offer_timings(builder.create_builder_config(), written, errors)
    return timings if readable is None else written


def _failure(api: TensorRt, job: BuildJob, errors: RecentErrors) -> str:
    why = errors.take() or 'no reason given'
    fix = ''
    if 'OutOfMemory' in why or 'out of memory' in why.lower():
        fix = '; to fix: free memory on the GPU, or set workspace_mb'
    return f'{api.name} {api.version} cannot build {job.onnx_path} in {job.precision}: {why}{fix}'
