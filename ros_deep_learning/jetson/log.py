# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The log of jetson-utils, written to Python's logging."""

from __future__ import annotations

import logging

_LOG = logging.getLogger('ros_deep_learning')


class Log:
    """Writes messages to the logger ``ros_deep_learning``."""

    @staticmethod
    def Usage() -> str:
        """Return the text for a program's help; Python's logging takes the place of options."""
        return ''

    @staticmethod
    def Verbose(message: str) -> None:
        """Log a message for developers."""
        _LOG.debug('%s', message)

    @staticmethod
    def Info(message: str) -> None:
        """Log a message."""
        _LOG.info('%s', message)

    @staticmethod
    def Warning(message: str) -> None:
        """Log a warning."""
        _LOG.warning('%s', message)

    @staticmethod
    def Error(message: str) -> None:
        """Log an error."""
        _LOG.error('%s', message)
