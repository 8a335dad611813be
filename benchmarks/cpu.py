# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the library on the CPU against the bare loop of ONNX Runtime that anybody would write.

Usage: python benchmarks/cpu.py --output benchmarks/results/cpu.json

The baseline of every ratio is an ONNX Runtime session with its default options, run in a loop on a
tensor that is ready, in the same process and in turns with ours. A turn begins when no thread of
the session before it spins any more, and its first call is not timed. Ours is one call of the
library, from a 1920x1080 frame to the result; of ``selfie`` and ``duckietown-lanes`` both masks at
1920x1080. ``session_ratio`` is our session alone on the same tensor, and ``paced`` what a frame
costs the whole process in CPU time at 30 frames/s, with what threads do between frames.
``waiting_ratios`` are of sessions with other threads, to judge the choice that is made at load.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

import ros_deep_learning
from ros_deep_learning import DetectNet, ImageNet, SegNet
from ros_deep_learning.benchmarking.machine import describe_machine
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.engines.cpu_threads import CpuThreads, usable_cores, waited_s
from ros_deep_learning.progress import silent
from ros_deep_learning.tasks.preprocess import placement

NETWORKS: Mapping[str, tuple[Any, str, float]] = {
    'ssd-mobilenet-v2': (DetectNet, 'detect', 1.05),
    'efficientnet-lite0': (ImageNet, 'classify', 1.1),
    'duckietown-lanes': (SegNet, 'segment', 1.15),
    'selfie': (SegNet, 'segment', 1.5),
}
"""Class, method and the highest ratio that is aimed at."""

IDLE_S = 0.01
WARM_UP, IN_A_ROW = 5, 3
SPINS_US = (0, 20, 50, 100, 200, 500, 2000)
RATE_HZ = 30.0
PAGE = {
    'title': 'On the CPU: a 1080p frame to its result',
    'about': (
        'The baseline is the bare loop of ONNX Runtime: a session with its default options, run '
        'in turns with ours on a tensor that is ready. Ours takes a 1920x1080 frame and makes '
        'the result, of the segmentation networks both masks at 1920x1080. The least ratio is '
        'that of a call with what no program can leave out: the resize of the frame to the '
        "network's input by OpenCV, a tensor of that size and the masks written once, with one "
        'value, and the network on a tensor that is ready (by the bare session or by ours, '
        'whichever is quicker). By hand is a loop of four lines for the networks without masks: '
        "OpenCV's `blobFromImage` for the frame, or for its part that the network looks at, the "
        'bare session on it, and one look at the scores.'
    ),
    'least': {'ratio': 'least_ratio'},
    'columns': {
        'network': 'network',
        'bare_ms': 'bare, ms',
        'ours_ms': 'ours, ms',
        'ratio': 'ratio',
        'target': 'target',
        'least_ratio': 'least ratio',
        'by_hand_ratio': 'by hand, ratio',
        'session_ratio': 'our session alone, ratio',
        'preprocess_ms': 'preprocessing, ms',
        'postprocess_ms': 'postprocessing, ms',
        'bare_paced_cpu_ms': 'CPU a frame at 30 Hz: bare, ms',
        'ours_paced_cpu_ms': 'ours, ms',
        'threads': 'chosen at load',
    },
}
"""What benchmarks/performance.py makes of the results."""


def frame_rgb() -> np.ndarray:
    """Make a 1080p frame of smooth noise."""
    small = np.random.default_rng(0).integers(0, 256, (68, 120, 3), np.uint8)
    return cv2.resize(small, (1920, 1080), interpolation=cv2.INTER_CUBIC)


def in_turns(calls: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, list[float]]:
    """Time calls, a few of each in turn, for some seconds each; milliseconds by name."""
    for call in calls.values():
        for _ in range(WARM_UP):
            call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    until_s = time.perf_counter() + seconds * len(calls)
    while time.perf_counter() < until_s:
        for name, call in calls.items():
            _wait_until_idle()
            call()
            for _ in range(IN_A_ROW):
                started = time.perf_counter()
                call()
                times[name].append((time.perf_counter() - started) * 1e3)
    return times


def _wait_until_idle() -> None:
    # The threads of a session with default options spin for tens of milliseconds after a run.
    used_s = -1.0
    while time.process_time() - used_s > IDLE_S / 10:
        used_s = time.process_time()
        time.sleep(IDLE_S)


def least_work(network: Any, image: np.ndarray, run: Callable[[], Any]) -> Callable[[], None]:
    """Make a call that resizes a frame, writes a tensor, runs, and writes the masks there are."""
    small = np.empty((network.card.input.height, network.card.input.width, 3), np.uint8)
    tensor = np.empty(small.size, np.float32)
    pixels = image.shape[:2]
    # As of a caller that keeps a result until it has the next one.
    masks = [(np.empty(pixels, np.uint8), np.empty(pixels, np.float32)) for _ in range(2)]

    def work() -> None:
        cv2.resize(image, small.shape[1::-1], dst=small)
        tensor.fill(1)
        run()
        if network.task == 'segmentation':
            for mask in masks[0]:
                mask.fill(1)
            masks.reverse()

    return work


