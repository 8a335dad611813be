# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a plan is built from and for, and the build job and cache key that follow."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ....errors import BuildError, DeepLearningError
from ....onnx_tools.facts import OnnxFacts, read_facts
from ...backend import EngineOptions
from ...base import Precision, TensorSpec
from ..api import TensorRt
from ..plans.plan_key import PlanKey, hash_onnx
from ..profile import InputRange, input_ranges
from ..target import Target
from .build_job import BuildJob
from .precision import BuildPrecision, has_fast_fp16, resolve_precision

if TYPE_CHECKING:
    from ....cards.card import InputSpec


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """A request for a plan.

    Attributes:
        network: Facts of the ONNX file.
        onnx_sha256: SHA-256 of the ONNX file and its external data, hex.
        target: The GPU that will run the plan.
        api: The TensorRT that builds and runs it.
        precision: Precision to build in.
        inputs: Input shapes to build for.
        options: Limits and levels.
    """

    network: OnnxFacts
    onnx_sha256: str
    target: Target
    api: TensorRt
    precision: BuildPrecision
    inputs: tuple[InputRange, ...]
    options: EngineOptions

    @property
    def effective_precision(self) -> str:
        """Precision that the engine will report: ``fp32``, ``fp16``, ``int8`` or ``mixed``."""
        return 'mixed' if self.network.precision == 'mixed' else self.precision

    @property
    def key(self) -> PlanKey:
        """Key that the plan is cached under."""
        return PlanKey(
            onnx_sha256=self.onnx_sha256,
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
        """Job that builds the plan."""
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


def request_plan(
    onnx_path: Path,
    *,
    api: TensorRt,
    target: Target,
    input_spec: InputSpec | None,
    precision: Precision,
    options: EngineOptions,
    batch_may_be_fixed: bool = False,
) -> PlanRequest:
    """Read a network and check that a plan can be built from it.

    Args:
        onnx_path: The network.
        api: The TensorRT that builds and runs the plan.
        target: The GPU that will run the plan.
        input_spec: Input of the card; None if there is no card.
        precision: Precision to run in.
        options: Limits and levels.
        batch_may_be_fixed: Whether ``max_batch`` is ignored for a network with a fixed batch.
            Otherwise such a network is refused if ``max_batch`` is greater than 1.

    Raises:
        OnnxError: The file cannot be read.
        BuildError: The network cannot be built with these options.
        BackendUnavailableError: The GPU does not support the precision.
        PlanError: The file's weights cannot be read.
    """
    network = read_facts(onnx_path)
    try:
        inputs = _tensor_specs(network)
        if batch_may_be_fixed and not any(tensor.shape[:1] == (-1,) for tensor in inputs):
            options = replace(options, max_batch=1)
        resolved = resolve_precision(precision, network.precision, target.compute_capability)
        ranges = input_ranges(inputs, input_spec, max_batch=options.max_batch)
    except DeepLearningError as err:
        msg = f'{onnx_path}: {err}'
        raise type(err)(msg) from err
    return PlanRequest(network, hash_onnx(network), target, api, resolved, ranges, options)


def _tensor_specs(network: OnnxFacts) -> list[TensorSpec]:
    specs = []
    for name, tensor in network.inputs.items():
        if tensor.dtype is None:
            msg = f'input {name!r} is not a tensor; TensorRT accepts tensors only'
            raise BuildError(msg)
        specs.append(TensorSpec(name, tensor.shape, tensor.dtype))
    return specs
