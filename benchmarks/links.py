# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Measure which images arrive on another host, and how old, over links of limited rate.

Usage: python benchmarks/links.py --output benchmarks/results/NAME.json [--ways 'Cyclone DDS']
       python benchmarks/links.py --table benchmarks/results/NAME.json ...

Two network namespaces are the hosts, so it needs root. One has a camera that publishes 1080p
images of 30 Hz, the other one receives them as the nodes do; both have the same clock.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import transport
from hosts import camera
from hosts.two_hosts import ADDRESSES, SIDES, Link, TwoHosts, why_not
from hosts.ways import SERVER_PORT, WAYS, environment

SIZE_WH = (1920, 1080)
SIZES = ((640, 480), SIZE_WH)
LINKS = (Link(1000), Link(100), Link(20, loss=0.01, delay_ms=5.0))
USED_SHARE = 0.8
"""Of a link, by the sums of docs/fleet.md: headers, repetitions and everything else need some."""


COLUMNS = {
    'link': 'link',
    'way': 'middleware',
    'form': 'images',
    'published_hz': 'published/s',
    'received_hz': 'arrived/s',
    'age_p50_ms': 'age, median, ms',
    'age_p95_ms': '95th percentile',
    'mbit_s': 'on the link, Mbit/s',
}


def measure(link: Link, way: str, form: str, coded: Path, seconds: float) -> dict[str, Any]:
    """Send images in a form over a link, between processes of their own."""
    robot, desk = SIDES
    children: list[subprocess.Popen[str]] = []
    pipes: dict[str, Any] = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE, 'text': True}

    def start(side: str, *command: str) -> subprocess.Popen[str]:
        own = environment(WAYS[way])
        children.append(subprocess.Popen(hosts.command(side, command), env=own, **pipes))
        return children[-1]

    def role(name: str) -> tuple[str, ...]:
        own = ('--role', name, '--form', form, '--coded', str(coded), '--seconds', str(seconds))
        return (sys.executable, __file__, *own)

    with TwoHosts(link, multicast=not WAYS[way].server) as hosts:
        try:
            if WAYS[way].server:
                address = ('-l', ADDRESSES[robot], '-p', str(SERVER_PORT))
                start(robot, 'fastdds', 'discovery', *address)
            viewer, sender = start(desk, *role('viewer')), start(robot, *role('camera'))
            met = told(sender)['met']
            before = hosts.sent_bytes(robot)
            sent = told(sender)
            sent_bytes = hosts.sent_bytes(robot) - before
            sender.wait(60)
            received, _ = viewer.communicate('\n', timeout=60)
        finally:
            for child in children:
                child.kill()
                child.wait()
    ages_ms = json.loads(received)['ages_ms']
    found = {
        'link': link.name,
        'way': way,
        'form': form,
        'met': met,
        'published_hz': round(sent['published'] / sent['took_s'], 1),
        'received_hz': round(len(ages_ms) / seconds, 1),
        'mbit_s': round(8e-6 * sent_bytes / sent['took_s'], 1),
    }
    if ages_ms:
        p50, p95 = np.percentile(ages_ms, (50, 95))
        found |= {'age_p50_ms': round(float(p50), 1), 'age_p95_ms': round(float(p95), 1)}
    return found


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what a process says next."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        msg = f'the camera ended with {process.wait()}'
        raise SystemExit(msg)
    found: dict[str, Any] = json.loads(line)
    return found


