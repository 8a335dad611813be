# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A piece of system shared memory, for the tensors of one request."""

from __future__ import annotations

import math
import mmap
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ServerError
from ..base import TensorSpec

_FOLDER = Path('/dev/shm')  # noqa: S108  where shm_open of Linux has its files
_ALIGNMENT = 64


class Region:
    """Memory for the tensors of one request.

    Args:
        sizes: Bytes of each tensor, by ``>`` and its name for an input, ``<`` for an output.

    Attributes:
        name: What the server calls it.
        key: Name of its file, until ``unlink``.
        size: Its bytes.
        places: Offset and bytes of each tensor, by the keys of ``sizes``.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.name = f'ros_deep_learning-{secrets.token_hex(8)}'
        self.key = f'/{self.name}'
        self.places: dict[str, tuple[int, int]] = {}
        end = 0
        for tensor, size in sizes.items():
            self.places[tensor] = (end, size)
            end += -(-size // _ALIGNMENT) * _ALIGNMENT
        self.size = max(end, _ALIGNMENT)
        self._path = _FOLDER / self.name
        handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        try:
            os.ftruncate(handle, self.size)
            self._memory = mmap.mmap(handle, self.size)
        finally:
            os.close(handle)

    def view(self, tensor: str, spec: TensorSpec) -> NDArray[Any]:
        """Return a tensor of the region, which changes with it.

        Raises:
            ServerError: It has another number of bytes.
        """
        at, size = self.places[tensor]
        count = math.prod(spec.shape)
        if count * spec.dtype.itemsize != size:
            msg = f'tensor {tensor[1:]!r}: {count} values of {spec.dtype} in {size} bytes'
            raise ServerError(msg)
        return np.frombuffer(self._memory, spec.dtype, count, at).reshape(spec.shape)

    def unlink(self) -> None:
        """Remove its file; those who have the memory keep it."""
        self._path.unlink(missing_ok=True)
