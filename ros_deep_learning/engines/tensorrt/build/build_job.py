# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The job of a build and its result, as they pass between the processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..profile import InputRange
from .precision import BuildPrecision


@dataclass(frozen=True, slots=True)
class BuildJob:
    """A plan to build.

    Attributes:
        module: ``tensorrt`` or ``tensorrt_rtx``.
        onnx_path: File of the network.
        precision: Precision to build in.
        convert: Whether to convert the network itself to half precision, for a TensorRT that
            takes the precision from the network's types.
        fast_fp16: Whether the GPU is fast at half precision.
        inputs: Input shapes to build for.
        device: Index of the GPU to build on.
        target: Compute capability of a GPU in another machine; None = build for ``device``.
        workspace_mb: Limit of scratch memory in MiB; None = TensorRT's default.
        dla_core: Deep learning accelerator to build for; None = the GPU.
        optimization_level: 0 to 5; None = TensorRT's default.
    """

    module: str
    onnx_path: str
    precision: BuildPrecision
    convert: bool
    fast_fp16: bool
    inputs: tuple[InputRange, ...]
    device: int = 0
    target: str | None = None
    workspace_mb: int | None = None
    dla_core: int | None = None
    optimization_level: int | None = None

    def dump(self) -> str:
        """Return the job as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> BuildJob:
        """Read a job from JSON."""
        data = json.loads(text)
        inputs = tuple(InputRange.from_json(item) for item in data.pop('inputs'))
        return cls(inputs=inputs, **data)


@dataclass(frozen=True, slots=True)
class BuildResult:
    """The result of a build.

    Attributes:
        plan: The serialised engine.
        timings: TensorRT's timing cache after the build, with those of earlier builds, unless it
            refused them; empty if there is none that it reads.
        notes: Changes that were made to the network before the build, as text.
    """

    plan: bytes
    timings: bytes
    notes: tuple[str, ...]
