# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Keep one node under more load than it can take, with all that goes wrong on a robot at once.

Usage: python benchmarks/soak.py --minutes 10 --output benchmarks/results/soak.json

Eight cameras publish pictures at the same moments, three times as often in sum as imagenet can
process, which is measured first. One of them dies and comes back, and a stray best-effort
publisher comes and goes.
Meanwhile the network is changed, the node goes through its lifecycle, and its diagnostics are read
throughout.
The counts of each activation are added up from the diagnostics: each image that arrived was
processed, replaced by a newer one, or failed. Memory, threads and file descriptors are read each
second; the slopes are those of straight lines through the second half of the run. Memory goes up
and down by the size of a network while one is changed, so the slope that tells a leak is that of
the least of each minute.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import rclpy
from ament_index_python.packages import get_package_prefix
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification

CAMERAS = tuple(f'camera{k}' for k in range(8))
SIZE_WH = (160, 120)
COUNTS = ('received', 'done', 'replaced by newer', 'over the rate limit', 'not wanted')
COUNTS += ('invalid', 'failed', 'lost on the way')
CONFIGURE, CLEANUP, ACTIVATE, DEACTIVATE = 1, 2, 3, 4
SWAP_S, STRAY_S, CAMERA_S, LIFECYCLE_S = 7.0, 5.0, 11.0, 31.0
ANSWER_S = 60.0
FIRST_RATE_HZ, MEASURED_S = 25.0, 20.0
NO_ANSWER = 'no answer of'


class Soak:
    """The cameras, the subscriber and the operator of a node, in this process."""

    def __init__(self, rate_hz: float) -> None:
        self.node = rclpy.create_node('soak')
        # Not spun: rclpy's executor fails if a publisher that it waits for is destroyed.
        self.stray_node = rclpy.create_node('stray')
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.rate_hz = rate_hz
        self.alive = [True] * len(CAMERAS)
        self.sent, self.results = Counter[str](), Counter[str]()
        self.worst_age_s = 0.0
        self.total, self.now = Counter[str](), {}
        self.faults: list[str] = []
        self.levels: Counter[str] = Counter()
        self.stop = threading.Event()
        width, height = SIZE_WH
        self.image = Image(width=width, height=height, encoding='rgb8', step=3 * width)
        self.image.data = np.random.default_rng(0).integers(0, 256, 3 * width * height).tolist()
        self.outs = [
            self.node.create_publisher(Image, f'/imagenet/{name}/image_in', 2) for name in CAMERAS
        ]
        for name in CAMERAS:
            self.node.create_subscription(
                Classification,
                f'/imagenet/{name}/classification',
                lambda message, name=name: self._on_result(name, message),
                QoSProfile(depth=10),
            )
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        self.change = self.node.create_client(ChangeState, '/imagenet/change_state')
        self.state = self.node.create_client(GetState, '/imagenet/get_state')
        self.set = self.node.create_client(
            SetParametersAtomically, '/imagenet/set_parameters_atomically'
        )

    def _on_result(self, name: str, message: Any) -> None:
        stamp = message.header.stamp
        self.results[name] += 1
        age_s = time.time() - stamp.sec - stamp.nanosec * 1e-9
        self.worst_age_s = max(self.worst_age_s, age_s)

    def _on_diagnostics(self, message: Any) -> None:
        for status in message.status:
            if ': frames ' not in status.name:
                continue
            camera = status.name.rpartition(' ')[2]
            level = status.level if isinstance(status.level, int) else status.level[0]
            self.levels[f'{level}'] += 1
            values = {value.key: value.value for value in status.values}
            if 'received' not in values:
                # The node is not active.
                self.close_counts(camera)
                continue
            counts = {key: int(values[key]) for key in COUNTS}
            if counts['received'] < self.now.get(camera, counts)['received']:
                self.close_counts(camera)
            self.now[camera] = counts

    def close_counts(self, camera: str) -> None:
        """Add up the last counts of an activation, and check that they add up."""
        counts = self.now.pop(camera, None)
        if counts is None:
            return
        self.total.update(counts)
        ends = sum(counts[key] for key in COUNTS[1:-1])
        # One is waiting, one in hand, and one or two are counted at one end only just now.
        if not 0 <= counts['received'] - ends <= 4:
            self.faults.append(f'{camera}: {counts}')

    def show(self) -> None:
        """Publish at the same moments from all cameras that are alive, until the end."""
        due_s = time.monotonic()
        while not self.stop.is_set():
            now_ns = time.time_ns()
            self.image.header.stamp.sec, self.image.header.stamp.nanosec = divmod(now_ns, 10**9)
            for name, out, alive in zip(CAMERAS, self.outs, self.alive, strict=True):
                if alive:
                    out.publish(self.image)
                    self.sent[name] += 1
            due_s += 1 / self.rate_hz
            time.sleep(max(0.0, due_s - time.monotonic()))

    def spin(self) -> None:
        """Take results, diagnostics and answers, until the end."""
        try:
            while not self.stop.is_set():
                self.executor.spin_once(0.2)
        except Exception as err:  # noqa: BLE001  to be told, since nothing is counted any more
            self.faults.append(f'the soak itself broke: {err!r}')

    def ask(self, client: Any, request: Any) -> Any:
        """Call a service and return its answer; None without one, which is a fault."""
        if client.wait_for_service(ANSWER_S):
            future = client.call_async(request)
            done = threading.Event()
            future.add_done_callback(lambda _: done.set())
            if done.wait(ANSWER_S):
                return future.result()
        self.faults.append(f'{NO_ANSWER} {client.srv_name}')
        return None

    def transition(self, number: int) -> None:
        """Request a transition of the node."""
        request = ChangeState.Request()
        request.transition.id = number
        answer = self.ask(self.change, request)
        if answer is not None and not answer.success:
            self.faults.append(f'transition {number} failed')

    def swap(self, **values: Any) -> None:
        """Set parameters together."""
        request = SetParametersAtomically.Request()
        request.parameters = [Parameter(k, value=v).to_parameter_msg() for k, v in values.items()]
        answer = self.ask(self.set, request)
        if answer is not None and not answer.result.successful:
            self.faults.append(f'{values}: {answer.result.reason}')

    def is_active(self) -> bool:
        """Return whether the node is active; raise TimeoutError if it does not answer."""
        answer = self.ask(self.state, GetState.Request())
        if answer is None:
            raise TimeoutError(self.faults[-1])
        return bool(answer.current_state.label == 'active')


