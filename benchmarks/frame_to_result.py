# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time networks on TensorRT from a frame in host memory to the result, against the bare engine.

Usage: python benchmarks/frame_to_result.py MODEL ... --output benchmarks/results/NAME.json

A MODEL is a name of the zoo or a card (``networks/export_networks.py`` writes some). The baseline,
in the same run, is the same plan in a context of its own, as ``trtexec`` times it: the input
tensor goes up from pinned memory, the network runs, all its outputs come down, one wait. It has no
preprocessing, postprocessing or masks.

Timed are calls of the library with a 1920x1080 frame in pinned memory, in an ordinary NumPy array,
and with a frame of the network's own size, in turns with the baseline and with the least that a
frame needs. Segmentation makes the class mask and the float32 confidences at the frame's size.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from gpu import bare_plan

import ros_deep_learning
from ros_deep_learning import DetectNet, ImageNet, SegNet
from ros_deep_learning.benchmarking.machine import describe_machine
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.engines.backend import EngineOptions

KINDS = {
    'classification': (ImageNet, 'classify'),
    'detection': (DetectNet, 'detect'),
    'segmentation': (SegNet, 'segment'),
}
TARGETS = {
    'resnet18': (1.8, 2.3),
    'ssd-mobilenet-v2': (1.5, 1.8),
    'fcn320': (2.2, 2.6),
    'fcn2048': (1.4, 1.6),
    'efficientnet-lite0': (1.25, 1.4),
}
"""The highest ratios that are aimed at: of a pinned frame, and of any array."""
PAGE = {
    'title': 'On a GPU: a 1080p frame to its result',
    'about': (
        'The baseline is the bare TensorRT engine (fp16): its input tensor up from pinned memory, '
        'the network, all outputs down. Ours takes a 1920x1080 frame and makes the result, of '
        'the segmentation networks the class mask and the float32 confidences at 1920x1080. '
        'Where two frames wait, as those of two cameras, the next one is uploaded and prepared '
        'while the network runs; their time is that of one of them. What is not spent waiting '
        "for the GPU is Python's and the driver's. Detectors find ten objects. The least is the "
        'copies and the network alone: the rows of the frame that the resize reads go up, '
        'for an array after a copy into pinned memory (by NumPy in one thread or three, or '
        'resized by OpenCV, whichever '
        'is quicker), the network runs, the masks or the outputs come down, one wait.'
    ),
    'least': {'ratio': 'least_ratio'},
    'columns': {
        'case': 'network and frame',
        'bare_ms': 'bare, ms',
        'ours_ms': 'ours, ms',
        'ratio': 'ratio',
        'target': 'target',
        'least_ms': 'copies and network alone, ms',
        'least_ratio': 'their ratio',
        'p99_ms': 'ours, p99, ms',
        'beyond_waiting_ms': 'not waiting, ms',
    },
}
"""What benchmarks/performance.py makes of the results."""
WARM_UP = 30
TURNS = 8
SIZE_WH = (1920, 1080)


def percentiles(samples_ms: list[float]) -> dict[str, float]:
    """Summarise durations in milliseconds."""
    values = np.percentile(samples_ms, (50, 95, 99))
    return {
        name: round(float(one), 4) for name, one in zip(('p50', 'p95', 'p99'), values, strict=True)
    }


def timed(call: Callable[[], Any], runs: int, period_s: float = 0.0) -> dict[str, float]:
    """Time calls, after some that are not counted.

    Args:
        call: The call.
        runs: How many are counted.
        period_s: Between the beginnings of two calls, at least.
    """
    return percentiles(sampled(call, runs, period_s))


def sampled(call: Callable[[], Any], runs: int, period_s: float = 0.0) -> list[float]:
    """Return the times of calls in milliseconds; see ``timed``."""
    samples = []
    begun = time.perf_counter()
    for run in range(WARM_UP + runs):
        if period_s:
            time.sleep(max(0.0, begun + run * period_s - time.perf_counter()))
        started = time.perf_counter()
        kept = call()  # noqa: F841 - as in a user's loop, a result lives until the next
        if run >= WARM_UP:
            samples.append((time.perf_counter() - started) * 1e3)
    return samples


