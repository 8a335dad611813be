# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""An inference server in this process, over gRPC and HTTP, that can be told to misbehave.

Its gRPC service is made from the stubs that come with tritonclient. It opens shared memory as a
process of its own would, that of a GPU by the handles of ``fake_gpu``.
"""

from __future__ import annotations

import base64
import ctypes
import json
import mmap
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

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
        regions: Shared memory by its names, as arrays of bytes.
        shares: Whether it opens shared memory.
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
    regions: dict = field(default_factory=dict)
    shares: bool = True

    def open_file(self, name, key, size):
        """Open system shared memory; ValueError if it is refused."""
        self.check_sharing()
        with (Path('/dev/shm') / key.lstrip('/')).open('r+b') as file:
            self.regions[name] = np.frombuffer(mmap.mmap(file.fileno(), size), np.uint8)

    def open_handle(self, name, handle, device, size):
        """Open memory of a GPU; ValueError if it is refused."""
        self.check_sharing()
        assert (len(handle), device) == (64, 0)
        address = int.from_bytes(handle[:8], 'little')
        self.regions[name] = np.ctypeslib.as_array((ctypes.c_ubyte * size).from_address(address))

    def check_sharing(self):
        if not self.shares:
            msg = 'shared memory is not allowed'
            raise ValueError(msg)

    def place(self, name, start, size):
        """A tensor's place in shared memory, as an array of bytes."""
        return self.regions[name][start : start + size]

    def give(self, place, array):
        """Write an output into its place, as Triton does, or refuse to."""
        if array.nbytes > len(place):
            msg = f'{len(place)} bytes should be at least {array.nbytes} bytes to hold the results'
            raise ValueError(msg)
        place[: array.nbytes] = np.frombuffer(array.tobytes(), np.uint8)

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
        sent, inputs = iter(request.raw_input_contents), {}
        for one in request.inputs:
            place = self.place(one)
            raw = next(sent) if place is None else place.tobytes()
            inputs[one.name] = np.frombuffer(raw, DTYPES[one.datatype]).reshape(one.shape)
        assert not list(sent)
        places = {one.name: self.place(one) for one in request.outputs}
        found = self.model.answer(inputs, list(places))
        answer = messages.ModelInferResponse(
            model_name=self.model.name, model_version=(self.model.versions or [''])[-1]
        )
        for name, array in found.items():
            answer.outputs.add(name=name, datatype=NAMES[array.dtype], shape=array.shape)
            content = array.tobytes()
            if places.get(name) is not None:
                with refusals(context):
                    self.model.give(places[name], array)
                content = b''
            answer.raw_output_contents.append(content)
        return answer

    def place(self, tensor):
        found = tensor.parameters
        if 'shared_memory_region' not in found:
            return None
        start = found['shared_memory_offset'].int64_param if 'shared_memory_offset' in found else 0
        size = found['shared_memory_byte_size'].int64_param
        return self.model.place(found['shared_memory_region'].string_param, start, size)

    def SystemSharedMemoryRegister(self, request, context):  # noqa: N802
        assert request.offset == 0
        with refusals(context):
            self.model.open_file(request.name, request.key, request.byte_size)
        return messages.SystemSharedMemoryRegisterResponse()

    def CudaSharedMemoryRegister(self, request, context):  # noqa: N802
        facts = (request.raw_handle, request.device_id, request.byte_size)
        with refusals(context):
            self.model.open_handle(request.name, *facts)
        return messages.CudaSharedMemoryRegisterResponse()

    def SystemSharedMemoryUnregister(self, request, context):  # noqa: N802
        del self.model.regions[request.name]
        return messages.SystemSharedMemoryUnregisterResponse()

    def CudaSharedMemoryUnregister(self, request, context):  # noqa: N802
        del self.model.regions[request.name]
        return messages.CudaSharedMemoryUnregisterResponse()


@contextmanager
def refusals(context):
    try:
        yield
    except ValueError as err:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(err))


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
        if 'sharedmemory' in self.path:
            self.share(json.loads(body))
            return
        length = int(self.headers.get(JSON_LENGTH, len(body)))
        asked, at, inputs = json.loads(body[:length]), length, {}
        for one in asked['inputs']:
            dtype, shape = DTYPES[one['datatype']], one['shape']
            place = self.place(one)
            if 'data' in one:
                inputs[one['name']] = np.array(one['data'], dtype).reshape(shape)
            elif place is not None:
                inputs[one['name']] = np.frombuffer(place.tobytes(), dtype).reshape(shape)
            else:
                size = one['parameters']['binary_data_size']
                inputs[one['name']] = np.frombuffer(body[at : at + size], dtype).reshape(shape)
                at += size
        places = {one['name']: self.place(one) for one in asked['outputs']}
        found = self.model.answer(inputs, list(places))
        binary = any(one['parameters'].get('binary_data') for one in asked['outputs'])
        outputs, sent = [], []
        for name, array in found.items():
            entry = {'name': name, 'datatype': NAMES[array.dtype], 'shape': array.shape}
            if places.get(name) is not None:
                self.model.give(places[name], array)
            elif binary:
                entry['parameters'] = {'binary_data_size': array.nbytes}
                sent.append(array.tobytes())
            else:
                entry['data'] = array.ravel().tolist()
            outputs.append(entry)
        facts = {'model_version': (self.model.versions or [''])[-1], 'outputs': outputs}
        self.say(facts, sent)

    def place(self, tensor):
        found = tensor.get('parameters') or {}
        if 'shared_memory_region' not in found:
            return None
        start, size = found['shared_memory_offset'], found['shared_memory_byte_size']
        return self.model.place(found['shared_memory_region'], start, size)

    def share(self, facts):
        *_, kind, _, name, what = self.path.split('/')
        try:
            if what == 'unregister':
                del self.model.regions[name]
            elif kind == 'systemsharedmemory':
                assert facts['offset'] == 0
                self.model.open_file(name, facts['key'], facts['byte_size'])
            else:
                handle = base64.b64decode(facts['raw_handle']['b64'], validate=True)
                self.model.open_handle(name, handle, facts['device_id'], facts['byte_size'])
        except ValueError as err:
            self.say({'error': str(err)}, status=400)
        else:
            self.say({})


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
