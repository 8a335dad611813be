# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The differences between versions of TensorRT, detected from its Python module."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ...errors import BackendUnavailableError, BuildError

MODULES = ('tensorrt', 'tensorrt_rtx')
"""Names of the supported modules, preferred first."""

_NUMPY = {
    'FLOAT': 'float32',
    'HALF': 'float16',
    'INT8': 'int8',
    'UINT8': 'uint8',
    'INT32': 'int32',
    'INT64': 'int64',
    'BOOL': 'bool',
}


class TensorRt:
    """One interface to TensorRT 8.6 to 11 and to TensorRT for RTX.

    Attributes:
        module: The Python module.
        name: ``tensorrt`` or ``tensorrt_rtx``.
        version: Version of the module.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.name = str(module.__name__)
        self.version = str(module.__version__)

    @property
    def strongly_typed(self) -> bool:
        """Whether only the network's types set the precision (TensorRT 11 and RTX)."""
        return not hasattr(self.module.BuilderFlag, 'FP16')

    @property
    def has_progress_monitor(self) -> bool:
        """Whether a build reports its progress (TensorRT 10 and newer)."""
        return hasattr(self.module, 'IProgressMonitor')

    @property
    def compute_capabilities(self) -> tuple[str, ...] | None:
        """Values for ``set_target``, such as ``8.6``; None = only for the GPU of this machine."""
        if not hasattr(self.module.IBuilderConfig, 'num_compute_capabilities'):
            return None
        names = [n for n in self.module.ComputeCapability.__members__ if n.startswith('SM')]
        return tuple(f'{n[2:-1]}.{n[-1]}' for n in names)

    def register_plugins(self, logger: Any) -> None:
        """Register TensorRT's own plugins, such as ``EfficientNMS_TRT``, for parsers and plans.

        TensorRT for RTX has none.
        """
        register = getattr(self.module, 'init_libnvinfer_plugins', None)
        if register is not None:
            register(logger, '')

    def network_flags(self) -> int:
        """Return a network's creation flags: explicit batch, strongly typed if necessary."""
        flags = self.module.NetworkDefinitionCreationFlag
        if self.strongly_typed:
            wanted = getattr(flags, 'STRONGLY_TYPED', None)
        else:
            wanted = getattr(flags, 'EXPLICIT_BATCH', None)
        return 0 if wanted is None else 1 << int(wanted)

    def set_precision(self, config: Any, precision: str, *, fast_fp16: bool) -> None:
        """Set the precision in a builder's configuration, unless the network's types set it.

        With fp32, TF32 is switched off, which has only 10 bits of mantissa. With int8, layers
        that are not quantised may run in fp16 if the GPU is fast at it.
        """
        flags = self.module.BuilderFlag
        if precision == 'fp32':
            config.clear_flag(flags.TF32)
        if self.strongly_typed:
            return
        if precision == 'int8':
            config.set_flag(flags.INT8)
        if precision == 'fp16' or (precision == 'int8' and fast_fp16):
            config.set_flag(flags.FP16)

    def share_profiles(self, config: Any) -> None:
        """Allow several execution contexts to use the same optimisation profile at once.

        TensorRT 8.6 needs an option for it; later versions always allow it.
        """
        features = getattr(self.module, 'PreviewFeature', None)
        wanted = getattr(features, 'PROFILE_SHARING_0806', None)
        if wanted is not None:
            config.set_preview_feature(wanted, True)

    def set_workspace(self, config: Any, megabytes: int) -> None:
        """Limit the scratch memory of the layers, in MiB."""
        config.set_memory_pool_limit(self.module.MemoryPoolType.WORKSPACE, megabytes << 20)

    def set_optimization_level(self, config: Any, level: int) -> None:
        """Set the builder optimisation level, 0 to 5: a higher one builds longer and runs faster.

        Raises:
            BuildError: This TensorRT does not have the option.
        """
        if not hasattr(self.module.IBuilderConfig, 'builder_optimization_level'):
            raise BuildError(self._lacks('builder optimisation level', 'optimization_level'))
        config.builder_optimization_level = level

    def set_dla(self, builder: Any, config: Any, core: int, precision: str) -> None:
        """Build for a deep learning accelerator; layers that it does not support use the GPU.

        Raises:
            BuildError: There is no such core, or it does not support the precision.
        """
        cores = int(getattr(builder, 'num_DLA_cores', 0))
        if core >= cores:
            msg = f'no DLA core {core}: this machine has {cores}; to fix: leave dla_core unset'
            raise BuildError(msg)
        if precision == 'fp32':
            msg = 'a DLA runs fp16 and int8 only; to fix: precision fp16, or leave dla_core unset'
            raise BuildError(msg)
        config.default_device_type = self.module.DeviceType.DLA
        config.DLA_core = core
        config.set_flag(self.module.BuilderFlag.GPU_FALLBACK)

    def set_target(self, config: Any, compute_capability: str) -> None:
        """Build for a compute capability, without such a GPU in this machine.

        Raises:
            BuildError: This TensorRT builds only for the GPU of this machine, or does not support
                the compute capability.
        """
        known = self.compute_capabilities
        if known is None:
            raise BuildError(self._lacks('builds for other GPUs', 'target'))
        if compute_capability not in known:
            msg = (
                f'{self.name} {self.version} does not build for compute capability '
                f'{compute_capability}, only for {", ".join(known)}'
            )
            raise BuildError(msg)
        config.num_compute_capabilities = 1
        wanted = getattr(self.module.ComputeCapability, f'SM{compute_capability.replace(".", "")}')
        if not config.set_compute_capability(wanted, 0):
            msg = f'{self.name} refused the compute capability {compute_capability}'
            raise BuildError(msg)

    def set_progress(self, config: Any, report: ProgressReport) -> None:
        """Let a build call ``report``; no effect without ``has_progress_monitor``."""
        if self.has_progress_monitor:
            config.progress_monitor = _monitor(self.module, report)

    def parser_errors(self, parser: Any, nodes: list[tuple[str, str]]) -> list[str]:
        """Return the errors of a parser as text, with node name and operator.

        Args:
            parser: An ``OnnxParser`` that failed.
            nodes: Name and operator of all nodes of the network, for versions of TensorRT with
                only the index of the node in an error.
        """
        lines = []
        for index in range(parser.num_errors):
            error = parser.get_error(index)
            name, operator = '', ''
            if hasattr(error, 'node_name'):
                name, operator = error.node_name(), error.node_operator()
            if not name and 0 <= error.node() < len(nodes):
                name, operator = nodes[error.node()]
            where = f'node {name!r} ({operator}): ' if name or operator else ''
            lines.append(f'{where}{error.desc()} [{_last_word(error.code())}]')
        return lines

    def numpy_dtype(self, data_type: Any) -> np.dtype[Any] | None:
        """Return the NumPy type of a TensorRT type; None if NumPy has none."""
        name = _NUMPY.get(_last_word(data_type))
        return None if name is None else np.dtype(name)

    def _lacks(self, what: str, option: str) -> str:
        return f'{self.name} {self.version} has no {what}; to fix: leave {option} unset'