def slope_per_min(values: list[float], seconds: list[float]) -> float:
    """Return the slope of a straight line through the second half."""
    half = len(values) // 2
    return float(np.polyfit(seconds[half:], values[half:], 1)[0] * 60) if half > 1 else 0.0


def operate(soak: Soak, process: psutil.Process, end_s: float) -> dict[str, Any]:
    """Do all that an operator and bad luck do, until the time is over."""
    begun_s = time.monotonic()
    due = {'swap': SWAP_S, 'stray': STRAY_S, 'camera': CAMERA_S, 'lifecycle': LIFECYCLE_S}
    done, stray, threads = Counter[str](), None, 0
    readings: dict[str, list[float]] = {'s': [], 'rss_mib': [], 'threads': [], 'fds': []}
    while (now_s := time.monotonic() - begun_s) < end_s:
        if process.status() == psutil.STATUS_ZOMBIE:
            soak.faults.append('the node is dead')
            break
        readings['s'].append(now_s)
        readings['rss_mib'].append(process.memory_info().rss / 2**20)
        readings['threads'].append(process.num_threads())
        readings['fds'].append(process.num_fds())
        for what, period_s in (
            ('swap', SWAP_S),
            ('stray', STRAY_S),
            ('camera', CAMERA_S),
            ('lifecycle', LIFECYCLE_S),
        ):
            if now_s < due[what]:
                continue
            due[what] += period_s
            done[what] += 1
            if what == 'swap':
                threads = 3 - max(threads, 1)
                soak.swap(threads=threads)
            elif what == 'camera':
                soak.alive[3] = not soak.alive[3]
            elif what == 'stray' and stray is None:
                weak = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
                stray = soak.stray_node.create_publisher(Image, '/imagenet/camera0/image_in', weak)
            elif what == 'stray':
                soak.stray_node.destroy_publisher(stray)
                stray = None
            else:
                for number in (DEACTIVATE, CLEANUP, CONFIGURE, ACTIVATE):
                    soak.transition(number)
        if any(fault.startswith(NO_ANSWER) for fault in soak.faults):
            break
        time.sleep(1.0)
    minutes = np.array(readings['s']) // 60
    rss = np.array(readings['rss_mib'])
    least = [float(rss[minutes == minute].min()) for minute in np.unique(minutes)]
    return {
        'events': dict(done),
        **{
            f'{key}_per_min': round(slope_per_min(values, readings['s']), 3)
            for key, values in readings.items()
            if key != 's'
        },
        'rss_mib': [round(rss.min()), round(rss.max())],
        'least_rss_mib_of_each_minute': [round(mib) for mib in least],
        'least_rss_mib_per_min': round(slope_per_min(least, list(np.unique(minutes) * 60)), 3),
    }


