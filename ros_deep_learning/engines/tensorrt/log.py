# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Forward TensorRT's log to Python's logging."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import Any

from .api import TensorRt

_LOG = logging.getLogger('ros_deep_learning.tensorrt')
_LEVELS = {
    'INTERNAL_ERROR': logging.ERROR,
    'ERROR': logging.ERROR,
    'WARNING': logging.WARNING,
    'INFO': logging.DEBUG,
    'VERBOSE': 5,
}
_KEPT = 20


class RecentErrors:
    """Recent errors in TensorRT's log, used as the reason in our own error messages."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self.expected = False

    def add(self, line: str) -> None:
        """Add a line."""
        self._lines.append(line)

    @contextlib.contextmanager
    def expecting(self) -> Iterator[None]:
        """Log errors as debug within the block, since the caller handles them."""
        self.expected = True
        try:
            yield
        finally:
            self.expected = False

    def take(self) -> str:
        """Return the errors since the last call in one line, and clear them."""
        lines = []
        # Another thread may take the last line first.
        with contextlib.suppress(IndexError):
            while True:
                lines.append(self._lines.popleft())
        return '; '.join(dict.fromkeys(lines))


@cache
def logger(api: TensorRt) -> tuple[Any, RecentErrors]:
    """Return the logger of this process; TensorRT keeps the first one that it gets.

    TensorRT's plugins are registered with it, before anything is parsed or deserialised.

    Returns:
        The TensorRT logger, and the errors that it received. Messages with severity INFO are
        logged as debug, since a build has many of them.
    """
    module = api.module
    errors = RecentErrors()
    levels = {getattr(module.ILogger.Severity, name): level for name, level in _LEVELS.items()}

    class Logger(module.ILogger):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            module.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            level = levels.get(severity, logging.DEBUG)
            text = ' '.join(message.split())
            if level >= logging.ERROR:
                errors.add(text)
            if errors.expected:
                level = min(level, logging.DEBUG)
            _LOG.log(level, '%s', text)

    made = Logger()
    api.register_plugins(made)
    return made, errors
