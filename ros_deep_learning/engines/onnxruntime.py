# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The ONNX Runtime backend, the default on machines without TensorRT."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BackendUnavailableError, DeepLearningError, EngineError, InferenceError
from ..onnx_tools.facts import read_facts
from ..onnx_tools.load import import_onnx
from ..onnx_tools.onnxruntime_import import import_onnxruntime
from ..progress import Progress
from ..text import one_line
from .backend import PLAN_SUFFIXES, EngineOptions
from .base import EngineInfo, Precision, Tensors, TensorSpec
from .checks import check_inputs
from .cpu_threads import CpuThreads, choose_threads, rivals, usable_cores

if TYPE_CHECKING:
    from ..cards.card import InputSpec

_LOG = logging.getLogger('ros_deep_learning')
_CPU = 'CPUExecutionProvider'
_WITH_DEVICE_ID = ('CUDAExecutionProvider', 'TensorrtExecutionProvider', 'ROCMExecutionProvider')
_ERRORS_ONLY = 3
_OPSET = re.compile('Opset ([0-9]+) is .*? till opset ([0-9]+)', re.DOTALL)
_PLUGIN = re.compile(r'(\w+_TRT)\(-?[0-9]+\)')
_IR = re.compile('IR version: ([0-9]+), max supported IR version: ([0-9]+)')
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
    """Run networks in the precision of their graphs, on the CPU or on selected providers."""

    name = 'onnxruntime'

    def unavailable_reason(self) -> str | None:
        """Return which Python package is missing or broken, and the fix; None = neither is."""
        try:
            import_onnxruntime()
            import_onnx()
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
    ) -> OnnxRuntimeNetwork:
        """Open a session on an ONNX file; see ``Backend.load``.

        ONNX Runtime runs a graph in the graph's own precision: any other is refused.
        """
        if onnx_path.suffix in PLAN_SUFFIXES:
            msg = (
                f'{onnx_path} is a ready-made engine of TensorRT, which onnxruntime does not run; '
                'to fix: backend tensorrt, or the ONNX file that it was built from'
            )
            raise EngineError(msg)
        progress(f'loading {onnx_path.name}', None)
        providers = options.providers or (_CPU,)
        _check_providers(providers)
        open_session = partial(_open, onnx_path, providers, options)
        measured: tuple[str, ...] = ()
        if providers == (_CPU,):
            choice = choose_threads(
                rivals(options.threads), open_session, partial(_empty_run, input_spec)
            )
            session, measured = choice.session, (choice.reason,)
            _LOG.info('%s: %s', onnx_path.name, choice.reason)
        else:
            session = open_session(CpuThreads(options.threads or usable_cores()))
        own = read_facts(onnx_path).precision
        if precision not in ('auto', own):
            msg = (
                f'{onnx_path} is a network in {own}; onnxruntime cannot run it in {precision}; '
                f'to fix: precision auto, or a network converted to {precision}'
            )
            raise EngineError(msg)
        return OnnxRuntimeNetwork(session, own, options.device, measured)


class OnnxRuntimeNetwork:
    """A session that all handles share; its ``run`` may be called from several threads."""

    def __init__(
        self, session: Any, precision: str, device: int, measured: tuple[str, ...]
    ) -> None:
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
            measured=measured,
        )

    def handle(self, on_close: Callable[[], None]) -> OnnxRuntimeEngine:
        """Create an engine for one user; see ``SharedNetwork.handle``."""
        return OnnxRuntimeEngine(self._session, self._info, on_close)

    def free(self) -> None:
        """Release the session."""
        self._session = None


