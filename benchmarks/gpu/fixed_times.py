# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A GPU that takes a fixed time for a frame, behind the real PyCUDA: no driver is needed.

What is left is what a frame costs the program. The results are those of zeros.
"""

from __future__ import annotations

import ctypes
import importlib.util
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx

from ros_deep_learning.cards.card import ModelCard
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.engines.base import EngineInfo, TensorSpec
from ros_deep_learning.engines.tensorrt.target import Target

SOURCE = Path(__file__).with_name('fixed_times.c')
_LIBRARY = 'libcuda.so.1'


def load_driver(folder: Path, gpu_ms: float) -> None:
    """Build the driver, and load it in place of NVIDIA's; PyCUDA must not be loaded yet.

    Args:
        folder: Where it is built.
        gpu_ms: What the GPU takes for a network.
    """
    own = SOURCE.read_text()
    defined = set(re.findall(r'^int (cu\w+)\(', own, re.MULTILINE))
    others = ''.join(f'int {name}(void) {{ return 0; }}\n' for name in _linked() - defined)
    source, library = folder / 'driver.c', folder / _LIBRARY
    source.write_text(own + others)
    flags = ('-O2', '-shared', '-fPIC', f'-Wl,-soname,{_LIBRARY}')
    subprocess.run(['cc', *flags, '-o', str(library), str(source)], check=True)
    # By its name PyCUDA and ctypes find the one that is loaded.
    driver = ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    driver.set_graph_ns(ctypes.c_uint64(round(gpu_ms * 1e6)))


def _linked() -> set[str]:
    """List the driver's functions that PyCUDA is linked with."""
    package = importlib.util.find_spec('pycuda')
    assert package is not None
    (extension,) = Path(str(package.origin)).parent.glob('_driver.*.so')
    command = ['nm', '-D', '--undefined-only', str(extension)]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return set(re.findall(r' (cu[A-Z]\w+)$', listed, re.MULTILINE))


class Loader:
    """Gives engines of such a GPU for the cards of the zoo."""

    def load(self, card: ModelCard, **_: Any) -> Any:
        """Return an engine, whose results are those of zeros."""
        from pycuda import driver

        from ros_deep_learning.engines.tensorrt.kernels import kernel_loader
        from ros_deep_learning.engines.tensorrt.kernels.launcher import Kernels
        from ros_deep_learning.engines.tensorrt.runtime.engine import TensorRtEngine

        kernel_loader.load_kernels = lambda _: Kernels(driver.module_from_buffer(b'\0'))
        return TensorRtEngine(Plan(card), lambda: None)


class Plan:
    """In place of ``LoadedPlan``: a network of the zoo, of which only the tensors are known."""

    def __init__(self, card: ModelCard) -> None:
        from ros_deep_learning.engines.tensorrt.runtime.cuda import gpu_context

        graph = onnx.load(str(ModelStore().onnx_path(find_card(card.name)))).graph
        weights = {one.name for one in graph.initializer}
        inputs = [one for one in graph.input if one.name not in weights]
        self.name, self.cuda_graph = card.name, True
        self.target = Target('fixed times', (8, 7), 0, False)
        self.gpu = gpu_context(0)
        self.engine = SimpleNamespace(num_optimization_profiles=1)
        self.errors = SimpleNamespace(take=lambda: '')
        self.info = EngineInfo(
            'tensorrt', '-', 'fixed times', 'fp16', _specs(inputs), _specs(graph.output)
        )

    def new_context(self) -> Context:
        """Make an execution context."""
        return Context(self.info)

    def largest_shape(self, spec: TensorSpec) -> tuple[int, ...]:
        """Return the shape of an input."""
        return spec.shape


class Context:
    """In place of TensorRT's execution context; what it runs is in the graph that is launched."""

    def __init__(self, info: EngineInfo) -> None:
        self._shapes = {one.name: one.shape for one in info.outputs}

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an output."""
        return self._shapes[name]

    def set_tensor_address(self, *_: Any) -> bool:
        """Do nothing."""
        return True

    set_input_shape = execute_async_v3 = set_tensor_address


def _specs(values: Sequence[Any]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(
            one.name,
            tuple(max(1, side.dim_value) for side in one.type.tensor_type.shape.dim),
            np.dtype(onnx.helper.tensor_dtype_to_np_dtype(one.type.tensor_type.elem_type)),
        )
        for one in values
    )
