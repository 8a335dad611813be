# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A GPU made of host memory, so that the TensorRT engine and its kernels run where there is none.

PyCUDA's driver and TensorRT's execution context are stand-ins. The kernels are the real source,
compiled as C++. Work on a stream is done when the stream is waited for, and not before: what
reads its results too early, or overwrites its sources, is seen.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import sys
from functools import partial
from math import prod
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from ros_deep_learning.errors import EngineError

sys.path.insert(0, str(Path(__file__).parents[1] / 'engines' / 'tensorrt' / 'kernels'))


class Stream:
    """Work that waits for ``synchronize``, or for a stream that waits for this one."""

    by_handle: ClassVar[dict[int, Stream]] = {}
    handles = itertools.count(1000)

    def __init__(self, flags=0):
        self.handle = next(self.handles)
        self.by_handle[self.handle] = self
        self.work = []

    def synchronize(self):
        self.run_until(lambda: False)

    def run_until(self, reached):
        while self.work and not reached():
            self.work.pop(0)()

    @classmethod
    def check_unused(cls, memory):
        """Refuse to free memory that work of a stream is yet to read or write."""
        first, last = memory.ctypes.data, memory.ctypes.data + memory.nbytes
        for stream in cls.by_handle.values():
            for work in stream.work:
                pointers = [one for one in getattr(work, 'args', ()) if type(one) is int]
                assert not any(first <= one < last for one in pointers), 'freed while it is in use'


class Events:
    """The driver's events, in place of ``driver_calls``; each has the mark that it was given.

    Attributes:
        elsewhere: Addresses that are on no GPU.
        pinned: Pinned memory, as arrays by their addresses.
    """

    def __init__(self):
        self.events = {}
        self.pinned = {}
        self.handles = itertools.count(1)
        self.elsewhere = set()
        self.functions = {
            'cuEventCreate': self.create,
            'cuEventRecord': self.record,
            'cuStreamWaitEvent': self.hold_back,
            'cuEventSynchronize': self.synchronize,
            'cuEventDestroy_v2': self.events.pop,
            'cuPointerGetAttribute': self.ordinal,
            'cuPointerGetAttributes': self.kind_and_pointer,
            'cuMemHostAlloc': self.allocate,
            'cuMemFreeHost': self.free,
        }

    def call(self, name, *arguments):
        self.functions[name](*(getattr(one, 'value', one) for one in arguments))

    def create(self, out, flags):
        out._obj.value = next(self.handles)
        self.events[out._obj.value] = None

    def record(self, event, stream):
        mark = SimpleNamespace(stream=stream_of(stream), reached=False)
        mark.stream.work.append(partial(setattr, mark, 'reached', True))
        self.events[event] = mark

    def hold_back(self, stream, event, flags):
        stream_of(stream).work.append(partial(self.wait, self.events[event]))

    def synchronize(self, event):
        if self.events[event] is not None:
            self.wait(self.events[event])

    def ordinal(self, out, attribute, pointer):
        assert attribute == 9  # CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL
        if pointer in self.elsewhere:
            msg = 'cuPointerGetAttribute failed: invalid argument (1)'
            raise EngineError(msg)
        out._obj.value = 0

    def allocate(self, out, nbytes, flags):
        block = np.full(nbytes, 0xCD, np.uint8)
        out._obj.value = block.ctypes.data
        self.pinned[block.ctypes.data] = block

    def free(self, address):
        Stream.check_unused(self.pinned.pop(address))

    def kind_and_pointer(self, count, attributes, targets, address):
        assert list(attributes) == [2, 3]
        kind = any(start <= address < start + len(block) for start, block in self.pinned.items())
        ctypes.c_uint.from_address(targets[0]).value = int(kind)
        ctypes.c_void_p.from_address(targets[1]).value = address if kind else 0

    def wait(self, mark):
        mark.stream.run_until(lambda: mark.reached)


def stream_of(handle):
    """The stream of a handle; 1 is the default one."""
    if handle == 1 and handle not in Stream.by_handle:
        Stream.by_handle[handle] = Stream()
    return Stream.by_handle[handle]


