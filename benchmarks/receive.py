# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the ways to receive an image, alone: no network, nothing published.

Usage: python benchmarks/receive.py --output benchmarks/results/NAME.json

A process publishes rgb8 images at 30 Hz, as a camera driver does; another one receives them and
looks at the header and one pixel. The age is that of the image when the receiver's code has it,
the CPU time that of the whole receiving process between its first image and its last, divided by
the images in between. The baseline of a ratio is the same run's subscription as rclpy's
documentation writes it, with glibc's own malloc settings.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
import transport
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.qos import QoSProfile
from receivers import minimal_one_copy
from sensor_msgs.msg import Image

import ros_deep_learning
from ros_deep_learning.benchmarking.machine import describe_machine
from ros_deep_learning.nodes.program.heap import keep_freed_images
from ros_deep_learning.nodes.rclpy_workarounds import NodeExecutor
from ros_deep_learning.nodes.stream.image_subscription import ImageSubscription

SIZES = ((640, 480), (1920, 1080))
NODES = 'the nodes'
WAYS = (
    'rclpy',
    'rclpy, memory kept',
    'the nodes with one_copy:=false',
    NODES,
    'the least that takes one copy',
)
CPU_TARGET = 0.2
"""Of the baseline's CPU time, at 1920x1080."""
PAGE = {
    'title': 'Receiving an image, alone',
    'about': (
        'The baseline is a subscription as the documentation of rclpy writes it, in a process '
        "with glibc's own malloc settings, as the last row, which waits for nothing but images; "
        'the others have those of the nodes (docs/launch.md). `the nodes` is their subscription '
        'on their executor, without a network. The ratio is that of the CPU time of the receiving '
        'process. Images of 30 Hz from another process, the median of each figure over the '
        'rounds, which take turns.'
    ),
    'columns': {
        'name': 'way',
        'ratio': 'ratio',
        'target': 'target',
        'cpu_ms_an_image': 'CPU an image, ms',
        'age_ratio': 'age, ratio',
        'age_p50_ms': 'age on arrival, median, ms',
        'age_p95_ms': '95th percentile',
    },
}
"""What benchmarks/performance.py makes of the results."""
SKIPPED = 10
"""Images at the start, while memory is allocated and caches are filled."""


def publish(size_wh: tuple[int, int]) -> None:
    """Publish until this process is ended."""
    width, height = size_wh
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    transport.publish_picture('/camera', picture)


class Arrivals:
    """The ages of images, and the CPU time of this process at the first one and the last."""

    def __init__(self, count: int) -> None:
        self.ages_ms: list[float] = []
        self.done = threading.Event()
        self._last = SKIPPED + count
        self._numbers = 0
        self.began_s = self.busy_s = 0.0

    def take(self, message: Any) -> None:
        """Note an image; any object like ``sensor_msgs/Image``."""
        stamp = message.header.stamp
        age_ms = (time.time_ns() - stamp.sec * 10**9 - stamp.nanosec) / 1e6
        np.frombuffer(message.data, np.uint8)[0]
        self._numbers += 1
        if self._numbers == SKIPPED:
            self.began_s = time.process_time()
        elif SKIPPED < self._numbers <= self._last:
            self.ages_ms.append(age_ms)
            self.busy_s = time.process_time() - self.began_s
            if self._numbers == self._last:
                self.done.set()


def receive(way: str, count: int, limit_s: float) -> dict[str, Any]:
    """Receive some images in one of the ways."""
    if way not in (WAYS[0], WAYS[-1]):
        assert keep_freed_images()
    rclpy.init()
    node = rclpy.create_node('viewer')
    arrivals = Arrivals(count)
    end_s = time.monotonic() + limit_s

    def goes_on() -> bool:
        return not arrivals.done.is_set() and time.monotonic() < end_s

    if way.startswith('rclpy'):
        node.create_subscription(Image, '/camera', arrivals.take, QoSProfile(depth=1))
        while goes_on():
            rclpy.spin_once(node, timeout_sec=1.0)
    elif way.startswith(NODES):
        receive_as_nodes(node, arrivals, limit_s, one_copy=way == NODES)
    else:
        minimal_one_copy.receive(
            node,
            {'/camera': Image},
            lambda _, data: arrivals.take(minimal_one_copy.image(data)),
            goes_on,
        )
    rclpy.shutdown()
    return {'ages_ms': arrivals.ages_ms, 'busy_s': arrivals.busy_s}


