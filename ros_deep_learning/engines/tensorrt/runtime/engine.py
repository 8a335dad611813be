# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One user's handle of a network: its execution context, stream and buffers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ....errors import DeviceError, EngineError, InferenceError
from ....imaging.pixels import Pixels
from ....text import shape_text
from ...base import EngineInfo, Tensors, TensorSpec
from ...checks import check_inputs
from ...on_device import DeviceArray, DeviceCandidates, DeviceMask, MaskSpec, ScoreGrid
from .cuda import device_errors
from .cuda_graph import GraphLauncher
from .device_frames import FrameBuffer, InputTensor
from .device_inputs import view_image
from .gather import CandidateGatherer, DeviceTensor, box_tables
from .gpu_arrays import GpuArray, GpuMemory, Room
from .loaded_plan import LoadedPlan
from .mask_kernels import MaskMaker, score_grids
from .memory import ExchangeBuffer

if TYPE_CHECKING:
    from ....cards.box_table import BoxTable
    from ....cards.card import InputSpec
    from ....imaging.device_pixels import AnyPixels, DevicePixels
    from ..kernels.arguments import DeviceFrame, DeviceScores
    from ..kernels.candidates import DeviceBoxes

_NON_BLOCKING = 1
Shapes = dict[str, tuple[int, ...]]


