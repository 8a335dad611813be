# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The TensorRT backend: run networks on an NVIDIA GPU."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import (
    BackendUnavailableError,
    DeepLearningError,
    EngineError,
    PlanError,
    SettingsError,
)
from ...private_files import read_private
from ...progress import Progress
from ...text import one_line
from ..backend import PLAN_SUFFIXES, EngineOptions
from ..base import Precision
from .api import TensorRt, tensorrt
from .build.plan_request import request_plan
from .build.plan_source import obtain_plan
from .plans.plan_cache import PlanCache
from .target import Target

if TYPE_CHECKING:
    from ...cards.card import InputSpec
    from .runtime.loaded import TensorRtNetwork

_LOG = logging.getLogger('ros_deep_learning')


class TensorRtBackend:
    """Run networks with the installed TensorRT, 8.6 to 11 or TensorRT for RTX."""

    name = 'tensorrt'

    def __init__(self, cache: PlanCache | None = None) -> None:
        """Create the backend, without importing TensorRT or using the GPU.

        Args:
            cache: Cache of plans; None = the one in the user's cache folder.
        """
        self._cache = cache or PlanCache()

    def unavailable_reason(self) -> str | None:
        """Return why TensorRT cannot run on this machine, and the fix; None = it can."""
        try:
            this_machine(0)
        except DeepLearningError as err:
            return str(err)
        return None

    def load(
        self,
        onnx_path: Path,
        *,
        input_spec: InputSpec | None,
        precision: Precision,
        options: EngineOptions,
        progress: Progress,
    ) -> TensorRtNetwork:
        """Load a network from its cached plan, or build the plan; see ``Backend.load``.

        A file that ends in .engine, .plan or .trt is a ready-made plan, which is executable code.
        It is loaded only if ``options.trust_engine_file`` is set and no other user can write it.

        Raises:
            SettingsError: A ready-made plan is not trusted, or was requested in a precision other
                than ``auto``.
        """
        api, target = this_machine(options.device)
        if onnx_path.suffix in PLAN_SUFFIXES:
            own = _own_plan(onnx_path, precision, options)
            return _deserialise(own, api, target, 'mixed', options, onnx_path, {})
        request = request_plan(
            onnx_path,
            api=api,
            target=target,
            input_spec=input_spec,
            precision=precision,
            options=options,
            batch_may_be_fixed=True,
        )
        effective, metadata = request.effective_precision, request.network.metadata
        plan = obtain_plan(request, self._cache, progress)
        progress(f'loading {onnx_path.name}', None)
        try:
            network = _deserialise(plan.data, api, target, effective, options, onnx_path, metadata)
        except PlanError as err:
            if plan.built:
                raise
            refused = one_line(err)
            _LOG.warning('the cached engine of %s cannot be used: %s', onnx_path.name, refused)
            plan = obtain_plan(request, self._cache, progress, refused=refused)
            network = _deserialise(plan.data, api, target, effective, options, onnx_path, metadata)
        network.info = replace(network.info, origin='built' if plan.built else 'cached')
        return network


def this_machine(device: int) -> tuple[TensorRt, Target]:
    """Return the TensorRT and a GPU of this machine.

    Args:
        device: Index of the GPU.

    Raises:
        BackendUnavailableError: One of them is missing, or this TensorRT does not support the
            GPU.
    """
    from .runtime.cuda import find_gpu

    api = tensorrt()
    target = find_gpu(device)
    known = api.compute_capabilities
    if known is not None and target.capability_text not in known:
        msg = (
            f'{api.name} {api.version} runs on compute capability {", ".join(known)}, and '
            f'{target.gpu} has {target.capability_text}; to fix: install tensorrt'
        )
        raise BackendUnavailableError(msg)
    return api, target


def _own_plan(path: Path, precision: Precision, options: EngineOptions) -> bytes:
    if not options.trust_engine_file:
        msg = (
            f'{path} is a ready-made engine, which is executable code; to fix: use the ONNX file, '
            'or set trust_engine_file if you trust its source'
        )
        raise SettingsError(msg)
    if precision != 'auto':
        msg = f'{path} is a ready-made engine with a fixed precision; to fix: use precision auto'
        raise SettingsError(msg)
    try:
        return read_private(path)
    except FileNotFoundError as err:
        msg = f'there is no engine file {path}'
        raise EngineError(msg) from err


def _deserialise(
    plan: bytes,
    api: TensorRt,
    target: Target,
    precision: str,
    options: EngineOptions,
    path: Path,
    metadata: Mapping[str, str],
) -> TensorRtNetwork:
    from .runtime.loaded import TensorRtNetwork

    return TensorRtNetwork(
        plan,
        api=api,
        target=target,
        precision=precision,
        options=options,
        name=path.name,
        metadata=metadata,
    )
