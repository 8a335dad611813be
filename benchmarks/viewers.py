# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Measure the memory of each server of video while a viewer that it has reads nothing.

Usage: python benchmarks/viewers.py --output benchmarks/results/NAME.json [--minutes 3]

A child process serves test pictures, another one watches. The viewer is stopped (SIGSTOP) after
its first frames, so that its connections stay open and nothing of them is read. The baseline of a
ratio is the server's memory when its viewer was stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SERVERS = {
    'webrtc': ('webrtc://@:{port}/seen', 'webrtc://127.0.0.1:{port}/seen'),
    'rtsp': ('rtsp://@:{port}/seen', 'rtsp://127.0.0.1:{port}/seen'),
    'page': ('http://@:{port}', 'http://127.0.0.1:{port}/stream.mjpg'),
}
PORT = 18_554
START_S = 60.0
WARM_S = 20.0
"""For how long a viewer reads, since encoders and queues are filled at first."""
PERIOD_S = 5.0
PROGRAM = 'ros_deep_learning.cli.old_names.video_viewer'


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    pages = int(Path(f'/proc/{pid}/statm').read_text().split()[1])
    return round(pages * os.sysconf('SC_PAGE_SIZE') / 1e6, 1)


def listens(port: int) -> bool:
    """Return whether a server has begun to listen."""
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait until something has happened."""
    until_s = time.monotonic() + START_S
    while not happened():
        if time.monotonic() > until_s:
            msg = f'the server or the viewer has not begun in {START_S:.0f} s'
            raise SystemExit(msg)
        time.sleep(0.1)


def measure(name: str, port: int, seconds: float) -> dict[str, Any]:
    """Return the memory of one server over time."""
    served, watched = (url.format(port=port) for url in SERVERS[name])
    run = [sys.executable, '-m', PROGRAM]
    seen = Path(tempfile.gettempdir()) / f'viewers-{os.getpid()}-{name}.mkv'
    size = ('--input-width=1280', '--input-height=720')
    quiet: dict[str, Any] = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
    server = subprocess.Popen([*run, 'pattern://ball', served, *size], **quiet)
    viewer = None
    try:
        wait_for(lambda: listens(port))
        viewer = subprocess.Popen([*run, watched, str(seen)], **quiet)
        wait_for(seen.exists)
        time.sleep(WARM_S)
        viewer.send_signal(signal.SIGSTOP)
        stopped_s = time.monotonic()
        memory_mb = []
        while time.monotonic() - stopped_s < seconds:
            memory_mb.append(resident_mb(server.pid))
            time.sleep(PERIOD_S)
    finally:
        for process in filter(None, (viewer, server)):
            process.kill()
            process.wait()
        seen.unlink(missing_ok=True)
    return {
        'server': name,
        'seconds': seconds,
        'memory_mb': memory_mb,
        'ratio': round(memory_mb[-1] / memory_mb[0], 3),
        'ratio_max': round(max(memory_mb) / memory_mb[0], 3),
    }


def main() -> int:
    """Measure all servers and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, required=True, help='the JSON file to write')
    parser.add_argument('--minutes', type=float, default=3.0, help='how long nothing is read')
    arguments = parser.parse_args()
    rows = []
    for index, name in enumerate(SERVERS):
        row = measure(name, PORT + 10 * index, 60 * arguments.minutes)
        print(name, row['ratio'], row['ratio_max'], row['memory_mb'], flush=True)
        rows.append(row)
    arguments.output.write_text(json.dumps({'rows': rows}, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
