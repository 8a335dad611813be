# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time a 4K camera at 30 Hz that a node reads itself, and one that comes by a topic.

Usage: python benchmarks/own_camera.py --output benchmarks/results/NAME.json

The camera is a test picture (``pattern://bars``) that is drawn at 30 Hz; the node is imagenet as
users start it. The baseline of a ratio is the same run's node behind a ``video_source`` process,
with shared memory as in config/fastdds_large_images.xml. The age is that of the frame when its
result is published. CPU time is that of all processes between the source and the result.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import rclpy
import transport
from ament_index_python.packages import get_package_prefix

import ros_deep_learning
from ros_deep_learning.benchmarking.machine import describe_machine
from ros_deep_learning.msg import InferenceStats

RATE_HZ = 30.0
SIZES = ((1920, 1080), (3840, 2160))
WAYS = ('video_source and the node', 'the node alone')
START_S = 120.0
SETTLE_S = 3.0
PAGE = {
    'title': 'A camera that the node reads itself',
    'about': (
        'imagenet with its default network, on a test picture of 30 Hz that is drawn for each '
        'frame. The baseline is a process of video_source and one of the node; with `input` the '
        'node reads it itself. The ratio is that of the age of the frame when its result is '
        'published; the CPU time is that of both processes.'
    ),
    'columns': {
        'name': 'way',
        'ratio': 'ratio',
        'age_p50_ms': 'age, median, ms',
        'age_p95_ms': '95th percentile',
        'results_hz': 'results/s',
        'cpu_ms_a_result': 'CPU a result, ms',
    },
}
"""What benchmarks/performance.py makes of the results."""


def start(program: str, *values: str) -> subprocess.Popen[bytes]:
    """Start a program of the package with parameters or remaps."""
    path = Path(get_package_prefix('ros_deep_learning')) / 'lib' / 'ros_deep_learning' / program
    return subprocess.Popen([str(path), '--ros-args', *values])


def source(prefix: str, resource: str, size_wh: tuple[int, int]) -> list[str]:
    """Return the parameters of the test picture, with a prefix of all but the resource."""
    values = {resource: 'pattern://bars', f'{prefix}width': size_wh[0]}
    values |= {f'{prefix}height': size_wh[1], f'{prefix}framerate': RATE_HZ}
    return [word for name, value in values.items() for word in ('-p', f'{name}:={value}')]


def measure(way: str, size_wh: tuple[int, int], seconds: float) -> dict[str, Any]:
    """Run one of the ways."""
    node = rclpy.create_node('viewer')
    stats: list[InferenceStats] = []
    node.create_subscription(InferenceStats, '/imagenet/stats', stats.append, 10)
    node_values = ['-p', 'autostart:=true', '-p', 'backend:=onnxruntime']
    if way == WAYS[0]:
        camera = ['-r', '~/raw:=/imagenet/image_in', *source('', 'resource', size_wh)]
        children = [start('imagenet', *node_values), start('video_source', *camera)]
    else:
        children = [start('imagenet', *node_values, *source('input_', 'input', size_wh))]
    try:
        spin(node, START_S, lambda: bool(stats))
        spin(node, SETTLE_S)
        stats.clear()
        before_s = busy_s(children)
        spin(node, seconds)
        spent_s = busy_s(children) - before_s
    finally:
        for child in reversed(children):
            child.send_signal(signal.SIGINT)
        for child in children:
            child.wait(30)
        node.destroy_node()
    p50, p95 = np.percentile([message.age_ms for message in stats], (50, 95))
    return {
        'size': '{}x{}'.format(*size_wh),
        'way': way,
        'name': f'{size_wh[0]}x{size_wh[1]}, {way}',
        'results_hz': round(len(stats) / seconds, 1),
        'age_p50_ms': round(float(p50), 2),
        'age_p95_ms': round(float(p95), 2),
        'cpu_ms_a_result': round(1e3 * spent_s / len(stats), 1),
    }


def busy_s(children: list[subprocess.Popen[bytes]]) -> float:
    """Return the CPU time of processes so far."""
    return sum(sum(psutil.Process(child.pid).cpu_times()[:2]) for child in children)


def spin(node: Any, seconds: float, enough: Any = lambda: False) -> None:
    """Take messages for some seconds, or until it is enough."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s and not enough():
        rclpy.spin_once(node, timeout_sec=0.1)


def main() -> int:
    """Measure both ways at both sizes and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    parser.add_argument('--seconds', type=float, default=8.0, help='how long each row runs')
    arguments = parser.parse_args()
    os.environ.update(transport.XML)
    rclpy.init()
    rows: list[dict[str, Any]] = []
    for size_wh in SIZES:
        baseline, own = (measure(way, size_wh, arguments.seconds) for way in WAYS)
        for row in (baseline, own):
            row['ratio'] = round(row['age_p50_ms'] / baseline['age_p50_ms'], 2)
            print(json.dumps(row), flush=True)
            rows.append(row)
    machine = describe_machine(ros_deep_learning.__version__) | {
        'middleware': rclpy.get_rmw_implementation_identifier(),
        'load': [round(load, 1) for load in os.getloadavg()],
    }
    report = {'page': PAGE, 'machine': machine, 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