class TensorRtEngine:
    """One user's handle; see ``Engine``, ``PixelsEngine``, and the protocols of ``on_device``.

    Buffers have the size of the largest shapes and are made once.
    """

    def __init__(self, network: LoadedPlan, on_close: Callable[[], None]) -> None:
        from pycuda import driver

        self._network = network
        self._info = network.info
        self._on_close: Callable[[], None] | None = on_close
        self._lock = threading.RLock()
        self._broken = ''
        self._unfinished = False
        self._shapes: Shapes = {}
        self._launcher = GraphLauncher(enabled=network.cuda_graph)
        self._buffers: dict[str, ExchangeBuffer] = {}
        self._frames: FrameBuffer | None = None
        self._goal: InputTensor | None = None
        self._goal_name = ''
        self._masks: MaskMaker | None = None
        self._gatherer: CandidateGatherer | None = None
        self._boxes: tuple[BoxTable, Shapes, list[DeviceBoxes]] | None = None
        self._grids: tuple[ScoreGrid, Shapes, list[DeviceScores]] | None = None
        self._context: Any = None
        self._stream: Any = None
        with network.gpu.current():
            try:
                with device_errors('making an execution context'):
                    self._context = network.new_context()
                    self._stream = driver.Stream(_NON_BLOCKING)
                    self._prepare()
            except BaseException:
                self._free_here()
                raise

    @property
    def info(self) -> EngineInfo:
        """What was really loaded."""
        frames = self._frames
        if frames is not None and frames.chosen is not self._info.measured:
            self._info = replace(self._info, measured=frames.chosen)
        return self._info

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """Run the network once; see ``Engine.run``. Arrays need not be contiguous."""
        with self._usable('running the network'):
            check_inputs(inputs, self._network.info.inputs)
            self._settle()
            self._set_shapes({name: array.shape for name, array in inputs.items()})
            for name, array in inputs.items():
                buffer = self._buffers[name]
                np.copyto(buffer.host(array.shape, array.dtype), array)
                buffer.upload(array.nbytes, self._stream)
            return self._finish()

    def run_pixels(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        outputs: Collection[str] | None = None,
    ) -> Tensors:
        """Prepare the frames on the GPU and run the network; see ``PixelsEngine``.

        Raises:
            BackendUnavailableError: There is no compiler for the kernels.
        """
        with self._usable('running the network'):
            self._prepare_frames(pixels, spec)
            return self._finish(outputs)

    def run_masks(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        grid: ScoreGrid,
        masks: Sequence[Sequence[MaskSpec]],
    ) -> list[list[DeviceMask[NDArray[Any]]]]:
        """Make masks of frames on the GPU; see ``SegmentsOnDevice``."""
        with self._usable('making masks'):
            overlay = any(mask.overlay_rgba is not None for each in masks for mask in each)
            frames = self._prepare_frames(pixels, spec, whole=overlay)
            grids = self._grids_by(grid)
            _check_batch(len(frames), len(grids), grid.output)
            maker = self._mask_maker()
            self._launch(())
            maker.make(grids, grid.kind, frames, masks, self._stream)
            self._stream.synchronize()
            return maker.take()

    def run_candidates(
        self, pixels: Sequence[AnyPixels], spec: InputSpec, table: BoxTable, least: float
    ) -> list[DeviceCandidates]:
        """Pick the candidates of frames on the GPU; see ``GathersOnDevice``."""
        with self._usable('gathering candidates'):
            frames = self._prepare_frames(pixels, spec)
            boxes = self._boxes_by(table)
            _check_batch(len(frames), len(boxes), table.scores)
            if self._gatherer is None:
                self._gatherer = CandidateGatherer(
                    self._network.gpu.kernels(), shared=self._network.target.integrated
                )
            self._launch(())
            self._gatherer.gather(boxes, table, least, self._stream)
            self._stream.synchronize()
            return self._gatherer.take(self._stream)

    def view_image(self, image: object) -> DevicePixels | None:
        """View an image on the engine's GPU; see ``KeepsOnDevice``."""
        with self._usable('taking an image'):
            return view_image(image, self._network.gpu.index, int(self._stream.handle))

    def run_kept(self, pixels: AnyPixels, spec: InputSpec) -> dict[str, DeviceArray]:
        """Run the network, and leave copies of its outputs on the GPU; see ``KeepsOnDevice``."""
        with self._usable('running the network'):
            self._prepare_frames([pixels], spec, leaves=True)
            tensors = {
                one.name: self._device_tensor(one.name) for one in self._network.info.outputs
            }
            room = Room()
            starts = {name: room.take(one.nbytes) for name, one in tensors.items()}
            memory = GpuMemory(self._network.gpu, room.size, self._stream)
            self._launch(())
            for name, one in tensors.items():
                memory.take_copy(starts[name], one.pointer, one.nbytes, self._stream)
            self._leave(memory, pixels)
            return {
                name: GpuArray(memory, starts[name], one.shape, one.dtype)
                for name, one in tensors.items()
            }

    def run_mask_kept(
        self, pixels: AnyPixels, spec: InputSpec, grid: ScoreGrid, mask: MaskSpec
    ) -> DeviceMask[DeviceArray]:
        """Make a mask that stays on the GPU; see ``KeepsOnDevice``."""
        with self._usable('making masks'):
            overlay = mask.overlay_rgba is not None
            (frame,) = self._prepare_frames([pixels], spec, whole=overlay, leaves=True)
            grids = self._grids_by(grid)
            _check_batch(1, len(grids), grid.output)
            maker = self._mask_maker()
            self._launch(())
            memory, made = maker.make_kept(
                grids[0],
                grid.kind,
                frame,
                mask,
                lambda nbytes: GpuMemory(self._network.gpu, nbytes, self._stream),
                self._stream,
            )
            self._leave(memory, pixels)
            return made

    def close(self) -> None:
        """Close the handle; closing it again has no effect."""
        on_close, self._on_close = self._on_close, None
        try:
            self.free()
        finally:
            if on_close is not None:
                on_close()

    def free(self) -> None:
        """Free the memory of the handle; freeing it again has no effect."""
        with self._lock:
            if self._context is None:
                return
            self._broken = self._broken or 'the engine is closed'
            try:
                with self._network.gpu.current():
                    self._free_here()
            except DeviceError:
                # The context is lost, and its memory with it.
                self._free_here()

    @contextlib.contextmanager
    def _usable(self, doing: str) -> Iterator[None]:
        with self._lock:
            if self._broken:
                raise (EngineError if self._context is None else DeviceError)(self._broken)
            try:
                with self._network.gpu.current(), device_errors(doing):
                    yield
            except DeviceError as err:
                self._broken = str(err)
                raise

    def _prepare(self) -> None:
        if self._network.engine.num_optimization_profiles > 1 or self._open_inputs():
            if not self._context.set_optimization_profile_async(0, self._stream.handle):
                msg = f'TensorRT refused the input profile: {self._network.errors.take()}'
                raise EngineError(msg)
            self._stream.synchronize()
        largest = {s.name: self._network.largest_shape(s) for s in self._network.info.inputs}
        self._set_shapes(largest)
        sizes = dict(self._shapes)
        for spec in (*self._network.info.inputs, *self._network.info.outputs):
            nbytes = prod(sizes[spec.name]) * spec.dtype.itemsize
            buffer = ExchangeBuffer(nbytes, shared=self._network.target.integrated)
            self._buffers[spec.name] = buffer
            if not self._context.set_tensor_address(spec.name, buffer.pointer):
                msg = f'TensorRT refused the memory of tensor {spec.name!r}'
                raise EngineError(msg)

    def _open_inputs(self) -> bool:
        return any(-1 in spec.shape for spec in self._network.info.inputs)

    def _set_shapes(self, inputs: Shapes) -> None:
        if all(self._shapes.get(name) == tuple(shape) for name, shape in inputs.items()):
            return
        self._settle()
        self._shapes = {}
        shapes: Shapes = {}
        for spec in self._network.info.inputs:
            shape = tuple(inputs.get(spec.name, ()))
            if spec.name not in inputs or not self._context.set_input_shape(spec.name, shape):
                largest = shape_text(self._network.largest_shape(spec))
                msg = (
                    f'input {spec.name!r}: the engine is built for shapes up to {largest}, not '
                    f'{shape_text(shape)}; {self._network.errors.take()}'
                )
                raise InferenceError(msg.rstrip('; '))
            shapes[spec.name] = shape
        for spec in self._network.info.outputs:
            shape = tuple(self._context.get_tensor_shape(spec.name))
            if -1 in shape:
                msg = (
                    f'the size of output {spec.name!r} depends on the data; to fix: export the '
                    'network without its non-maximum suppression, the package has its own'
                )
                raise EngineError(msg)
            shapes[spec.name] = shape
        self._shapes = shapes

    def _prepare_frames(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        *,
        whole: bool = False,
        leaves: bool = False,
    ) -> list[DeviceFrame]:
        if any(isinstance(image, Pixels) for image in pixels):
            self._settle()
        if self._goal is None or self._goal.spec is not spec:
            tensor = self._image_input(spec)
            pointer = self._buffers[tensor.name].pointer
            self._goal, self._goal_name = InputTensor.of(spec, pointer, tensor.dtype), tensor.name
        sides = (spec.height, spec.width)
        shape = (spec.depth, *sides) if spec.layout == 'nchw' else (*sides, spec.depth)
        self._set_shapes({self._goal_name: (len(pixels), *shape)})
        if self._frames is None:
            self._frames = FrameBuffer(self._network.gpu, self._network.target)
        return self._frames.prepare(pixels, self._goal, self._stream, whole=whole, leaves=leaves)

    def _mask_maker(self) -> MaskMaker:
        if self._masks is None:
            self._masks = MaskMaker(self._network.gpu, shared=self._network.target.integrated)
        return self._masks

    def _leave(self, memory: GpuMemory, pixels: AnyPixels) -> None:
        """Return to the caller while the work goes on, which ends in memory of its own."""
        memory.finish(pixels)
        self._unfinished = True

    def _settle(self) -> None:
        """Wait for work that was left, before memory that it may read or write is used."""
        if self._unfinished:
            self._stream.synchronize()
            self._unfinished = False

    def _device_tensor(self, name: str) -> DeviceTensor:
        for spec in self._network.info.outputs:
            if spec.name == name:
                return DeviceTensor(self._buffers[name].pointer, self._shapes[name], spec.dtype)
        names = ', '.join(spec.name for spec in self._network.info.outputs)
        msg = f'the network has no output {name!r}, but [{names}]'
        raise InferenceError(msg)

    def _boxes_by(self, table: BoxTable) -> list[DeviceBoxes]:
        """Find a table's boxes and scores; another one is seldom asked for."""
        if (
            self._boxes is None
            or self._boxes[0] is not table
            or self._boxes[1] is not self._shapes
        ):
            scores, boxes = self._device_tensor(table.scores), self._device_tensor(table.boxes)
            self._boxes = table, self._shapes, box_tables(table, scores, boxes)
        return self._boxes[2]

    def _grids_by(self, grid: ScoreGrid) -> list[DeviceScores]:
        """Find a grid's scores; another one is seldom asked for."""
        if self._grids is None or self._grids[0] is not grid or self._grids[1] is not self._shapes:
            scores = self._device_tensor(grid.output)
            found = score_grids(scores.pointer, scores.shape, scores.dtype, grid)
            self._grids = grid, self._shapes, found
        return self._grids[2]

    def _finish(self, outputs: Collection[str] | None = None) -> Tensors:
        """Run on the input buffers, and return copies of the outputs."""
        wanted = [s for s in self._network.info.outputs if outputs is None or s.name in outputs]
        self._launch(wanted)
        self._stream.synchronize()
        return {
            spec.name: self._buffers[spec.name].host(self._shapes[spec.name], spec.dtype).copy()
            for spec in wanted
        }

    def _launch(self, wanted: Sequence[TensorSpec]) -> None:
        """Run on the input buffers, and copy the wanted outputs."""
        shapes = tuple(self._shapes[spec.name] for spec in self._network.info.inputs)
        names = tuple(spec.name for spec in wanted)
        stream = int(self._stream.handle)
        self._launcher.run(
            (shapes, names),
            stream,
            partial(self._enqueue, wanted),
            partial(self._enqueue_captured, wanted),
        )

    def _enqueue_captured(self, wanted: Sequence[TensorSpec]) -> None:
        # What CUDA refuses while it captures, it may well take otherwise.
        try:
            with device_errors('capturing a CUDA graph'):
                started = self._put_on_stream(wanted)
        except DeviceError as err:
            raise EngineError(*err.args) from err
        if not started:
            msg = f'TensorRT cannot be captured: {self._network.errors.take()}'
            raise EngineError(msg)

    def _enqueue(self, wanted: Sequence[TensorSpec]) -> None:
        if self._put_on_stream(wanted):
            return
        why = self._network.errors.take() or 'it gave no reason'
        # A device that failed says so here, and is told apart from a frame that did not run.
        self._stream.synchronize()
        msg = f'TensorRT failed on this frame: {why}'
        raise InferenceError(msg)

    def _put_on_stream(self, wanted: Sequence[TensorSpec]) -> bool:
        if not self._context.execute_async_v3(self._stream.handle):
            return False
        for spec in wanted:
            nbytes = prod(self._shapes[spec.name]) * spec.dtype.itemsize
            self._buffers[spec.name].download(nbytes, self._stream)
        return True

    def _image_input(self, spec: InputSpec) -> TensorSpec:
        inputs = self._network.info.inputs
        found = [t for t in inputs if spec.name in (None, t.name)]
        if len(inputs) != 1 or not found:
            names = ', '.join(t.name for t in inputs)
            msg = f'frames are for a network with one input, {spec.name or "any"}, not [{names}]'
            raise InferenceError(msg)
        return found[0]

    def _free_here(self) -> None:
        # After a device failure there is nothing to wait for.
        with contextlib.suppress(DeviceError), device_errors('ending a run'):
            self._settle()
        self._launcher.free()
        self._context = None
        for buffer in self._buffers.values():
            buffer.free()
        self._buffers.clear()
        for part in (self._frames, self._masks, self._gatherer):
            if part is not None:
                part.free()
        self._frames = self._masks = self._gatherer = None
        self._stream = None


def _check_batch(frames: int, entries: int, output: str) -> None:
    if frames != entries:
        msg = f'{frames} images gave {entries} of {output!r}'
        raise InferenceError(msg)
