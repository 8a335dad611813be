# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the kept networks on every backend of this machine, from a 1080p image to a result.

Usage: python benchmarks/engines.py --output benchmarks/results/NAME.json [--plot NAME.png]

Every figure is taken in one run, and every ratio is against the same run's baseline: ONNX Runtime
on the CPU, float32. ``end_to_end_ms`` is one call of the library from a 1920x1080 frame in host
memory to the finished result; ``engine_ms`` is the part that the engine takes, with the copies
and, on TensorRT, the preprocessing; ``build_s`` is the time of the first load, ``load_s`` of the
second.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from ros_deep_learning import DetectNet, ImageNet, SegNet
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.loader import EngineLoader
from ros_deep_learning.errors import EngineError

NETWORKS = {
    'efficientnet-lite0': (ImageNet, 'classify'),
    'selfie': (SegNet, 'segment'),
    'duckietown-lanes': (SegNet, 'segment'),
    'ssd-mobilenet-v2': (DetectNet, 'detect'),
}
WARM_UP = 20
MIN_RUNS, MAX_RUNS, BUDGET_S = 20, 300, 4.0


def frame_rgb() -> np.ndarray:
    """Make a 1080p frame of smooth noise: its content does not change the work."""
    import cv2

    small = np.random.default_rng(0).integers(0, 256, (68, 120, 3), np.uint8)
    return cv2.resize(small, (1920, 1080), interpolation=cv2.INTER_CUBIC)


def percentiles(samples_ms: list[float]) -> dict[str, float]:
    """Summarise durations in milliseconds."""
    p50, p95, p99 = np.percentile(samples_ms, (50, 95, 99))
    return {'p50': round(p50, 4), 'p95': round(p95, 4), 'p99': round(p99, 4)}


def measure(name: str, backend: str, precision: str, *, cuda_graph: bool) -> dict[str, Any]:
    """Load a network twice, and time it."""
    kind, method = NETWORKS[name]
    options = EngineOptions(cuda_graph=cuda_graph)
    image = frame_rgb()
    loads_s = []
    for _ in range(2):
        started = time.perf_counter()
        network = kind(
            name, loader=EngineLoader(), backend=backend, precision=precision, options=options
        )
        loads_s.append(time.perf_counter() - started)
        if len(loads_s) == 1:
            network.close()
    with network:
        run = getattr(network, method)
        for _ in range(WARM_UP):
            run(image)
        total_ms: list[float] = []
        engine_ms: list[float] = []
        until = time.perf_counter() + BUDGET_S
        while len(total_ms) < MIN_RUNS or (
            time.perf_counter() < until and len(total_ms) < MAX_RUNS
        ):
            started = time.perf_counter()
            result = run(image)
            total_ms.append((time.perf_counter() - started) * 1e3)
            engine_ms.append(result.times.inference_ms)
        info = network.info
    return {
        'network': name,
        'backend': f'{info.backend} {info.version}',
        'device': info.device,
        'precision': info.precision,
        'cuda_graph': cuda_graph,
        'build_s': round(loads_s[0], 3),
        'load_s': round(loads_s[1], 3),
        'runs': len(total_ms),
        'end_to_end_ms': percentiles(total_ms),
        'engine_ms': percentiles(engine_ms),
    }


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw the medians of the end-to-end times as bars, on a logarithmic axis."""
    from matplotlib import pyplot as plt

    names = list(dict.fromkeys(row['network'] for row in rows))
    kinds = list(dict.fromkeys(kind_of(row) for row in rows))
    figure, axes = plt.subplots(figsize=(9, 4.5), layout='constrained')
    for offset, kind in enumerate(kinds):
        chosen = {row['network']: row for row in rows if kind_of(row) == kind}
        at = [names.index(name) + (offset - (len(kinds) - 1) / 2) * 0.8 / len(kinds)
              for name in chosen]  # fmt: skip
        heights = [row['end_to_end_ms']['p50'] for row in chosen.values()]
        bars = axes.bar(at, heights, 0.8 / len(kinds), label=kind)
        axes.bar_label(bars, fmt='%.2g', fontsize=7)
    axes.set_xticks(range(len(names)), names)
    axes.set_yscale('log')
    axes.set_ylabel('median, 1080p frame to result (ms)')
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)


def kind_of(row: dict[str, Any]) -> str:
    """Name a row's backend and settings."""
    graph = ', CUDA graph' if row['cuda_graph'] and row['backend'].startswith('tensorrt') else ''
    return f'{row["backend"].split()[0]} {row["precision"]} on {row["device"]}{graph}'


def main() -> int:
    """Measure what runs here and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--plot', type=Path, help='draw the JSON file as a picture')
    parser.add_argument('--networks', nargs='+', default=list(NETWORKS), choices=NETWORKS)
    arguments = parser.parse_args()
    if arguments.plot:
        plot(json.loads(arguments.output.read_text())['rows'], arguments.plot)
        return 0
    rows: list[dict[str, Any]] = []
    for name in arguments.networks:
        for backend, precision, graph in (
            ('onnxruntime', 'auto', False),
            ('tensorrt', 'fp32', True),
            ('tensorrt', 'fp16', True),
            ('tensorrt', 'fp16', False),
        ):
            try:
                row = measure(name, backend, precision, cuda_graph=graph)
            except EngineError as err:
                print(f'{name} {backend} {precision}: {err}', file=sys.stderr, flush=True)
                continue
            baseline = next((r for r in rows if r['network'] == name), row)
            median = row['end_to_end_ms']['p50']
            row['times_faster'] = round(baseline['end_to_end_ms']['p50'] / median, 2)
            rows.append(row)
            print(json.dumps(row), flush=True)
            machine = {
                'processor': platform.processor() or platform.machine(),
                'python': platform.python_version(),
                'baseline': 'the first row of each network',
            }
            report = {'machine': machine, 'frame': '1920x1080 rgb8', 'rows': rows}
            arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0 if rows else 1


if __name__ == '__main__':
    sys.exit(main())