def receive_as_nodes(node: Any, arrivals: Arrivals, limit_s: float, *, one_copy: bool) -> None:
    """Receive with the subscription and the executor of the nodes."""
    executor = NodeExecutor(2)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    group = MutuallyExclusiveCallbackGroup()
    camera = ImageSubscription(
        node,
        '/camera',
        lambda frame: arrivals.take(frame.message),
        group,
        'raw',
        one_copy=one_copy,
    )
    arrivals.done.wait(limit_s)
    camera.close()
    executor.shutdown()
    spinning.join()


def measure(way: str, size_wh: tuple[int, int], seconds: float) -> dict[str, Any]:
    """Receive with one of the ways in a process of its own."""
    command = [sys.executable, __file__, '--way', way, '--seconds', str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.strip().splitlines()[-1])
    count = len(found['ages_ms'])
    p50, p95 = np.percentile(found['ages_ms'], (50, 95))
    return {
        'size': '{}x{}'.format(*size_wh),
        'way': way,
        'images': count,
        'age_p50_ms': round(float(p50), 2),
        'age_p95_ms': round(float(p95), 2),
        'cpu_ms_an_image': round(1e3 * found['busy_s'] / count, 2),
    }


def summarise(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of each figure over some rounds."""
    figures = ('age_p50_ms', 'age_p95_ms', 'cpu_ms_an_image')
    medians = {name: round(float(np.median([r[name] for r in rounds])), 2) for name in figures}
    images = sum(row['images'] for row in rounds)
    return {**rounds[0], **medians, 'images': images, 'rounds': rounds}


def main() -> int:
    """Measure all ways at all sizes and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--seconds', type=float, default=6.0, help='how long each row runs')
    parser.add_argument('--rounds', type=int, default=3, help='how often, for a median')
    parser.add_argument('--way', choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument('--camera', type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.camera is not None:
        publish(SIZES[arguments.camera])
    if arguments.way:
        count = int(arguments.seconds * transport.RATE_HZ)
        print(json.dumps(receive(arguments.way, count, 4 * arguments.seconds + 20)), flush=True)
        return 0
    # Of the baseline, too: larger images do not reach another process without it.
    os.environ.update(transport.XML)
    rows: list[dict[str, Any]] = []
    for number, size_wh in enumerate(SIZES):
        camera = subprocess.Popen([sys.executable, __file__, '--camera', str(number)])
        try:
            found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
            # Round by round, so that what else the machine does meets all ways alike.
            for _ in range(arguments.rounds):
                for way, of_way in found.items():
                    of_way.append(measure(way, size_wh, arguments.seconds))
                    print(json.dumps(of_way[-1]), flush=True)
        finally:
            camera.kill()
            camera.wait()
        baseline, *_ = summaries = [summarise(of_way) for of_way in found.values()]
        for row in summaries:
            row['age_ratio'] = round(row['age_p50_ms'] / baseline['age_p50_ms'], 2)
            row['ratio'] = round(row['cpu_ms_an_image'] / baseline['cpu_ms_an_image'], 2)
            row['name'] = f'{row["size"]}, {row["way"]}'
            if row['way'] == NODES and size_wh == SIZES[-1]:
                row['target'] = CPU_TARGET
        rows += summaries
        machine = describe_machine(ros_deep_learning.__version__) | {
            'middleware': rclpy.get_rmw_implementation_identifier(),
            'load': [round(load, 1) for load in os.getloadavg()],
        }
        report = {'page': PAGE, 'machine': machine, 'rounds': arguments.rounds, 'rows': rows}
        arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
