# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The backend that has networks run by a server."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ...errors import BackendUnavailableError, EngineError, ServerError, SettingsError
from ...progress import Progress
from ..backend import EngineOptions
from ..base import EngineInfo, Precision
from ..tensorrt.runtime.cuda import find_gpu
from .cuda_region import CudaRegion
from .engine import RemoteEngine, device_text
from .grpc_connection import GrpcConnection
from .http_connection import HttpConnections
from .jpeg_input import JpegInput, is_jpeg
from .link import FIRST_PAUSE_S, Link
from .options import RemoteOptions
from .protocol import Connection, ServedModel
from .region import SystemRegion
from .shared_memory import Abandoned, SharingConnection

if TYPE_CHECKING:
    from ...cards.card import ModelCard

_ASKING_S = 5.0
_SYSTEM, _CUDA = 'system_shared_memory', 'cuda_shared_memory'


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
        device = options.device
        if remote.cuda_memory:
            try:
                find_gpu(device)
            except BackendUnavailableError as err:
                msg = f'remote_cuda_memory: {err}'
                raise BackendUnavailableError(msg) from err
        place = f'{remote.url} {name}'
        progress(f'asking {remote.url} for {name}', None)
        until_s = time.monotonic() + remote.wait_s
        while True:
            try:
                connection, _ = connect(remote, name, Abandoned(), device)
                connection.close()
                return RemoteNetwork(place, remote, name, card, device)
            except ServerError as err:
                if time.monotonic() >= until_s:
                    msg = f'{place}: {err}'
                    raise ServerError(msg) from err
                progress(f'waiting for {place}: {err}', None)
            time.sleep(FIRST_PAUSE_S)


class RemoteNetwork:
    """A served model; each handle has a connection of its own, and the model as it is then."""

    def __init__(
        self, place: str, options: RemoteOptions, name: str, card: ModelCard, device: int
    ) -> None:
        self._place = place
        self._options = options
        self._name = name
        self._card = card
        self._device = device

    def handle(self, on_close: Callable[[], None]) -> RemoteEngine:
        """Create an engine for one user; see ``SharedNetwork.handle``."""
        options, name = self._options, self._name
        link = Link(self._place, partial(connect, options, name, Abandoned(), self._device))
        model = link.model
        jpeg = _jpeg_input(model, self._card, options)
        info = EngineInfo(
            backend=RemoteBackend.name,
            version=model.server or 'unknown',
            device=device_text(options.url, name, model.version),
            precision='served',
            inputs=model.inputs if jpeg is None else (jpeg.pixels,),
            outputs=model.outputs,
            max_batch=model.max_batch,
        )
        return RemoteEngine(link, name, info, options, on_close, jpeg)

    def free(self) -> None:
        """Do nothing: handles close their connections."""


def connect(
    options: RemoteOptions, name: str, abandoned: Abandoned, device: int
) -> tuple[Connection, ServedModel]:
    """Open a connection to a model, and ask what it is.

    Args:
        options: The server.
        name: The model.
        abandoned: Shared memory of the connections before, by the same user.
        device: The GPU whose memory is shared, if the options say so.

    Raises:
        BackendUnavailableError: A library is missing.
        ServerError: The server does not answer, the model is not ready, a file of the options
            cannot be read, or the server cannot share memory of a GPU as they say.
    """
    over_grpc = options.address.scheme.startswith('grpc')
    connection: Connection = (GrpcConnection if over_grpc else HttpConnections)(options, name)
    try:
        model = connection.model(max(options.deadline_s, _ASKING_S))
        connection = _sharing(connection, model, options, abandoned, device)
    except BaseException:
        connection.close()
        raise
    return connection, model


def _jpeg_input(model: ServedModel, card: ModelCard, options: RemoteOptions) -> JpegInput | None:
    """Return the input that takes a JPEG file of the card's image; None = there is none."""
    names = [one.name for one in model.inputs if is_jpeg(one)]
    if len(model.inputs) != 1 or not names or card.input.channels == 'grey':
        return None
    return JpegInput(names[0], card.input, options.jpeg_quality)


def _sharing(
    connection: Connection,
    model: ServedModel,
    options: RemoteOptions,
    abandoned: Abandoned,
    device: int,
) -> Connection:
    """Return the connection through the memory that the options say, if the server has that."""
    if any(map(is_jpeg, model.inputs)):
        # Each file has another size, and is small.
        return connection
    if options.cuda_memory:
        if _CUDA not in model.extensions:
            msg = f'the server has no {_CUDA}; to fix: remote_cuda_memory false'
            raise ServerError(msg)
        make_region = partial(CudaRegion, device=device)
        # Who asked for it wants to know that it is refused.
        level = logging.WARNING
        return SharingConnection(connection, model, abandoned, make_region, level)
    shares = options.shared_memory and options.address.is_this_machine
    if shares and _SYSTEM in model.extensions:
        return SharingConnection(connection, model, abandoned, SystemRegion, logging.INFO)
    return connection
