# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Count the 1080p images that reach another process, with several settings of the transport.

Usage: python benchmarks/transport.py --output benchmarks/results/NAME.json [--plot NAME.png]

A process publishes 1920x1080 rgb8 images at 30 Hz, as a camera driver does; another subscribes as
the nodes do, with a depth of 1, and counts. Every ratio is against the same run's baseline: the
reliable subscription with the transports that Fast DDS has by default.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

RATE_HZ = 30.0
MEET_S = 10.0
SETTLE_S = 3.0
PROFILE = Path(__file__).parents[1] / 'config' / 'fastdds_large_images.xml'
LARGE_DATA = 'LARGE_DATA?max_msg_size=1MB&sockets_size=1MB&non_blocking=true'
BUILTIN = {'FASTDDS_BUILTIN_TRANSPORTS': LARGE_DATA}
XML = {'FASTDDS_DEFAULT_PROFILES_FILE': str(PROFILE)}


@dataclass(frozen=True)
class Setting:
    """How both processes are set up."""

    name: str
    publisher: dict[str, str]
    subscriber: dict[str, str]
    reliability: str = 'reliable'
    compressed: bool = False


SETTINGS = (
    Setting('default', {}, {}),
    Setting('default, best effort', {}, {}, 'best_effort'),
    Setting('LARGE_DATA with options', BUILTIN, BUILTIN),
    Setting('LARGE_DATA with options, subscriber alone', {}, BUILTIN),
    Setting('XML profile', XML, XML),
    Setting('XML profile, best effort', XML, XML, 'best_effort'),
    Setting('XML profile, subscriber alone', {}, XML),
    Setting('XML profile, publisher alone', XML, {}),
    Setting('default, JPEG', {}, {}, compressed=True),
)


def picture() -> np.ndarray:
    """Make a 1080p picture of smooth noise, which JPEG compresses as it does a street."""
    import cv2

    small = np.random.default_rng(0).integers(0, 256, (68, 120, 3), np.uint8)
    return cv2.resize(small, (1920, 1080), interpolation=cv2.INTER_CUBIC)


def publish_picture(topic: str, picture_rgb: np.ndarray, rate_hz: float = RATE_HZ) -> None:
    """Publish a picture as a camera driver does, until this process is ended."""
    import array
    import signal

    import rclpy
    from rclpy.qos import QoSProfile
    from rclpy.signals import SignalHandlerOptions
    from sensor_msgs.msg import Image

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node('camera')
    height, width, _ = picture_rgb.shape
    message = Image(width=width, height=height, encoding='rgb8', step=3 * width)
    message.data = array.array('B', picture_rgb.tobytes())
    publisher = node.create_publisher(Image, topic, QoSProfile(depth=1))
    began_s, number = time.monotonic(), 0
    while True:
        number += 1
        time.sleep(max(0.0, began_s + number / rate_hz - time.monotonic()))
        message.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(message)


def publish(setting: Setting, seconds: float) -> dict[str, Any]:
    """Publish as a camera driver does, once somebody subscribes."""
    import array

    import cv2
    import rclpy
    from rclpy.qos import QoSProfile
    from sensor_msgs.msg import CompressedImage, Image

    rclpy.init()
    node = rclpy.create_node('camera')
    image = picture()
    if setting.compressed:
        data = cv2.imencode('.jpg', image)[1].tobytes()
        message = CompressedImage(format='rgb8; jpeg compressed bgr8')
    else:
        data = image.tobytes()
        message = Image(width=1920, height=1080, encoding='rgb8', step=1920 * 3)
    message.data = array.array('B', data)
    # Reliable, so that a subscriber of either kind meets it.
    publisher = node.create_publisher(type(message), '/camera', QoSProfile(depth=1))
    # Transports that have nothing in common never meet; then the images go nowhere.
    end_s = time.monotonic() + MEET_S
    while not publisher.get_subscription_count() and time.monotonic() < end_s:
        rclpy.spin_once(node, timeout_sec=0.1)
    time.sleep(SETTLE_S)
    began_s, busy_s = time.monotonic(), time.process_time()
    count = int(seconds * RATE_HZ)
    for number in range(count):
        time.sleep(max(0.0, began_s + number / RATE_HZ - time.monotonic()))
        message.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(message)
    took_s, busy_s = time.monotonic() - began_s, time.process_time() - busy_s
    # The last ones may still be on their way.
    time.sleep(1.0)
    rclpy.shutdown()
    return {
        'bytes': len(data),
        'published': count,
        'published_hz': round(count / took_s, 1),
        'publisher_cpu': round(busy_s / took_s, 2),
    }


