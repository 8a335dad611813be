# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of imagenet, detectnet and segnet that jetson-inference has too."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ..cards.card import Channels, ModelCard, Resize, Task
from ..downloads.store import ModelStore
from ..engines.base import Precision
from ..engines.loader import EngineLoader
from ..networks.base import Network
from ..recognition.choice import choose_card
from ..recognition.given_values import read_given
from ..recognition.hints import Hints
from ..video.arguments import add_output_arguments, add_source_arguments
from .frames.benchmark import DEFAULT_RUNS
from .parser import Parser
from .serving.arguments import add_remote_options

GONE = {
    '--batch-size': 'frames are run one by one; the nodes have the parameter max_batch',
    '--camera': 'give the camera as the input, such as /dev/video0',
    '--input-decoder': 'PyAV and OpenCV decode; docs/streams.md has a pipeline for a Jetson',
    '--input-save': 'video-viewer INPUT FILE records an input',
    '--output-encoder': 'PyAV encodes; --output-codec chooses the codec',
    '--output-save': 'one command writes one output: give the file as the output',
    '--snapshots': 'give the folder as the output: -o FOLDER',
}
"""Options of jetson-inference that these programs do not have, and what to do instead."""


def vision_parser(prog: str, description: str | None, network: str) -> argparse.ArgumentParser:
    """Make a parser with the common arguments.

    Args:
        prog: Name of the program.
        description: What it does.
        network: Name of the default network.
    """
    parser = Parser(prog=prog, description=description, allow_abbrev=False)
    parser.add_argument(
        'paths',
        nargs='*',
        metavar='INPUT',
        help='pictures, folders and patterns of pictures, videos, or one camera; the last of '
        'several is the output, unless -o gives that',
    )
    parser.add_argument(
        *('-o', '--output'), help='annotated picture, folder or video; without it, only print'
    )
    parser.add_argument('--force', action='store_true', help='overwrite files that are there')
    parser.set_defaults(default_network=network)
    parser.add_argument('--network', help=f'name of a network, or path of a card ({network})')
    parser.add_argument('--model', help='network file: .onnx, .caffemodel, .uff or .pb')
    parser.add_argument('--prototxt', type=Path, help='prototxt of a caffemodel')
    parser.add_argument('--labels', '--class-labels', type=Path, help='file of one label a line')
    parser.add_argument('--colors', '--class-colors', type=Path, help='file of one colour a line')
    parser.add_argument('--input-blob', help='input tensor')
    parser.add_argument('--output-blob', help='output tensor')
    add_input_options(parser)
    add_source_arguments(parser)
    add_output_arguments(parser)
    parser.add_argument('--backend', default='auto', help='auto, tensorrt, onnxruntime or remote')
    add_remote_options(parser)
    parser.add_argument('--precision', choices=get_args(Precision), default='auto')
    parser.add_argument('--offline', action='store_true', help='download nothing')
    parser.add_argument(
        '--results',
        type=Path,
        help='file for what was found: .json (COCO, boxes only), .jsonl (a frame a line) or .csv',
    )
    parser.add_argument(
        '--limit', type=count, help='stop after so many frames, of each of several videos'
    )
    parser.add_argument(
        '--benchmark',
        action='store_true',
        help=f'time the network, --limit times ({DEFAULT_RUNS}), and write nothing; without an '
        'input on a picture of the package',
    )
    parser.add_argument(
        '--profile', action='store_true', help='print the time of each stage for one frame too'
    )
    parser.add_argument('--headless', action='store_true', help='open no window')
    return parser


def count(text: str) -> int:
    """Read a number from 1 on.

    Raises:
        argparse.ArgumentTypeError: It is none; argparse prints the message.
    """
    if not text.isdecimal() or not int(text):
        msg = f'expected 1 or more, got {text!r}'
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def share(text: str) -> float:
    """Read a number from 0 to 1.

    Raises:
        argparse.ArgumentTypeError: It is none; argparse prints the message.
    """
    return _number_up_to(1, text)


def pixel_value(text: str) -> float:
    """Read a number from 0 to 255.

    Raises:
        argparse.ArgumentTypeError: It is none; argparse prints the message.
    """
    return _number_up_to(255, text)


def _number_up_to(most: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= most:
        msg = f'expected 0 to {most}, got {text!r}'
        raise argparse.ArgumentTypeError(msg)
    return value


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a network file or its card does not, or says wrongly."""
    add = parser.add_argument
    add('--input-size', help='WxH, for a network that leaves it open')
    add('--resize', choices=get_args(Resize), help='how images are fitted into the input')
    add('--channels', choices=get_args(Channels), help="the network's channel order")
    add('--scale', help='factor on the pixel value, such as 1/255')
    add('--mean', help='subtracted after the scale: a number, or three as 0.485,0.456,0.406')
    add('--std', help='divisor at the end: a number, or three')


def given_values(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of ``Hints`` that these options and ``--decoder`` give.

    Raises:
        SettingsError: An option has a wrong form.
    """
    return read_given(
        decoder=getattr(arguments, 'decoder', None),
        resize=arguments.resize,
        channels=arguments.channels,
        scale=arguments.scale,
        mean=arguments.mean,
        std=arguments.std,
        input_size=arguments.input_size,
    )


def refuse_gone(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    """End the program with what to do instead if there is an option of ``GONE``."""
    for argument in argv:
        name = argument.partition('=')[0]
        if name in GONE:
            parser.error(f'{name} of jetson-inference is not an option here: {GONE[name]}')


def spelled(argv: Sequence[str]) -> list[str]:
    """Return arguments with ``-`` for ``_`` in option names, as jetson-inference takes both."""
    fixed = []
    for argument in argv:
        name, equals, value = argument.partition('=')
        if name.startswith('--'):
            name = name.replace('_', '-')
        fixed.append(name + equals + value)
    return fixed


def chosen_card(
    arguments: argparse.Namespace,
    task: Task,
    *,
    outputs: Mapping[str, str] | None = None,
    model_wins: bool = False,
) -> ModelCard:
    """Find the card that the arguments name.

    As in jetson-inference, ``--network`` wins over ``--model``, and in segnet ``--model`` wins.

    Args:
        arguments: Parsed by a ``vision_parser``.
        task: The task of the program.
        outputs: Tensors of the outputs ``coverage`` and ``boxes``, if given.
        model_wins: Whether ``--model`` wins.

    Raises:
        SettingsError: An argument has a wrong form.
        DeepLearningError: There is no such network, or its file leaves too much open.
    """
    first, second = arguments.network, arguments.model
    if model_wins:
        first, second = second, first
    named = dict(outputs or {})
    if arguments.output_blob is not None:
        named = {'scores': arguments.output_blob}
    hints = Hints(
        prototxt=arguments.prototxt,
        labels=arguments.labels,
        colors=arguments.colors,
        input_name=arguments.input_blob,
        outputs=named,
        mean_pixel=getattr(arguments, 'mean_pixel', 0.0),
        **given_values(arguments),
    )
    return choose_card(first or second or arguments.default_network, task, hints)


def colors_bgr(network: Network[Any]) -> NDArray[np.uint8]:
    """Return the colours of the classes, (K, 3) uint8 BGR."""
    return np.ascontiguousarray(network.colors_rgb[:, ::-1])


def loader_of(arguments: argparse.Namespace) -> EngineLoader:
    """Return an engine loader; with ``--offline`` it downloads nothing."""
    return EngineLoader(ModelStore(offline=True if arguments.offline else None))
