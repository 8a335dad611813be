# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Calls of the CUDA driver's C interface, for what PyCUDA does not have."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from ....errors import EngineError


@cache
def library() -> Any:
    """Load the driver's library.

    Raises:
        EngineError: It does not load.
    """
    try:
        return ctypes.CDLL('libcuda.so.1')
    except OSError as err:
        msg = f'the CUDA driver does not load: {err}'
        raise EngineError(msg) from err


def call(name: str, *arguments: Any) -> None:
    """Call a function of the driver; the GPU's context must be current.

    Args:
        name: The function's name, with its version.
        arguments: Of types of ``ctypes``.

    Raises:
        EngineError: The driver does not have it, or it failed.
    """
    function = getattr(library(), name, None)
    if function is None:
        msg = f'this CUDA driver has no {name}; CUDA 11.4 or newer has'
        raise EngineError(msg)
    code = function(*arguments)
    if code:
        text = ctypes.c_char_p()
        library().cuGetErrorString(ctypes.c_int(code), ctypes.byref(text))
        why = (text.value or b'').decode(errors='replace') or 'unknown error'
        msg = f'{name} failed: {why} ({code})'
        raise EngineError(msg)
