# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The kernels' own source as plain C++ on the CPU, behind the interface of a PyCUDA module."""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import struct
import subprocess
from pathlib import Path

from filelock import FileLock

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
    """Compile the kernels with the shim into a shared library; undefined behaviour aborts.

    A library of the same sources and compiler is taken as it is; workers wait for the first one.
    """
    compiler = shutil.which('g++')
    assert compiler, 'the kernel tests need g++: install the package g++'
    header, launches = SHIM / 'cuda_shim.hpp', SHIM / 'launches.cpp'
    text = f'#include "{header}"\n{read_source()}\n#include "{launches}"\n'
    version = subprocess.run([compiler, '--version'], capture_output=True, text=True, check=True)
    made_of = (text, header.read_text(), launches.read_text(), *FLAGS, version.stdout)
    name = hashlib.sha256('\0'.join(made_of).encode()).hexdigest()[:16]
    library = folder / f'{name}.so'
    with FileLock(folder / 'lock'):
        if not library.exists():
            source, unfinished = folder / f'{name}.cpp', folder / f'{name}.unfinished'
            source.write_text(text)
            command = [compiler, *FLAGS, '-o', str(unfinished), str(source)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            unfinished.replace(library)
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
