# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the compilers of CUDA source have in common."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

OPTIONS = ('-fmad=false',)
"""One rounding for each operation: the same bits from every compiler, and from plain C++."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is compiled for.

    Attributes:
        architecture: Compute capability without its point, such as 87.
        is_binary: Machine code for exactly that GPU; else PTX, which the driver of a newer GPU
            finishes.
    """

    architecture: int
    is_binary: bool

    def __str__(self) -> str:
        return f'{"sm" if self.is_binary else "compute"}_{self.architecture}'


class Compiler(Protocol):
    """A compiler of CUDA source that was found on this machine."""

    @property
    def name(self) -> str:
        """Kind, version and place, for messages and as part of the cache key."""

    @property
    def architectures(self) -> tuple[int, ...]:
        """Compute capabilities that it makes machine code for, such as 87."""

    def compile(self, source: str, target: Target) -> bytes:
        """Compile one translation unit, and give the cubin or the PTX.

        Raises:
            BuildError: The compiler failed; the message holds what it said.
        """


def choose_target(capability: tuple[int, int], architectures: Sequence[int]) -> Target | None:
    """Choose machine code where the compiler knows the GPU, else PTX of the nearest older one.

    Args:
        capability: The GPU's compute capability, such as (8, 7).
        architectures: What the compiler knows.

    Returns:
        None where the compiler has dropped GPUs as old as this one.
    """
    wanted = capability[0] * 10 + capability[1]
    known = [architecture for architecture in architectures if architecture <= wanted]
    return Target(max(known), max(known) == wanted) if known else None


def toolkit_folders() -> list[Path]:
    """List the folders that a CUDA toolkit may be in, first the ones the user named."""
    named = (os.environ.get(variable) for variable in ('CUDA_HOME', 'CUDA_PATH'))
    return [Path(text) for text in (*named, '/usr/local/cuda') if text]


def wheel_files(pattern: str) -> list[Path]:
    """Glob under the ``nvidia`` folder that NVIDIA's wheels share, newest names first."""
    found: list[Path] = []
    for entry in filter(None, sys.path):
        found += sorted(Path(entry).glob(f'nvidia/{pattern}'), reverse=True)
    return found
