# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The console programs of ros_deep_learning under one name."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from .. import __version__
from .parser import Parser

COMMANDS = {
    'detectnet': 'find objects in pictures or a video',
    'imagenet': 'classify pictures or a video',
    'segnet': 'segment pictures or a video',
    'collect': 'collect pictures and label them',
    'autolabel': 'label pictures by a network',
    'train': 'train a network on pictures of your own',
    'models': 'list, fetch, check and add networks',
    'dataset': 'check, show, convert and divide labelled pictures',
    'evaluate': 'say how good networks are on a data set',
    'benchmark': 'say how fast a network is on this machine',
    'annotate-bag': 'copy a ROS bag and add what networks find in its images',
    'bag-to-dataset': 'pick images of a ROS bag for labelling',
    'quantize': 'make an int8 network from a float one',
    'build-engine': 'build a TensorRT engine ahead of time',
    'engines': 'list, check and prune the TensorRT engines in the cache',
}
"""Each command and what it does; the module of ``build-engine`` is ``cli/build_engine.py``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The command and its arguments; None is the command line's.

    Returns:
        The command's exit code.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    # Everything behind the command belongs to it, --help too.
    command = str(_parser().parse_args(given[:1]).command)
    module = import_module(f'.{command.replace("-", "_")}', __package__)
    code: int = module.main(given[1:])
    return code


def main_of_old_name() -> int:
    """Run a command under the name that its program had, after a line with the new one."""
    old = Path(sys.argv[0]).stem
    new = old.replace('_', '-')
    print(f'{old} is now: rdl {new}; the old name goes with the next release', file=sys.stderr)
    return main([new, *sys.argv[1:]])


def _parser() -> argparse.ArgumentParser:
    rows = [f'  {name:15} {summary}' for name, summary in COMMANDS.items()]
    parser = Parser(
        prog='rdl',
        usage='rdl [-h] [--version] COMMAND ...',
        description=__doc__,
        epilog='\n'.join(['commands:', *rows, '', 'rdl COMMAND --help shows its arguments.']),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--version', action='version', version=f'ros_deep_learning {__version__}')
    parser.add_argument('command', choices=COMMANDS, metavar='COMMAND', help='one of those below')
    return parser


if __name__ == '__main__':
    sys.exit(main())
