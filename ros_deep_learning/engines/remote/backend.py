# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The backend that has networks run by a server."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ...errors import EngineError, ServerError, SettingsError
from ...progress import Progress
from ..backend import EngineOptions
from ..base import EngineInfo, Precision
from .engine import RemoteEngine, device_text
from .grpc_connection import GrpcConnection
from .http_connection import HttpConnections
from .link import FIRST_PAUSE_S, Link
from .options import RemoteOptions
from .protocol import Connection, ServedModel
from .shared_memory import EXTENSION, Abandoned, SharingConnection

if TYPE_CHECKING:
    from ...cards.card import ModelCard

_ASKING_S = 5.0


class RemoteBackend:
    """Run networks on a server of the Open Inference Protocol; see ``ServingBackend``."""

    name = 'remote'

    def unavailable_reason(self) -> str | None:
        """Return None: what is missing depends on the address."""
        return None

    def load_served(
        self,
        card: ModelCard,
        *,
        precision: Precision,
        options: EngineOptions,
        progress: Progress,
    ) -> RemoteNetwork:
        """Connect to a served network; see ``ServingBackend.load_served``."""
        remote = options.remote
        if remote is None:
            msg = 'backend remote needs a server: remote_url:=grpc://HOST:8001, or --remote-url'
            raise SettingsError(msg)
        if precision != 'auto':
            msg = (
                f'precision {precision}: a server runs a network as it is served there; to fix: '
                'precision auto'
            )
            raise EngineError(msg)
        name = remote.model or card.name
        place = f'{remote.url} {name}'
        progress(f'asking {remote.url} for {name}', None)
        until_s = time.monotonic() + remote.wait_s
        while True:
            try:
                connection, model = connect(remote, name, Abandoned())
                connection.close()
                return RemoteNetwork(place, remote, name, model)
            except ServerError as err:
                if time.monotonic() >= until_s:
                    msg = f'{place}: {err}'
                    raise ServerError(msg) from err
                progress(f'waiting for {place}: {err}', None)
            time.sleep(FIRST_PAUSE_S)


class RemoteNetwork:
    """A served model; each handle has a connection of its own."""

    def __init__(self, place: str, options: RemoteOptions, name: str, model: ServedModel) -> None:
        self._place = place
        self._options = options
        self._name = name
        self._model = model
        self._info = EngineInfo(
            backend=RemoteBackend.name,
            version=model.server or 'unknown',
            device=device_text(options.url, name, model.version),
            precision='served',
            inputs=model.inputs,
            outputs=model.outputs,
            max_batch=model.max_batch,
        )

    def handle(self, on_close: Callable[[], None]) -> RemoteEngine:
        """Create an engine for one user; see ``SharedNetwork.handle``."""
        link = Link(
            self._place, partial(connect, self._options, self._name, Abandoned()), self._model
        )
        return RemoteEngine(link, self._name, self._info, self._options, on_close)

    def free(self) -> None:
        """Do nothing: handles close their connections."""


def connect(
    options: RemoteOptions, name: str, abandoned: Abandoned
) -> tuple[Connection, ServedModel]:
    """Open a connection to a model, and ask what it is.

    Raises:
        BackendUnavailableError: A library is missing.
        ServerError: The server does not answer, the model is not ready, or a file of the options
            cannot be read.
    """
    over_grpc = options.address.scheme.startswith('grpc')
    connection: Connection = (GrpcConnection if over_grpc else HttpConnections)(options, name)
    try:
        model = connection.model(max(options.deadline_s, _ASKING_S))
        shares = options.shared_memory and options.address.is_this_machine
        if shares and EXTENSION in model.extensions:
            connection = SharingConnection(connection, model, abandoned)
    except BaseException:
        connection.close()
        raise
    return connection, model
