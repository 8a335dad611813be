# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""An inference server in this process, over gRPC and HTTP, that can be told to misbehave.

Its gRPC service is made from the stubs that come with tritonclient.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import onnxruntime
from tritonclient.grpc import service_pb2 as messages
from tritonclient.grpc import service_pb2_grpc as stubs

from ros_deep_learning.engines.remote.protocol import DTYPES, NAMES

JSON_LENGTH = 'Inference-Header-Content-Length'


@dataclass
class Model:
    """What is served, and how it misbehaves; may be changed while the server runs.

    Attributes:
        inputs: Name, type and shape of each input, as the next.
        outputs: Of each output.
        run: Makes the outputs of the inputs.
        versions: Of the metadata; the last one answers.
        ready: Whether it is ready.
        delay_s: Before each answer.
        refusal: Status and text of each answer to a run, if it is no result.
        token: What clients must send.
        extensions: Of the protocol.
        max_batch: Of its configuration.
        requests: What each run asked for.
    """

    inputs: list
    outputs: list
    run: object
    versions: list = field(default_factory=lambda: ['1'])
    ready: bool = True
    delay_s: float = 0.0
    refusal: tuple | None = None
    token: str = ''
    extensions: list = field(default_factory=lambda: ['binary_tensor_data'])
    max_batch: int = 0
    requests: list = field(default_factory=list)
    name: str = 'net'

    def answer(self, inputs, outputs):
        """Return the outputs that were asked for."""
        self.requests.append((inputs, outputs))
        time.sleep(self.delay_s)
        found = self.run(inputs)
        return {name: found[name] for name in outputs or found if name in found}


class GrpcService(stubs.GRPCInferenceServiceServicer):
    def __init__(self, model):
        self.model = model

    def check(self, context, name=None):
        model = self.model
        sent = dict(context.invocation_metadata()).get('authorization')
        if model.token and sent != f'Bearer {model.token}':
            context.abort(grpc.StatusCode.UNAUTHENTICATED, 'who are you?')
        if name not in (None, model.name):
            context.abort(grpc.StatusCode.NOT_FOUND, f"Request for unknown model: '{name}'")

    def ServerMetadata(self, request, context):  # noqa: N802
        self.check(context)
        return messages.ServerMetadataResponse(
            name='test', version='2.0', extensions=self.model.extensions
        )

    def ModelReady(self, request, context):  # noqa: N802
        self.check(context, request.name)
        return messages.ModelReadyResponse(ready=self.model.ready)

    def ModelMetadata(self, request, context):  # noqa: N802
        self.check(context, request.name)

        def tensors(kind):
            return [kind_of(name=n, datatype=t, shape=s) for n, t, s in kind]

        kind_of = messages.ModelMetadataResponse.TensorMetadata
        return messages.ModelMetadataResponse(
            name=self.model.name,
            versions=self.model.versions,
            inputs=tensors(self.model.inputs),
            outputs=tensors(self.model.outputs),
        )

    def ModelConfig(self, request, context):  # noqa: N802
        answer = messages.ModelConfigResponse()
        answer.config.max_batch_size = self.model.max_batch
        return answer

    def ModelInfer(self, request, context):  # noqa: N802
        self.check(context, request.model_name)
        if self.model.refusal:
            context.abort(*self.model.refusal)
        inputs = {
            one.name: np.frombuffer(raw, DTYPES[one.datatype]).reshape(one.shape)
            for one, raw in zip(request.inputs, request.raw_input_contents, strict=True)
        }
        found = self.model.answer(inputs, [one.name for one in request.outputs])
        answer = messages.ModelInferResponse(
            model_name=self.model.name, model_version=(self.model.versions or [''])[-1]
        )
        for name, array in found.items():
            answer.outputs.add(name=name, datatype=NAMES[array.dtype], shape=array.shape)
            answer.raw_output_contents.append(array.tobytes())
        return answer


