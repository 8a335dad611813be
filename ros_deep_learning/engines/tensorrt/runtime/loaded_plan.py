# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A deserialised plan: what all of its users need of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ....errors import DeviceError, EngineError, PlanError
from ...backend import EngineOptions
from ...base import EngineInfo, TensorSpec
from ..api import TensorRt
from ..log import RecentErrors, logger
from ..target import Target
from .cuda import GpuContext, device_errors, gpu_context

NO_METADATA: Mapping[str, str] = MappingProxyType({})


class LoadedPlan:
    """A deserialised plan; it may be used from several threads.

    Attributes:
        api: The TensorRT it is of.
        name: The network's name, for messages.
        gpu: The GPU's context.
        target: The GPU.
        info: What was loaded.
        engine: TensorRT's engine.
        errors: What TensorRT logged of errors.
        cuda_graph: Whether users may capture inference in a CUDA graph.
    """

    def __init__(
        self,
        plan: bytes,
        *,
        api: TensorRt,
        target: Target,
        precision: str,
        options: EngineOptions,
        name: str,
        metadata: Mapping[str, str] = NO_METADATA,
    ) -> None:
        """Deserialise a plan, which is executable code: the caller vouches for it.

        Raises:
            PlanError: TensorRT refuses the plan.
            DeviceError: The GPU failed.
            EngineError: The network has tensors that this backend does not run.
        """
        self.api = api
        self.target = target
        self.gpu: GpuContext = gpu_context(target.device or 0)
        self.cuda_graph = options.cuda_graph
        self.name = name
        self.errors: RecentErrors
        trt_logger, self.errors = logger(api)
        with self.gpu.current(), device_errors(f'loading {name}'):
            self.errors.take()
            self._runtime: Any = api.module.Runtime(trt_logger)
            if options.dla_core is not None:
                self._runtime.DLA_core = options.dla_core
            self.engine: Any = self._runtime.deserialize_cuda_engine(plan)
            if self.engine is None:
                self._runtime = None
                why = self.errors.take() or 'it gave no reason'
                if 'OutOfMemory' in why or 'out of memory' in why:
                    msg = f'out of GPU memory while loading {name}: {why}'
                    raise DeviceError(msg)
                msg = f'{api.name} {api.version} refuses the plan of {name}: {why}'
                raise PlanError(msg)
            try:
                inputs, outputs = self._tensors()
            except BaseException:
                self.engine = self._runtime = None
                raise
        self.info = EngineInfo(
            api.name, api.version, target.gpu, precision, tuple(inputs), tuple(outputs), metadata
        )

    def new_context(self) -> Any:
        """Make an execution context; the GPU's context must be current.

        Raises:
            DeviceError: There is not enough memory for it.
        """
        self.errors.take()
        context = self.engine.create_execution_context()
        if context is None:
            why = self.errors.take() or 'it gave no reason'
            msg = f'TensorRT made no execution context for {self.name}: {why}'
            raise DeviceError(msg)
        return context

    def largest_shape(self, spec: TensorSpec) -> tuple[int, ...]:
        """Return the greatest shape of an input."""
        if -1 not in spec.shape:
            return spec.shape
        return tuple(self.engine.get_tensor_profile_shape(spec.name, 0)[2])

    def _tensors(self) -> tuple[list[TensorSpec], list[TensorSpec]]:
        module = self.api.module
        inputs: list[TensorSpec] = []
        outputs: list[TensorSpec] = []
        for index in range(self.engine.num_io_tensors):
            name = self.engine.get_tensor_name(index)
            data_type = self.engine.get_tensor_dtype(name)
            dtype = self.api.numpy_dtype(data_type)
            if dtype is None:
                msg = f'{self.name}: tensor {name!r} is {data_type}, which NumPy cannot hold'
                raise EngineError(msg)
            if self.engine.get_tensor_location(name) != module.TensorLocation.DEVICE:
                msg = f'{self.name}: tensor {name!r} carries a shape; this backend feeds data only'
                raise EngineError(msg)
            spec = TensorSpec(name, tuple(self.engine.get_tensor_shape(name)), dtype)
            is_input = self.engine.get_tensor_mode(name) == module.TensorIOMode.INPUT
            (inputs if is_input else outputs).append(spec)
        return inputs, outputs