def subscribe(setting: Setting, seconds: float) -> dict[str, Any]:
    """Count what comes, from the first image until none has come for a while."""
    import rclpy
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from sensor_msgs.msg import CompressedImage, Image

    rclpy.init()
    node = rclpy.create_node('viewer')
    ages_ms: list[float] = []
    times_s: list[float] = []

    def take(message: Any) -> None:
        stamp = message.header.stamp
        now_ns = node.get_clock().now().nanoseconds
        ages_ms.append((now_ns - stamp.sec * 10**9 - stamp.nanosec) / 1e6)
        times_s.append(time.monotonic())

    kind = CompressedImage if setting.compressed else Image
    reliability = ReliabilityPolicy[setting.reliability.upper()]
    node.create_subscription(kind, '/camera', take, QoSProfile(depth=1, reliability=reliability))
    end_s = time.monotonic() + seconds + MEET_S + SETTLE_S + 3.0
    busy_s = time.process_time()
    while time.monotonic() < end_s:
        rclpy.spin_once(node, timeout_sec=0.1)
        if times_s and time.monotonic() > times_s[-1] + 4.0:
            break
    busy_s = time.process_time() - busy_s
    rclpy.shutdown()
    report: dict[str, Any] = {
        'received': len(ages_ms),
        'subscriber_cpu': round(busy_s / seconds, 2),
    }
    if ages_ms:
        p50, p95 = np.percentile(ages_ms, (50, 95))
        report |= {'age_p50_ms': round(p50, 1), 'age_p95_ms': round(p95, 1)}
    return report


def measure(index: int, seconds: float) -> dict[str, Any]:
    """Run both processes with a setting."""
    setting = SETTINGS[index]
    children = []
    for role, extra in (('subscribe', setting.subscriber), ('publish', setting.publisher)):
        command = [sys.executable, __file__, '--role', role, '--setting', str(index),
                   '--seconds', str(seconds)]  # fmt: skip
        children.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | extra)
        )
    row: dict[str, Any] = {'setting': setting.name}
    try:
        for child in reversed(children):
            out, _ = child.communicate(timeout=seconds + 60)
            row |= json.loads(out.strip().splitlines()[-1])
    finally:
        for child in children:
            child.kill()
    row['received_hz'] = round(row['received'] / seconds, 1)
    row['share'] = round(row['received'] / row['published'], 3)
    return row


def summarise(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the run with the median of what arrived, and all of their rates."""
    rates_hz = [float(run['received_hz']) for run in runs]
    return middle(runs, rates_hz) | {'all_received_hz': rates_hz}


def middle(runs: list[dict[str, Any]], figures: list[float]) -> dict[str, Any]:
    """Return the run whose figure is the median."""
    return runs[sorted(range(len(runs)), key=figures.__getitem__)[len(runs) // 2]]


def machine(baseline: str) -> dict[str, Any]:
    """Describe what it runs on, and what the ratios are against."""
    import rclpy.utilities

    return {
        'processor': platform.processor() or platform.machine(),
        'cores': os.cpu_count(),
        'python': platform.python_version(),
        'distribution': os.environ.get('ROS_DISTRO'),
        'rmw': rclpy.utilities.get_rmw_implementation_identifier(),
        'discovery_range': os.environ.get('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SUBNET'),
        'baseline': baseline,
        'load': [round(load, 1) for load in os.getloadavg()],
    }


def write_report(path: Path, baseline: str, found: dict[str, Any]) -> None:
    """Write what was found, with the machine it was found on."""
    report = {'machine': machine(baseline), 'rate_hz': RATE_HZ} | found
    path.write_text(json.dumps(report, indent=1) + '\n')


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw the images a second that arrived as bars."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 4.5), layout='constrained')
    names = [row['setting'] for row in reversed(rows)]
    bars = axes.barh(names, [row['received_hz'] for row in reversed(rows)])
    axes.bar_label(bars, fmt='%.1f', fontsize=8, padding=2)
    axes.axvline(RATE_HZ, color='grey', linestyle=':')
    axes.set_xlabel(f'1920x1080 rgb8 images a second that arrived, of {RATE_HZ:.0f} published')
    figure.savefig(path, dpi=120)


def main() -> int:
    """Measure all settings and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--plot', type=Path, help='draw the JSON file as a picture')
    parser.add_argument('--seconds', type=float, default=10.0, help='how long each setting runs')
    parser.add_argument('--rounds', type=int, default=3, help='how often, for a median')
    parser.add_argument('--role', choices=('publish', 'subscribe'), help=argparse.SUPPRESS)
    parser.add_argument('--setting', type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role:
        work = publish if arguments.role == 'publish' else subscribe
        print(json.dumps(work(SETTINGS[arguments.setting], arguments.seconds)), flush=True)
        return 0
    if arguments.plot:
        plot(json.loads(arguments.output.read_text())['rows'], arguments.plot)
        return 0
    runs: list[list[dict[str, Any]]] = [[] for _ in SETTINGS]
    # Round by round, so that what else the machine does meets all settings alike.
    for _ in range(arguments.rounds):
        for index, of_setting in enumerate(runs):
            of_setting.append(measure(index, arguments.seconds))
            print(json.dumps(of_setting[-1]), flush=True)
        rows = [summarise(of_setting) for of_setting in runs]
        for row in rows:
            row['times_more'] = round(row['received_hz'] / rows[0]['received_hz'], 2)
        write_report(arguments.output, SETTINGS[0].name, {'rounds': len(runs[0]), 'rows': rows})
    return 0


if __name__ == '__main__':
    sys.exit(main())
