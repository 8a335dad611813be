# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compile CUDA source with NVRTC, the compiler that is a library."""

from __future__ import annotations

import ctypes
import ctypes.util
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p
from pathlib import Path

from ....errors import BuildError
from .compilers import OPTIONS, Target, toolkit_folders, wheel_files


def nvrtc_paths() -> list[str]:
    """List the NVRTC libraries of this machine by name or path, the preferred one first."""
    names = [name] if (name := ctypes.util.find_library('nvrtc')) else []
    files: list[Path] = []
    for folder in toolkit_folders():
        files += sorted(folder.glob('lib64/libnvrtc.so.*'), reverse=True)
    files += wheel_files('*/lib/libnvrtc.so.*')
    real = {path.resolve(): str(path) for path in files}
    return names + [str(path) for path in real if '.alt.' not in path.name]


class Nvrtc:
    """One NVRTC library, 11.2 or newer.

    Args:
        path: Its file, or a name that the linker finds.

    Raises:
        BuildError: It cannot be loaded, or is too old.
    """

    def __init__(self, path: str) -> None:
        try:
            self._library = ctypes.CDLL(path)
            version = self._version()
            self.architectures = self._supported()
        except (OSError, AttributeError) as err:
            msg = f'{path} is no usable NVRTC of 11.2 or newer: {err}'
            raise BuildError(msg) from err
        self.name = f'NVRTC {version} ({path})'

    def compile(self, source: str, target: Target) -> bytes:
        """Compile as ``Compiler.compile`` says."""
        program = c_void_p()
        self._call(
            'nvrtcCreateProgram', byref(program), source.encode(), b'kernels.cu', 0, None, None
        )
        try:
            options = [f'-arch={target}'.encode(), *(option.encode() for option in OPTIONS)]
            array = (c_char_p * len(options))(*options)
            if self._library.nvrtcCompileProgram(program, len(options), array):
                log = self._read(program, 'ProgramLog').rstrip(b'\0').decode(errors='replace')
                msg = f'{self.name} failed: {log.strip()}'
                raise BuildError(msg)
            return self._read(program, 'CUBIN' if target.is_binary else 'PTX')
        finally:
            self._library.nvrtcDestroyProgram(byref(program))

    def _read(self, program: c_void_p, what: str) -> bytes:
        size = c_size_t()
        self._call(f'nvrtcGet{what}Size', program, byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        self._call(f'nvrtcGet{what}', program, buffer)
        return buffer.raw

    def _version(self) -> str:
        major, minor = c_int(), c_int()
        self._call('nvrtcVersion', byref(major), byref(minor))
        return f'{major.value}.{minor.value}'

    def _supported(self) -> tuple[int, ...]:
        count = c_int()
        self._call('nvrtcGetNumSupportedArchs', byref(count))
        array = (c_int * count.value)()
        self._call('nvrtcGetSupportedArchs', array)
        return tuple(sorted(array))

    def _call(self, function: str, *arguments: object) -> None:
        status = getattr(self._library, function)(*arguments)
        if status:
            self._library.nvrtcGetErrorString.restype = c_char_p
            text = self._library.nvrtcGetErrorString(status).decode()
            msg = f'{function}: {text}'
            raise BuildError(msg)
