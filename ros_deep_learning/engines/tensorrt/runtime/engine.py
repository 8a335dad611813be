# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One user's handle of a network on the GPU."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from numpy.typing import NDArray

from ....errors import DeviceError, EngineError
from ...base import EngineInfo, Tensors
from ...checks import check_inputs
from ...on_device import (
    Allocate,
    DeviceArray,
    DeviceCandidates,
    DeviceMask,
    MaskSpec,
    ScoreGrid,
)
from .device_inputs import view_image
from .lane import Lane
from .loaded_plan import LoadedPlan
from .pinned import pinned_frames
from .runs import Runs

if TYPE_CHECKING:
    from ....cards.box_table import BoxTable
    from ....cards.card import InputSpec
    from ....imaging.device_pixels import AnyPixels, DevicePixels

_ResultT = TypeVar('_ResultT')
_MASKS, _CANDIDATES, _NETWORK = 'making masks', 'gathering candidates', 'running the network'


class TensorRtEngine:
    """One user's handle; see ``Engine``, ``PixelsEngine``, and the protocols of ``on_device``.

    Attributes:
        in_flight: See ``PipelinedEngine``: while the network runs on one frame, the next one is
            uploaded and prepared. Memory for it is allocated when it is first needed.
    """

    in_flight: ClassVar[int] = 2

    def __init__(self, network: LoadedPlan, on_close: Callable[[], None]) -> None:
        self._network = network
        self._info = network.info
        self._on_close: Callable[[], None] | None = on_close
        self._lock = threading.RLock()
        self._broken = ''
        with network.gpu.current():
            self._runs = Runs(network, self.in_flight)
        self._lanes = self._runs.lanes

    @property
    def info(self) -> EngineInfo:
        """What was really loaded."""
        frames = self._lanes[0].frames
        if frames is not None and frames.chosen is not self._info.measured:
            self._info = replace(self._info, measured=frames.chosen)
        return self._info

    @property
    def frame_memory(self) -> Allocate:
        """Allocates pinned memory; see ``AllocatesFrames``."""
        return pinned_frames(self._network.gpu).allocate

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Tensors:
        """Run the network once; see ``Engine.run``. Arrays need not be contiguous."""
        return self.start(inputs)()

    def start(
        self, inputs: Mapping[str, NDArray[Any]], outputs: Collection[str] | None = None
    ) -> Callable[[], Tensors]:
        """Start a run; see ``PipelinedEngine``. Arrays need not be contiguous."""

        def begin(lane: Lane) -> Callable[[], Tensors]:
            check_inputs(inputs, self._network.info.inputs)
            return lane.start(inputs, outputs)

        return self._start(_NETWORK, (), begin)

    def start_pixels(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        outputs: Collection[str] | None = None,
    ) -> Callable[[], Tensors]:
        """Prepare frames on the GPU and start the network; see ``PixelsEngine``.

        Raises:
            BackendUnavailableError: There is no compiler for the kernels.
        """
        return self._start(_NETWORK, pixels, lambda lane: lane.start_pixels(pixels, spec, outputs))

    def start_masks(
        self,
        pixels: Sequence[AnyPixels],
        spec: InputSpec,
        grid: ScoreGrid,
        masks: Sequence[Sequence[MaskSpec]],
    ) -> Callable[[], list[list[DeviceMask[NDArray[Any]]]]]:
        """Start to make masks of frames on the GPU; see ``SegmentsOnDevice``."""
        return self._start(
            _MASKS, pixels, lambda lane: lane.start_masks(pixels, spec, grid, masks)
        )

    def start_candidates(
        self, pixels: Sequence[AnyPixels], spec: InputSpec, table: BoxTable, least: float
    ) -> Callable[[], list[DeviceCandidates]]:
        """Start to pick the candidates of frames on the GPU; see ``GathersOnDevice``."""
        return self._start(
            _CANDIDATES, pixels, lambda lane: lane.start_candidates(pixels, spec, table, least)
        )

    def view_image(self, image: object) -> DevicePixels | None:
        """View an image on the engine's GPU; see ``KeepsOnDevice``."""

        def view() -> DevicePixels | None:
            stream = self._runs.next_lane().execution.stream
            return view_image(image, self._network.gpu.index, int(stream.handle))

        return self._use('taking an image', view)

    def run_kept(self, pixels: AnyPixels, spec: InputSpec) -> dict[str, DeviceArray]:
        """Run the network, and leave copies of its outputs on the GPU; see ``KeepsOnDevice``."""
        _, found = self._use(
            _NETWORK, lambda: self._runs.begin(lambda lane: lane.run_kept(pixels, spec))
        )
        return found

    def run_mask_kept(
        self, pixels: AnyPixels, spec: InputSpec, grid: ScoreGrid, mask: MaskSpec
    ) -> DeviceMask[DeviceArray]:
        """Make a mask that stays on the GPU; see ``KeepsOnDevice``."""
        _, found = self._use(
            _MASKS,
            lambda: self._runs.begin(lambda lane: lane.run_mask_kept(pixels, spec, grid, mask)),
        )
        return found

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
            if self._is_free:
                return
            self._broken = self._broken or 'the engine is closed'
            try:
                with self._network.gpu.current():
                    self._runs.free()
            except DeviceError:
                # The context is lost, and its memory with it.
                self._runs.free()

    def _start(
        self,
        doing: str,
        pixels: Sequence[AnyPixels],
        begin: Callable[[Lane], Callable[[], _ResultT]],
    ) -> Callable[[], _ResultT]:
        run = self._use(doing, lambda: self._runs.start(pixels, begin))
        return lambda: self._use(doing, lambda: self._runs.wait(run))

    @property
    def _is_free(self) -> bool:
        return self._lanes[0].execution.is_free

    def _use(self, doing: str, work: Callable[[], _ResultT]) -> _ResultT:
        """Do some work where the GPU is current; after a failure of the device no more is done."""
        with self._lock:
            if self._broken:
                raise (EngineError if self._is_free else DeviceError)(self._broken)
            try:
                return self._network.gpu.call(doing, work)
            except DeviceError as err:
                self._broken = str(err)
                raise
