# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Count the 1080p images that a callback gets, by the executor that runs it.

Usage: python benchmarks/executors.py --output benchmarks/results/NAME.json [--plot NAME.png]

A process publishes 1920x1080 rgb8 images at 30 Hz, as a camera driver does, with the shared
memory of config/fastdds_large_images.xml; another has one subscription, as the nodes have it, and
a callback that does nothing. Every ratio is against the same run's baseline: rclpy's own
MultiThreadedExecutor of two threads.
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

import rclpy
import transport
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.executors import MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from ros_deep_learning.nodes.program.heap import keep_freed_images
from ros_deep_learning.nodes.rclpy_workarounds import NodeExecutor


def as_our_programs() -> NodeExecutor:
    """Make an executor in a process that keeps the memory of images, as ``run_nodes`` does."""
    keep_freed_images()
    return NodeExecutor(2)


EXECUTORS: dict[str, Any] = {
    'rclpy MultiThreadedExecutor(2)': lambda: MultiThreadedExecutor(2),
    'rclpy SingleThreadedExecutor': SingleThreadedExecutor,
    'NodeExecutor(2)': lambda: NodeExecutor(2),
    'NodeExecutor(2), memory kept': as_our_programs,
}
(PUBLISHED,) = (k for k, s in enumerate(transport.SETTINGS) if s.name == 'XML profile')


def subscribe(name: str, seconds: float) -> dict[str, Any]:
    """Count what a callback gets in some seconds, from the first image on."""
    rclpy.init()
    node = rclpy.create_node('viewer')
    taken: list[Image] = []

    def take(message: Image) -> None:
        taken[:] = [message]
        counts[0] += 1

    counts = [0]
    group = MutuallyExclusiveCallbackGroup()
    node.create_subscription(Image, '/camera', take, QoSProfile(depth=1), callback_group=group)
    executor = EXECUTORS[name]()
    executor.add_node(node)
    while not taken:
        executor.spin_once(0.1)
    counts[0], busy_s, end_s = 0, time.process_time(), time.monotonic() + seconds
    while time.monotonic() < end_s:
        executor.spin_once(0.1)
    return {
        'setting': name,
        'received_hz': round(counts[0] / seconds, 1),
        'subscriber_cpu': round((time.process_time() - busy_s) / seconds, 2),
    }


def measure(name: str, seconds: float) -> dict[str, Any]:
    """Run both processes."""
    camera = [sys.executable, transport.__file__, '--role', 'publish', '--setting', str(PUBLISHED),
              '--seconds', str(seconds + 3.0)]  # fmt: skip
    viewer = [sys.executable, __file__, '--executor', name, '--seconds', str(seconds)]
    environment = os.environ | transport.XML
    with subprocess.Popen(camera, stdout=subprocess.DEVNULL, env=environment) as publisher:
        out = subprocess.run(
            viewer, stdout=subprocess.PIPE, text=True, env=environment, check=True, timeout=120
        ).stdout
        publisher.kill()
    row: dict[str, Any] = json.loads(out.splitlines()[-1])
    return row


def main() -> int:
    """Measure all executors and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--plot', type=Path, help='draw the JSON file as a picture')
    parser.add_argument('--seconds', type=float, default=10.0, help='how long each one runs')
    parser.add_argument('--rounds', type=int, default=3, help='how often, for a median')
    parser.add_argument('--executor', choices=EXECUTORS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.executor:
        print(json.dumps(subscribe(arguments.executor, arguments.seconds)), flush=True)
        os._exit(0)  # with a thread of an executor that may be in the middle of something
    if arguments.plot:
        transport.plot(json.loads(arguments.output.read_text())['rows'], arguments.plot)
        return 0
    runs: list[list[dict[str, Any]]] = [[] for _ in EXECUTORS]
    # Round by round, so that what else the machine does meets all of them alike.
    for _ in range(arguments.rounds):
        for name, of_executor in zip(EXECUTORS, runs, strict=True):
            of_executor.append(measure(name, arguments.seconds))
            print(json.dumps(of_executor[-1]), flush=True)
    rows = [transport.summarise(of_executor) for of_executor in runs]
    for row in rows:
        row['times_more'] = round(row['received_hz'] / rows[0]['received_hz'], 2)
    transport.write_report(
        arguments.output, rows[0]['setting'], {'rounds': arguments.rounds, 'rows': rows}
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
