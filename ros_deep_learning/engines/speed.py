# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Measure whether a quantised network is faster than its float original on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from ..cards.card import InputSpec
from ..onnx_tools.quantize import Feed
from ..progress import silent
from .backend import EngineOptions
from .base import Engine
from .onnxruntime import OnnxRuntimeBackend

_RUNS, _MOST_SECONDS = 15, 3.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Median time of one frame, as the package runs networks on the CPU.

    Attributes:
        float_ms: Of the float network.
        int8_ms: Of the quantised one.
    """

    float_ms: float
    int8_ms: float

    def __str__(self) -> str:
        times = f'on this CPU with onnxruntime: int8 {self.int8_ms:.1f} ms a frame, '
        times += f'float {self.float_ms:.1f} ms'
        if self.int8_ms <= self.float_ms:
            return f'{times}: {self.float_ms / self.int8_ms:.1f} times as fast'
        return (
            f'WARNING: {times}: {self.int8_ms / self.float_ms:.1f} times slower; int8 is for a '
            'GPU with TensorRT, or a CPU with int8 instructions (VNNI); keep the float one here'
        )


def compare_speed(float_path: Path, int8_path: Path, feed: Feed, input_spec: InputSpec) -> Speed:
    """Run both networks in turns on one frame, at most for some seconds.

    Args:
        float_path: The float network.
        int8_path: The quantised one.
        feed: The frame.
        input_spec: Input of their card, for sizes that the networks leave open.

    Raises:
        EngineError: One of them cannot be loaded.
        InferenceError: One of them failed.
    """
    engines = [_open(path, input_spec) for path in (float_path, int8_path)]
    times: tuple[list[float], list[float]] = ([], [])
    try:
        for engine in engines:
            engine.run(feed)
        started = perf_counter()
        while len(times[0]) < _RUNS and perf_counter() - started < _MOST_SECONDS:
            for engine, taken in zip(engines, times, strict=True):
                begun = perf_counter()
                engine.run(feed)
                taken.append((perf_counter() - begun) * 1e3)
    finally:
        for engine in engines:
            engine.close()
    return Speed(*map(median, times))


def _open(path: Path, input_spec: InputSpec) -> Engine:
    network = OnnxRuntimeBackend().load(
        path,
        input_spec=input_spec,
        precision='auto',
        options=EngineOptions(),
        progress=silent,
    )
    return network.handle(network.free)
