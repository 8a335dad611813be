# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The ONNX Runtime backend: the default where there is no TensorRT."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BackendUnavailableError, EngineError, InferenceError
from ..onnx_tools.facts import read_facts
from ..onnx_tools.onnxruntime_import import import_onnxruntime
from ..progress import Progress
from ..text import one_line
from .backend import EngineOptions
from .base import EngineInfo, Precision, Tensors, TensorSpec
from .checks import check_inputs

if TYPE_CHECKING:
    from ..cards.card import InputSpec

_CPU = 'CPUExecutionProvider'
_WITH_DEVICE_ID = ('CUDAExecutionProvider', 'TensorrtExecutionProvider', 'ROCMExecutionProvider')
_ERRORS_ONLY = 3
_DTYPES = {
    'tensor(float)': 'float32',
    'tensor(float16)': 'float16',
    'tensor(double)': 'float64',
    'tensor(bool)': 'bool',
} | {
    f'tensor({sign}int{bits})': f'{sign}int{bits}'
    for sign in ('', 'u')
    for bits in (8, 16, 32, 64)
}


class OnnxRuntimeBackend:
    """Runs networks in the types that their graphs have, on the CPU unless told otherwise."""

    name = 'onnxruntime'

    def unavailable_reason(self) -> str | None:
        """Return which Python package is missing or broken, None where the backend can run."""
        for package, load in (
            ('onnxruntime', import_onnxruntime),
            ('onnx', partial(importlib.import_module, 'onnx')),
        ):
            try:
                load()
            except ImportError as err:
                return f'{one_line(err)}; to fix: pip install {package}'
        return None

    def load(
        self,
        onnx_path: Path,
        *,
        input_spec: InputSpec | None,
        precision: Precision,
        options: EngineOptions,
        progress: Progress,
    ) -> OnnxRuntimeNetwork:
        """Open a session on an ONNX file; see ``Backend.load``.

        ONNX Runtime runs a graph as it is typed, so a precision other than ``auto`` must be the
        graph's own.
        """
        progress(f'loading {onnx_path.name}', None)
        providers = options.providers or (_CPU,)
        _check_providers(providers)
        session = _open(onnx_path, providers, options)
        typed = read_facts(onnx_path).precision
        if precision not in ('auto', typed):
            msg = (
                f'onnxruntime runs {onnx_path} as its graph is typed, {typed}, not {precision}; '
                f'ask for auto or {typed}, or give it a network converted to {precision}'
            )
            raise EngineError(msg)
        return OnnxRuntimeNetwork(session, typed, options.device)


class OnnxRuntimeNetwork:
    """A session; its ``run`` may be called from several threads, so that handles share it."""

    def __init__(self, session: Any, precision: str, device: int) -> None:
        onnxruntime = import_onnxruntime()
        provider = str(session.get_providers()[0])
        self._session = session
        self._info = EngineInfo(
            backend=OnnxRuntimeBackend.name,
            version=str(onnxruntime.__version__),
            device='CPU'
            if provider == _CPU
            else f'{provider.removesuffix("ExecutionProvider")} {device}',
            precision=precision,
            inputs=tuple(_spec(node) for node in session.get_inputs()),
            outputs=tuple(_spec(node) for node in session.get_outputs()),
            metadata=MappingProxyType(dict(session.get_modelmeta().custom_metadata_map)),
        )

    def handle(self, on_close: Callable[[], None]) -> OnnxRuntimeEngine:
        """Make one user's engine; see ``SharedNetwork.handle``."""
        return OnnxRuntimeEngine(self._session, self._info, on_close)

    def free(self) -> None:
        """Give back the session."""
        self._session = None


class OnnxRuntimeEngine:
    """One user's handle of a session; see ``Engine``."""

    def __init__(self, session: Any, info: EngineInfo, on_close: Callable[[], None]) -> None:
        self._session = session
        self._info = info
        self._names = [spec.name for spec in info.outputs]
        self._on_close: Callable[[], None] | None = on_close

    @property
    def info(self) -> EngineInfo:
        """What was really loaded."""
        return self._info

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """Run the network once; see ``Engine.run``. Arrays need not be contiguous.

        Raises:
            EngineError: The engine is closed.
        """
        if self._session is None:
            msg = 'the engine is closed'
            raise EngineError(msg)
        check_inputs(inputs, self._info.inputs)
        feed = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
        try:
            values = self._session.run(self._names, feed)
        except Exception as err:
            msg = f'onnxruntime failed on this frame: {one_line(err)}'
            raise InferenceError(msg) from err
        return dict(zip(self._names, values, strict=True))

    def close(self) -> None:
        """Give the handle back; twice is harmless."""
        self._session = None
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()


def physical_cores() -> int:
    """Count the physical cores that this process may use, as its CPU affinity says."""
    allowed = os.sched_getaffinity(0)
    siblings = set()
    for cpu in allowed:
        path = Path(f'/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list')
        try:
            siblings.add(path.read_text(encoding='ascii').strip())
        except OSError:
            return len(allowed)
    return len(siblings)


def _check_providers(providers: tuple[str, ...]) -> None:
    onnxruntime = import_onnxruntime()
    installed = onnxruntime.get_available_providers()
    absent = [name for name in providers if name not in installed]
    if absent:
        msg = (
            f'this onnxruntime has no {", ".join(absent)}; installed: {", ".join(installed)}'
            ' (onnxruntime-gpu has CUDAExecutionProvider)'
        )
        raise BackendUnavailableError(msg)


def _open(onnx_path: Path, providers: tuple[str, ...], options: EngineOptions) -> Any:
    onnxruntime = import_onnxruntime()
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = _ERRORS_ONLY
    settings.intra_op_num_threads = options.threads or physical_cores()
    # Threads that spin between frames take the cores from the rest of the robot, and on a camera's
    # rate they win no time.
    settings.add_session_config_entry('session.intra_op.allow_spinning', '0')
    # int8 products of x86 CPUs without VNNI overflow unless told not to; others do not heed this.
    settings.add_session_config_entry('session.x64quantprecision', '1')
    chosen = [
        (name, {'device_id': str(options.device)} if name in _WITH_DEVICE_ID else {})
        for name in providers
    ]
    try:
        session = onnxruntime.InferenceSession(str(onnx_path), settings, providers=chosen)
    except Exception as err:
        msg = f'onnxruntime cannot load {onnx_path}: {one_line(err)}'
        raise EngineError(msg) from err
    # A provider whose libraries are missing is left out with no more than a line on stderr.
    running = session.get_providers()
    failed = [name for name in providers if name not in running]
    if failed:
        msg = (
            f'onnxruntime could not start {", ".join(failed)}: its CUDA libraries or driver are '
            f'missing or of another version; running: {", ".join(running)}'
        )
        raise BackendUnavailableError(msg)
    return session


def _spec(node: Any) -> TensorSpec:
    if node.type not in _DTYPES:
        msg = f'tensor {node.name!r} has the type {node.type}, which NumPy cannot hold'
        raise EngineError(msg)
    shape = tuple(size if isinstance(size, int) else -1 for size in node.shape)
    return TensorSpec(node.name, shape, np.dtype(_DTYPES[node.type]))
