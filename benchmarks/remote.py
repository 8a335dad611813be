# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time a network here against the same one on a server of this machine, for several cameras.

Usage: python benchmarks/remote.py --output benchmarks/results/NAME.json

The server is the Triton of `make test_servers` with a repository of `rdl models export-server`;
its Python backend calls the same ONNX Runtime. Each round takes one image of each camera to the
result, as the worker of a node does. The ways take turns, so that what else the machine does meets
all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import ros_deep_learning
from ros_deep_learning import EngineOptions, ImageNet, RemoteOptions, SegNet
from ros_deep_learning.benchmarking.machine import describe_machine
from ros_deep_learning.cards.zoo import find_card, zoo_folder
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.engines.cpu_threads import waited_s
from ros_deep_learning.engines.remote.model_repository import ServingOptions, write_model

# For the server, which the tests start the same way.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'test' / 'support'))
from triton_server import Triton

NETWORKS: dict[str, Any] = {'selfie': SegNet, 'efficientnet-lite0': ImageNet}
CAMERAS = (1, 4, 16)
HERE = 'here'
PIXELS = '-pixels'
PAGE = {
    'title': 'A network on a server',
    'about': (
        'The baseline is ONNX Runtime in the process itself, with the threads that were chosen at '
        'load. The server is a Triton on the same machine, whose Python backend calls the same '
        'ONNX Runtime with the threads of its own choice: it has no more processors than the '
        'baseline, so the table shows what the way to a server costs, not what a larger server '
        'brings. A round takes one image of each camera to the result. The CPU time is that of '
        'the process that has the images, without the server: it is what a robot pays, and it '
        'depends little on what else the machine does. The time of a round (medians over turns) '
        'does.'
    ),
    'columns': {
        'name': 'network, cameras, way',
        'cpu_ratio': 'CPU time here, ratio',
        'cpu_ms_a_frame': 'a frame, ms',
        'ratio': 'round, ratio',
        'round_p50_ms': 'median, ms',
        'round_p95_ms': '95th percentile',
        'sent_kb': 'input of a frame, kB',
        'received_kb': 'outputs, kB',
    },
}
"""What benchmarks/performance.py makes of the results."""


def timed(call: Callable[[], Any], seconds: float) -> tuple[list[float], float]:
    """Call again and again; return the time of each in ms, and the CPU time of all in ms."""
    times_ms: list[float] = []
    cpu_s, until_s = time.process_time(), time.monotonic() + seconds
    while time.monotonic() < until_s:
        started_s = time.perf_counter()
        call()
        times_ms.append((time.perf_counter() - started_s) * 1e3)
    return times_ms, (time.process_time() - cpu_s) * 1e3


def measure(name: str, server: Triton, seconds: float, turns: int) -> list[dict[str, Any]]:
    """Measure one network: every way, with every number of cameras."""
    picture = cv2.imread(str(zoo_folder() / 'pictures' / 'astronaut.jpg'))[..., ::-1].copy()
    urls = {way: f'{way}://127.0.0.1:{getattr(server, way)}' for way in ('grpc', 'http')}

    def options(url: str, *, shared: bool, model: str = name) -> EngineOptions:
        remote = RemoteOptions(url, model, deadline_s=30, in_flight=4, shared_memory=shared)
        return EngineOptions(remote=remote)

    ways = {
        HERE: {'backend': 'onnxruntime'},
        'gRPC': {'options': options(urls['grpc'], shared=False)},
        'gRPC, pixels': {'options': options(urls['grpc'], shared=False, model=f'{name}{PIXELS}')},
        'HTTP': {'options': options(urls['http'], shared=False)},
        'gRPC, shared memory': {'options': options(urls['grpc'], shared=True)},
        'HTTP, shared memory': {'options': options(urls['http'], shared=True)},
    }
    rows = []
    with ExitStack() as opened:
        networks = {
            way: opened.enter_context(NETWORKS[name](name, **how)) for way, how in ways.items()
        }
        for network in networks.values():
            network.warm_up()
        for cameras in CAMERAS:
            found: dict[str, list[float]] = {way: [] for way in ways}
            cpu_ms = dict.fromkeys(ways, 0.0)
            before_s, began_s = waited_s(), time.perf_counter()
            for _ in range(turns):
                for way, network in networks.items():
                    run = getattr(network, 'segment_batch', None) or network.classify_batch
                    times_ms, taken_ms = timed(partial(run, [picture] * cameras), seconds)
                    found[way] += times_ms
                    cpu_ms[way] += taken_ms
            waited = (waited_s() - before_s) / (time.perf_counter() - began_s)
            here: dict[str, Any] = {}
            for way, network in networks.items():
                row = summary(name, cameras, way, found, cpu_ms[way], network.info)
                here = row if way == HERE else here
                row['cpu_ratio'] = round(row['cpu_ms_a_frame'] / here['cpu_ms_a_frame'], 2)
                rows.append(row | {'waited_share': round(waited, 3)})
                print(json.dumps(rows[-1]), flush=True)
    return rows


def summary(
    name: str,
    cameras: int,
    way: str,
    found: dict[str, list[float]],
    cpu_ms: float,
    info: Any,
) -> dict[str, Any]:
    """Return the row of one way."""
    p50_ms, p95_ms = percentiles(found[way])
    return {
        'name': f'{name}, {cameras}, {way}',
        'ratio': round(p50_ms / percentiles(found[HERE])[0], 2),
        'round_p50_ms': p50_ms,
        'round_p95_ms': p95_ms,
        'frames_per_s': round(1e3 * cameras / p50_ms, 1),
        'cpu_ms_a_frame': round(cpu_ms / len(found[way]) / cameras, 2),
        'sent_kb': round(info.sent_bytes / 1e3),
        'received_kb': round(info.received_bytes / 1e3),
        'rounds': len(found[way]),
    }


def percentiles(times_ms: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    p50, p95 = np.percentile(times_ms, (50, 95))
    return round(float(p50), 2), round(float(p95), 2)


def main() -> int:
    """Measure all networks and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    parser.add_argument('--seconds', type=float, default=2.0, help='of each way in a turn')
    parser.add_argument('--turns', type=int, default=3)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / 'repository'
        for name in NETWORKS:
            card = find_card(name)
            path = ModelStore().onnx_path(card)
            write_model(card, path, repository, ServingOptions('python'))
            pixels = ServingOptions('python', pixels=True)
            write_model(replace(card, name=f'{name}{PIXELS}'), path, repository, pixels)
        server = Triton(Path(folder), repository)
        server.start()
        try:
            for name in NETWORKS:
                rows += measure(name, server, arguments.seconds, arguments.turns)
        finally:
            server.kill()
    machine = describe_machine(ros_deep_learning.__version__) | {
        'server': 'Triton 2.51',
        'load': [round(load, 1) for load in os.getloadavg()],
    }
    report = {'page': PAGE, 'machine': machine, 'turns': arguments.turns, 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
