# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a network in this process: frame after frame, or as a node does while a camera sends."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engines.device_readings import DeviceGauge
from ..imaging.pixels import Pixels
from ..tasks.times import StageTimes
from .frames import LEAST_SENT, Input, sent_frames
from .trial import Traffic, Trial, trial_of
from .usage import UsageMeter

Infer = Callable[[NDArray[np.uint8]], StageTimes]
"""Run the network on a frame, (H, W, 3) uint8 BGR, and return what it cost."""

WARM_UP = 5


def infer_with(network: Any) -> Infer:
    """Return the function that runs a network of any task on a frame."""
    method = {'classification': 'classify', 'detection': 'detect', 'segmentation': 'segment'}
    run = getattr(network, method[network.task])

    def infer(frame_bgr: NDArray[np.uint8]) -> StageTimes:
        times: StageTimes = run(Pixels(frame_bgr, 'bgr')).times
        return times

    return infer


def time_frames(
    infer: Infer, frames: Sequence[NDArray[np.uint8]], runs: int
) -> list[tuple[float, StageTimes]]:
    """Run a network on one frame after the other, after some to warm up.

    Args:
        infer: Runs the network.
        frames: One or more; repeated until there are enough.
        runs: How many runs are timed.

    Returns:
        Milliseconds of each call, and of its stages.
    """
    every = cycle(frames)
    for frame in islice(every, WARM_UP):
        infer(frame)
    times = []
    for frame in islice(every, runs):
        began_s = time.perf_counter()
        stages = infer(frame)
        times.append(((time.perf_counter() - began_s) * 1e3, stages))
    return times


def run_at(
    infer: Infer,
    given: Input,
    rate_hz: float | None,
    seconds: float,
    gauge: DeviceGauge | None = None,
) -> Trial:
    """Send frames from a thread, run the newest as a node does, and measure.

    A frame that a newer one replaces before the network is free is lost.

    Args:
        infer: Runs the network, in this thread.
        given: The frames.
        rate_hz: Input rate; None is a camera's own.
        seconds: How long frames are sent.
        gauge: Reads the GPU; None where there is none.
    """
    slot = _Slot()
    sent_ns: list[int] = []
    failure: list[BaseException] = []

    def send() -> None:
        try:
            for number, frame in enumerate(sent_frames(given, rate_hz, seconds, LEAST_SENT)):
                sent_ns.append(time.monotonic_ns())
                slot.put((number, frame))
        except BaseException as err:  # noqa: BLE001  raised again by the thread that waits
            failure.append(err)
        finally:
            slot.end()

    camera = threading.Thread(target=send, name='camera', daemon=True)
    answered, received_ns, work_ms = [], [], []
    with UsageMeter([os.getpid()], gauge=gauge) as meter:
        camera.start()
        while (taken := slot.take()) is not None:
            number, frame = taken
            stages = infer(frame)
            received_ns.append(time.monotonic_ns())
            answered.append(number)
            work_ms.append(sum(stages.by_stage().values()))
        camera.join()
    if failure:
        raise failure[0]
    traffic = Traffic(
        np.array(sent_ns, np.int64),
        np.array(answered, np.int64),
        np.array(received_ns, np.int64),
        work_ms,
    )
    return trial_of(rate_hz, traffic, meter.usage())


class _Slot:
    """Holds the newest frame until it is taken."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: tuple[int, NDArray[np.uint8]] | None = None
        self._ended = False

    def put(self, frame: tuple[int, NDArray[np.uint8]]) -> None:
        with self._changed:
            self._held = frame
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()

    def take(self) -> tuple[int, NDArray[np.uint8]] | None:
        """Wait for a frame; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._held is not None or self._ended)
            held, self._held = self._held, None
            return held
