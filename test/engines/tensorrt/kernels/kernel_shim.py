# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The kernels' own source as plain C++ on the CPU, behind the interface of a PyCUDA module."""

from __future__ import annotations

import ctypes
import shutil
import struct
import subprocess
from pathlib import Path

from ros_deep_learning.engines.tensorrt.kernels.source import read_source

SHIM = Path(__file__).parent / 'shim'
FLAGS = [
    '-std=c++14', '-O1', '-g', '-shared', '-fPIC', '-ffp-contract=off',
    '-Wall', '-Wextra', '-Werror',
    '-fsanitize=undefined,float-cast-overflow,float-divide-by-zero', '-fno-sanitize-recover=all',
    '-fno-sanitize=vptr', '-static-libubsan',
]  # fmt: skip
C_TYPES = {
    'P': ctypes.c_void_p,
    'i': ctypes.c_int,
    'q': ctypes.c_longlong,
    'f': ctypes.c_float,
    'd': ctypes.c_double,
}


def build_shim(folder: Path) -> Path:
    """Compile the kernels with the shim into a shared library; undefined behaviour aborts."""
    compiler = shutil.which('g++')
    assert compiler, 'the kernel tests need g++: install the package g++'
    source = folder / 'kernels_on_cpu.cpp'
    parts = (
        f'#include "{SHIM / "cuda_shim.hpp"}"',
        read_source(),
        f'#include "{SHIM / "launches.cpp"}"',
    )
    source.write_text('\n'.join(parts))
    library = folder / 'kernels_on_cpu.so'
    command = [compiler, *FLAGS, '-o', str(library), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return library


class ShimFunction:
    """A kernel with PyCUDA's ``prepare`` and ``prepared_async_call``."""

    def __init__(self, module, name):
        self._module = module
        self._call = getattr(module.library, f'launch_{name}')
        self._letters = None

    def prepare(self, arg_types):
        self._letters = arg_types

    def prepared_async_call(self, grid, block, stream, *args):
        assert stream is None
        assert len(args) == len(self._letters)
        assert min(grid) > 0
        assert max(grid) < 65536
        struct.pack(self._letters, *args)  # refuses what PyCUDA would: floats for ints, overflow
        values = [C_TYPES[letter](arg) for letter, arg in zip(self._letters, args, strict=True)]
        addresses = (ctypes.c_void_p * len(values))(
            *(ctypes.cast(ctypes.pointer(value), ctypes.c_void_p) for value in values)
        )
        shape = (ctypes.c_uint * 5)(*grid, *block)
        self._call(shape, int(self._module.backwards), addresses)


class ShimModule:
    """The compiled kernels; ``backwards`` runs blocks and threads from the last to the first."""

    def __init__(self, library: Path):
        self.library = ctypes.CDLL(str(library))
        self.library.shim_half_to_float.restype = ctypes.c_float
        self.library.shim_half_to_float.argtypes = [ctypes.c_ushort]
        self.library.shim_float_to_half.restype = ctypes.c_ushort
        self.library.shim_float_to_half.argtypes = [ctypes.c_float]
        self.backwards = False

    def get_function(self, name):
        return ShimFunction(self, name)