def summarise(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the round with the median of what arrived, and all of their rates."""
    rates_hz = [found['received_hz'] for found in rounds]
    return transport.middle(rounds, rates_hz) | {'all_received_hz': rates_hz}


def table(reports: list[dict[str, Any]]) -> str:
    """Return the rows of some reports as the table of docs/transport.md, link by link."""
    rows = [found for report in reports for found in report['rows']]
    names = list(dict.fromkeys(found['link'] for found in rows))
    rows.sort(key=lambda found: (names.index(found['link']), list(WAYS).index(found['way'])))
    lines = [f'| {" | ".join(COLUMNS.values())} |', '|' + '---|' * len(COLUMNS)]
    lines += [f'| {" | ".join(str(found.get(key, "")) for key in COLUMNS)} |' for found in rows]
    return '\n'.join(lines) + '\n'


def frame_table(report: dict[str, Any]) -> str:
    """Return the bytes of a frame as the table of docs/fleet.md, with what follows from them."""
    rates = [link.mbit_s for link in LINKS]
    names = [f'cameras on {Link(rate).name}' for rate in rates]
    head = ['images', 'bytes a frame, measured', f'Mbit/s at {camera.RATE_HZ} Hz', *names]
    lines = [f'| {" | ".join(head)} |', '|' + '---|' * len(head)]
    for frame in report['frames']:
        mbit_s = 8e-6 * frame['bytes_a_frame'] * camera.RATE_HZ
        fitting = [str(int(USED_SHARE * rate / mbit_s)) for rate in rates]
        cells = [f'{frame["size"]}, {frame["form"]}', f'{frame["bytes_a_frame"]:,}']
        shown = f'{mbit_s:,.0f}' if mbit_s >= 100 else f'{mbit_s:.3g}'
        lines.append(f'| {" | ".join([*cells, shown, *fitting])} |')
    return '\n'.join(lines) + '\n'


def save(frames: list[bytes], folder: Path) -> Path:
    """Write each frame into a file, and return their folder."""
    folder.mkdir()
    for number, frame in enumerate(frames):
        (folder / f'{number:03}').write_bytes(frame)
    return folder


def main() -> int:
    """Measure all ways over all links and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, help='the JSON file to write')
    parser.add_argument('--table', type=Path, nargs='+', help='print the tables of JSON files')
    parser.add_argument('--ways', nargs='+', choices=WAYS, default=list(WAYS)[:4])
    parser.add_argument('--forms', nargs='+', choices=camera.FORMS, default=list(camera.FORMS))
    names = [link.name for link in LINKS]
    parser.add_argument('--links', nargs='+', choices=names, default=names)
    parser.add_argument('--seconds', type=float, default=6.0, help='how long each row runs')
    parser.add_argument('--rounds', type=int, default=3, help='how often, for a median')
    parser.add_argument('--role', choices=('camera', 'viewer'), help=argparse.SUPPRESS)
    parser.add_argument('--form', choices=camera.FORMS, help=argparse.SUPPRESS)
    parser.add_argument('--coded', type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role == 'camera':
        camera.publish(given.form, SIZE_WH, given.coded, given.seconds)
        return 0
    if given.role:
        camera.receive(given.form)
        return 0
    if given.table:
        reports = [json.loads(path.read_text()) for path in given.table]
        print(table(reports), frame_table(reports[0]), sep='\n', end='')
        return 0
    if given.output is None:
        parser.error('expected --output or --table')
    if (reason := why_not()) is not None:
        parser.exit(1, f'links.py: {reason}\n')
    # So that the namespaces are removed by a signal, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix='rdl-links-') as made:
        return run(given, Path(made))


def run(given: argparse.Namespace, folder: Path) -> int:
    """Run what was asked for, round by round, so that a busy machine meets all cases alike."""
    frame_bytes = []
    coded = {}
    for form in given.forms:
        for size_wh in SIZES:
            frames = camera.encode(form, size_wh)
            mean = round(sum(map(len, frames)) / len(frames))
            size = '{}x{}'.format(*size_wh)
            frame_bytes.append({'form': form, 'size': size, 'bytes_a_frame': mean})
            if size_wh == SIZE_WH:
                coded[form] = save(frames, folder / camera.FORMS[form])
    cases = [
        (link, way, form)
        for link in LINKS
        if link.name in given.links
        for way in given.ways
        for form in given.forms
        if form in WAYS[way].forms
    ]
    rounds: list[list[dict[str, Any]]] = [[] for _ in cases]
    for _ in range(given.rounds):
        for of_case, (link, way, form) in zip(rounds, cases, strict=True):
            began_s = time.monotonic()
            found = measure(link, way, form, coded[form], given.seconds)
            of_case.append(found)
            print(json.dumps(found), f'{time.monotonic() - began_s:.0f} s', flush=True)
        rows = [summarise(of_case) for of_case in rounds]
        rmws = ', '.join(dict.fromkeys(WAYS[way].rmw for way in given.ways))
        report = {
            'machine': transport.machine(given.ways[0]) | {'rmw': rmws},
            'rate_hz': camera.RATE_HZ,
            'rounds': len(rounds[0]),
            'seconds': given.seconds,
            'frames': frame_bytes,
            'rows': rows,
        }
        given.output.write_text(json.dumps(report, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
