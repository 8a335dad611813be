# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Time the nodes with the memory of images kept in the process, and as glibc does by default.

Usage: python benchmarks/memory.py --output benchmarks/results/NAME.json [--plot NAME.png]

Nodes and camera are those of benchmarks/nodes.py. The baseline of a ratio is the same node in the
same run with glibc's defaults: an environment that says something of ``glibc.malloc`` is left
alone by the node, and what it says here is glibc's own default.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
import transport
from nodes import BACKENDS, NODES, SIZES, camera, measure

SETTINGS: dict[str, dict[str, str]] = {
    "glibc's defaults": {'GLIBC_TUNABLES': 'glibc.malloc.arena_test=8'},
    'kept (ours)': {},
}


def summarise(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Take the median of some rounds by the age of their results."""
    ages_ms = [row['age_p50_ms'] for row in rounds]
    return transport.middle(rounds, ages_ms) | {'all_age_p50_ms': ages_ms}


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw the age of results."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4), layout='constrained')
    names = list(dict.fromkeys(f'{row["node"]}\n{row["size"]}' for row in rows))
    for shift, setting in zip((-0.2, 0.2), SETTINGS, strict=True):
        ages = [row['age_p50_ms'] for row in rows if row['memory'] == setting]
        axes.bar(np.arange(len(names)) + shift, ages, 0.4, label=setting)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel('age of results, median, ms')
    axes.legend()
    figure.savefig(path)


def main() -> int:
    """Measure all nodes and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    parser.add_argument('--plot', type=Path, help='draw the JSON file as a picture')
    parser.add_argument('--seconds', type=float, default=8.0, help='how long each row runs')
    parser.add_argument('--rounds', type=int, default=3, help='how often, for a median')
    parser.add_argument('--backend', choices=BACKENDS, default=BACKENDS[0])
    parser.add_argument('--level', type=int, default=1, help='builder optimisation level')
    arguments = parser.parse_args()
    if arguments.plot:
        plot(json.loads(arguments.output.read_text())['rows'], arguments.plot)
        return 0
    os.environ.update(transport.XML)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(('MALLOC_', 'GLIBC_'))}
    rclpy.init()
    rows: list[dict[str, Any]] = []
    for name, (_, _, model) in NODES.items():
        for size_wh in SIZES:
            found: dict[str, list[dict[str, Any]]] = {setting: [] for setting in SETTINGS}
            # Round by round, so that what else the machine does meets both alike.
            for _ in range(arguments.rounds):
                for setting, environment in SETTINGS.items():
                    with camera(size_wh):
                        row = measure(
                            name,
                            model,
                            size_wh,
                            arguments.backend,
                            arguments.seconds,
                            [f'optimization_level:={arguments.level}'],
                            clean | environment,
                        )
                    found[setting].append(row)
            for setting, rounds in found.items():
                rows.append({'memory': setting, **summarise(rounds)})
                print(json.dumps(rows[-1]), flush=True)
            default, kept = (row['age_p50_ms'] for row in rows[-2:])
            rows[-1]['times_younger'] = round(default / kept, 2)
    transport.write_report(
        arguments.output, next(iter(SETTINGS)), {'rounds': arguments.rounds, 'rows': rows}
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
