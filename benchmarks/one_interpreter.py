# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time networks that share an interpreter, on a GPU that takes a fixed time for each frame.

Usage: python benchmarks/one_interpreter.py --output benchmarks/results/NAME.json

It needs PyCUDA, and neither a GPU nor a driver (``gpu/fixed_times.py``). The GPU runs any number
of streams at once, so whatever networks lose beside each other is lost to each other's Python.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from frame_to_result import SIZE_WH, WARM_UP, smooth_noise
from gpu.fixed_times import Loader, load_driver
from networks_together import TARGET, alone_and_together

import ros_deep_learning
from ros_deep_learning import DetectNet, ImageNet, SegNet
from ros_deep_learning.benchmarking.machine import describe_machine
from ros_deep_learning.engines.cpu_threads import waited_s

NETWORKS = {
    'efficientnet-lite0': (ImageNet, 'classify'),
    'ssd-mobilenet-v2': (DetectNet, 'detect'),
    'selfie': (SegNet, 'segment'),
}
OBJECTS, FRAMES = 10, 600
GPU_MS = 0.27
"""What resnet-18 takes of an NVIDIA H200 (networks_together.py)."""
PAGE = {
    'title': 'One interpreter: networks together on a GPU that takes a fixed time',
    'about': (
        f'The GPU is a stand-in that takes {GPU_MS} ms for a frame, of any number of networks at '
        'once, behind the real PyCUDA; so all that networks lose together is lost to each '
        "other's Python, of which one thread runs at a time. One thread a network, each calling "
        'it with a 1920x1080 frame in pinned memory as often as it can; the detector finds ten '
        'objects, and the segmentation makes both masks at 1920x1080. The baseline is the time of '
        'a frame of the network alone. Python takes the CPU time of the thread, with the calls of '
        'the driver, which spend 0.5 to 6 us each. The share is of a second, at the rate '
        'together.'
    ),
    'columns': {
        'network': 'network',
        'alone_fps': 'alone, frames/s',
        'together_fps': 'together, frames/s',
        'ratio': 'time of a frame, ratio',
        'target': 'target',
        'python_ms': 'Python of a frame alone, ms',
        'share': 'share of the second together',
    },
}
"""What benchmarks/performance.py makes of the results."""


def open_network(name: str) -> tuple[Any, Callable[[], Any]]:
    """Open a network on such a GPU; return it and the call that runs a frame."""
    kind, method = NETWORKS[name]
    net = kind(name, loader=Loader())
    width, height = SIZE_WH
    frame = net.frame_memory(3 * width * height).reshape(height, width, 3)
    frame[...] = smooth_noise(SIZE_WH)
    call = partial(getattr(net, method), frame)
    call()
    if method == 'detect':
        _find_objects(net)
        assert len(call()) == OBJECTS
    for _ in range(WARM_UP):
        call()
    return net, call


def _find_objects(net: Any) -> None:
    """Write objects of as many classes to where the GPU's candidates are copied to."""
    from ros_deep_learning.engines.tensorrt.kernels.candidates import CANDIDATE

    gatherer = net.engine._lanes[0]._gatherer  # noqa: SLF001 - what a kernel would have written
    records = gatherer._memory.sized(0).host((1 + OBJECTS,), CANDIDATE)  # noqa: SLF001 - as above
    place = np.arange(OBJECTS)
    records['box'][0], records['box'][1:] = OBJECTS, place
    records['class_id'][1:], records['score'][1:] = 1 + place, np.linspace(0.6, 0.9, OBJECTS)
    first = np.stack([place, place], axis=1) * 0.08
    records['coordinates'][1:] = np.hstack([first, first + 0.1])


def python_ms(call: Callable[[], Any]) -> float:
    """Return the CPU time that a frame takes of its thread, median, in milliseconds."""
    spent_s = []
    for _ in range(FRAMES):
        began_s = time.thread_time()
        call()
        spent_s.append(time.thread_time() - began_s)
    return median(spent_s) * 1e3


def main() -> int:
    """Measure the networks alone and together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=2.0, help='of each part')
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        load_driver(Path(folder), GPU_MS)
    opened = {name: open_network(name) for name in NETWORKS}
    calls = {name: call for name, (_, call) in opened.items()}
    # As the nodes do.
    gc.collect()
    gc.freeze()
    before_s, began_s = waited_s(), time.perf_counter()
    spent_ms = {name: python_ms(call) for name, call in calls.items()}
    alone, together = alone_and_together(calls, arguments.seconds)
    waited = (waited_s() - before_s) / (time.perf_counter() - began_s)
    rows = [
        {
            'network': name,
            'alone_fps': round(alone[name], 1),
            'together_fps': round(together[name], 1),
            'ratio': round(alone[name] / together[name], 2),
            'target': TARGET,
            'python_ms': round(spent_ms[name], 3),
            'share': round(together[name] * spent_ms[name] / 1e3, 2),
            'waited_share': round(waited, 3),
        }
        for name in calls
    ]
    for row in rows:
        print(json.dumps(row), flush=True)
    machine = describe_machine(ros_deep_learning.__version__)
    report = {'page': PAGE, 'machine': machine, 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
