# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The way to a served model: opened anew after an outage, with growing pauses."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from contextvars import copy_context

from ...errors import ServerError
from ...text import one_line
from ..base import TensorSpec
from .protocol import Connection, ServedModel, tensors_text

_LOG = logging.getLogger('ros_deep_learning')
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0


class Link:
    """A connection to one model; a lost one is opened anew in a thread of its own.

    Args:
        place: The server and the model, for messages.
        open_connection: Opens a connection and tells what is served; raises ServerError. Later
            another version of the model is taken if its tensors are equal.

    Attributes:
        model: The model as it was when the connection was opened.

    Raises:
        ServerError: It cannot be opened.
    """

    def __init__(
        self,
        place: str,
        open_connection: Callable[[], tuple[Connection, ServedModel]],
    ) -> None:
        self._place = place
        self._open = open_connection
        self._version = ''
        self._lock = threading.Lock()
        self._cause = ''
        self._pause_s = 0.0
        self._ended = threading.Event()
        self._connection: Connection | None
        self._connection, self.model = open_connection()

    def connection(self) -> Connection:
        """Return the connection.

        Raises:
            ServerError: There is none now; the message has the cause.
        """
        with self._lock:
            if self._connection is None:
                raise ServerError(self._text(self._cause))
            return self._connection

    def check_version(self, version: str) -> None:
        """Check that an answer is of the version that the answers before it were of.

        Raises:
            ServerError: It is of another one, whose tensors have to be looked at first.
        """
        self._version = self._version or version
        if version != self._version:
            msg = f'version {version} of the model answered, before it was {self._version}'
            raise ServerError(msg)

    def worked(self) -> None:
        """Report an answer: the next outage begins without a pause."""
        self._pause_s = 0.0

    def failed(self, connection: Connection, cause: str) -> ServerError:
        """Return the error; in the background, close the connection and open another."""
        with self._lock:
            if self._connection is connection:
                self._connection = None
                self._cause = cause
                # In the context of its creator, so that the same node logs its records.
                threading.Thread(
                    target=copy_context().run,
                    args=(self._reopen, connection),
                    name='to server',
                    daemon=True,
                ).start()
        return ServerError(self._text(cause))

    def close(self) -> None:
        """Close the connection, and open no other."""
        self._ended.set()
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _reopen(self, failed: Connection) -> None:
        # Nobody else opens a connection: whatever a library raises must not end this thread.
        try:
            # Not while frames wait, since a server that hangs is asked to forget shared memory.
            failed.close()
        except Exception as err:  # noqa: BLE001
            _LOG.warning('%s: the lost connection is not closed: %s', self._place, one_line(err))
        while not self._ended.wait(self._pause_s * random.uniform(0.8, 1.2)):  # noqa: S311
            self._pause_s = min(max(2 * self._pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
            try:
                self._take()
            except Exception as err:  # noqa: BLE001
                self._cause = one_line(err)
            else:
                _LOG.info('%s: connected again', self._place)
                return

    def _take(self) -> None:
        """Open a connection; raise ServerError if it is not to the expected model."""
        connection, model = self._open()
        try:
            refuse_others(self.model, model)
        except ServerError:
            connection.close()
            raise
        if model.version != self.model.version:
            versions = model.version or 'none', self.model.version or 'none'
            text = '%s: version %s is served now, before it was %s'
            _LOG.warning(text, self._place, *versions)
        with self._lock:
            if self._ended.is_set():
                connection.close()
                return
            self._connection, self.model, self._version = connection, model, ''

    def _text(self, cause: str) -> str:
        return f'{self._place}: {one_line(Exception(cause))}'


def refuse_others(expected: ServedModel, model: ServedModel) -> None:
    """Refuse a model with other tensors.

    Raises:
        ServerError: It has other tensors than the one that was loaded.
    """
    for kind, before, now in (
        ('inputs', expected.inputs, model.inputs),
        ('outputs', expected.outputs, model.outputs),
    ):
        if sorted(before, key=_name) != sorted(now, key=_name):
            msg = (
                f'version {model.version or "now"} of the model has the {kind} '
                f'{tensors_text(now)}, expected {tensors_text(before)}; to fix: serve the one '
                'before, or load the network anew'
            )
            raise ServerError(msg)


def _name(tensor: TensorSpec) -> str:
    return tensor.name
