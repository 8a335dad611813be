# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run every test on the ROS of .ros/, and beside that those of the nodes on other distributions.

The two take turns on the processor: each waits for processes and discovery half of its time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run both; 0 where all passed. What is printed beside comes at the end."""
    log = CHECKOUT / '.ros' / 'distributions.log'
    with log.open('w') as output:
        beside = subprocess.Popen(
            [sys.executable, '-u', 'tools/test_distributions.py'],
            cwd=CHECKOUT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        command = ['sh', '-c', '. .ros/env.sh && exec pytest "$@"', 'sh', *sys.argv[1:]]
        here = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
        there = beside.wait()
    except KeyboardInterrupt:
        return 130
    finally:
        if beside.poll() is None:
            os.killpg(beside.pid, signal.SIGTERM)
    print(log.read_text(errors='replace'))
    return here or there


if __name__ == '__main__':
    sys.exit(main())