class Graph:
    """What ``CudaGraph`` is on such a stream."""

    def __init__(self, handle, enqueue):
        self._stream = Stream.by_handle[handle]
        before, self._stream.work = self._stream.work, []
        enqueue()
        self._work, self._stream.work = self._stream.work, before

    def launch(self):
        self._stream.work.extend(self._work)

    def free(self):
        self._work = []


class Block:
    """Host memory that plays pinned or device memory; NumPy takes it as the base of an array."""

    def __init__(self, driver, nbytes):
        self._driver = driver
        self._bytes = np.full(nbytes, 0xCD, np.uint8)
        driver.alive += 1
        driver.allocated += 1

    @property
    def __array_interface__(self):
        return self._bytes.__array_interface__

    def __int__(self):
        return self._bytes.ctypes.data

    get_device_pointer = __int__

    def free(self):
        assert self._bytes is not None, 'freed twice'
        Stream.check_unused(self._bytes)
        self._bytes = None
        self._driver.alive -= 1


class Driver(ModuleType):
    """As much of ``pycuda.driver`` as the engine uses."""

    class Error(Exception):
        pass

    class MemoryError(Error):  # noqa: A001
        pass

    Stream = Stream
    host_alloc_flags = SimpleNamespace(DEVICEMAP=2)

    def __init__(self):
        super().__init__('pycuda.driver')
        self.alive = self.allocated = 0
        self.downloaded, self.uploaded = [], []

    def mem_alloc(self, nbytes):
        return Block(self, nbytes)

    def mem_get_ipc_handle(self, pointer):
        return bytearray(pointer.to_bytes(64, 'little'))

    def pagelocked_empty(self, shape, dtype, mem_flags=0):
        return np.asarray(Block(self, shape * np.dtype(dtype).itemsize))

    def memcpy_htod_async(self, pointer, source, stream):
        address, nbytes = source.ctypes.data, source.nbytes
        self.uploaded.append(nbytes)
        stream.work.append(partial(ctypes.memmove, pointer, address, nbytes))

    def memcpy_dtod_async(self, target, source, nbytes, stream):
        stream.work.append(partial(ctypes.memmove, target, source, nbytes))

    def memcpy_dtoh(self, target, pointer):
        self.downloaded.append(target.nbytes)
        ctypes.memmove(target.ctypes.data, pointer, target.nbytes)

    def memcpy_dtoh_async(self, target, pointer, stream):
        address, nbytes = target.ctypes.data, target.nbytes

        stream.work.append(partial(self.downloaded.append, nbytes))
        stream.work.append(partial(ctypes.memmove, address, pointer, nbytes))


class StreamedModule:
    """The kernels of the shim, run in a stream's order."""

    def __init__(self, module):
        self._module = module
        self.launched = []

    def get_function(self, name):
        function = self._module.get_function(name)

        def call(grid, block, stream, *args):
            self.launched.append(name)
            stream.work.append(partial(function.prepared_async_call, grid, block, None, *args))

        return SimpleNamespace(prepare=function.prepare, prepared_async_call=call)


class Context:
    """TensorRT's execution context: a function from input arrays to output arrays."""

    def __init__(self, network):
        self._network = network
        self._addresses, self._shapes = {}, {}

    def set_tensor_address(self, name, address):
        self._addresses[name] = address
        return True

    def set_optimization_profile_async(self, index, handle):
        return True

    def set_input_shape(self, name, shape):
        largest = self._network.largest_shape(
            next(spec for spec in self._network.info.inputs if spec.name == name)
        )
        self._shapes[name] = shape
        return len(shape) == len(largest) and all(map(int.__le__, shape, largest))

    def get_tensor_shape(self, name):
        batch = next(iter(self._shapes.values()))[0]
        spec = next(spec for spec in self._network.info.outputs if spec.name == name)
        return tuple(batch if k == 0 and size == -1 else size for k, size in enumerate(spec.shape))

    def execute_async_v3(self, handle):
        shapes = dict(self._shapes)
        Stream.by_handle[handle].work.append(lambda: self._compute(shapes))
        return True

    def _compute(self, shapes):
        inputs = {}
        for spec in self._network.info.inputs:
            inputs[spec.name] = np.empty(shapes[spec.name], spec.dtype)
            array = inputs[spec.name]
            ctypes.memmove(array.ctypes.data, self._addresses[spec.name], array.nbytes)
        self._network.runs += 1
        outputs = self._network.compute(inputs)
        for spec in self._network.info.outputs:
            array = np.ascontiguousarray(outputs[spec.name], spec.dtype)
            ctypes.memmove(self._addresses[spec.name], array.ctypes.data, array.nbytes)


