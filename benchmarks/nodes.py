# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the nodes from a camera's stamp to the result in another process, against minimal nodes.

Usage: python benchmarks/nodes.py --output benchmarks/results/NAME.json [--backends tensorrt]
       [--networks imagenet=resnet-18 segnet=card.yaml]

A process publishes a real picture as rgb8 at 30 Hz, as a camera driver does. On its images take
turns: rclpy's callback as everybody writes it, the least callback that takes one copy, the nodes
that users start, with their default networks unless others are named, and the least node in Python
that runs the same network (``programs/least_node.py``). The callbacks run no network. The network
alone, in a process of its own without a camera, is the bare round trip of frame_to_result.py with
the node's plan, or the session of ONNX Runtime that the node has, on a tensor that is ready.

A result is received as the least callback receives an image, so that both ages end alike. The
node's own statistics tell the age when it was published, too. Shared memory has the room of
config/fastdds_large_images.xml.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import frame_to_result
import numpy as np
import psutil
import rclpy
import receive
import transport
from ament_index_python.packages import get_package_prefix
from rclpy.serialization import deserialize_message
from receivers import minimal_one_copy
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, Detection2DArray

import ros_deep_learning
from ros_deep_learning.benchmarking.machine import describe_machine
from ros_deep_learning.downloads.media import media_path
from ros_deep_learning.engines.cpu_threads import waited_s
from ros_deep_learning.msg import InferenceStats

START_S = 600.0
SETTLE_S = 2.0
CAMERA = '/camera'
STARTED = ('autostart:=true', 'exit_on_failed_start:=true')
NODES = {
    'imagenet': ('classification', Classification, 'efficientnet-lite0'),
    'detectnet': ('detections', Detection2DArray, 'ssd-mobilenet-v2'),
    'segnet': ('class_mask', Image, 'selfie'),
}
"""The output that is received, its type, and the network."""
SIZES = ((640, 480), (1920, 1080))
BACKENDS = ('onnxruntime', 'tensorrt')
STAGES = ('preprocess_ms', 'inference_ms', 'postprocess_ms')
BARE_RUNS, PACED_RUNS = 100, 60
RATIO_TARGETS = {(1920, 1080): 0.45}
OVER_TARGETS_MS = {(640, 480): 0.6, (1920, 1080): 0.9}
"""On TensorRT: of the age against the typed callback's, and beyond one copy and the network."""
PAGE = {
    'title': 'Nodes against minimal nodes',
    'about': (
        'The age of a result in another process, from the stamp of an image of 30 Hz. The ratio '
        'is against the age in a callback of rclpy as everybody writes it (typed message, '
        "glibc's own malloc settings), which runs no network. `beyond` is the age less that in "
        'the least callback that takes one copy, and less the network alone: its bare round trip '
        'one after another. The targets are of TensorRT. `at 30 Hz` is the same round trip with '
        'pauses in between, as a camera makes them; `published` is the age by the statistics of '
        'the node, before the result goes to the other process. The least node is one thread in '
        'Python that takes an image with one copy, runs the same network and publishes a result '
        'that is ready, without preprocessing, postprocessing or counts: what it needs no node '
        'can save on this machine, to within a few tenths of a millisecond. Medians; the '
        'callbacks are measured before and after the nodes, on the same camera process.'
    ),
    'columns': {
        'name': 'node',
        'age_p50_ms': 'age, ms',
        'age_p95_ms': '95th percentile',
        'typed_age_ms': 'typed callback, ms',
        'ratio': 'ratio',
        'target': 'target',
        'one_copy_age_ms': 'one-copy callback, ms',
        'bare_ms': 'network alone, ms',
        'over_ms': 'beyond, ms',
        'target_ms': 'target, ms',
        'least_age_ms': 'least node, age, ms',
        'least_over_ms': 'its beyond, ms',
        'least_ratio': 'its ratio',
        'over_least_ms': 'node beyond the least, ms',
        'bare_paced_ms': 'network alone at 30 Hz, ms',
        'inference_ms': 'inference in the node, ms',
        'published_age_ms': 'age when published, ms',
        'cpu_ms_a_result': 'CPU a result, ms',
    },
    'goals': {'ratio': 'target', 'over_ms': 'target_ms'},
    'least': {'ratio': 'least_ratio', 'over_ms': 'least_over_ms'},
}
"""What benchmarks/performance.py makes of the results."""


