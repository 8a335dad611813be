# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What many bags cost: rdl annotate-bag on 10, 100 and 1000 small ones.

Usage: python benchmarks/fleet.py --output benchmarks/results/NAME.json [--ray]

Each bag has two images of 80x40 pixels, so that what is measured is the way and not the network.
With --ray (`make test_ray` installs it into .ros/ray; put that on PYTHONPATH) the same on a
cluster of this machine with one actor.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import ros_deep_learning
from ros_deep_learning.benchmarking.machine import describe_machine
from ros_deep_learning.evaluation.cost import status_mb

# For the recorder, which the tests use too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'test' / 'support'))
from fleet_of_bags import record_fleet

COUNTS = (10, 100, 1000)
MEMORY_TARGET = 1.1
PAGE = {
    'title': 'Many bags',
    'about': (
        'One command annotates all bags, each with two images of 80x40 pixels, by the network '
        'selfie. The ratio is the most memory of the process against that with 10 bags. The CPU '
        'time of one more bag is that of the additional bags since the row before, so it does not '
        'have the start in it; it depends less on what else the machine does than the time of the '
        'clock. On Ray it is the process of the command only, without its actor.'
    ),
    'columns': {
        'name': 'bags',
        'ratio': 'most memory, ratio',
        'target': 'target',
        'peak_mb': 'most memory, MiB',
        'cpu_s': 'CPU time, s',
        'cpu_ms_more': 'of one more bag, ms',
        'seconds': 'by the clock, s',
    },
}
"""What benchmarks/performance.py makes of the results."""


def run(words: list[str]) -> tuple[float, float, float]:
    """Run rdl; return seconds by the clock, CPU seconds and the most memory in MiB."""
    command = [sys.executable, '-m', 'ros_deep_learning.cli.rdl', *words]
    started_s, before = time.monotonic(), os.times()
    peak_mb = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            # The kernel's own figure for a child begins with the memory of its parent.
            peak_mb = max(peak_mb, status_mb('VmHWM', process.pid))
            time.sleep(0.02)
    if process.returncode:
        msg = f'{" ".join(words)} failed'
        raise SystemExit(msg)
    after = os.times()
    cpu_s = after.children_user + after.children_system
    cpu_s -= before.children_user + before.children_system
    return time.monotonic() - started_s, cpu_s, peak_mb


def measure(top: Path, where: str, options: list[str]) -> list[dict[str, Any]]:
    """Annotate the first 10, 100 and 1000 bags, each into a new folder."""
    rows: list[dict[str, Any]] = []
    before = (0, 0.0)
    for count in COUNTS:
        listed, output = top / 'list.txt', top / 'out'
        bags = [f'{top}/bags/robot{k}/drive.mcap\n' for k in range(1, count + 1)]
        listed.write_text(''.join(bags))
        words = ['annotate-bag', f'@{listed}', str(output), '--node', 'segnet:selfie']
        seconds, cpu_s, peak_mb = run([*words, '--backend=onnxruntime', *options])
        made = len(list(output.glob('*.mcap')))
        shutil.rmtree(output)
        if made != count:
            msg = f'expected {count} bags, got {made}'
            raise SystemExit(msg)
        first_mb = rows[0]['peak_mb'] if rows else round(peak_mb, 1)
        row = {
            'name': f'{count}, {where}',
            'ratio': round(peak_mb / first_mb, 3),
            'target': MEMORY_TARGET,
            'peak_mb': round(peak_mb, 1),
            'cpu_s': round(cpu_s, 2),
            'seconds': round(seconds, 1),
        }
        if rows:
            row['cpu_ms_more'] = round((cpu_s - before[1]) / (count - before[0]) * 1e3, 1)
        before = (count, cpu_s)
        rows.append(row)
        print(row, flush=True)
    return rows


def main() -> int:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='JSON file of the results')
    parser.add_argument('--ray', action='store_true', help='on a Ray of this machine too')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='rdl-fleet-') as folder:
        top = Path(folder)
        record_fleet(top / 'bags', COUNTS[-1])
        rows = measure(top, 'one process', [])
        if arguments.ray:
            rows += measure(top, 'on Ray', ['--ray=local', '--ray-actors=1'])
    machine = describe_machine(ros_deep_learning.__version__) | {
        'load': [round(load, 1) for load in os.getloadavg()]
    }
    report = {'page': PAGE, 'machine': machine, 'rows': rows}
    arguments.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