class PrimaryContext:
    """What ``GpuContext`` is to the networks of a GPU."""

    index = 0

    def __init__(self, kernels):
        self.current, self.kernels = contextlib.nullcontext, lambda: kernels

    def call(self, doing, work):
        return work()


class Network:
    """What ``TensorRtNetwork`` is to its engines.

    ``compute`` gives the outputs of a batch of inputs, arrays by name.
    """

    def __init__(self, gpu, info, compute, *, integrated, max_batch):
        from ros_deep_learning.engines.tensorrt.target import Target

        self.info, self.compute, self.runs = info, compute, 0
        self.target = Target('fake', (8, 7), 0, integrated)
        self.gpu = gpu
        self.engine = SimpleNamespace(num_optimization_profiles=1)
        self.errors = SimpleNamespace(take=lambda: '')
        self.cuda_graph = False
        self._max_batch = max_batch

    def new_context(self):
        return Context(self)

    def largest_shape(self, spec):
        return tuple(self._max_batch if size == -1 else size for size in spec.shape)


class FakeGpu:
    """Makes engines on a GPU of host memory, which they must give back.

    Attributes:
        driver: Counts what was allocated and copied.
        events: The driver's events.
        module: Knows the kernels that were launched.
    """

    def __init__(self, driver, module, events):
        from ros_deep_learning.engines.tensorrt.kernels.launcher import Kernels

        self.driver = driver
        self.events = events
        self.module = StreamedModule(module)
        self._context = PrimaryContext(Kernels(self.module))
        self._engines = []

    def engine(self, info, compute, *, integrated=False, max_batch=4, cuda_graph=False):
        from ros_deep_learning.engines.tensorrt.runtime.cuda_graph import GraphLauncher
        from ros_deep_learning.engines.tensorrt.runtime.engine import TensorRtEngine

        network = Network(self._context, info, compute, integrated=integrated, max_batch=max_batch)
        engine = TensorRtEngine(network, lambda: None)
        engine._lanes[0].execution.launcher = GraphLauncher(enabled=cuda_graph, capture=Graph)
        self._engines.append(engine)
        return engine

    def close(self):
        for engine in self._engines:
            engine.close()
        assert self.driver.alive == 0, 'memory was not given back'
        assert not self.events.events, 'an event was not given back'


def output_bytes(info, batch=1):
    """Bytes of all outputs of a network whose batch is open."""
    return sum(prod(spec.shape[1:]) * spec.dtype.itemsize for spec in info.outputs) * batch


@pytest.fixture(scope='session')
def shim_module(pytestconfig):
    """The kernels as C++, compiled once for all workers and runs."""
    from kernel_shim import ShimModule, build_shim

    return ShimModule(build_shim(pytestconfig.cache.mkdir('kernels')))


@pytest.fixture
def fake_driver(monkeypatch):
    """Host memory in place of PyCUDA's."""
    driver = Driver()
    package = ModuleType('pycuda')
    package.driver = driver
    monkeypatch.setitem(sys.modules, 'pycuda', package)
    monkeypatch.setitem(sys.modules, 'pycuda.driver', driver)
    monkeypatch.setattr(Stream, 'by_handle', {})
    return driver


@pytest.fixture
def fake_gpu(fake_driver, shim_module, monkeypatch):
    """A GPU of host memory in place of PyCUDA's."""
    shim_module.backwards = False
    from ros_deep_learning.engines.tensorrt.runtime import driver_calls

    events = Events()
    for name in ('call', 'quick_call'):
        monkeypatch.setattr(driver_calls, name, events.call)
    gpu = FakeGpu(fake_driver, shim_module, events)
    yield gpu
    gpu.close()
