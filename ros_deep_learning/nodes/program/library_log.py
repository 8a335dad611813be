# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The library's log records, on the terminal and on /rosout in the name of a node."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from rclpy.logging import get_logger

LIBRARY = 'ros_deep_learning'

_speaker: ContextVar[Any] = ContextVar('speaker')


@contextmanager
def logged_by(log: Any) -> Iterator[None]:
    """Let a node's logger write what the library logs in the body.

    Only a node's own logger reaches /rosout on all distributions, and one process may have several
    nodes.
    """
    token = _speaker.set(log)
    try:
        yield
    finally:
        _speaker.reset(token)


@contextmanager
def library_log() -> Iterator[None]:
    """Write the library's log records with rclpy's loggers while the body runs.

    Records outside of ``logged_by`` go to the terminal alone. rclpy's levels decide what is
    written, so that ``--log-level`` applies.
    """
    logger, handler = logging.getLogger(LIBRARY), _RosHandler()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _RosHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        log = _speaker.get(None) or get_logger(LIBRARY)
        text = self.format(record)
        # A call each, since rclpy allows one severity for each line that logs.
        if record.levelno >= logging.CRITICAL:
            log.fatal(text)
        elif record.levelno >= logging.ERROR:
            log.error(text)
        elif record.levelno >= logging.WARNING:
            log.warning(text)
        elif record.levelno >= logging.INFO:
            log.info(text)
        else:
            log.debug(text)
