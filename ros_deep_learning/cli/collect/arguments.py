# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of ``rdl collect``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...collecting.layouts import LAYOUTS
from ...errors import UsageError
from ..parser import Parser


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Parse a command line; it ends the program where that is wrong."""
    arguments = _parser().parse_args(argv)
    if arguments.unsure is not None and arguments.model is None:
        _parser().error('--unsure needs the network that is unsure: --model NETWORK')
    if arguments.headless and arguments.source is None:
        _parser().error('--headless needs a source: rdl collect SOURCE FOLDER')
    _refuse_without_effect(arguments)
    return arguments


def _refuse_without_effect(given: argparse.Namespace) -> None:
    """End the program if an option would be ignored without a word."""
    if given.model is not None and given.unsure is None:
        _parser().error('--model is the network of --unsure; one that draws labels is --suggest')
    if given.threshold is not None and given.suggest is None:
        _parser().error('--threshold is that of --suggest NETWORK')
    if given.suggest is not None and given.headless:
        _parser().error('--suggest draws labels on the page, which --headless has not')
    if given.count is not None and not given.headless:
        _parser().error('--count needs --headless: a page ends with Ctrl-C')
    if given.count is not None and given.count < 1:
        _parser().error(f'--count: expected 1 or more, got {given.count}')


def read_classes(text: str) -> tuple[str, ...]:
    """Read names with commas between them, or one a line from a file that ends with .txt.

    Raises:
        UsageError: The file cannot be read.
    """
    if text.endswith('.txt'):
        try:
            names = Path(text).read_text(encoding='utf-8').splitlines()
        except (OSError, UnicodeDecodeError) as err:
            msg = f'--classes: cannot read {text}: {err}'
            raise UsageError(msg) from err
    else:
        names = text.split(',')
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def read_range(text: str) -> tuple[float, float]:
    """Read two scores such as ``0.3,0.6``."""
    low, _, high = text.partition(',')
    try:
        return float(low), float(high)
    except ValueError as err:
        msg = f'expected two scores such as 0.3,0.6, got {text!r}'
        raise argparse.ArgumentTypeError(msg) from err


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog='rdl collect',
        usage='rdl collect [SOURCE] FOLDER [options]',
        description='Collect pictures of a camera, video or folder into a data set, and label '
        'them on a page in the browser.',
        allow_abbrev=False,
    )
    parser.add_argument('source', nargs='?', help='camera, stream, video or pictures')
    parser.add_argument('folder', type=Path, help='the data set, to begin or to go on with')
    parser.add_argument(
        '--classes', default='', help='such as cat,dog, or a file.txt with one a line'
    )
    parser.add_argument(
        '--task', choices=LAYOUTS, help='default: that of FOLDER or --suggest, or detection'
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument('--every', type=float, metavar='SECONDS', help='take one so often')
    when.add_argument(
        '--on-change', action='store_true', help='take one when the picture has changed'
    )
    when.add_argument(
        '--unsure',
        type=read_range,
        metavar='LOW,HIGH',
        help='take one when a score of --model lies between two, such as 0.3,0.6',
    )
    parser.add_argument('--model', help='the network of --unsure')
    parser.add_argument('--suggest', metavar='NETWORK', help='draws first labels on the page')
    parser.add_argument(
        '--threshold', type=float, help='least score of --suggest, 0 to 1; default: its own'
    )
    parser.add_argument(
        '--address', default='http://@:8080', help='of the page (http://@:8080: this machine)'
    )
    parser.add_argument(
        '--headless', action='store_true', help='no page: pictures wait for their labels'
    )
    parser.add_argument('--count', type=int, help='with --headless: end after so many pictures')
    return parser
