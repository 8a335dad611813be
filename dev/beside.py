# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a command, and beside it another one, whose output is printed once both have ended.

Usage: python3 dev/beside.py 'OTHER COMMAND' COMMAND [ARGUMENT ...]

Both run to their end, also when one of them fails.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time


def main(arguments: list[str]) -> int:
    """Run both commands; return 0 if both did, else the status of the first that failed."""
    # Ended by a signal, it ends the other command too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    other, *command = arguments
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        beside = subprocess.Popen(
            shlex.split(other), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        print(f'beside: {other}: its output follows at the end', flush=True)
        try:
            here = subprocess.run(command, check=False).returncode
            report(shlex.join(command), here, start)
            there = beside.wait()
        finally:
            if beside.poll() is None:
                beside.terminate()
                beside.wait()
            sys.stdout.flush()
            output.seek(0)
            shutil.copyfileobj(output, sys.stdout.buffer)
        report(other, there, start)
    return here or there


def report(command: str, status: int, start: float) -> None:
    """Print that a command has ended, and the seconds since the start."""
    print(f'beside: {command}: status {status} after {time.monotonic() - start:.0f} s', flush=True)


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
