# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the results of a node whose camera is faster than it, for minutes.

Usage: python benchmarks/overload.py --minutes 10 --output benchmarks/results/NAME.json

imagenet, as users start it, gets images at several times the rate that it can process, which is
measured first, at a rate that its stages suggest. Newer images replace those that wait, so no
result should be older than the processing of one image and the wait for it to begin, which is a
period of the camera at most. The baseline is the sum of both in the same run. Results are received
as in nodes.py.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
import receive
import transport
from nodes import (
    BACKENDS,
    CAMERA,
    NODES,
    STAGES,
    Results,
    busy_and_waited_s,
    machine,
    node_command,
    running,
)

NAME = 'imagenet'
SIZE_WH = (320, 240)
SLOW_HZ, TRIED_S = 10.0, 10.0
TARGET = 1.0
PAGE = {
    'title': 'A camera that is too fast for the node',
    'about': (
        'imagenet on 320x240 images that come several times as often as it can process them. '
        'The baseline is the network with its pre- and postprocessing (median of the run) and '
        'one period of the camera; the ratio is that of the 99th percentile of the age of the '
        'results in another process. `published` is the age before it goes there. The age in a '
        'one-copy callback is that of such an image in the least callback, without the node: '
        'what the transport of the image alone costs. The limit adds to it the 99th percentile of '
        'the network in the run, and one period: about the 99th percentile of a node that takes '
        'no time itself.'
    ),
    'least': {'ratio': 'least_ratio'},
    'columns': {
        'name': 'node',
        'minutes': 'minutes',
        'camera_hz': 'images/s',
        'received_of_a_result': 'received for a result',
        'results_hz': 'results/s',
        'baseline_ms': 'network and one period, ms',
        'age_p50_ms': 'age, median, ms',
        'age_p99_ms': '99th percentile',
        'ratio': 'ratio',
        'target': 'target',
        'published_p99_ms': 'published, 99th percentile, ms',
        'published_ratio': 'published, ratio',
        'one_copy_age_ms': 'image in a one-copy callback, median, ms',
        'frame_p99_ms': 'network, 99th percentile, ms',
        'limit_ratio': 'ratio to the limit',
        'least_ratio': 'the limit, ratio',
    },
}
"""What benchmarks/performance.py makes of the results."""


def publish(rate_hz: float) -> None:
    """Publish until this process is ended."""
    width, height = SIZE_WH
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    transport.publish_picture(CAMERA, picture, rate_hz)


def camera_command(rate_hz: float) -> list[str]:
    """Return the command of a camera."""
    return [sys.executable, __file__, '--camera-hz', str(rate_hz)]


def receive_at(
    rate_hz: float, process: subprocess.Popen[bytes], results: Results, seconds: float
) -> tuple[float, float]:
    """Receive from a camera, once it has settled.

    Returns:
        Milliseconds that a frame takes in the node, median, and results a second.
    """
    with running(camera_command(rate_hz)):
        results.wait(process)
        results.receive(seconds)
    return float(np.median(frame_times_ms(results))), len(results.ages_ms) / seconds


def frame_times_ms(results: Results) -> np.ndarray:
    """Return what each frame took in the node: the network, before and after it."""
    return np.array([sum(getattr(one, s) for s in STAGES) for one in results.stats()])


def measure(backend: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Overload the node, and summarise the ages of its results."""
    output, kind, model = NODES[NAME]
    results = Results(NAME, output, kind)
    values = (f'backend:={backend}', f'optimization_level:={arguments.level}', f'model:={model}')
    seconds = 60 * arguments.minutes
    with running(node_command(NAME, *values)) as process:
        frame_ms, _ = receive_at(SLOW_HZ, process, results, TRIED_S / 2)
        tried_hz = arguments.overload * 1e3 / frame_ms
        _, results_hz = receive_at(tried_hz, process, results, TRIED_S)
        camera_hz = arguments.overload * results_hz
        _, before_s = busy_and_waited_s(process.pid)
        began_s = time.monotonic()
        frame_ms, results_hz = receive_at(camera_hz, process, results, seconds)
        _, waited_s = busy_and_waited_s(process.pid)
        took_s = time.monotonic() - began_s
    with running(camera_command(camera_hz)):
        alone = receive.measure(receive.WAYS[-1], SIZE_WH, TRIED_S)
    ages_ms, stats = np.array(results.ages_ms), results.stats()
    first, last = stats[0], stats[-1]
    of_a_result = (last.received - first.received) / (last.frames - first.frames)
    baseline_ms = frame_ms + 1e3 / camera_hz
    p50, p99 = np.percentile(ages_ms, (50, 99))
    frame_p99_ms = float(np.percentile(frame_times_ms(results), 99))
    limit_ms = alone['age_p50_ms'] + frame_p99_ms + 1e3 / camera_hz
    published_p99 = np.percentile([one.age_ms for one in stats], 99)
    minutes = np.array_split(ages_ms, max(1, round(arguments.minutes)))
    return {
        'name': f'{NAME} under overload, {backend}',
        'minutes': arguments.minutes,
        'model': model,
        'backend': last.backend,
        'camera_hz': round(camera_hz, 1),
        'received_of_a_result': round(of_a_result, 2),
        'results_hz': round(results_hz, 1),
        'frame_ms': round(frame_ms, 3),
        'baseline_ms': round(baseline_ms, 2),
        'age_p50_ms': round(float(p50), 2),
        'age_p99_ms': round(float(p99), 2),
        'age_max_ms': round(float(ages_ms.max()), 2),
        'published_p99_ms': round(float(published_p99), 2),
        'ratio': round(float(p99) / baseline_ms, 2),
        'published_ratio': round(float(published_p99) / baseline_ms, 2),
        'target': TARGET,
        'one_copy_age_ms': alone['age_p50_ms'],
        'frame_p99_ms': round(frame_p99_ms, 2),
        'limit_ratio': round(float(p99) / limit_ms, 2),
        'least_ratio': round(limit_ms / baseline_ms, 2),
        'p99_ms_of_each_minute': [round(float(np.percentile(m, 99)), 2) for m in minutes],
        'waited_share': round((waited_s - before_s) / took_s, 3),
    }


def main() -> int:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--minutes', type=float, default=10.0, help='how long each row runs')
    parser.add_argument('--overload', type=float, default=3.0, help='images for one processed')
    parser.add_argument('--level', type=int, default=1, help='builder optimisation level')
    parser.add_argument('--backends', nargs='+', choices=BACKENDS, default=BACKENDS)
    parser.add_argument('--camera-hz', type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.update(transport.XML)
    if arguments.camera_hz:
        publish(arguments.camera_hz)
    rclpy.init()
    rows = []
    for backend in arguments.backends:
        rows.append(measure(backend, arguments))
        print(json.dumps(rows[-1]), flush=True)
    report = {'page': PAGE, 'machine': machine(arguments.backends, arguments.level), 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
