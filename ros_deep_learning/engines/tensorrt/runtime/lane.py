# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where one run of a network lies on the GPU: its frames, tensors and results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ....errors import InferenceError
from ....imaging.pixels import Pixels
from ...base import Tensors, TensorSpec
from ...on_device import DeviceArray, DeviceCandidates, DeviceMask, MaskSpec, ScoreGrid
from .cuda_event import wait_for_stream
from .device_frames import FrameBuffer, InputTensor
from .execution import Execution, Shapes
from .gpu_arrays import GpuArray, GpuMemory, Room
from .loaded_plan import LoadedPlan
from .results.gather import CandidateGatherer, box_tables
from .results.mask_kernels import MaskMaker
from .results.mask_places import score_grids

if TYPE_CHECKING:
    from ....cards.box_table import BoxTable
    from ....cards.card import InputSpec
    from ....imaging.device_pixels import AnyPixels
    from ..kernels.arguments import DeviceFrame, DeviceScores
    from ..kernels.candidates import DeviceBoxes


class Lane:
    """An execution with memory of its own for frames and results, one run at a time.

    What starts a run returns the function that reads its results, once ``settle`` has waited for
    it. The GPU of the plan is current in every call.

    Attributes:
        execution: Runs the plan.
        frames: Brings frames to the GPU; None before the first of them.
    """

    def __init__(self, plan: LoadedPlan) -> None:
        """Make an execution; memory for frames and results comes with the first that needs it.

        Raises:
            DeviceError: CUDA failed, or there is not enough memory.
            EngineError: TensorRT refuses the plan's largest shapes.
        """
        self._plan = plan
        self.execution = Execution(plan)
        self.frames: FrameBuffer | None = None
        self._goal: InputTensor | None = None
        self._goal_name = ''
        self._masks: MaskMaker | None = None
        self._gatherer: CandidateGatherer | None = None
        self._boxes: tuple[BoxTable, Shapes, list[DeviceBoxes]] | None = None
        self._grids: tuple[ScoreGrid, Shapes, list[DeviceScores]] | None = None

    def start(
        self, inputs: Mapping[str, NDArray[Any]], outputs: Collection[str] | None
    ) -> Callable[[], Tensors]:
        """Start a run of tensors; see ``PipelinedEngine.start``."""
        self.execution.upload(inputs)
        return self._fetch(outputs)

    def start_pixels(
        self, pixels: Sequence[AnyPixels], spec: InputSpec, outputs: Collection[str] | None
    ) -> Callable[[], Tensors]:
        """Start a run of frames; see ``PixelsEngine``."""
        self._prepare_frames(pixels, spec)
        return self._fetch(outputs)

    def start_masks(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        grid: ScoreGrid,
        masks: Sequence[Sequence[MaskSpec]],
    ) -> Callable[[], list[list[DeviceMask[NDArray[Any]]]]]:
        """Start a run of frames to their masks; see ``SegmentsOnDevice``."""
        overlay = any(mask.overlay_rgba is not None for each in masks for mask in each)
        frames = self._prepare_frames(pixels, spec, whole=overlay)
        grids = self._grids_by(grid)
        _check_batch(len(frames), len(grids), grid.output)
        maker = self._mask_maker()
        self.execution.launch()
        maker.make(grids, grid.kind, frames, masks, self.execution.stream)
        self.execution.leave()
        return maker.take

    def start_candidates(
        self, pixels: Sequence[AnyPixels], spec: InputSpec, table: BoxTable, least: float
    ) -> Callable[[], list[DeviceCandidates]]:
        """Start a run of frames to their candidates; see ``GathersOnDevice``."""
        frames = self._prepare_frames(pixels, spec)
        boxes = self._boxes_by(table)
        _check_batch(len(frames), len(boxes), table.scores)
        if self._gatherer is None:
            self._gatherer = CandidateGatherer(
                self._plan.gpu.kernels(), shared=self._plan.target.integrated
            )
        gatherer = self._gatherer
        self.execution.launch()
        gatherer.gather(boxes, table, least, self.execution.stream)
        self.execution.leave()
        return lambda: gatherer.take(self.execution.stream)

    def run_kept(self, pixels: AnyPixels, spec: InputSpec) -> dict[str, DeviceArray]:
        """Run a frame, and leave copies of the outputs on the GPU; see ``KeepsOnDevice``."""
        self._prepare_frames([pixels], spec, leaves=True)
        tensors = {one.name: self.execution.output(one.name) for one in self._plan.info.outputs}
        room = Room()
        starts = {name: room.take(one.nbytes) for name, one in tensors.items()}
        memory = GpuMemory(self._plan.gpu, room.size, self.execution.stream)
        self.execution.launch()
        for name, one in tensors.items():
            memory.take_copy(starts[name], one.pointer, one.nbytes, self.execution.stream)
        self._leave(memory, pixels)
        return {
            name: GpuArray(memory, starts[name], one.shape, one.dtype)
            for name, one in tensors.items()
        }

    def run_mask_kept(
        self, pixels: AnyPixels, spec: InputSpec, grid: ScoreGrid, mask: MaskSpec
    ) -> DeviceMask[DeviceArray]:
        """Make a mask that stays on the GPU; see ``KeepsOnDevice``."""
        overlay = mask.overlay_rgba is not None
        (frame,) = self._prepare_frames([pixels], spec, whole=overlay, leaves=True)
        grids = self._grids_by(grid)
        _check_batch(1, len(grids), grid.output)
        maker = self._mask_maker()
        self.execution.launch()
        memory, made = maker.make_kept(
            grids[0],
            grid.kind,
            frame,
            mask,
            lambda nbytes: GpuMemory(self._plan.gpu, nbytes, self.execution.stream),
            self.execution.stream,
        )
        self._leave(memory, pixels)
        return made

    def free(self) -> None:
        """Free the memory; freeing it again has no effect."""
        self.execution.free()
        for part in (self.frames, self._masks, self._gatherer):
            if part is not None:
                part.free()
        self.frames = self._masks = self._gatherer = None

    def _fetch(self, outputs: Collection[str] | None) -> Callable[[], Tensors]:
        every = self._plan.info.outputs
        wanted = [one for one in every if outputs is None or one.name in outputs]
        self.execution.launch(wanted)
        self.execution.leave()
        return lambda: self.execution.fetched(wanted)

    def _prepare_frames(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        *,
        whole: bool = False,
        leaves: bool = False,
    ) -> list[DeviceFrame]:
        stream = self.execution.stream
        for image in pixels:
            if isinstance(image, Pixels):
                self.execution.settle()
            elif image.stream != stream.handle:
                wait_for_stream(int(stream.handle), image.stream)
        if self._goal is None or (self._goal.spec is not spec and self._goal.spec != spec):
            tensor = self._image_input(spec)
            pointer = self.execution.pointer(tensor.name)
            self._goal, self._goal_name = InputTensor.of(spec, pointer, tensor.dtype), tensor.name
        shape = (len(pixels), *self._goal.shape)
        if self.execution.shapes.get(self._goal_name) != shape:
            self.execution.set_shapes({self._goal_name: shape})
        if self.frames is None:
            self.frames = FrameBuffer(self._plan.gpu, self._plan.target)
        return self.frames.prepare(pixels, self._goal, stream, whole=whole, leaves=leaves)

    def _mask_maker(self) -> MaskMaker:
        if self._masks is None:
            self._masks = MaskMaker(self._plan.gpu, shared=self._plan.target.integrated)
        return self._masks

    def _leave(self, memory: GpuMemory, pixels: AnyPixels) -> None:
        """Return to the caller while the work goes on, which ends in memory of its own."""
        memory.finish(pixels)
        self.execution.leave()

    def _boxes_by(self, table: BoxTable) -> list[DeviceBoxes]:
        """Find a table's boxes and scores; another one is seldom asked for."""
        if (
            self._boxes is None
            or self._boxes[0] is not table
            or self._boxes[1] is not self.execution.shapes
        ):
            scores, boxes = (
                self.execution.output(table.scores),
                self.execution.output(table.boxes),
            )
            self._boxes = table, self.execution.shapes, box_tables(table, scores, boxes)
        return self._boxes[2]

    def _grids_by(self, grid: ScoreGrid) -> list[DeviceScores]:
        """Find a grid's scores; another one is seldom asked for."""
        if (
            self._grids is None
            or self._grids[0] is not grid
            or self._grids[1] is not self.execution.shapes
        ):
            scores = self.execution.output(grid.output)
            found = score_grids(scores.pointer, scores.shape, scores.dtype, grid)
            self._grids = grid, self.execution.shapes, found
        return self._grids[2]

    def _image_input(self, spec: InputSpec) -> TensorSpec:
        inputs = self._plan.info.inputs
        found = [t for t in inputs if spec.name in (None, t.name)]
        if len(inputs) != 1 or not found:
            names = ', '.join(t.name for t in inputs)
            msg = f'frames are for a network with one input, {spec.name or "any"}, not [{names}]'
            raise InferenceError(msg)
        return found[0]


def _check_batch(frames: int, entries: int, output: str) -> None:
    if frames != entries:
        msg = f'{frames} images gave {entries} of {output!r}'
        raise InferenceError(msg)
