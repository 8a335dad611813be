# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One execution context of a plan, with its stream and the buffers of its tensors."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ....errors import DeviceError, EngineError, InferenceError
from ....text import shape_text
from .cuda import device_errors
from .cuda_graph import GraphLauncher
from .memory import ExchangeBuffer
from .results.gather import DeviceTensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...base import Tensors, TensorSpec
    from .loaded_plan import LoadedPlan

_NON_BLOCKING = 1
Shapes = dict[str, tuple[int, ...]]


class Execution:
    """Runs a plan on a stream of its own, one run at a time.

    Buffers have the size of the largest shapes and are made once. The GPU of the plan is current
    in every call.

    Attributes:
        stream: PyCUDA's stream.
        shapes: Shapes of all inputs and outputs of the next run; another object when they change.
        launcher: Starts runs, as CUDA graphs where it may.

    Raises:
        DeviceError: CUDA failed.
        EngineError: TensorRT refuses the plan's largest shapes, or the size of an output depends
            on the data.
    """

    def __init__(self, plan: LoadedPlan) -> None:
        from pycuda import driver

        self._plan = plan
        self.shapes: Shapes = {}
        self._input_shapes: tuple[tuple[int, ...], ...] = ()
        self._handle = 0
        self.launcher = GraphLauncher(enabled=plan.cuda_graph)
        self._buffers: dict[str, ExchangeBuffer] = {}
        self._unfinished = False
        self._context: Any = None
        self.stream: Any = None
        try:
            with device_errors('making an execution context'):
                self._context = plan.new_context()
                self.stream = driver.Stream(_NON_BLOCKING)
                self._handle = int(self.stream.handle)
                self._make_buffers()
        except BaseException:
            self.free()
            raise

    @property
    def is_free(self) -> bool:
        """Whether ``free`` was called."""
        return self._context is None

    def set_shapes(self, inputs: Shapes) -> None:
        """Set the shapes of all inputs.

        Raises:
            InferenceError: The engine is not built for them.
        """
        if all(self.shapes.get(name) == tuple(shape) for name, shape in inputs.items()):
            return
        self.settle()
        self.shapes = {}
        shapes: Shapes = {}
        for spec in self._plan.info.inputs:
            shape = tuple(inputs.get(spec.name, ()))
            if spec.name not in inputs or not self._context.set_input_shape(spec.name, shape):
                largest = shape_text(self._plan.largest_shape(spec))
                msg = (
                    f'input {spec.name!r}: the engine is built for shapes up to {largest}, not '
                    f'{shape_text(shape)}; {self._plan.errors.take()}'
                )
                raise InferenceError(msg.rstrip('; '))
            shapes[spec.name] = shape
        for spec in self._plan.info.outputs:
            shape = tuple(self._context.get_tensor_shape(spec.name))
            if -1 in shape:
                msg = (
                    f'the size of output {spec.name!r} depends on the data; to fix: export the '
                    'network without its non-maximum suppression, the package has its own'
                )
                raise EngineError(msg)
            shapes[spec.name] = shape
        self.shapes = shapes
        self._input_shapes = tuple(shapes[spec.name] for spec in self._plan.info.inputs)

    def upload(self, inputs: Mapping[str, NDArray[Any]]) -> None:
        """Set the shapes and contents of all inputs; arrays need not be contiguous."""
        self.settle()
        self.set_shapes({name: array.shape for name, array in inputs.items()})
        for name, array in inputs.items():
            buffer = self._buffers[name]
            np.copyto(buffer.host(array.shape, array.dtype), array)
            buffer.upload(array.nbytes, self.stream)

    def pointer(self, name: str) -> int:
        """Return the address of a tensor on the GPU, which stays the same."""
        return self._buffers[name].pointer

    def output(self, name: str) -> DeviceTensor:
        """Return an output of the shapes that are set, on the GPU.

        Raises:
            InferenceError: There is no such output.
        """
        for spec in self._plan.info.outputs:
            if spec.name == name:
                return DeviceTensor(self.pointer(name), self.shapes[name], spec.dtype)
        names = ', '.join(spec.name for spec in self._plan.info.outputs)
        msg = f'the network has no output {name!r}, but [{names}]'
        raise InferenceError(msg)

    def fetched(self, wanted: Sequence[TensorSpec]) -> Tensors:
        """Return copies of the outputs of a run that is done."""
        return {
            spec.name: self._buffers[spec.name].host(self.shapes[spec.name], spec.dtype).copy()
            for spec in wanted
        }

    def launch(self, wanted: Sequence[TensorSpec] = ()) -> None:
        """Put a run on the stream, and the download of the wanted outputs.

        Raises:
            InferenceError: TensorRT failed on this frame.
        """
        names = tuple([spec.name for spec in wanted])
        self.launcher.run(
            (self._input_shapes, names),
            self._handle,
            partial(self._enqueue, wanted),
            partial(self._enqueue_captured, wanted),
        )

    def leave(self) -> None:
        """Let the work on the stream go on until the memory of the run is used again."""
        self._unfinished = True

    def settle(self) -> None:
        """Wait for work that was left, before memory that it may read or write is used."""
        if self._unfinished:
            self.stream.synchronize()
            self._unfinished = False

    def free(self) -> None:
        """Free context, buffers and stream."""
        # After a device failure there is nothing to wait for.
        with contextlib.suppress(DeviceError), device_errors('ending a run'):
            self.settle()
        self.launcher.free()
        self._context = None
        for buffer in self._buffers.values():
            buffer.free()
        self._buffers.clear()
        self.stream = None

    def _make_buffers(self) -> None:
        info = self._plan.info
        if self._plan.engine.num_optimization_profiles > 1 or any(
            -1 in spec.shape for spec in info.inputs
        ):
            if not self._context.set_optimization_profile_async(0, self.stream.handle):
                msg = f'TensorRT refused the input profile: {self._plan.errors.take()}'
                raise EngineError(msg)
            self.stream.synchronize()
        self.set_shapes({spec.name: self._plan.largest_shape(spec) for spec in info.inputs})
        for spec in (*info.inputs, *info.outputs):
            nbytes = prod(self.shapes[spec.name]) * spec.dtype.itemsize
            buffer = ExchangeBuffer(nbytes, shared=self._plan.target.integrated)
            self._buffers[spec.name] = buffer
            if not self._context.set_tensor_address(spec.name, buffer.pointer):
                msg = f'TensorRT refused the memory of tensor {spec.name!r}'
                raise EngineError(msg)

    def _enqueue_captured(self, wanted: Sequence[TensorSpec]) -> None:
        # What CUDA refuses while it captures, it may well take otherwise.
        try:
            with device_errors('capturing a CUDA graph'):
                started = self._put_on_stream(wanted)
        except DeviceError as err:
            raise EngineError(*err.args) from err
        if not started:
            msg = f'TensorRT cannot be captured: {self._plan.errors.take()}'
            raise EngineError(msg)

    def _enqueue(self, wanted: Sequence[TensorSpec]) -> None:
        if self._put_on_stream(wanted):
            return
        why = self._plan.errors.take() or 'it gave no reason'
        msg = f'TensorRT failed on this frame: {why}'
        raise InferenceError(msg)

    def _put_on_stream(self, wanted: Sequence[TensorSpec]) -> bool:
        if not self._context.execute_async_v3(self.stream.handle):
            return False
        for spec in wanted:
            nbytes = prod(self.shapes[spec.name]) * spec.dtype.itemsize
            self._buffers[spec.name].download(nbytes, self.stream)
        return True
