# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Calls of the CUDA driver's C interface, for what PyCUDA does not have."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

from ....errors import EngineError


@cache
def library() -> Any:
    """Load the driver's library; its functions let other Python threads run meanwhile.

    Raises:
        EngineError: It does not load.
    """
    return _loaded(ctypes.CDLL)


@cache
def _quick_library() -> Any:
    return _loaded(ctypes.PyDLL)


def call(name: str, *arguments: Any) -> None:
    """Call a function of the driver that may wait; the GPU's context must be current.

    Other Python threads run meanwhile.

    Args:
        name: The function's name, with its version.
        arguments: Of types of ``ctypes``.

    Raises:
        EngineError: The driver does not have it, or it failed.
    """
    _called(library(), name, arguments)


def quick_call(name: str, *arguments: Any) -> None:
    """Call a function of the driver that takes microseconds, and waits for nothing.

    As ``call``, but no other Python thread runs meanwhile: where there are some, to let one of
    them run and to wait for it takes many times as long as such a function.
    """
    _called(_quick_library(), name, arguments)


def _loaded(kind: Callable[[str], Any]) -> Any:
    try:
        return kind('libcuda.so.1')
    except OSError as err:
        msg = f'the CUDA driver does not load: {err}'
        raise EngineError(msg) from err


def _called(functions: Any, name: str, arguments: tuple[Any, ...]) -> None:
    function = getattr(functions, name, None)
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
