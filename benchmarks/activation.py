# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the nodes from the start of their process until they are active.

Usage: python benchmarks/activation.py --output benchmarks/results/NAME.json

The nodes are those that users start, with `autostart` and their default networks. A first start,
which is not counted, downloads and builds what is not there yet. The end of a start is the log's
line that the node is active. Of the time in between, that of importing modules is told apart: of
those that the program imports, with what runs the network, and of those that it imports later.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import transport
from nodes import BACKENDS, NODES, STARTED, busy_and_waited_s, machine

NODE = Path(__file__).parent / 'programs' / 'timed_node.py'
RUNTIMES = {'onnxruntime': 'onnxruntime', 'tensorrt': 'tensorrt,pycuda.driver'}
TARGET_S = 1.0
PAGE = {
    'title': 'From the start of a node until it is active',
    'about': (
        'The nodes as users start them, with `autostart`, their default networks, and the '
        'network file or the plan in the cache. `after imports` is the time from the start of '
        "the process until the log says that the node is active, less Python's imports: those "
        'of the program with what runs the network, and those that come later. Medians.'
    ),
    'columns': {
        'name': 'node',
        'start_s': 'start of the process to active, s',
        'imports_s': 'imports of the program, s',
        'later_imports_s': 'later imports, s',
        'active_s': 'after imports, s',
        'cpu_s': 'its CPU time, s',
        'target_s': 'target, s',
    },
    'goals': {'active_s': 'target_s'},
}
"""What benchmarks/performance.py makes of the results."""


def start(name: str, backend: str, level: int) -> dict[str, float]:
    """Start a node, end it when it is active, and return where the time went."""
    values = (
        *STARTED,
        f'backend:={backend}',
        f'optimization_level:={level}',
    )
    options = [word for value in values for word in ('-p', value)]
    environment = os.environ | {'RCUTILS_CONSOLE_OUTPUT_FORMAT': '{time} {message}'}
    began_s = time.time()
    with subprocess.Popen(
        [sys.executable, str(NODE), name, RUNTIMES[backend], '--ros-args', *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        said = ''
        for said in process.stderr or ():
            if found := re.match(r'([\d.]+) active on ', said):
                break
        else:
            msg = f'{name} ended before it was active; the last it said: {said}'
            raise RuntimeError(msg)
        busy_s, not_run_s = busy_and_waited_s(process.pid)
        process.send_signal(signal.SIGINT)
        told = json.loads(process.communicate()[0].strip().splitlines()[-1])
    start_s = float(found[1]) - began_s
    imports_s = told['imported_s'] - began_s
    later_s, later_busy_s = np.sum(
        [(0.0, 0.0), *(spent for end_s, *spent in told['later'] if end_s < float(found[1]))], 0
    )
    return {
        'start_s': start_s,
        'imports_s': imports_s,
        'later_imports_s': later_s,
        'active_s': start_s - imports_s - later_s,
        'cpu_s': busy_s - told['busy_s'] - later_busy_s,
        'waited_share': not_run_s / start_s,
    }


def measure(name: str, backend: str, level: int, rounds: int) -> dict[str, Any]:
    """Start a node some times; return the median of each figure."""
    start(name, backend, level)
    found = [start(name, backend, level) for _ in range(rounds)]
    return {
        'name': f'{name}, {backend}',
        **{key: round(float(median(each[key] for each in found)), 3) for key in found[0]},
        'target_s': TARGET_S,
        'all_active_s': [round(each['active_s'], 3) for each in found],
    }


def main() -> int:
    """Measure all nodes and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--rounds', type=int, default=5, help='how often, for a median')
    parser.add_argument('--level', type=int, default=1, help='builder optimisation level')
    parser.add_argument('--backends', nargs='+', choices=BACKENDS, default=BACKENDS)
    arguments = parser.parse_args()
    os.environ.update(transport.XML)
    rows = []
    for backend in arguments.backends:
        for name in NODES:
            rows.append(measure(name, backend, arguments.level, arguments.rounds))
            print(json.dumps(rows[-1]), flush=True)
    found = machine(arguments.backends, arguments.level)
    report = {'page': PAGE, 'machine': found, 'rounds': arguments.rounds, 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
