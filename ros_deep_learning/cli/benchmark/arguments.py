# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of benchmarks, without and with ROS."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from ...benchmarking.plan import Plan
from ...benchmarking.search import Span
from ...cards.card import MAX_SIDE
from ...engines.base import Precision
from ..parser import Parser
from ..serving.arguments import add_remote_options


def benchmark_parser(prog: str, description: str | None) -> argparse.ArgumentParser:
    """Make a parser with the common arguments.

    Args:
        prog: Name of the program.
        description: What it does.
    """
    parser = Parser(prog=prog, description=description, allow_abbrev=False)
    add = parser.add_argument
    add('model', metavar='MODEL', help='name of a network, or path of a card or file')
    add(
        '--input',
        default='pattern://bars',
        metavar='INPUT',
        help='bag, video, picture, folder, test picture or camera (pattern://bars, 640x480)',
    )
    add('--size', type=_size_wh, metavar='WxH', help='scale the frames to this size')
    add(
        '--rate',
        type=_rates_hz,
        default=(),
        metavar='HZ',
        help='measure at these rates, as 10,30, instead of searching the highest one',
    )
    add(
        '--seconds',
        type=_positive,
        default=Plan().seconds,
        help='of a trial of the search (%(default)g); others are three times as long',
    )
    add(
        '--most-hz',
        type=_positive,
        default=Span().highest_hz,
        help='where the search ends (%(default)g)',
    )
    add('--backend', default='auto', help='auto, tensorrt, onnxruntime or remote')
    add_remote_options(parser)
    add('--precision', choices=get_args(Precision), default='auto')
    add(
        '-o',
        '--output',
        type=Path,
        metavar='FILE.json',
        help='write the report, and diagrams to FILE.svg',
    )
    add('--force', action='store_true', help='overwrite files that are there')
    add('--offline', action='store_true', help='download nothing')
    return parser


def _size_wh(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition('x')
    sides = [int(side) for side in (width, height) if side.isdecimal()]
    if len(sides) != 2 or not all(1 <= side <= MAX_SIDE for side in sides):
        msg = f'expected a width and a height as 1280x720, each up to {MAX_SIDE}, got {text!r}'
        raise argparse.ArgumentTypeError(msg)
    return sides[0], sides[1]


def _rates_hz(text: str) -> tuple[float, ...]:
    return tuple(map(_positive, text.split(',')))


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float('inf'):
        msg = f'expected a number above 0, got {text!r}'
        raise argparse.ArgumentTypeError(msg)
    return value
