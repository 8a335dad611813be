# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One build, as it is handed to the process that does it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..profile import InputRange
from .precision import BuildPrecision


@dataclass(frozen=True, slots=True)
class BuildJob:
    """What to build.

    Attributes:
        module: ``tensorrt`` or ``tensorrt_rtx``.
        onnx_path: The network's file.
        precision: What to build in.
        convert: Whether the network itself must become half (strongly typed networks).
        fast_fp16: Whether the GPU is fast at half.
        inputs: The shapes to build for.
        device: Index of the GPU to build on.
        target: Compute capability to build for with no GPU at hand; None = the GPU's own.
        workspace_mb: Limit of scratch memory in MiB, or None.
        dla_core: Deep learning accelerator, or None.
        optimization_level: 0..5, or None.
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
        """Write the job as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> BuildJob:
        """Read a job back."""
        data = json.loads(text)
        inputs = tuple(InputRange.from_json(item) for item in data.pop('inputs'))
        return cls(inputs=inputs, **data)


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made.

    Attributes:
        plan: The serialised engine.
        timings: TensorRT's timing cache after the build; empty where there is none, or where it
            refused that of an earlier build.
        notes: What was done to the network first, for people.
    """

    plan: bytes
    timings: bytes
    notes: tuple[str, ...]
