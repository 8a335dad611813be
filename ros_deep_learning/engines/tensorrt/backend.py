# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The TensorRT backend: networks on an NVIDIA GPU."""

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
from ...progress import Progress
from ...text import one_line
from ..backend import EngineOptions
from ..base import Precision
from .api import TensorRt, tensorrt
from .build.plan_request import request_plan
from .build.plan_source import obtain_plan
from .plans.plan_cache import PlanCache
from .plans.private_files import read_private
from .target import Target

if TYPE_CHECKING:
    from ...cards.card import InputSpec
    from .runtime.loaded import TensorRtNetwork

_LOG = logging.getLogger('ros_deep_learning')
PLAN_SUFFIXES = ('.engine', '.plan', '.trt')


class TensorRtBackend:
    """Runs networks through TensorRT 8.6 to 11 or TensorRT for RTX, whichever is installed."""

    name = 'tensorrt'

    def __init__(self, cache: PlanCache | None = None) -> None:
        """Make the backend; nothing is imported or touched yet.

        Args:
            cache: Where plans are kept; None is the user's cache folder.
        """
        self._cache = cache or PlanCache()

    def unavailable_reason(self) -> str | None:
        """Say why it cannot run here, with the mend, or None when it can."""
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
        """Load a network, from its cached plan or by a build; see ``Backend.load``.

        A file that ends in .engine, .plan or .trt is a plan of the user's own. It is executable
        code: the options must trust it, and it must be this user's alone.

        Raises:
            SettingsError: A plan of the user's own is not trusted, or a precision is asked of it.
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
            _LOG.warning('the cached engine of %s is of no use: %s', onnx_path.name, refused)
            plan = obtain_plan(request, self._cache, progress, refused=refused)
            network = _deserialise(plan.data, api, target, effective, options, onnx_path, metadata)
        network.info = replace(network.info, origin='built' if plan.built else 'cached')
        return network


def this_machine(device: int) -> tuple[TensorRt, Target]:
    """Answer the TensorRT and the GPU of this machine.

    Raises:
        BackendUnavailableError: One of them is missing, or they do not fit each other.
    """
    from .runtime.cuda import find_gpu

    api = tensorrt()
    target = find_gpu(device)
    known = api.compute_capabilities
    if known is not None and target.capability_text not in known:
        msg = (
            f'{api.name} {api.version} runs on compute capability {", ".join(known)}, and '
            f'{target.gpu} has {target.capability_text}; mend: install tensorrt'
        )
        raise BackendUnavailableError(msg)
    return api, target


def _own_plan(path: Path, precision: Precision, options: EngineOptions) -> bytes:
    if not options.trust_engine_file:
        msg = (
            f'{path} is a ready-made engine, which is executable code; mend: use the ONNX file, '
            'or set trust_engine_file when you know where it comes from'
        )
        raise SettingsError(msg)
    if precision != 'auto':
        msg = f'{path} is a ready-made engine: its precision cannot be chosen; mend: use auto'
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
