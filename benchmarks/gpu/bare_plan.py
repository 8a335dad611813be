# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A network's plan without our code, and with the copies that a frame needs in any program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import prod
from typing import Any

import cv2
import numpy as np

from ros_deep_learning.engines.tensorrt.kernels.row_selection import sampled_rows
from ros_deep_learning.tasks.preprocess import placement

Exchanged = tuple[np.ndarray, int]
"""Pinned memory, and the GPU's address of memory of the same size."""
_NON_BLOCKING = 1
_BOTH_MASKS = 1 + 4
"""Bytes of a pixel: its class, and its confidence as float32."""
_COPIERS = 3


class BarePlan:
    """A plan in an execution context of its own; the GPU's context is current in all calls."""

    def __init__(self, net: Any) -> None:
        from pycuda import driver

        self._driver = driver
        network = net.engine._network  # noqa: SLF001 - the same plan, outside of our code
        self._context = network.engine.create_execution_context()
        self._stream = driver.Stream(_NON_BLOCKING)
        self._memory: list[Any] = []
        self._inputs: list[Exchanged] = []
        self._outputs: list[Exchanged] = []
        for spec in network.info.inputs:
            shape = tuple(1 if side == -1 else side for side in spec.shape)
            self._context.set_input_shape(spec.name, shape)
            self._inputs.append(self._tensor(spec, shape))
        for spec in network.info.outputs:
            shape = tuple(1 if side == -1 else side for side in spec.shape)
            self._outputs.append(self._tensor(spec, shape))

    def exchanged(self, nbytes: int) -> Exchanged:
        """Allocate pinned memory, and as much on the GPU."""
        host = self._driver.pagelocked_empty(nbytes, np.uint8)
        host[...] = 0
        self._memory.append(self._driver.mem_alloc(nbytes))
        return host, int(self._memory[-1])

    def round_trip(self) -> None:
        """Bring the inputs up, run, bring all outputs down, and wait."""
        self._run(self._inputs, self._outputs)

    def with_frame(self, frame: Exchanged, result: Exchanged) -> None:
        """Do the same with a frame in place of the inputs, and a result in place of the outputs.

        A result of no bytes is that of a network whose outputs are the result.
        """
        self._run([frame], [result] if result[0].size else self._outputs)

    def free(self) -> None:
        """Free the memory."""
        self._context = None
        while self._memory:
            self._memory.pop().free()

    def _tensor(self, spec: Any, shape: tuple[int, ...]) -> Exchanged:
        host, device = self.exchanged(prod(shape) * spec.dtype.itemsize)
        self._context.set_tensor_address(spec.name, device)
        return host, device

    def _run(self, up: list[Exchanged], down: list[Exchanged]) -> None:
        for host, device in up:
            self._driver.memcpy_htod_async(device, host, self._stream)
        self._context.execute_async_v3(self._stream.handle)
        for host, device in down:
            self._driver.memcpy_dtoh_async(host, device, self._stream)
        self._stream.synchronize()


@contextmanager
def opened(net: Any) -> Iterator[BarePlan]:
    """Open a network's plan, with the GPU's context current."""
    with net.engine._network.gpu.current():  # noqa: SLF001 - as above
        plan = BarePlan(net)
        try:
            yield plan
        finally:
            plan.free()


def frame_trips(
    net: Any, plan: BarePlan, frame: np.ndarray, *, pinned: bool, masks_bytes: int = _BOTH_MASKS
) -> list[Callable[[], None]]:
    """Make calls that do the least for a frame: its copies, the network and one wait.

    What goes up is no more than the rows that the resize reads; what comes down is masks at the
    frame's size, or the network's outputs. There is no preprocessing or postprocessing.

    Args:
        net: The network.
        plan: Its plan.
        frame: Shape (H, W, 3), uint8.
        pinned: Whether the frame counts as one in pinned memory; another one is copied there
            first: its rows by NumPy, in further calls by several threads, and resized by OpenCV.
        masks_bytes: What segmentation makes of each pixel, in bytes.
    """
    height, width, _ = frame.shape
    spec = net.card.input
    placed = placement((width, height), spec)
    rows = sampled_rows(placed, spec.interpolation) + placed.crop_xyxy[1]
    lines = frame.reshape(height, -1)
    masks = height * width * masks_bytes if net.task == 'segmentation' else 0
    result = plan.exchanged(masks) if masks else (np.empty(0, np.uint8), 0)
    sent = plan.exchanged(rows.size * lines.shape[1])
    if pinned:
        return [lambda: plan.with_frame(sent, result)]
    gathered = sent[0].reshape(rows.size, -1)

    def by_numpy() -> None:
        lines.take(rows, axis=0, out=gathered, mode='clip')
        plan.with_frame(sent, result)

    copiers = ThreadPoolExecutor(_COPIERS)
    parts = [(rows.size * k // _COPIERS, rows.size * (k + 1) // _COPIERS) for k in range(_COPIERS)]

    def part(begin: int, end: int) -> None:
        lines.take(rows[begin:end], axis=0, out=gathered[begin:end], mode='clip')

    def by_threads() -> None:
        for done in [copiers.submit(part, *one) for one in parts]:
            done.result()
        plan.with_frame(sent, result)

    left, top, right, bottom = placed.crop_xyxy
    paste_left, paste_top, paste_right, paste_bottom = placed.paste_xyxy
    size_wh = paste_right - paste_left, paste_bottom - paste_top
    small = plan.exchanged(prod(size_wh) * 3)
    resized = small[0].reshape(*size_wh[::-1], 3)

    def by_opencv() -> None:
        cv2.resize(frame[top:bottom, left:right], size_wh, dst=resized)
        plan.with_frame(small, result)

    return [by_numpy, by_threads, by_opencv]
