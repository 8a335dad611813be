# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compile CUDA source with nvcc."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ....errors import BuildError
from .compilers import OPTIONS, Target, toolkit_folders, wheel_files

TIME_LIMIT_S = 300.0
"""Far above the few seconds that the kernels take on a slow Jetson."""


def nvcc_paths() -> list[Path]:
    """List the nvcc programs of this machine, the preferred one first."""
    on_path = shutil.which('nvcc')
    candidates = [Path(on_path)] if on_path else []
    candidates += [folder / 'bin' / 'nvcc' for folder in toolkit_folders()]
    candidates += wheel_files('cu*/bin/nvcc')
    real = dict.fromkeys(path.resolve() for path in candidates if path.is_file())
    return list(real)


class Nvcc:
    """One nvcc program; it needs a host compiler (gcc) beside it.

    Args:
        path: The program.

    Raises:
        BuildError: It does not run, or says nothing that can be understood.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        version = re.search(r'\bV(\d+\.\d+\.\d+)', self._run('--version'))
        codes = re.findall(r'\bsm_(\d+)\b', self._run('--list-gpu-code'))
        if version is None or not codes:
            msg = f'{path}: no version or list of architectures in what it says'
            raise BuildError(msg)
        self.name = f'nvcc {version.group(1)} ({path})'
        self.architectures = tuple(sorted({int(code) for code in codes}))

    def compile(self, source: str, target: Target) -> bytes:
        """Compile as ``Compiler.compile`` says."""
        with tempfile.TemporaryDirectory(prefix='ros_deep_learning_') as name:
            folder = Path(name)
            folder.joinpath('kernels.cu').write_text(source)
            kind = '-cubin' if target.is_binary else '-ptx'
            self._run(kind, f'-arch={target}', *OPTIONS, '-o', 'image', 'kernels.cu', cwd=folder)
            return folder.joinpath('image').read_bytes()

    def _run(self, *arguments: str, cwd: Path | None = None) -> str:
        command: Sequence[str] = (str(self._path), *arguments)
        try:
            done = subprocess.run(
                command, cwd=cwd, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as err:
            msg = f'{self._path} cannot be run: {err}'
            raise BuildError(msg) from err
        if done.returncode:
            msg = f'{self._path} failed: {(done.stderr or done.stdout).strip()}'
            raise BuildError(msg)
        return done.stdout