def publish(size_wh: tuple[int, int]) -> None:
    """Publish a picture until this process is ended."""
    picture = cv2.imread(str(media_path('astronaut.png')), cv2.IMREAD_COLOR)
    picture = cv2.cvtColor(cv2.resize(picture, size_wh), cv2.COLOR_BGR2RGB)
    transport.publish_picture(CAMERA, picture)


@contextmanager
def camera(size_wh: tuple[int, int]) -> Iterator[None]:
    """Publish in a process of its own while the body runs."""
    with running([sys.executable, __file__, '--camera', *map(str, size_wh)]):
        yield


@contextmanager
def running(
    command: Sequence[str], environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process while the body runs, and end it as Ctrl-C does."""
    process = subprocess.Popen(command, env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def node_command(name: str, *values: str) -> list[str]:
    """Return the command of a node with the images of the camera."""
    program = Path(get_package_prefix('ros_deep_learning'), 'lib', 'ros_deep_learning', name)
    options = [word for value in (*STARTED, *values) for word in ('-p', value)]
    return [str(program), '--ros-args', '-r', f'~/image_in:={CAMERA}', *options]


class Results:
    """The results of a node and its statistics, as they arrive in this process.

    Args:
        name: The node.
        output: The output that is received.
        kind: The class of its messages.

    Attributes:
        ages_ms: Of the results.
    """

    def __init__(self, name: str, output: str, kind: type[Any]) -> None:
        self._result, self._stats = f'/{name}/{output}', f'/{name}/stats'
        self._topics = {self._result: kind, self._stats: InferenceStats}
        self.ages_ms: list[float] = []
        self._told: list[bytes] = []

    def _take(self, topic: str, data: np.ndarray) -> None:
        now_ns = time.time_ns()
        if topic == self._result:
            self.ages_ms.append((now_ns - minimal_one_copy.stamp_ns(data)) / 1e6)
        else:
            self._told.append(data.tobytes())

    def receive(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> None:
        """Receive anew for some seconds, or until it is enough."""
        self.ages_ms, self._told = [], []
        end_s = time.monotonic() + seconds
        node = rclpy.create_node('viewer')
        try:
            minimal_one_copy.receive(
                node,
                self._topics,
                self._take,
                lambda: time.monotonic() < end_s and not enough(),
            )
        finally:
            node.destroy_node()

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for the first result of a node's process, then until all has settled.

        Raises:
            RuntimeError: The process has ended, or there is no result.
        """
        self.receive(START_S, lambda: bool(self.ages_ms) or process.poll() is not None)
        if not self.ages_ms:
            msg = f'nothing came on {self._result}; the log of the node says why'
            raise RuntimeError(msg)
        self.receive(SETTLE_S)

    def stats(self) -> list[InferenceStats]:
        """Return the statistics that came."""
        return [deserialize_message(data, InferenceStats) for data in self._told]


def measure(
    name: str,
    model: str,
    size_wh: tuple[int, int],
    backend: str,
    seconds: float,
    parameters: Sequence[str],
    environment: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Run one node on the camera, and summarise what came.

    Args:
        name: The node.
        model: Its network.
        size_wh: Of the images.
        backend: What runs the network.
        seconds: How long it is measured.
        parameters: More of the node's, ``name:=value``.
        environment: Of the node; None is this process's.
    """
    output, kind, _ = NODES[name]
    results = Results(name, output, kind)
    command = node_command(name, f'backend:={backend}', f'model:={model}', *parameters)
    with running(command, environment) as process:
        results.wait(process)
        before_s = busy_and_waited_s(process.pid)
        results.receive(seconds)
        busy_s, not_run_s = np.subtract(busy_and_waited_s(process.pid), before_s)
    ages_ms, stats = results.ages_ms, results.stats()
    p50, p95 = np.percentile(ages_ms, (50, 95))
    return {
        'name': '{}, {}x{}, {}'.format(name, *size_wh, backend),
        'node': name,
        'size': '{}x{}'.format(*size_wh),
        'model': model,
        'backend': stats[-1].backend,
        'precision': stats[-1].precision,
        'device': stats[-1].device,
        'results_hz': round(len(ages_ms) / seconds, 1),
        **{s: round(float(np.median([getattr(m, s) for m in stats])), 3) for s in STAGES},
        'age_p50_ms': round(float(p50), 2),
        'age_p95_ms': round(float(p95), 2),
        'published_age_ms': round(float(np.median([m.age_ms for m in stats])), 2),
        'cpu_ms_a_result': round(1e3 * float(busy_s) / len(ages_ms), 1),
        'waited_share': round(float(not_run_s) / seconds, 3),
    }


def least_age_ms(name: str, model: str, backend: str, seconds: float, level: int) -> float:
    """Return the median age of the results of the least node; see ``measure``."""
    output, kind, _ = NODES[name]
    results = Results('least', output, kind)
    program = Path(__file__).parent / 'programs' / 'least_node.py'
    values = name, model, f'/least/{output}', CAMERA, backend, str(level)
    with running([sys.executable, str(program), *values]) as process:
        results.wait(process)
        results.receive(seconds)
    return round(float(np.median(results.ages_ms)), 2)


def busy_and_waited_s(process: int) -> tuple[float, float]:
    """Return how long a process has run so far, and how long it waited for a CPU."""
    return sum(psutil.Process(process).cpu_times()[:2]), waited_s(process)


def bare(model: str, backend: str, level: int) -> dict[str, float]:
    """Time a network alone, one run after another and at the rate of the camera."""
    # With the precision and the threads that the nodes choose.
    net, _ = frame_to_result.open_network(model, 'auto', level, backend)
    with net:
        if backend == 'tensorrt':
            time_runs = partial(frame_to_result.bare_round_trip, net)
        else:
            rng = np.random.default_rng(0)
            feed = {
                spec.name: rng.random([max(1, side) for side in spec.shape], np.float32)
                for spec in net.engine.info.inputs
            }
            time_runs = partial(frame_to_result.timed, lambda: net.engine.run(feed))
        found = time_runs(BARE_RUNS), time_runs(PACED_RUNS, 1 / transport.RATE_HZ)
    return dict(zip(('bare_ms', 'bare_paced_ms'), (each['p50'] for each in found), strict=True))


def bare_elsewhere(model: str, backend: str, level: int) -> dict[str, float]:
    """Call ``bare`` in a process of its own."""
    command = [sys.executable, __file__, '--bare', model, '--backends', backend]
    done = subprocess.run(
        [*command, '--level', str(level)], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def compare(
    row: dict[str, Any], ages_ms: tuple[float, float], alone: dict[str, float], backend: str
) -> dict[str, Any]:
    """Add to a node's row what it is compared with.

    Args:
        row: Of the node, with the age of the least one.
        ages_ms: In the typed callback and in the one that takes one copy.
        alone: The network.
        backend: What runs it.
    """
    typed_ms, one_copy_ms = ages_ms
    over_ms = row['age_p50_ms'] - one_copy_ms - alone['bare_ms']
    row |= {'typed_age_ms': typed_ms, 'one_copy_age_ms': one_copy_ms, **alone}
    row |= {'ratio': round(row['age_p50_ms'] / typed_ms, 2), 'over_ms': round(over_ms, 2)}
    row['least_over_ms'] = round(row['least_age_ms'] - one_copy_ms - alone['bare_ms'], 2)
    row['least_ratio'] = round(row['least_age_ms'] / typed_ms, 2)
    row['over_least_ms'] = round(row['age_p50_ms'] - row['least_age_ms'], 2)
    if backend == 'tensorrt':
        size_wh = tuple(map(int, row['size'].split('x')))
        row['target_ms'] = OVER_TARGETS_MS[size_wh]
        if size_wh in RATIO_TARGETS:
            row['target'] = RATIO_TARGETS[size_wh]
    return row


def main() -> int:
    """Measure all nodes and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--seconds', type=float, default=4.0, help='how long each row runs')
    parser.add_argument('--level', type=int, default=1, help='builder optimisation level')
    parser.add_argument(
        '--parameters', nargs='+', default=[], metavar='NAME:=VALUE', help='of the nodes'
    )
    parser.add_argument('--backends', nargs='+', choices=BACKENDS, default=BACKENDS)
    parser.add_argument(
        '--networks', nargs='+', default=[], metavar='NODE=NETWORK', help='other than the default'
    )
    parser.add_argument('--camera', nargs=2, type=int, help=argparse.SUPPRESS)
    parser.add_argument('--bare', help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.update(transport.XML)
    if arguments.camera:
        publish(tuple(arguments.camera))
    if arguments.bare:
        print(json.dumps(bare(arguments.bare, arguments.backends[0], arguments.level)))
        return 0
    networks = {name: model for name, (_, _, model) in NODES.items()}
    networks |= dict(pair.split('=', 1) for pair in arguments.networks)
    if networks.keys() != NODES.keys():
        parser.error(f'expected {", ".join(NODES)} before =, got {arguments.networks}')
    rclpy.init()
    alone = {
        (name, backend): bare_elsewhere(model, backend, arguments.level)
        for name, model in networks.items()
        for backend in arguments.backends
    }
    parameters = (f'optimization_level:={arguments.level}', *arguments.parameters)
    rows: list[dict[str, Any]] = []
    for size_wh in SIZES:
        with camera(size_wh):
            # Before the nodes and after them, never beside them.
            callbacks = [callback_ages(size_wh, arguments.seconds)]
            found = []
            for name, backend in alone:
                model, seconds = networks[name], arguments.seconds
                row = measure(name, model, size_wh, backend, seconds, parameters)
                row['least_age_ms'] = least_age_ms(name, model, backend, seconds, arguments.level)
                found.append((row, name, backend))
            callbacks.append(callback_ages(size_wh, arguments.seconds))
        typed_ms, one_copy_ms = np.mean(callbacks, axis=0).round(2).tolist()
        for row, name, backend in found:
            rows.append(compare(row, (typed_ms, one_copy_ms), alone[name, backend], backend))
            print(json.dumps(rows[-1]), flush=True)
    report = {'page': PAGE, 'machine': machine(arguments.backends, arguments.level), 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


def machine(backends: Sequence[str], level: int) -> dict[str, Any]:
    """Describe the machine, with the level of its plans where there are any."""
    found = describe_machine(ros_deep_learning.__version__)
    if 'tensorrt' in backends:
        found |= frame_to_result.gpu_machine() | {'level': level}
    return found | {
        'middleware': rclpy.get_rmw_implementation_identifier(),
        'load': [round(load, 1) for load in os.getloadavg()],
    }


def callback_ages(size_wh: tuple[int, int], seconds: float) -> tuple[float, float]:
    """Return the median ages in the typed callback and in the one that takes one copy."""
    ways = receive.WAYS[0], receive.WAYS[-1]
    typed, one_copy = (receive.measure(way, size_wh, seconds) for way in ways)
    return typed['age_p50_ms'], one_copy['age_p50_ms']


if __name__ == '__main__':
    sys.exit(main())