class OnnxRuntimeEngine:
    """Engine of one user; see ``Engine``."""

    def __init__(self, session: Any, info: EngineInfo, on_close: Callable[[], None]) -> None:
        self._session = session
        self._info = info
        self._names = [spec.name for spec in info.outputs]
        self._on_close: Callable[[], None] | None = on_close

    @property
    def info(self) -> EngineInfo:
        """Facts of the loaded network."""
        return self._info

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """Run the network once; see ``Engine.run``. Arrays may be non-contiguous.

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
        """Close the handle; closing it again has no effect."""
        self._session = None
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()


def _check_providers(providers: tuple[str, ...]) -> None:
    onnxruntime = import_onnxruntime()
    installed = onnxruntime.get_available_providers()
    absent = [name for name in providers if name not in installed]
    if absent:
        msg = (
            f'this onnxruntime has no {", ".join(absent)}, only {", ".join(installed)}; '
            'onnxruntime-gpu (PyPI) has CUDAExecutionProvider'
        )
        raise BackendUnavailableError(msg)


def _open(
    onnx_path: Path, providers: tuple[str, ...], options: EngineOptions, threads: CpuThreads
) -> Any:
    onnxruntime = import_onnxruntime()
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = _ERRORS_ONLY
    threads.configure(settings)
    # Without this, int8 products overflow on x86 CPUs without VNNI; other CPUs ignore it.
    settings.add_session_config_entry('session.x64quantprecision', '1')
    chosen = [
        (name, {'device_id': str(options.device)} if name in _WITH_DEVICE_ID else {})
        for name in providers
    ]
    try:
        session = onnxruntime.InferenceSession(str(onnx_path), settings, providers=chosen)
    except Exception as err:
        msg = f'onnxruntime cannot load {onnx_path}: {_reason(err)}'
        raise EngineError(msg) from err
    # ONNX Runtime drops a provider that lacks libraries, with only a line on stderr.
    running = session.get_providers()
    failed = [name for name in providers if name not in running]
    if failed:
        msg = (
            f'onnxruntime could not start {", ".join(failed)}: its CUDA libraries or driver are '
            f'missing or have another version; running: {", ".join(running)}'
        )
        raise BackendUnavailableError(msg)
    return session


def _empty_run(input_spec: InputSpec | None, session: Any) -> Callable[[], object]:
    """Return a function that runs a session on zeros."""
    feed = {
        node.name: np.zeros(_whole_shape(_spec(node).shape, input_spec), _spec(node).dtype)
        for node in session.get_inputs()
    }
    return partial(session.run, None, feed)


def _whole_shape(shape: tuple[int, ...], input_spec: InputSpec | None) -> tuple[int, ...]:
    """Fill in the open sizes of an input: those of the card's image, else 1."""
    sizes = (1,) * len(shape)
    if input_spec is not None and len(shape) in (3, 4):
        side, depth = (input_spec.height, input_spec.width), input_spec.depth
        image = (depth, *side) if input_spec.layout == 'nchw' else (*side, depth)
        sizes = (1, *image)[-len(shape) :]
    return tuple(size if known == -1 else known for known, size in zip(shape, sizes, strict=True))


def _reason(err: Exception) -> str:
    """Return why ONNX Runtime refuses a network, without the places in its source."""
    version = import_onnxruntime().__version__
    if match := _OPSET.search(str(err)):
        return (
            f'it uses opset {match[1]}, but onnxruntime {version} supports up to {match[2]}; to '
            f'fix: export it with opset {match[2]} or older, or pip install -U onnxruntime'
        )
    if match := _IR.search(str(err)):
        return (
            f'its ONNX IR version is {match[1]}, but onnxruntime {version} supports up to '
            f'{match[2]}; to fix: save it with an older onnx, or pip install -U onnxruntime'
        )
    if match := _PLUGIN.search(str(err)):
        return (
            f'its operator {match[1]} is a plugin of TensorRT, which onnxruntime {version} does '
            'not have; to fix: backend tensorrt, or export it without its suppression'
        )
    return one_line(err)


def _spec(node: Any) -> TensorSpec:
    if node.type not in _DTYPES:
        msg = f'tensor {node.name!r} has the type {node.type}, which NumPy does not support'
        raise EngineError(msg)
    shape = tuple(size if isinstance(size, int) else -1 for size in node.shape)
    return TensorSpec(node.name, shape, np.dtype(_DTYPES[node.type]))
