# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One user's handle of a network: what is made of a frame on the GPU."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ....errors import DeviceError, EngineError, InferenceError
from ....imaging.pixels import Pixels
from ...base import EngineInfo, Tensors, TensorSpec
from ...checks import check_inputs
from ...on_device import (
    Allocate,
    DeviceArray,
    DeviceCandidates,
    DeviceMask,
    MaskSpec,
    ScoreGrid,
)
from .cuda import device_errors
from .device_frames import FrameBuffer, InputTensor
from .device_inputs import view_image
from .execution import Execution, Shapes
from .gather import CandidateGatherer, box_tables
from .gpu_arrays import GpuArray, GpuMemory, Room
from .loaded_plan import LoadedPlan
from .mask_kernels import MaskMaker, score_grids
from .pinned import pinned_frames

if TYPE_CHECKING:
    from ....cards.box_table import BoxTable
    from ....cards.card import InputSpec
    from ....imaging.device_pixels import AnyPixels, DevicePixels
    from ..kernels.arguments import DeviceFrame, DeviceScores
    from ..kernels.candidates import DeviceBoxes


class TensorRtEngine:
    """One user's handle; see ``Engine``, ``PixelsEngine``, and the protocols of ``on_device``."""

    def __init__(self, network: LoadedPlan, on_close: Callable[[], None]) -> None:
        self._network = network
        self._info = network.info
        self._on_close: Callable[[], None] | None = on_close
        self._lock = threading.RLock()
        self._broken = ''
        self._frames: FrameBuffer | None = None
        self._goal: InputTensor | None = None
        self._goal_name = ''
        self._masks: MaskMaker | None = None
        self._gatherer: CandidateGatherer | None = None
        self._boxes: tuple[BoxTable, Shapes, list[DeviceBoxes]] | None = None
        self._grids: tuple[ScoreGrid, Shapes, list[DeviceScores]] | None = None
        with network.gpu.current():
            self._execution = Execution(network)

    @property
    def info(self) -> EngineInfo:
        """What was really loaded."""
        frames = self._frames
        if frames is not None and frames.chosen is not self._info.measured:
            self._info = replace(self._info, measured=frames.chosen)
        return self._info

    @property
    def frame_memory(self) -> Allocate:
        """Allocates pinned memory; see ``AllocatesFrames``."""
        return pinned_frames(self._network.gpu).allocate

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """Run the network once; see ``Engine.run``. Arrays need not be contiguous."""
        with self._usable('running the network'):
            check_inputs(inputs, self._network.info.inputs)
            self._execution.upload(inputs)
            return self._execution.fetch(self._network.info.outputs)

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
            every = self._network.info.outputs
            wanted = [one for one in every if outputs is None or one.name in outputs]
            return self._execution.fetch(wanted)

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
            self._execution.launch()
            maker.make(grids, grid.kind, frames, masks, self._execution.stream)
            self._execution.stream.synchronize()
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
            self._execution.launch()
            self._gatherer.gather(boxes, table, least, self._execution.stream)
            self._execution.stream.synchronize()
            return self._gatherer.take(self._execution.stream)

    def view_image(self, image: object) -> DevicePixels | None:
        """View an image on the engine's GPU; see ``KeepsOnDevice``."""
        with self._usable('taking an image'):
            return view_image(image, self._network.gpu.index, int(self._execution.stream.handle))

    def run_kept(self, pixels: AnyPixels, spec: InputSpec) -> dict[str, DeviceArray]:
        """Run the network, and leave copies of its outputs on the GPU; see ``KeepsOnDevice``."""
        with self._usable('running the network'):
            self._prepare_frames([pixels], spec, leaves=True)
            tensors = {
                one.name: self._execution.output(one.name) for one in self._network.info.outputs
            }
            room = Room()
            starts = {name: room.take(one.nbytes) for name, one in tensors.items()}
            memory = GpuMemory(self._network.gpu, room.size, self._execution.stream)
            self._execution.launch()
            for name, one in tensors.items():
                memory.take_copy(starts[name], one.pointer, one.nbytes, self._execution.stream)
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
            self._execution.launch()
            memory, made = maker.make_kept(
                grids[0],
                grid.kind,
                frame,
                mask,
                lambda nbytes: GpuMemory(self._network.gpu, nbytes, self._execution.stream),
                self._execution.stream,
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
            if self._execution.is_free:
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
                raise (EngineError if self._execution.is_free else DeviceError)(self._broken)
            try:
                with self._network.gpu.current(), device_errors(doing):
                    yield
            except DeviceError as err:
                self._broken = str(err)
                raise

    def _prepare_frames(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        *,
        whole: bool = False,
        leaves: bool = False,
    ) -> list[DeviceFrame]:
        if any(isinstance(image, Pixels) for image in pixels):
            self._execution.settle()
        if self._goal is None or self._goal.spec is not spec:
            tensor = self._image_input(spec)
            pointer = self._execution.pointer(tensor.name)
            self._goal, self._goal_name = InputTensor.of(spec, pointer, tensor.dtype), tensor.name
        sides = (spec.height, spec.width)
        shape = (spec.depth, *sides) if spec.layout == 'nchw' else (*sides, spec.depth)
        self._execution.set_shapes({self._goal_name: (len(pixels), *shape)})
        if self._frames is None:
            self._frames = FrameBuffer(self._network.gpu, self._network.target)
        return self._frames.prepare(
            pixels, self._goal, self._execution.stream, whole=whole, leaves=leaves
        )

    def _mask_maker(self) -> MaskMaker:
        if self._masks is None:
            self._masks = MaskMaker(self._network.gpu, shared=self._network.target.integrated)
        return self._masks

    def _leave(self, memory: GpuMemory, pixels: AnyPixels) -> None:
        """Return to the caller while the work goes on, which ends in memory of its own."""
        memory.finish(pixels)
        self._execution.leave()

    def _boxes_by(self, table: BoxTable) -> list[DeviceBoxes]:
        """Find a table's boxes and scores; another one is seldom asked for."""
        if (
            self._boxes is None
            or self._boxes[0] is not table
            or self._boxes[1] is not self._execution.shapes
        ):
            scores, boxes = (
                self._execution.output(table.scores),
                self._execution.output(table.boxes),
            )
            self._boxes = table, self._execution.shapes, box_tables(table, scores, boxes)
        return self._boxes[2]

    def _grids_by(self, grid: ScoreGrid) -> list[DeviceScores]:
        """Find a grid's scores; another one is seldom asked for."""
        if (
            self._grids is None
            or self._grids[0] is not grid
            or self._grids[1] is not self._execution.shapes
        ):
            scores = self._execution.output(grid.output)
            found = score_grids(scores.pointer, scores.shape, scores.dtype, grid)
            self._grids = grid, self._execution.shapes, found
        return self._grids[2]

    def _image_input(self, spec: InputSpec) -> TensorSpec:
        inputs = self._network.info.inputs
        found = [t for t in inputs if spec.name in (None, t.name)]
        if len(inputs) != 1 or not found:
            names = ', '.join(t.name for t in inputs)
            msg = f'frames are for a network with one input, {spec.name or "any"}, not [{names}]'
            raise InferenceError(msg)
        return found[0]

    def _free_here(self) -> None:
        self._execution.free()
        for part in (self._frames, self._masks, self._gatherer):
            if part is not None:
                part.free()
        self._frames = self._masks = self._gatherer = None


def _check_batch(frames: int, entries: int, output: str) -> None:
    if frames != entries:
        msg = f'{frames} images gave {entries} of {output!r}'
        raise InferenceError(msg)
