# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the nodes from a camera's stamp to the published result, with TensorRT and on the CPU.

Usage: python benchmarks/nodes.py --output benchmarks/results/NAME.json

A process publishes a real picture as rgb8 at 30 Hz, as a camera driver does; the node is the
program that users start, with the default network; this process takes its results and its stats.
Shared memory has the room of config/fastdds_large_images.xml. The baseline of a ratio is ONNX
Runtime on the CPU of the same machine, in the same run, with the same images.
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

import cv2
import numpy as np
import psutil
import rclpy
import transport
from ament_index_python.packages import get_package_prefix
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, Detection2DArray

from ros_deep_learning.downloads.media import media_path
from ros_deep_learning.msg import InferenceStats

START_S = 600.0
SETTLE_S = 2.0
NODES = {
    'imagenet': ('classification', Classification),
    'detectnet': ('detections', Detection2DArray),
    'segnet': ('class_mask', Image),
}
SIZES = ((640, 480), (1920, 1080))
BACKENDS = ('onnxruntime', 'tensorrt')
STAGES = ('preprocess_ms', 'inference_ms', 'postprocess_ms')


def publish(topic: str, size_wh: tuple[int, int]) -> None:
    """Publish a picture until this process is ended."""
    picture = cv2.imread(str(media_path('astronaut.png')), cv2.IMREAD_COLOR)
    picture = cv2.cvtColor(cv2.resize(picture, size_wh), cv2.COLOR_BGR2RGB)
    transport.publish_picture(topic, picture)


def measure(
    name: str,
    size_wh: tuple[int, int],
    backend: str,
    arguments: argparse.Namespace,
    environment: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Run one node on one stream, and summarise what came.

    Args:
        name: The node.
        size_wh: Of the images.
        backend: What runs the network.
        arguments: With ``level``, ``seconds`` and ``parameters``.
        environment: Of the node; None is this process's.
    """
    output, kind = NODES[name]
    node = rclpy.create_node('viewer')
    ages_ms: list[float] = []
    stats: list[InferenceStats] = []

    def take(message: Any) -> None:
        stamp = message.header.stamp
        now_ns = node.get_clock().now().nanoseconds
        ages_ms.append((now_ns - stamp.sec * 10**9 - stamp.nanosec) / 1e6)

    node.create_subscription(kind, f'/{name}/{output}', take, 10)
    node.create_subscription(InferenceStats, f'/{name}/stats', stats.append, 10)
    program = Path(get_package_prefix('ros_deep_learning')) / 'lib' / 'ros_deep_learning' / name
    options = [
        'autostart:=true',
        f'backend:={backend}',
        f'optimization_level:={arguments.level}',
        *arguments.parameters,
    ]
    command = [str(program), '--ros-args', *(x for o in options for x in ('-p', o))]
    camera = [
        sys.executable,
        __file__,
        '--topic',
        f'/{name}/image_in',
        '--size',
        *map(str, size_wh),
    ]
    children = [subprocess.Popen(command, env=environment), subprocess.Popen(camera)]
    try:
        spin(node, START_S, lambda: bool(stats))
        spin(node, SETTLE_S)
        ages_ms.clear()
        stats.clear()
        process = psutil.Process(children[0].pid)
        busy_s = sum(process.cpu_times()[:2])
        spin(node, arguments.seconds)
        busy_s = sum(process.cpu_times()[:2]) - busy_s
        rss_bytes = process.memory_info().rss
    finally:
        for child in reversed(children):
            child.send_signal(signal.SIGINT)
        for child in children:
            child.wait(30)
        node.destroy_node()
    p50, p95, p99 = np.percentile(ages_ms, (50, 95, 99))
    return {
        'node': name,
        'size': '{}x{}'.format(*size_wh),
        'backend': stats[-1].backend,
        'precision': stats[-1].precision,
        'device': stats[-1].device,
        'results_hz': round(len(ages_ms) / arguments.seconds, 1),
        **{s: round(float(np.median([getattr(m, s) for m in stats])), 3) for s in STAGES},
        'age_ms': {'p50': round(p50, 2), 'p95': round(p95, 2), 'p99': round(p99, 2)},
        'cpu_ms_a_result': round(1e3 * busy_s / len(ages_ms), 1),
        'rss_mb': rss_bytes >> 20,
    }


def spin(node: Any, seconds: float, enough: Any = lambda: False) -> None:
    """Take messages for some seconds, or until it is enough."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s and not enough():
        rclpy.spin_once(node, timeout_sec=0.1)


def main() -> int:
    """Measure all nodes and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--seconds', type=float, default=8.0, help='how long each row runs')
    parser.add_argument('--level', type=int, default=1, help='builder optimisation level')
    parser.add_argument(
        '--parameters', nargs='+', default=[], metavar='NAME:=VALUE', help='of the nodes'
    )
    parser.add_argument('--backends', nargs='+', choices=BACKENDS, default=BACKENDS)
    parser.add_argument('--topic', help=argparse.SUPPRESS)
    parser.add_argument('--size', nargs=2, type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.update(transport.XML)
    if arguments.topic:
        publish(arguments.topic, tuple(arguments.size))
    rclpy.init()
    rows: list[dict[str, Any]] = []
    for name in NODES:
        for size_wh in SIZES:
            for backend in arguments.backends:
                rows.append(measure(name, size_wh, backend, arguments))
                if backend != BACKENDS[0] and len(arguments.backends) > 1:
                    ours, baseline = (row['age_ms']['p50'] for row in (rows[-1], rows[-2]))
                    rows[-1]['times_younger'] = round(baseline / ours, 2)
                print(json.dumps(rows[-1]), flush=True)
    transport.write_report(
        arguments.output, arguments.backends[0], {'level': arguments.level, 'rows': rows}
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