ProgressReport = Callable[[str, str, int | None], bool]
"""Called with an event, a phase and a number: ``start`` and the number of steps, ``step`` and the
index of the finished step, or ``finish`` and None. Returns whether the build continues."""


def find_module() -> str | None:
    """Return the name of the installed TensorRT module, without importing it; None = none."""
    return next((name for name in MODULES if importlib.util.find_spec(name)), None)


@cache
def tensorrt(name: str | None = None) -> TensorRt:
    """Import TensorRT.

    Args:
        name: One of ``MODULES``; None = the first that is installed.

    Raises:
        BackendUnavailableError: It is not installed, or importing it fails.
    """
    name = name or find_module()
    if name is None:
        msg = 'TensorRT is not installed; on a Jetson it comes with JetPack (python3-libnvinfer)'
        raise BackendUnavailableError(msg)
    try:
        return TensorRt(importlib.import_module(name))
    except Exception as err:
        msg = f'{name} is installed but does not load: {err}'
        raise BackendUnavailableError(msg) from err


def _monitor(module: Any, report: ProgressReport) -> Any:
    class Monitor(module.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            module.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            report('start', phase_name, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            return report('step', phase_name, step)

        def phase_finish(self, phase_name: str) -> None:
            report('finish', phase_name, None)

    return Monitor()


def _last_word(value: Any) -> str:
    return str(value).rsplit('.', 1)[-1]
