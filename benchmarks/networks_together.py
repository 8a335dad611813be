# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time networks that share a process and a GPU, one thread each, against each of them alone.

Usage: python benchmarks/networks_together.py MODEL ... --output benchmarks/results/NAME.json

Each thread calls its network with a 1920x1080 frame in pinned memory as often as it can. Alone and
together are taken in turns, some times over in one run; the figures are medians. What the GPU
itself takes is measured with frames that are queued before it begins (``gpu/queued_work.py``).
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from frame_to_result import SIZE_WH, WARM_UP, gpu_machine, open_network, pinned_copy, smooth_noise
from gpu.queued_work import Queued, gpu_ms

ROUNDS = 3
QUEUED = 24
"""Frames of the quickest network in the queue."""
TARGET = 1.11
"""The highest ratio of the time of a frame: nine tenths of the rate alone."""
PAGE = {
    'title': 'On a GPU: networks together in a process',
    'about': (
        'One thread a network, each calling it with a 1920x1080 frame in pinned memory as often '
        'as it can. The baseline is the time of a frame of the network alone in the process. '
        'Together they share the GPU as well: its time of a frame is that of frames which are '
        'queued before it begins, so that it waits for no program, and times the rate alone it '
        'is the share of the time that the network alone keeps it busy. The least ratio is that '
        'of the same queues side by side, as many frames of each network as by its rate alone: '
        'no program is quicker on this GPU. Where it is above the target, the miss is not one of '
        'the program.'
    ),
    'least': {'ratio': 'least_ratio'},
    'columns': {
        'network': 'network',
        'alone_fps': 'alone, frames/s',
        'together_fps': 'together, frames/s',
        'ratio': 'time of a frame, ratio',
        'target': 'target',
        'least_ratio': 'least ratio on this GPU',
        'gpu_ms': "GPU's time of a frame alone, ms",
        'busy_share': 'share of the time alone',
    },
}
"""What benchmarks/performance.py makes of the results."""


def rates(calls: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, float]:
    """Run each call in a thread of its own; return how many times a second each returned."""
    found: dict[str, float] = {}
    start = threading.Barrier(len(calls))

    def work(name: str, call: Callable[[], Any]) -> None:
        start.wait()
        count, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            call()
            count += 1
        found[name] = count / (time.perf_counter() - begun)

    threads = [threading.Thread(target=work, args=one) for one in calls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def alone_and_together(
    calls: Mapping[str, Callable[[], Any]], seconds: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Return how many times a second each call returns alone, and beside the others; medians."""
    alone: dict[str, list[float]] = {name: [] for name in calls}
    together: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            alone[name].append(rates({name: call}, seconds)[name])
        for name, rate in rates(calls, seconds).items():
            together[name].append(rate)
    return (
        {name: median(found) for name, found in alone.items()},
        {name: median(found) for name, found in together.items()},
    )


def gpu_limits(
    calls: Mapping[str, tuple[Any, Callable[[], Any]]], alone_fps: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """Return what the GPU itself takes for each network alone, and for all of them together.

    Args:
        calls: The network and what runs a frame of it, by name.
        alone_fps: Frames a second of each alone.
    """
    quickest = max(alone_fps.values())
    works = {
        name: Queued(net, call, max(1, round(QUEUED * alone_fps[name] / quickest)))
        for name, (net, call) in calls.items()
    }

    def median_ms(chosen: list[Queued]) -> float:
        return median(gpu_ms(chosen) for _ in range(ROUNDS))

    together_s = median_ms(list(works.values())) / 1e3
    found = {}
    for name, work in works.items():
        frame_ms = median_ms([work]) / work.count
        found[name] = {
            'gpu_ms': round(frame_ms, 4),
            'busy_share': round(frame_ms * alone_fps[name] / 1e3, 2),
            'least_ratio': max(1.0, round(together_s * alone_fps[name] / work.count, 2)),
        }
    return found


def main() -> None:
    """Measure the networks that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('models', nargs='*', default=['ssd-mobilenet-v2', 'efficientnet-lite0'])
    parser.add_argument('--precision', default='fp16')
    parser.add_argument('--level', type=int, default=3, help="TensorRT's optimisation level")
    parser.add_argument('--seconds', type=float, default=2.0, help='of each part')
    parser.add_argument('--output', type=Path, required=True)
    args = parser.parse_args()
    calls: dict[str, Callable[[], Any]] = {}
    nets: dict[str, Any] = {}
    frame = smooth_noise(SIZE_WH)
    for model in args.models:
        net, call = open_network(model, args.precision, args.level)
        pinned = pinned_copy(net, frame)
        calls[net.card.name], nets[net.card.name] = partial(call, pinned), net
        for _ in range(WARM_UP):
            calls[net.card.name]()
    alone, together = alone_and_together(calls, args.seconds)
    limits = gpu_limits(
        {name: (nets[name], calls[name]) for name in calls},
        alone,
    )
    rows = [
        {
            'network': name,
            'alone_fps': round(alone[name], 1),
            'together_fps': round(together[name], 1),
            'ratio': round(alone[name] / together[name], 2),
            'target': TARGET,
            **limits[name],
        }
        for name in calls
    ]
    found = {'page': PAGE, 'machine': gpu_machine(), 'rows': rows}
    args.output.write_text(json.dumps(found, indent=1) + '\n')
    print(json.dumps(found, indent=1))


if __name__ == '__main__':
    main()
