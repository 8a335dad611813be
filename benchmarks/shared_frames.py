# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compare three nodes of a process that share a camera's frames with three that do not.

Usage: python benchmarks/shared_frames.py --output benchmarks/results/NAME.json

Another process publishes 1920x1080 images at 30 Hz, raw or as JPEG; each node takes the newest
one and reads its pixels in a thread of its own, as the vision nodes do, without a network. The
ratio is processor time a frame, which hardly depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import transport

NODES = 3
SETTINGS = {'raw': 'XML profile', 'JPEG': 'default, JPEG'}


def read(name: str, seconds: float, *, shared: bool) -> dict[str, Any]:
    """Read one camera from three nodes of this process."""
    import rclpy
    from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
    from rclpy.executors import MultiThreadedExecutor

    from ros_deep_learning.nodes import camera, camera_feed
    from ros_deep_learning.nodes.worker import Worker

    rclpy.init()
    executor = MultiThreadedExecutor(2 * NODES)
    counts = [0] * NODES
    cameras, workers = [], []
    for number in range(NODES):
        if not shared:
            camera.HUB = camera_feed.FeedHub()
        node = rclpy.create_node(f'reader{number}')
        executor.add_node(node)

        def handle(frame: Any, number: int = number) -> None:
            frame.pixels()
            counts[number] += 1

        worker = Worker(node.get_name(), handle)
        worker.start()
        workers.append(worker)
        group = MutuallyExclusiveCallbackGroup()
        transport_name = 'compressed' if name == 'JPEG' else 'raw'
        cameras.append(
            camera.CameraSubscription(node, '/camera', worker.put, group, transport_name)
        )
    threading.Thread(target=executor.spin, daemon=True).start()
    while not any(counts):
        time.sleep(0.01)
    busy_s, before = time.process_time(), list(counts)
    time.sleep(seconds)
    busy_s = time.process_time() - busy_s
    frames = [now - then for now, then in zip(counts, before, strict=True)]
    for each in cameras:
        each.close()
    for worker in workers:
        worker.stop()
    executor.shutdown()
    rclpy.shutdown()
    return {
        'images': name,
        'shared': shared,
        'frames_a_node': frames,
        'cpu_ms_a_frame_and_node': round(1e3 * busy_s / sum(frames), 2),
    }


def measure(name: str, seconds: float, *, shared: bool) -> dict[str, Any]:
    """Run the camera and the readers as two processes."""
    index = [setting.name for setting in transport.SETTINGS].index(SETTINGS[name])
    setting = transport.SETTINGS[index]
    publisher = [sys.executable, transport.__file__, '--role', 'publish', '--setting', str(index),
                 '--seconds', str(seconds + 6)]  # fmt: skip
    reader = [sys.executable, __file__, '--role', name, '--seconds', str(seconds)]
    reader += ['--shared'] if shared else []
    environment = os.environ | setting.publisher
    with subprocess.Popen(publisher, stdout=subprocess.DEVNULL, env=environment) as running:
        done = subprocess.run(
            reader, stdout=subprocess.PIPE, text=True, env=environment, check=True
        )
        running.wait()
    row: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return row


def main() -> int:
    """Measure with and without sharing and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--seconds', type=float, default=8.0, help='how long each one runs')
    parser.add_argument('--role', choices=SETTINGS, help=argparse.SUPPRESS)
    parser.add_argument('--shared', action='store_true', help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role:
        row = read(arguments.role, arguments.seconds, shared=arguments.shared)
        print(json.dumps(row), flush=True)
        return 0
    rows = []
    for name in SETTINGS:
        apart = measure(name, arguments.seconds, shared=False)
        together = measure(name, arguments.seconds, shared=True)
        key = 'cpu_ms_a_frame_and_node'
        together['times_less_cpu'] = round(apart[key] / together[key], 2)
        rows += [apart, together]
    machine = {
        'processor': platform.processor() or platform.machine(),
        'cores': os.cpu_count(),
        'python': platform.python_version(),
        'distribution': os.environ.get('ROS_DISTRO'),
        'load': [round(load, 1) for load in os.getloadavg()],
    }
    report = {'machine': machine, 'nodes': NODES, 'frame': '1920x1080, 30 Hz', 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    print(json.dumps(rows, indent=1))
    return 0


if __name__ == '__main__':
    sys.exit(main())
