# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the ways that tensors can take to a server on the same GPU and back.

Usage: python benchmarks/server_memory.py --output benchmarks/results/NAME.json

The server is the Triton of `make test_servers`, with models that give their input back. So the
figures are those of the way alone: no network runs. The ways take turns.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

import ros_deep_learning
from ros_deep_learning.benchmarking.machine import describe_machine
from ros_deep_learning.cards.card import InputSpec, ModelCard, SourceSpec
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.remote.backend import RemoteBackend
from ros_deep_learning.engines.remote.options import RemoteOptions
from ros_deep_learning.engines.tensorrt.runtime.cuda import find_gpu
from ros_deep_learning.progress import silent

# For the server and its models, as the tests have them.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'test' / 'support'))
from echo_models import MODELS, write_echo_models
from triton_server import Triton

SHAPES = {'300x300': (1, 3, 300, 300), '1920x1080': (1, 3, 1080, 1920)}
WAYS: dict[str, dict[str, bool]] = {
    'sent': {'shared_memory': False},
    'system': {},
    'gpu': {'cuda_memory': True},
}
MEASURED = {
    'sent': (),
    'system': ('tensors in shared memory',),
    'gpu': ('tensors in GPU memory',),
}
SCHEMES = ('grpc', 'http')
OUTPUTS = {'nothing back': ['on_cpu'], 'as much back': ['y', 'on_cpu']}
PAGE = {
    'title': 'Tensors to a server on the same GPU',
    'about': (
        'The server is a Triton on the same machine, with a model that gives its input back; no '
        'network runs. The baseline is system shared memory. The input of '
        '`brought` is brought to the CPU by the server, as for a network that runs there; that of '
        '`stays` is left where it is, and a network on the GPU that gets it in the memory of the '
        'system has to bring it there as well, which is not in these times. All begin and end '
        'with arrays in the memory of the host. A frame at a time.'
    ),
    'columns': {
        'name': 'model, input, outputs, protocol',
        'ratio': 'GPU memory, ratio',
        'sent_ms': 'sent, ms',
        'system_ms': 'system shared memory, ms',
        'gpu_ms': 'GPU memory, ms',
        'sent_cpu_ms': 'CPU time here, sent, ms',
        'system_cpu_ms': 'system, ms',
        'gpu_cpu_ms': 'GPU, ms',
    },
}
"""What benchmarks/performance.py makes of the results."""


def card(name: str) -> ModelCard:
    """Return a card with the name of a model."""
    return ModelCard(
        name=name,
        task='classification',
        source=SourceSpec(),
        format='onnx',
        input=InputSpec(1, 1),
        licence='MIT',
        folder=Path(),
    )


def measure(server: Triton, size: str, seconds: float, turns: int) -> list[dict[str, Any]]:
    """Measure all ways for inputs of one size."""
    x = np.random.default_rng(1).random(SHAPES[size], np.float32)
    rows = []
    with ExitStack() as opened:
        for model in MODELS:
            engines = {}
            for scheme in SCHEMES:
                url = f'{scheme}://127.0.0.1:{getattr(server, scheme)}'
                for way, how in WAYS.items():
                    options = EngineOptions(remote=RemoteOptions(url, deadline_s=30, **how))
                    network = RemoteBackend().load_served(
                        card(model), precision='auto', options=options, progress=silent
                    )
                    engine = network.handle(network.free)
                    opened.callback(engine.close)
                    engines[scheme, way] = engine
            for back, outputs in OUTPUTS.items():
                found = time_ways(engines, x, outputs, seconds, turns)
                for scheme in SCHEMES:
                    name = f'{model}, {size}, {back}, {scheme}'
                    rows.append(row(name, {way: found[scheme, way] for way in WAYS}))
                    print(json.dumps(rows[-1]), flush=True)
    return rows


def row(name: str, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the row of one request, by the measured figures of each way."""
    ratio = found['gpu']['p50_ms'] / found['system']['p50_ms']
    times = {f'{way}_ms': one['p50_ms'] for way, one in found.items()}
    cpu = {f'{way}_cpu_ms': one['cpu_ms'] for way, one in found.items()}
    return {'name': name, 'ratio': round(ratio, 2), **times, **cpu, 'ways': found}


def time_ways(
    engines: dict[tuple[str, str], Any],
    x: np.ndarray,
    outputs: list[str],
    seconds: float,
    turns: int,
) -> dict[tuple[str, str], dict[str, Any]]:
    """Time runs of each engine, in turns."""
    times_ms: dict[tuple[str, str], list[float]] = {way: [] for way in engines}
    cpu_s = dict.fromkeys(engines, 0.0)
    last: dict[tuple[str, str], Any] = {}
    for _ in range(turns):
        for way, engine in engines.items():
            engine.run({'x': x}, outputs)
            began_s, until_s = time.process_time(), time.monotonic() + seconds
            while time.monotonic() < until_s:
                started_s = time.perf_counter()
                last[way] = engine.run({'x': x}, outputs)
                times_ms[way].append((time.perf_counter() - started_s) * 1e3)
            cpu_s[way] += time.process_time() - began_s
    rows = {}
    for way, engine in engines.items():
        assert engine.info.measured == MEASURED[way[1]], engine.info
        if 'y' in outputs:
            np.testing.assert_array_equal(last[way]['y'], x)
        p50, p95 = np.percentile(times_ms[way], (50, 95))
        rows[way] = {
            'p50_ms': round(float(p50), 3),
            'p95_ms': round(float(p95), 3),
            'cpu_ms': round(cpu_s[way] / len(times_ms[way]) * 1e3, 3),
            'on_cpu': bool(last[way]['on_cpu'][0]),
            'runs': len(times_ms[way]),
        }
    return rows


def main() -> int:
    """Measure all and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    parser.add_argument('--seconds', type=float, default=0.7, help='of each way in a turn')
    parser.add_argument('--turns', type=int, default=3)
    arguments = parser.parse_args()
    gpu = find_gpu(0).gpu
    rows = []
    for size, shape in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            repository = Path(folder) / 'repository'
            write_echo_models(repository, shape)
            server = Triton(Path(folder), repository)
            server.start()
            try:
                rows += measure(server, size, arguments.seconds, arguments.turns)
            finally:
                server.kill()
    machine = describe_machine(ros_deep_learning.__version__)
    machine |= {'gpu': gpu, 'server': 'Triton 2.51'}
    report = {'page': PAGE, 'machine': machine, 'turns': arguments.turns, 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