def by_hand(network: Any, image: np.ndarray, bare: Any) -> Callable[[], Any]:
    """Make a call of the few lines that somebody would write for a network without masks."""
    spec = network.card.input
    left, top, right, bottom = placement(image.shape[1::-1], spec).crop_xyxy
    part, size_wh = image[top:bottom, left:right], (spec.width, spec.height)
    (node,) = bare.get_inputs()
    names = [one.name for one in bare.get_outputs()]
    scores = network.card.outputs['scores' if network.task == 'detection' else 'logits']

    def work() -> Any:
        blob = cv2.dnn.blobFromImage(part, spec.scale, size_wh)
        found = dict(zip(names, bare.run(None, {node.name: blob}), strict=True))[scores]
        return np.flatnonzero(found >= 0.5) if network.task == 'detection' else found.argmax()

    return work


def paced_cpu_ms(call: Callable[[], Any], frames: int = 60) -> float:
    """Return the CPU time of the process a frame at the rate of a camera, in milliseconds."""
    call()
    began_s, used_s = time.perf_counter(), time.process_time()
    for k in range(frames):
        call()
        time.sleep(max(0.0, began_s + (k + 1) / RATE_HZ - time.perf_counter()))
    return (time.process_time() - used_s) / frames * 1e3


def waiting_ratios(path: Path, feed: Mapping[str, Any], seconds: float) -> dict[str, float]:
    """Compare sessions by their threads; medians against a session with default options."""
    sessions = {'default': onnxruntime.SessionOptions()}
    for threads in (CpuThreads(1), *(CpuThreads(usable_cores(), us) for us in SPINS_US)):
        sessions[str(threads)] = onnxruntime.SessionOptions()
        threads.configure(sessions[str(threads)])
    calls = {
        text: partial(
            onnxruntime.InferenceSession(
                str(path), options, providers=['CPUExecutionProvider']
            ).run,
            None,
            feed,
        )
        for text, options in sessions.items()
    }
    p50 = {text: float(np.median(taken)) for text, taken in in_turns(calls, seconds).items()}
    return {text: round(ms / p50['default'], 3) for text, ms in p50.items()}


def measure(name: str, seconds: float) -> dict[str, Any]:
    """Time one network."""
    kind, method, target = NETWORKS[name]
    path = ModelStore().onnx_path(find_card(name), silent)
    bare = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    (node,) = bare.get_inputs()
    feed = {node.name: np.random.default_rng(0).random(node.shape, np.float32)}
    image = frame_rgb()
    with kind(name, backend='onnxruntime') as network:
        process = getattr(network, method)
        calls = {
            'bare': lambda: bare.run(None, feed),
            'ours': lambda: process(image),
            'session': lambda: network.engine.run(feed),
        }
        for key in ('bare', 'session'):
            calls[f'least, {key}'] = least_work(network, image, calls[key])
        if network.task != 'segmentation':
            calls['by hand'] = by_hand(network, image, bare)
        before_s, began_s = waited_s(), time.perf_counter()
        times = in_turns(calls, seconds)
        waited = (waited_s() - before_s) / (time.perf_counter() - began_s)
        p50 = {key: float(np.median(samples)) for key, samples in times.items()}
        low = {key: float(np.percentile(samples, 10)) for key, samples in times.items()}
        stages = [process(image).times for _ in range(20)]
        hand = {}
        if 'by hand' in p50:
            hand['by_hand_ratio'] = round(p50['by hand'] / p50['bare'], 3)
        return hand | {
            'network': name,
            'bare_ms': round(p50['bare'], 3),
            'ours_ms': round(p50['ours'], 3),
            'ratio': round(p50['ours'] / p50['bare'], 3),
            'target': target,
            'least_ratio': round(min(p50['least, bare'], p50['least, session']) / p50['bare'], 3),
            'session_ratio': round(p50['session'] / p50['bare'], 3),
            'p10_ratio': round(low['ours'] / low['bare'], 3),
            'preprocess_ms': round(float(np.median([one.preprocess_ms for one in stages])), 3),
            'postprocess_ms': round(float(np.median([one.postprocess_ms for one in stages])), 3),
            'bare_paced_cpu_ms': round(paced_cpu_ms(calls['bare']), 2),
            'ours_paced_cpu_ms': round(paced_cpu_ms(calls['ours']), 2),
            'waiting_ratios': waiting_ratios(path, feed, seconds / 4),
            'threads': '; '.join(network.info.measured),
            'runs': len(times['ours']),
            'waited_share': round(waited, 3),
        }


def main() -> int:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    parser.add_argument('--seconds', type=float, default=8.0, help='how long each call is timed')
    parser.add_argument('--networks', nargs='+', default=list(NETWORKS), choices=NETWORKS)
    arguments = parser.parse_args()
    rows = []
    for name in arguments.networks:
        rows.append(measure(name, arguments.seconds))
        print(json.dumps(rows[-1]), flush=True)
    machine = describe_machine(ros_deep_learning.__version__) | {
        'onnxruntime': onnxruntime.__version__,
        'opencv': cv2.__version__,
        'load': [round(load, 1) for load in os.getloadavg()],
    }
    report = {'page': PAGE, 'machine': machine, 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