def capacity_hz(soak: Soak) -> float:
    """Return how many images a second the node processes under load."""
    # The first seconds are those of the network's warm-up.
    time.sleep(MEASURED_S / 2)
    before, begun_s = soak.results.total(), time.monotonic()
    time.sleep(MEASURED_S)
    return (soak.results.total() - before) / (time.monotonic() - begun_s)


def main() -> int:
    """Run the program; return 1 if something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--minutes', type=float, default=10.0)
    parser.add_argument('--overload', type=float, default=3.0, help='images for one processed')
    parser.add_argument('--rate-hz', type=float, help='of each camera, in place of --overload')
    parser.add_argument('--output', type=Path)
    arguments = parser.parse_args()
    rclpy.init()
    program = Path(get_package_prefix('ros_deep_learning'), 'lib/ros_deep_learning/imagenet')
    with tempfile.TemporaryFile('w+') as log, ExitStack() as cleanup:
        process = subprocess.Popen(
            [
                program, '--ros-args', '-p', 'autostart:=true', '-p', 'max_failures:=0',
                '-p', f'cameras:={",".join(CAMERAS)}',
            ],
            stdout=log,
            stderr=log,
        )  # fmt: skip
        cleanup.callback(process.kill)
        soak = Soak(arguments.rate_hz or FIRST_RATE_HZ)
        workers = [threading.Thread(target=work, daemon=True) for work in (soak.spin, soak.show)]
        workers[0].start()
        while not soak.is_active():
            time.sleep(0.2)
        workers[1].start()
        if arguments.rate_hz is None:
            soak.rate_hz = max(1.0, arguments.overload * capacity_hz(soak) / len(CAMERAS))
        found = operate(soak, psutil.Process(process.pid), arguments.minutes * 60)
        soak.stop.set()
        for worker in workers:
            worker.join()
        process.send_signal(signal.SIGINT)
        exit_code = process.wait(60)
        log.seek(0)
        traces = log.read().count('Traceback')
    for camera in tuple(soak.now):
        soak.close_counts(camera)
    fair = [soak.results[name] for k, name in enumerate(CAMERAS) if k != 3]
    report = {
        'machine': f'{os.cpu_count()} CPUs, {platform.machine()}',
        'python': platform.python_version(),
        'rmw': os.environ.get('RMW_IMPLEMENTATION', 'default'),
        'minutes': arguments.minutes,
        'rate_hz': round(soak.rate_hz, 2),
        **found,
        'sent': sum(soak.sent.values()),
        'counts': dict(soak.total),
        'overload': round(sum(soak.sent.values()) / max(1, soak.total['done']), 2),
        'results': dict(soak.results),
        'least_over_most_results': round(min(fair) / max(1, max(fair)), 3),
        'worst_age_s': round(soak.worst_age_s, 3),
        'diagnostics_by_level': dict(soak.levels),
        'exit_code': exit_code,
        'tracebacks': traces,
        'faults': soak.faults,
    }
    text = json.dumps(report, indent=1)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + '\n')
    return int(bool(soak.faults or exit_code or traces))


if __name__ == '__main__':
    sys.exit(main())
