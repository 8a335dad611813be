# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""PyAV, which is installed only where streams are used, and its errors in one line."""

from __future__ import annotations

import importlib.util
from typing import Any

from ...errors import BackendUnavailableError
from ...text import one_line


def has_pyav() -> bool:
    """Return whether PyAV is installed."""
    return importlib.util.find_spec('av') is not None


def load_pyav(what: str) -> Any:
    """Import PyAV.

    Args:
        what: What it is needed for, as the beginning of the error.

    Raises:
        BackendUnavailableError: It is not installed.
    """
    try:
        import av
    except ImportError as err:
        msg = f'{what} needs PyAV, which does not load ({err}); to fix: pip install av'
        raise BackendUnavailableError(msg) from err
    # FFmpeg's own lines would be mixed into those of the program; errors contain the last one.
    if av.logging.get_level() is None:
        av.logging.set_level(av.logging.PANIC)
    return av


def cause(err: BaseException) -> str:
    """Return the cause of an error of PyAV, with what FFmpeg logged last."""
    text = one_line(err)
    _, told, logged = text.rpartition('last error log: ')
    # Both begin with a part in brackets: the number of the error, or what logged it.
    return (logged if told else text).rpartition('] ')[2]
