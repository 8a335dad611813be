# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""From CUDA source to kernels that are loaded in the current context."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from ....errors import BackendUnavailableError, BuildError
from .compilers import Compiler, choose_target
from .kernel_images import kernel_image
from .launcher import KernelModule, Kernels
from .nvcc import Nvcc, nvcc_paths
from .nvrtc import Nvrtc, nvrtc_paths
from .source import read_source

CompilerMaker = Callable[[], Compiler]


def load_kernels(capability: tuple[int, int]) -> Kernels:
    """Compile the kernels, or take them from the cache, and load them.

    Call it once a CUDA context, with that context current; the kernels live as long as it.
    A compiler that fails, or whose code the driver refuses (a toolkit newer than the driver), is
    followed by the next one on the machine: nvcc, then NVRTC, from ``PATH`` or the linker's path,
    ``$CUDA_HOME``, ``$CUDA_PATH``, ``/usr/local/cuda`` and NVIDIA's wheels on Python's path.

    Args:
        capability: The GPU's compute capability, such as (8, 7).

    Raises:
        BackendUnavailableError: No compiler is here, or none served; the message gives each
            one's reason and how to fix it.
    """
    return load_first(capability, find_compilers(), _load_module)


def find_compilers() -> Iterator[CompilerMaker]:
    """Find what makes the compilers of this machine; a maker of a broken one raises BuildError."""
    for program in nvcc_paths():
        yield partial(Nvcc, program)
    for library in nvrtc_paths():
        yield partial(Nvrtc, library)


def load_first(
    capability: tuple[int, int],
    compilers: Iterable[CompilerMaker],
    load_module: Callable[[bytes], KernelModule],
) -> Kernels:
    """Load the kernels with the first compiler that serves; see ``load_kernels``.

    Args:
        capability: The GPU's compute capability.
        compilers: Makers of the compilers, the preferred one first.
        load_module: Loads a cubin or PTX into the current context, or raises BuildError.
    """
    source = read_source()
    reasons: list[str] = []
    for make in compilers:
        try:
            compiler = make()
        except BuildError as err:
            reasons.append(str(err))
            continue
        target = choose_target(capability, compiler.architectures)
        if target is None:
            oldest = min(compiler.architectures)
            reasons.append(f'{compiler.name} knows nothing older than sm_{oldest}')
            continue
        try:
            return Kernels(load_module(kernel_image(compiler, target, source)))
        except BuildError as err:
            reasons.append(f'{compiler.name} for {target}: {err}')
    raise _no_compiler(capability, reasons)


def _no_compiler(capability: tuple[int, int], reasons: Sequence[str]) -> BackendUnavailableError:
    major, minor = capability
    tried = '; '.join(reasons) or 'neither nvcc nor NVRTC was found'
    msg = (
        f'cannot compile the CUDA kernels for compute capability {major}.{minor}: {tried}. '
        'Install the CUDA toolkit (nvcc on PATH or under $CUDA_HOME), or NVRTC with '
        "'pip install nvidia-cuda-nvrtc-cu12' (for a CUDA 13 driver: 'nvidia-cuda-nvrtc')"
    )
    return BackendUnavailableError(msg)


def _load_module(image: bytes) -> KernelModule:
    from pycuda import driver

    try:
        # The driver reads PTX as a C string, and nvcc's files end without the zero.
        module: KernelModule = driver.module_from_buffer(image + b'\0')
    except (driver.LogicError, driver.RuntimeError) as err:
        msg = f'the driver refuses the code: {err}'
        raise BuildError(msg) from err
    return module
