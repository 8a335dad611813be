# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The runs of one user that are on their way, and the lanes that they take."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ....errors import DeviceError, InferenceError
from .lane import Lane
from .loaded_plan import LoadedPlan

if TYPE_CHECKING:
    from ....imaging.device_pixels import AnyPixels

_LOG = logging.getLogger('ros_deep_learning')
_ResultT = TypeVar('_ResultT')


class Run(Generic[_ResultT]):
    """A run on its way, which is completed when it is waited for, or when its lane is needed.

    Until then it keeps the frames, which the GPU may read where they lie.
    """

    def __init__(
        self, lane: Lane, pixels: Sequence[AnyPixels], finish: Callable[[], _ResultT]
    ) -> None:
        self.lane = lane
        self._pixels = tuple(pixels)
        self._finish: Callable[[], _ResultT] | None = finish
        self._error: Exception | None = None
        self._result: _ResultT

    def complete(self) -> None:
        """Wait for the run, and take its results; what fails is raised by ``result``."""
        finish, self._finish = self._finish, None
        if finish is None:
            return
        try:
            self.lane.execution.settle()
            self._result = finish()
        except Exception as err:  # noqa: BLE001  it belongs to whoever waits for this run
            self._error = err
        self._pixels = ()

    def result(self) -> _ResultT:
        """Return the results of a run that is complete, or raise why there are none."""
        if self._error is not None:
            raise self._error
        return self._result


class Runs:
    """Starts runs on lanes of their own, and waits for them; the GPU is current in every call.

    Attributes:
        lanes: The lanes that there are; the first stays.
    """

    def __init__(self, network: LoadedPlan, most: int) -> None:
        """Make the first lane; others come when they are first needed.

        Args:
            network: What is run.
            most: Most runs on their way at a time.

        Raises:
            DeviceError: CUDA failed, or there is not enough memory.
            EngineError: TensorRT refuses the plan's largest shapes.
        """
        self._network = network
        self._most_lanes = most
        self._on_their_way: list[Run[Any]] = []
        self.lanes = [Lane(network)]

    def start(
        self, pixels: Sequence[AnyPixels], begin: Callable[[Lane], Callable[[], _ResultT]]
    ) -> Run[_ResultT]:
        """Start a run.

        Args:
            pixels: What it reads.
            begin: Starts it on a lane; returns what reads its results.

        Raises:
            InferenceError: As ``begin`` raises, or there is no memory for a further lane; then
                later runs take one that there is.
        """
        lane, finish = self.begin(begin)
        run = Run(lane, pixels, finish)
        self._on_their_way.append(run)
        return run

    def begin(self, begin: Callable[[Lane], _ResultT]) -> tuple[Lane, _ResultT]:
        """Begin work on a free lane, as ``start``; where that fails, the GPU reads no frame."""
        lane = self.next_lane()
        for run in [run for run in self._on_their_way if run.lane is lane]:
            self._complete(run)
        try:
            return lane, begin(lane)
        except BaseException as err:
            # A device that failed says so here, and is told apart from a frame that did not run.
            lane.execution.leave()
            lane.execution.settle()
            if isinstance(err, DeviceError) and lane is not self.lanes[0]:
                # Memory for frames and results comes with the first of them.
                self.lanes.remove(lane)
                lane.free()
                self._go_one_by_one(err)
                msg = f'{self._network.name}: no memory for a second frame at a time: {err}'
                raise InferenceError(msg) from err
            raise

    def wait(self, run: Run[_ResultT]) -> _ResultT:
        """Return the results of a run, once it is complete."""
        self._complete(run)
        return run.result()

    def next_lane(self) -> Lane:
        """Return the lane of the next run: a free one, else that of the oldest on its way."""
        if not self._on_their_way:
            return self.lanes[0]
        busy = [run.lane for run in self._on_their_way]
        free = [lane for lane in self.lanes if lane not in busy]
        if not free and len(self.lanes) < self._most_lanes:
            try:
                free = [Lane(self._network)]
                self.lanes += free
            except DeviceError as err:
                self._go_one_by_one(err)
        return free[0] if free else busy[0]

    def free(self) -> None:
        """Free the memory of all runs."""
        for lane in self.lanes:
            lane.free()
        self._on_their_way.clear()

    def _complete(self, run: Run[Any]) -> None:
        if run in self._on_their_way:
            self._on_their_way.remove(run)
            run.complete()

    def _go_one_by_one(self, err: DeviceError) -> None:
        self._most_lanes = len(self.lanes)
        _LOG.warning('%s: frames run one after another: %s', self._network.name, err)
