# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A piece of memory that this process and a server share, for the tensors of one request."""

from __future__ import annotations

import math
import mmap
import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import ServerError
from ..base import TensorSpec

Kind = Literal['system', 'cuda']
"""Kinds of shared memory, as the protocol's extensions call them."""

_FOLDER = Path('/dev/shm')  # noqa: S108  where shm_open of Linux has its files
_ALIGNMENT = 64


class Region(ABC):
    """Memory for the tensors of one request.

    Args:
        sizes: Bytes of each tensor, by ``>`` and its name for an input, ``<`` for an output.

    Attributes:
        name: What the server calls it.
        size: Its bytes.
        places: Offset and bytes of each tensor, by the keys of ``sizes``.
    """

    kind: ClassVar[Kind]

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.name = f'ros_deep_learning-{secrets.token_hex(8)}'
        self.places: dict[str, tuple[int, int]] = {}
        end = 0
        for tensor, size in sizes.items():
            self.places[tensor] = (end, size)
            end += -(-size // _ALIGNMENT) * _ALIGNMENT
        self.size = max(end, _ALIGNMENT)

    @property
    @abstractmethod
    def facts(self) -> dict[str, str | int]:
        """What a server opens it by, as the protocol calls that; bytes are in base64."""

    @abstractmethod
    def write(self, tensor: str, array: NDArray[Any]) -> None:
        """Write a tensor into its place; the server sees it when this returns."""

    @abstractmethod
    def read(self, tensor: str, spec: TensorSpec) -> NDArray[Any]:
        """Return a copy of a tensor.

        Raises:
            ServerError: It has another number of bytes.
        """

    @abstractmethod
    def unlink(self) -> None:
        """Remove what it can be opened by; those who have the memory keep it."""

    @abstractmethod
    def free(self) -> None:
        """Let go of the memory, which a server that has it keeps; again has no effect."""

    def _start(self, tensor: str, spec: TensorSpec) -> int:
        """Return the offset of a tensor whose bytes are those of its place."""
        start, size = self.places[tensor]
        count = math.prod(spec.shape)
        if count * spec.dtype.itemsize != size:
            msg = f'tensor {tensor[1:]!r}: {count} values of {spec.dtype} in {size} bytes'
            raise ServerError(msg)
        return start


class SystemRegion(Region):
    """Shared memory of the system; see ``Region``.

    Raises:
        OSError: It cannot be made, such as where there is not enough memory; no file is left.
    """

    kind = 'system'

    def __init__(self, sizes: Mapping[str, int]) -> None:
        super().__init__(sizes)
        self._path = _FOLDER / self.name
        handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        try:
            # A file that is only given its size gets its memory as it is written: where /dev/shm
            # is full by then (Docker gives it 64 MB), the kernel kills the process (SIGBUS).
            os.posix_fallocate(handle, 0, self.size)
            self._memory = mmap.mmap(handle, self.size)
        except OSError as err:
            self.unlink()
            raise OSError(err.errno, err.strerror, str(self._path)) from err
        finally:
            os.close(handle)

    @property
    def facts(self) -> dict[str, str | int]:
        """Name of its file, until ``unlink``; see ``Region.facts``."""
        return {'key': f'/{self.name}', 'offset': 0, 'byte_size': self.size}

    def write(self, tensor: str, array: NDArray[Any]) -> None:
        """Write a tensor; see ``Region.write``."""
        self._view(tensor, TensorSpec(tensor, array.shape, array.dtype))[...] = array

    def read(self, tensor: str, spec: TensorSpec) -> NDArray[Any]:
        """Return a copy of a tensor; see ``Region.read``."""
        return np.array(self._view(tensor, spec))

    def unlink(self) -> None:
        """Remove its file; see ``Region.unlink``."""
        self._path.unlink(missing_ok=True)

    def free(self) -> None:
        """Let go of the memory; see ``Region.free``."""
        self._memory.close()

    def _view(self, tensor: str, spec: TensorSpec) -> NDArray[Any]:
        start, count = self._start(tensor, spec), math.prod(spec.shape)
        return np.frombuffer(self._memory, spec.dtype, count, start).reshape(spec.shape)