class HttpService(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    @property
    def model(self):
        return self.server.model

    def say(self, facts, tensors=(), status=200):
        text = json.dumps(facts).encode()
        self.send_response(status)
        if tensors:
            self.send_header(JSON_LENGTH, str(len(text)))
        self.send_header('Content-Length', str(len(text) + sum(map(len, tensors))))
        self.end_headers()
        self.wfile.write(b''.join((text, *tensors)))

    def refuse(self):
        if self.model.token and self.headers['Authorization'] != f'Bearer {self.model.token}':
            self.say({'error': 'who are you?'}, status=401)
            return True
        if '/models/' in self.path and f'/models/{self.model.name}' not in self.path:
            self.say({'error': f"Request for unknown model: '{self.path}'"}, status=400)
            return True
        return False

    def do_GET(self):
        model = self.model
        if self.refuse():
            return

        def tensors(kind):
            return [{'name': n, 'datatype': t, 'shape': s} for n, t, s in kind]

        if self.path.endswith('/ready'):
            facts, status = ({}, 200) if model.ready else ({'error': 'not ready'}, 400)
            self.say(facts, status=status)
        elif self.path.endswith('/config'):
            self.say({'max_batch_size': model.max_batch})
        elif '/models/' in self.path:
            facts = {'inputs': tensors(model.inputs), 'outputs': tensors(model.outputs)}
            self.say({'name': model.name, 'versions': model.versions, **facts})
        else:
            self.say({'name': 'test', 'version': '2.0', 'extensions': model.extensions})

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        if self.refuse():
            return
        if self.model.refusal:
            self.say({'error': self.model.refusal[1]}, status=503)
            return
        length = int(self.headers.get(JSON_LENGTH, len(body)))
        asked, at, inputs = json.loads(body[:length]), length, {}
        for one in asked['inputs']:
            dtype, shape = DTYPES[one['datatype']], one['shape']
            if 'data' in one:
                inputs[one['name']] = np.array(one['data'], dtype).reshape(shape)
            else:
                size = one['parameters']['binary_data_size']
                inputs[one['name']] = np.frombuffer(body[at : at + size], dtype).reshape(shape)
                at += size
        found = self.model.answer(inputs, [one['name'] for one in asked['outputs']])
        binary = any(one['parameters']['binary_data'] for one in asked['outputs'])
        outputs = []
        for name, array in found.items():
            entry = {'name': name, 'datatype': NAMES[array.dtype], 'shape': array.shape}
            extra = {'parameters': {'binary_data_size': array.nbytes}}
            outputs.append(entry | (extra if binary else {'data': array.ravel().tolist()}))
        facts = {'model_version': (self.model.versions or [''])[-1], 'outputs': outputs}
        self.say(facts, [array.tobytes() for array in found.values()] if binary else ())


class Http(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address, model):
        self.model = model
        self.connections = []
        super().__init__(address, HttpService)

    def get_request(self):
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def handle_error(self, *_):
        """Say nothing of clients that went away."""


@contextmanager
def serve(model, scheme, port=0, *, tls=None, certificate=None):
    """Serve a model on this machine.

    Args:
        model: What is served.
        scheme: ``grpc`` or ``http``, with an s where ``tls`` is given.
        port: TCP port; 0 = a free one.
        tls: Private key and certificate in PEM, for gRPC.
        certificate: PEM file of both, for HTTP.

    Yields:
        The address.
    """
    if scheme.startswith('grpc'):
        server = grpc.server(ThreadPoolExecutor(8), options=[('grpc.so_reuseport', 0)])
        stubs.add_GRPCInferenceServiceServicer_to_server(GrpcService(model), server)
        address = f'127.0.0.1:{port}'
        if tls:
            port = server.add_secure_port(address, grpc.ssl_server_credentials([tls]))
        else:
            port = server.add_insecure_port(address)
        server.start()
        try:
            yield f'{scheme}://localhost:{port}' if tls else f'{scheme}://127.0.0.1:{port}'
        finally:
            server.stop(0).wait()
        return
    server = Http(('127.0.0.1', port), model)
    host = '127.0.0.1'
    if certificate is not None:
        host = 'localhost'
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f'{scheme}://{host}:{server.server_address[1]}'
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        # As the end of a process does.
        for connection in server.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def served_onnx(path, name='net'):
    """Return a model that ONNX Runtime runs."""
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])

    def tensors(nodes):
        kinds = {'tensor(float)': 'FP32', 'tensor(int64)': 'INT64', 'tensor(uint8)': 'UINT8'}
        return [
            (one.name, kinds[one.type], [d if isinstance(d, int) else -1 for d in one.shape])
            for one in nodes
        ]

    names = [one.name for one in session.get_outputs()]

    def run(inputs):
        return dict(zip(names, session.run(names, inputs), strict=True))

    return Model(tensors(session.get_inputs()), tensors(session.get_outputs()), run, name=name)
