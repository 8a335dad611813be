# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The options of sources and outputs on a command line, as jetson-inference spells them."""

from __future__ import annotations

import argparse

from ..errors import SettingsError
from .options import CAMERA_CODECS, OUTPUT_CODECS, VideoOptions
from .turns import TURNS

MOST_PIXELS = 32_768
MOST_RATE_HZ = 1000.0
_RANGES = {
    'input_width': (0, MOST_PIXELS),
    'input_height': (0, MOST_PIXELS),
    'input_rate': (0, MOST_RATE_HZ),
    'input_latency': (0, 60_000),
    'input_loop': (-1, 1_000_000),
    'output_rate': (0, MOST_RATE_HZ),
    'bitrate': (0, 2_000_000_000),
}


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a source; those that are not given are its own choice."""
    add = parser.add_argument
    size = 'pixels that a camera is asked for, and that frames are scaled to'
    add('--input-width', '--width', type=int, default=0, help=size)
    add('--input-height', '--height', type=int, default=0, help='likewise')
    add('--input-rate', type=float, default=0.0, help='frames a second')
    add(
        '--input-flip',
        default='none',
        help=f'how frames are rotated or mirrored: {", ".join(TURNS)}',
    )
    add(
        '--input-codec',
        default='unknown',
        help='codec that a V4L2 camera is asked for, or that rtp:// sends: '
        + ', '.join(CAMERA_CODECS),
    )
    add(
        '--input-latency',
        type=int,
        default=VideoOptions().latency_ms,
        help='how long a late packet of a stream is waited for, in ms',
    )
    add(
        *('--input-loop', '--loop'),
        type=int,
        help='how often files and pictures are repeated, -1 for ever',
    )


def add_output_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of an output."""
    add = parser.add_argument
    add('--output-rate', type=float, default=0.0, help='frames a second of a video or stream')
    codecs = ', '.join(OUTPUT_CODECS)
    add('--output-codec', default='unknown', help=f'codec of a video or stream: {codecs}')
    add(
        *('--bitrate', '--output-bitrate'),
        type=int,
        default=0,
        help='bits a second of a video or stream',
    )


def source_options(arguments: argparse.Namespace, *, loop: int = 0) -> VideoOptions:
    """Return what is asked of a source.

    Args:
        arguments: Parsed with ``add_source_arguments``.
        loop: How often a file is repeated if the user does not say it.

    Raises:
        SettingsError: A value is not one of those that are known, or out of its range.
    """
    _check(arguments, {'input_flip': TURNS, 'input_codec': tuple(CAMERA_CODECS)})
    return VideoOptions(
        width=arguments.input_width,
        height=arguments.input_height,
        rate_hz=arguments.input_rate,
        flip=arguments.input_flip,
        codec=arguments.input_codec,
        latency_ms=arguments.input_latency,
        loop=loop if arguments.input_loop is None else arguments.input_loop,
    )


def output_options(arguments: argparse.Namespace) -> VideoOptions:
    """Return what is asked of an output; the rate is 0 if nothing asks for one.

    Args:
        arguments: Parsed with ``add_output_arguments``, and maybe ``add_source_arguments``: the
            rate of the source is that of the output unless it has its own.

    Raises:
        SettingsError: A value is not one of those that are known, or out of its range.
    """
    _check(arguments, {'output_codec': ('unknown', *OUTPUT_CODECS)})
    return VideoOptions(
        rate_hz=arguments.output_rate or getattr(arguments, 'input_rate', 0.0),
        codec=arguments.output_codec,
        bitrate=arguments.bitrate,
    )


def _check(arguments: argparse.Namespace, known: dict[str, tuple[str, ...]]) -> None:
    for name, choices in known.items():
        if (value := getattr(arguments, name)) not in choices:
            msg = f'{_option(name)}: expected one of {", ".join(choices)}, got {value!r}'
            raise SettingsError(msg)
    for name, (least, most) in _RANGES.items():
        number = getattr(arguments, name, None)
        if number is not None and not least <= number <= most:
            msg = f'{_option(name)}: expected {least} to {most:g}, got {number}'
            raise SettingsError(msg)


def _option(name: str) -> str:
    return f'--{name.replace("_", "-")}'
