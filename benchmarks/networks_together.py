# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time networks that share a process and a GPU, one thread each, against each of them alone.

Usage: python benchmarks/networks_together.py MODEL ... --output benchmarks/results/NAME.json

Each thread calls its network with a 1920x1080 frame in pinned memory as often as it can. Alone and
together are taken in turns, some times over in one run; the figures are medians.
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

ROUNDS = 3
TARGET = 1.11
"""The highest ratio of the time of a frame: nine tenths of the rate alone."""
PAGE = {
    'title': 'On a GPU: networks together in a process',
    'about': (
        'One thread a network, each calling it with a 1920x1080 frame in pinned memory as often '
        'as it can. The baseline is the time of a frame of the network alone in the process; '
        'together they share the GPU as well, so that a ratio of 1 is out of reach where the '
        'networks alone keep it busy.'
    ),
    'columns': {
        'network': 'network',
        'alone_fps': 'alone, frames/s',
        'together_fps': 'together, frames/s',
        'ratio': 'time of a frame, ratio',
        'target': 'target',
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
    frame = smooth_noise(SIZE_WH)
    for model in args.models:
        net, call = open_network(model, args.precision, args.level)
        pinned = pinned_copy(net, frame)
        calls[net.card.name] = partial(call, pinned)
        for _ in range(WARM_UP):
            calls[net.card.name]()
    alone: dict[str, list[float]] = {name: [] for name in calls}
    together: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name in calls:
            alone[name].append(rates({name: calls[name]}, args.seconds)[name])
        for name, rate in rates(calls, args.seconds).items():
            together[name].append(rate)
    rows = [
        {
            'network': name,
            'alone_fps': round(median(alone[name]), 1),
            'together_fps': round(median(together[name]), 1),
            'ratio': round(median(alone[name]) / median(together[name]), 2),
            'target': TARGET,
        }
        for name in calls
    ]
    found = {'page': PAGE, 'machine': gpu_machine(), 'rows': rows}
    args.output.write_text(json.dumps(found, indent=1) + '\n')
    print(json.dumps(found, indent=1))


if __name__ == '__main__':
    main()