def timed_in_turns(calls: Sequence[Callable[[], Any]], runs: int) -> list[dict[str, float]]:
    """Time calls in turns, so that whatever the machine does beside meets all of them alike.

    Args:
        calls: The calls.
        runs: How many of each are counted.
    """
    samples: list[list[float]] = [[] for _ in calls]
    for _ in range(TURNS):
        for each, call in zip(samples, calls, strict=True):
            each += sampled(call, runs // TURNS)
    return [percentiles(each) for each in samples]


def open_network(
    model: str, precision: str, level: int, backend: str = 'tensorrt'
) -> tuple[Any, Callable[[Any], Any]]:
    """Load a network; return it and the method that takes a frame."""
    kind, method = KINDS[find_card(model).task]
    net = kind(
        model,
        backend=backend,
        precision=precision,
        options=EngineOptions(optimization_level=level),
    )
    return net, getattr(net, method)


def smooth_noise(size_wh: tuple[int, int]) -> np.ndarray:
    """Make a frame; its content decides only how many candidates a detector has."""
    small = np.random.default_rng(0).integers(0, 256, (68, 120, 3), np.uint8)
    return np.ascontiguousarray(cv2.resize(small, size_wh, interpolation=cv2.INTER_CUBIC))


def pinned_copy(net: Any, frame: np.ndarray) -> np.ndarray:
    """Copy a frame into pinned memory, as the nodes receive it."""
    from pycuda import driver

    with net.engine._network.gpu.current():  # noqa: SLF001 - the same plan, outside of our code
        pinned = driver.pagelocked_empty(frame.shape, np.uint8)
    pinned[...] = frame
    return pinned


def bare_round_trip(net: Any, runs: int, period_s: float = 0.0) -> dict[str, float]:
    """Time the network's plan alone; see ``timed``."""
    with bare_plan.opened(net) as plan:
        return timed(plan.round_trip, runs, period_s)


def beyond_waiting_ms(net: Any, call: Callable[[], Any], runs: int) -> float:
    """Return the median time of a call that is not spent waiting for the GPU, in milliseconds."""
    execution = net.engine._lanes[0].execution  # noqa: SLF001 - where the engine waits
    settle, waited_s = execution.settle, []

    def timed_settle() -> None:
        started = time.perf_counter()
        settle()
        waited_s.append(time.perf_counter() - started)

    execution.settle = timed_settle
    samples = []
    for _ in range(runs):
        waited_s.clear()
        started = time.perf_counter()
        call()
        samples.append(time.perf_counter() - started - sum(waited_s))
    del execution.settle
    return round(float(np.median(samples)) * 1e3, 4)


def find_ten(net: Any, frame: np.ndarray) -> None:
    """Set a detector's threshold so that it finds ten objects in a frame."""
    every = net.detect(frame, settings=replace(net.settings, score_threshold=1e-3))
    net.settings = replace(net.settings, score_threshold=float(np.sort(every.scores)[-10]))


def measure(model: str, precision: str, level: int, runs: int) -> list[dict[str, Any]]:
    """Time a network every way; its ratios are against its bare round trip."""
    net, call = open_network(model, precision, level)
    with net:
        name, own_wh = net.card.name, (net.card.input.width, net.card.input.height)
        frame = smooth_noise(SIZE_WH)
        if net.task == 'detection':
            find_ten(net, frame)
        frames = {
            'pinned': pinned_copy(net, frame),
            'array': frame,
            'of its own size': smooth_noise(own_wh),
        }
        rows = []
        for kind, image in frames.items():
            with bare_plan.opened(net) as plan:
                trips = [plan.round_trip]
                if kind != 'of its own size':
                    pinned = kind == 'pinned'
                    trips += bare_plan.frame_trips(net, plan, image, pinned=pinned)
                ours, bare, *least = timed_in_turns(
                    [lambda image=image: call(image), *trips], runs
                )
            row = _row(f'{name} {own_wh[0]}x{own_wh[1]}, {kind}', bare, ours)
            row['beyond_waiting_ms'] = beyond_waiting_ms(
                net, lambda image=image: call(image), runs
            )
            if least:
                row['least_ms'] = min(one['p50'] for one in least)
                row['least_ratio'] = round(row['least_ms'] / bare['p50'], 2)
            row['stages_ms'] = call(image).times.by_stage()
            if name in TARGETS and kind != 'of its own size':
                row['target'] = TARGETS[name][kind == 'array']
            rows.append(row)
        rows[0]['ways'] = list(net.info.measured)
        together = getattr(net, f'{call.__name__}_batch')
        pair = [frames['pinned'], pinned_copy(net, frame)]
        with bare_plan.opened(net) as plan:
            both, bare = timed_in_turns([lambda: together(pair), plan.round_trip], runs)
        ours = {name: round(ms / 2, 4) for name, ms in both.items()}
        rows.append(_row(f'{name} {own_wh[0]}x{own_wh[1]}, one of two, pinned', bare, ours))
        pair.clear()
        frames.clear()
    return rows


def _row(case: str, bare: dict[str, float], ours: dict[str, float]) -> dict[str, Any]:
    return {
        'case': case,
        'bare_ms': bare['p50'],
        'ours_ms': ours['p50'],
        'ratio': round(ours['p50'] / bare['p50'], 2),
        'p95_ms': ours['p95'],
        'p99_ms': ours['p99'],
    }


def main() -> None:
    """Measure the networks that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('models', nargs='*', default=['ssd-mobilenet-v2', 'efficientnet-lite0'])
    parser.add_argument('--precision', default='fp16')
    parser.add_argument('--level', type=int, default=3, help="TensorRT's optimisation level")
    parser.add_argument('--runs', type=int, default=400)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for model in args.models:
        found = measure(model, args.precision, args.level, args.runs)
        for row in found:
            print(json.dumps(row), flush=True)
        rows += found
        report = {'page': PAGE, 'machine': gpu_machine(), 'rows': rows}
        args.output.write_text(json.dumps(report, indent=1) + '\n')


def gpu_machine() -> dict[str, Any]:
    """Describe the machine, with its GPU."""
    import tensorrt
    from pycuda import driver

    driver.init()
    gpu = {'gpu': driver.Device(0).name(), 'tensorrt': tensorrt.__version__}
    return describe_machine(ros_deep_learning.__version__) | gpu


if __name__ == '__main__':
    main()
