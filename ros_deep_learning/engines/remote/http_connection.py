# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The protocol over HTTP, by Python's own client."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from queue import Empty, SimpleQueue
from socket import SHUT_RDWR
from typing import Any
from urllib.parse import quote

from ...errors import ServerError
from ...text import one_line
from .access import read_certificates, read_token
from .http_body import (
    JSON_LENGTH,
    each,
    read_answer,
    read_json,
    read_max_batch,
    read_output,
    texts,
    write_request,
)
from .options import RemoteOptions
from .protocol import (
    BINARY,
    CONFIGURATION,
    Answer,
    Request,
    ServedModel,
    late,
    newest,
    refused,
)
from .region import Region

_PIECE = 1 << 16
_CLOSED = 'the connection was closed'


class HttpConnections:
    """Connections to a server that are kept open between requests; see ``Connection``."""

    def __init__(self, options: RemoteOptions, model: str) -> None:
        self._address = options.address
        self._path = f'{self._address.path}/v2'
        self._model_path = f'{self._path}/models/{quote(model, safe="")}'
        token = read_token(options)
        self._headers = {'Authorization': f'Bearer {token}'} if token else {}
        self._tls = None
        if self._address.tls:
            self._tls = ssl.create_default_context(cadata=read_certificates(options))
        self._idle: SimpleQueue[HTTPConnection] = SimpleQueue()
        self._busy: set[HTTPConnection] = set()
        self._closed = False
        self._binary = False
        self._threads = ThreadPoolExecutor(options.in_flight, 'http to server')

    def model(self, deadline_s: float) -> ServedModel:
        """Ask what is served; see ``Connection.model``."""
        server = read_json(self._exchange('GET', self._path, deadline_s)[0])
        self._exchange('GET', f'{self._model_path}/ready', deadline_s)
        found = read_json(self._exchange('GET', self._model_path, deadline_s)[0])
        extensions = frozenset(texts(server, 'extensions'))
        self._binary = BINARY in extensions
        max_batch = None
        if CONFIGURATION in extensions:
            body, _ = self._exchange('GET', f'{self._model_path}/config', deadline_s)
            max_batch = read_max_batch(read_json(body))
        return ServedModel(
            server=f'{server.get("name", "")} {server.get("version", "")}'.strip(),
            version=newest(texts(found, 'versions')),
            inputs=tuple(map(read_output, each(found, 'inputs'))),
            outputs=tuple(map(read_output, each(found, 'outputs'))),
            extensions=extensions,
            max_batch=max_batch,
        )

    def start(self, request: Request) -> Callable[[], Answer]:
        """Send a request in a thread; see ``Connection.start``."""
        try:
            future = self._threads.submit(self._infer, request)
        except RuntimeError as err:  # the connection was closed by another thread
            raise ServerError(_CLOSED) from err

        def wait() -> Answer:
            try:
                return future.result(request.deadline_s)
            except CancelledError as err:
                raise ServerError(_CLOSED) from err
            except LateError as err:
                raise late(request.deadline_s) from err

        return wait

    def register(self, region: Region, deadline_s: float) -> None:
        """Make shared memory known to the server; see ``Connection.register``."""
        facts = {
            name: {'b64': fact} if name == 'raw_handle' else fact
            for name, fact in region.facts.items()
        }
        self._post(region, 'register', deadline_s, json.dumps(facts).encode())

    def unregister(self, region: Region, deadline_s: float) -> None:
        """Have the server forget shared memory; see ``Connection.unregister``."""
        self._post(region, 'unregister', deadline_s, b'{}')

    def _post(self, region: Region, what: str, deadline_s: float, body: bytes) -> None:
        path = f'{self._path}/{region.kind}sharedmemory/region/{region.name}/{what}'
        headers = {'Content-Length': str(len(body))}
        self._exchange('POST', path, deadline_s, [body], headers)

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        for connection in list(self._busy):
            sock = connection.sock
            if sock is not None:
                # A close alone does not wake the thread that reads, for which the process waits.
                with suppress(OSError):
                    sock.shutdown(SHUT_RDWR)
            connection.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().close()

    def _infer(self, request: Request) -> Answer:
        body, headers = write_request(request, binary=self._binary)
        path = f'{self._model_path}/infer'
        answer = self._exchange('POST', path, request.deadline_s, body, headers)
        return read_answer(*answer, request.region)

    def _exchange(
        self,
        method: str,
        path: str,
        deadline_s: float,
        body: list[Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[bytes, str | None]:
        """Send a request and return the body of its answer, with the length of the JSON in it."""
        connection, is_kept = self._take()
        until_s = time.monotonic() + deadline_s
        self._busy.add(connection)
        try:
            connection.timeout = deadline_s
            if connection.sock is not None:
                connection.sock.settimeout(deadline_s)
            connection.request(method, path, body, {**self._headers, **(headers or {})})
            response = connection.getresponse()
            answer, status = _body(response, until_s), response.status
        except TimeoutError as err:
            connection.close()
            raise late(deadline_s) from err
        except (OSError, HTTPException, AttributeError) as err:
            connection.close()
            if is_kept and not self._closed:
                # A server may close a connection that nobody used; inference can be repeated.
                return self._exchange(method, path, deadline_s, body, headers)
            cause = err.strerror if isinstance(err, OSError) and err.strerror else one_line(err)
            raise ServerError(cause) from err
        finally:
            self._busy.discard(connection)
        self._idle.put(connection)
        if status != 200:
            raise _error(status, answer)
        return answer, response.getheader(JSON_LENGTH)

    def _take(self) -> tuple[HTTPConnection, bool]:
        try:
            return self._idle.get_nowait(), True
        except Empty:
            pass
        host, port = self._address.host, self._address.port
        if self._tls is None:
            return HTTPConnection(host, port), False
        return HTTPSConnection(host, port, context=self._tls), False


def _body(response: HTTPResponse, until_s: float) -> bytes:
    """Return a body; raise TimeoutError where it has no end, such as a camera's stream."""
    if response.length is not None:
        return response.read()
    parts = []
    while part := response.read1(_PIECE):
        parts.append(part)
        if time.monotonic() > until_s:
            raise TimeoutError
    return b''.join(parts)


def _error(status: int, body: bytes) -> ServerError:
    """Return why a server refused a request, as one line."""
    if status in (401, 403):
        return refused(status)
    try:
        text = str(read_json(body).get('error') or '')
    except ServerError:
        text = ''
    said = f': {one_line(Exception(text))}' if text else ''
    return ServerError(f'HTTP {status}{said}')
