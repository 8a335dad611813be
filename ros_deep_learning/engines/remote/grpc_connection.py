# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The protocol over gRPC, by tritonclient."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import BackendUnavailableError, ServerError
from ...text import one_line
from ..base import TensorSpec
from .access import read_certificates, read_token
from .options import RemoteOptions
from .protocol import (
    CONFIGURATION,
    NAMES,
    Answer,
    Request,
    ServedModel,
    late,
    newest,
    read_spec,
    refused,
)
from .region import Region

_LATE_S = 0.5
"""How much later than its deadline gRPC may say that a request is late."""


def import_client() -> Any:
    """Import tritonclient's part for gRPC.

    Raises:
        BackendUnavailableError: It is not installed, or broken.
    """
    import warnings

    try:
        with warnings.catch_warnings():
            # Its messages were generated for the protobuf before the newest.
            warnings.filterwarnings('ignore', category=UserWarning, module='google.protobuf')
            import tritonclient.grpc
    except Exception as err:
        # Its own message hides which of its libraries is missing.
        cause = err.__cause__ if isinstance(err.__cause__, ImportError) else err
        msg = f"{one_line(cause)}; to fix: pip install 'tritonclient[grpc]'"
        raise BackendUnavailableError(msg) from err
    return tritonclient.grpc


class GrpcConnection:
    """A channel to a server; see ``Connection``."""

    def __init__(self, options: RemoteOptions, model: str) -> None:
        self._client_module = import_client()
        self._name = model
        token = read_token(options)
        self._headers = {'authorization': f'Bearer {token}'} if token else None
        certificates = read_certificates(options)
        credentials = None
        if options.address.tls:
            import grpc

            credentials = grpc.ssl_channel_credentials(certificates and certificates.encode())
        self._client = self._client_module.InferenceServerClient(
            options.address.host_port,
            creds=credentials,
            channel_args=[
                ('grpc.max_send_message_length', -1),
                ('grpc.max_receive_message_length', -1),
                # Else a new channel waits for as long as one before it was told to.
                ('grpc.use_local_subchannel_pool', 1),
                ('grpc.keepalive_time_ms', 20_000),
                ('grpc.keepalive_timeout_ms', 5_000),
            ],
        )

    def model(self, deadline_s: float) -> ServedModel:
        """Ask what is served; see ``Connection.model``."""
        server = self._ask('get_server_metadata', deadline_s)
        found = self._ask('get_model_metadata', deadline_s, self._name)
        if not self._ask('is_model_ready', deadline_s, self._name):
            msg = f'model {self._name!r} is not ready'
            raise ServerError(msg)
        extensions = frozenset(server.extensions)
        max_batch = None
        if CONFIGURATION in extensions:
            config = self._ask('get_model_config', deadline_s, self._name).config
            max_batch = config.max_batch_size or None
        return ServedModel(
            server=f'{server.name} {server.version}'.strip(),
            version=newest(found.versions),
            inputs=tuple(_spec(tensor) for tensor in found.inputs),
            outputs=tuple(_spec(tensor) for tensor in found.outputs),
            extensions=extensions,
            max_batch=max_batch,
        )

    def start(self, request: Request) -> Callable[[], Answer]:
        """Send a request; see ``Connection.start``."""
        inputs = []
        for name, array in request.inputs.items():
            tensor = self._client_module.InferInput(name, array.shape, NAMES[array.dtype])
            if not _place(tensor, f'>{name}', request.region):
                tensor.set_data_from_numpy(array)
            inputs.append(tensor)
        outputs = [self._client_module.InferRequestedOutput(name) for name in request.outputs]
        for tensor in outputs:
            _place(tensor, f'<{tensor.name()}', request.region)
        future: Future[Any] = Future()

        def answered(result: Any, error: Exception | None) -> None:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        context = self._call(
            'async_infer',
            self._name,
            inputs,
            answered,
            outputs=outputs,
            client_timeout=request.deadline_s,
            timeout=round(request.deadline_s * 1e6),
            headers=self._headers,
        )

        def wait() -> Answer:
            try:
                result = future.result(request.deadline_s + _LATE_S)
            except LateError as err:
                context.cancel()
                raise late(request.deadline_s) from err
            except self._client_module.InferenceServerException as err:
                raise _error(err, request.deadline_s) from err
            answer = result.get_response()
            try:
                found = {one.name: _read(result, one, request.region) for one in answer.outputs}
            except (TypeError, ValueError) as err:
                msg = f'the outputs cannot be read: {one_line(err)}'
                raise ServerError(msg) from err
            return Answer(answer.model_version, found)

        return wait

    def register(self, region: Region, deadline_s: float) -> None:
        """Make shared memory known to the server; see ``Connection.register``."""
        method = f'register_{region.kind}_shared_memory'
        self._ask(method, deadline_s, region.name, **region.facts)

    def unregister(self, region: Region, deadline_s: float) -> None:
        """Have the server forget shared memory; see ``Connection.unregister``."""
        self._ask(f'unregister_{region.kind}_shared_memory', deadline_s, region.name)

    def close(self) -> None:
        """Close the channel."""
        self._client.close()

    def _ask(self, method: str, deadline_s: float, *arguments: Any, **named: Any) -> Any:
        named |= {'headers': self._headers, 'client_timeout': deadline_s}
        return self._call(method, *arguments, **named)

    def _call(self, method: str, *arguments: Any, **named: Any) -> Any:
        try:
            return getattr(self._client, method)(*arguments, **named)
        except self._client_module.InferenceServerException as err:
            raise _error(err, named['client_timeout']) from err
        except ValueError as err:  # the channel was closed by another thread
            raise ServerError(one_line(err)) from err


def _place(tensor: Any, key: str, region: Region | None) -> bool:
    """Set the place of a tensor in shared memory; return whether it has one."""
    if region is None or key not in region.places:
        return False
    at, size = region.places[key]
    tensor.set_shared_memory(region.name, size, at)
    return True


def _read(result: Any, output: Any, region: Region | None) -> NDArray[Any]:
    key = f'<{output.name}'
    if region is None or key not in region.places:
        # A copy, since an answer's memory is read-only.
        return np.array(result.as_numpy(output.name))
    return region.read(key, _spec(output))


def _spec(tensor: Any) -> TensorSpec:
    return read_spec(tensor.name, tensor.datatype, tensor.shape)


def _error(err: Any, deadline_s: float) -> ServerError:
    """Return why a call failed, as one line."""
    status = str(err.status()).removeprefix('StatusCode.').lower().replace('_', ' ')
    if status == 'deadline exceeded':
        return late(deadline_s)
    if status in ('unauthenticated', 'permission denied'):
        return refused(status)
    return ServerError(f'{status}: {one_line(Exception(err.message()))}')
