# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run every benchmark that this machine can run, and say which it cannot and why.

Usage: make bench, or python benchmarks/bench.py [--only cpu transport] [--output .ros/bench]
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ros_deep_learning.engines.registry import BACKENDS

HERE = Path(__file__).resolve().parent


def needs_onnxruntime() -> str | None:
    """Return why networks cannot run on the CPU; None = they can."""
    return BACKENDS['onnxruntime']().unavailable_reason()


def needs_tensorrt() -> str | None:
    """Return why TensorRT cannot run here; None = it can."""
    return BACKENDS['tensorrt']().unavailable_reason()


def needs_pycuda() -> str | None:
    """Return why PyCUDA cannot be loaded over another driver here; None = it can."""
    if importlib.util.find_spec('pycuda') is None:
        return 'there is no PyCUDA; to fix: pip install pycuda, with the CUDA toolkit'
    return needs_onnxruntime()


def needs_ros() -> str | None:
    """Return why nodes cannot run here; None = they can."""
    for module in ('rclpy', 'vision_msgs'):
        if importlib.util.find_spec(module) is None:
            return f'there is no {module}; to fix: . .ros/env.sh (make env makes it)'
    return needs_onnxruntime()


def needs_hosts() -> str | None:
    """Return why no two hosts with a link between them can be made here; None = they can."""
    from hosts.two_hosts import why_not

    return why_not() or needs_streams() or needs_ros()


def needs_triton() -> str | None:
    """Return why no inference server can be started here; None = one can."""
    if not (HERE.parent / '.ros' / 'servers' / 'installed').exists():
        return 'there is no Triton; to fix: make test_servers'
    return needs_onnxruntime()


def needs_triton_on_gpu() -> str | None:
    """Return why no inference server can share a GPU here; None = one can."""
    return needs_tensorrt() or needs_triton()


def needs_bags() -> str | None:
    """Return why no bags can be annotated here; None = they can."""
    if importlib.util.find_spec('mcap') is None:
        return "there is no mcap; to fix: pip install 'ros_deep_learning[bags]'"
    # The bags are recorded with the messages of ROS.
    return needs_ros()


def needs_pytorch() -> str | None:
    """Return why nothing can be trained here; None = it can."""
    if importlib.util.find_spec('torch') is None:
        return "there is no PyTorch; to fix: pip install 'ros_deep_learning[train]'"
    return None


def needs_streams() -> str | None:
    """Return why not every stream can be served here; None = it can."""
    for module in ('av', 'aiohttp', 'aiortc'):
        if importlib.util.find_spec(module) is None:
            return f"there is no {module}; to fix: pip install 'ros_deep_learning[video,webrtc]'"
    return None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One program of this folder.

    Attributes:
        reason: Returns why it cannot run here; None = it can.
        options: Its options beside ``--output``.
    """

    reason: Callable[[], str | None]
    options: tuple[str, ...] = ()


BACKENDS_HERE = () if needs_tensorrt() is None else ('--backends', 'onnxruntime')

BENCHMARKS: Mapping[str, Benchmark] = {
    'cpu': Benchmark(needs_onnxruntime),
    'engines': Benchmark(needs_onnxruntime),
    'postprocessing': Benchmark(needs_tensorrt),
    'frame_to_result': Benchmark(needs_tensorrt),
    'networks_together': Benchmark(needs_tensorrt),
    'one_interpreter': Benchmark(needs_pycuda),
    'nodes': Benchmark(needs_ros, BACKENDS_HERE),
    'activation': Benchmark(needs_ros, BACKENDS_HERE),
    'overload': Benchmark(needs_ros, BACKENDS_HERE),
    'frame_way': Benchmark(needs_ros),
    'python_of_a_frame': Benchmark(needs_ros),
    'transport': Benchmark(needs_ros),
    'links': Benchmark(needs_hosts),
    'executors': Benchmark(needs_ros),
    'memory': Benchmark(needs_ros),
    'receive': Benchmark(needs_ros),
    'remote': Benchmark(needs_triton),
    'server_memory': Benchmark(needs_triton_on_gpu),
    'own_camera': Benchmark(needs_ros),
    'fleet': Benchmark(needs_bags),
    'training': Benchmark(needs_pytorch),
    'viewers': Benchmark(needs_streams),
    'soak': Benchmark(needs_ros),
}


def main() -> int:
    """Run the benchmarks; the status is 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--only', nargs='+', choices=BENCHMARKS, default=list(BENCHMARKS))
    parser.add_argument('--output', type=Path, default=Path('.ros/bench'), help='a folder')
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    ends: dict[str, str] = {}
    for name in arguments.only:
        benchmark = BENCHMARKS[name]
        reason = benchmark.reason()
        if reason is not None:
            ends[name] = f'cannot run here: {reason}'
            continue
        print(f'{name} ...', flush=True)
        started = time.monotonic()
        output = arguments.output / f'{name}.json'
        command = [sys.executable, str(HERE / f'{name}.py'), '--output', str(output)]
        status = subprocess.run([*command, *benchmark.options], check=False).returncode
        took = f'{time.monotonic() - started:.0f} s'
        ends[name] = f'{output}, {took}' if status == 0 else f'FAILED with {status} after {took}'
    page = [str(HERE / 'performance.py'), '--results', str(arguments.output)]
    subprocess.run(
        [sys.executable, *page, '--page', str(arguments.output / 'performance.md')], check=False
    )
    for name, end in ends.items():
        print(f'{name}: {end}')
    return int(any(end.startswith('FAILED') for end in ends.values()))


if __name__ == '__main__':
    sys.exit(main())
