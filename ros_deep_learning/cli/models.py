# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""List, fetch, check and add the networks that the nodes and programs find by name."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from ..cards.card import Checked, Task
from . import models_custom, models_files, models_tables
from .logs import run_command
from .parser import Parser
from .serving.export_server import add_export_options
from .vision_arguments import add_input_options, pixel_value


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, 1 failed or ``verify`` found a fault, 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    return run_command(
        'rdl models', lambda: int(arguments.run(arguments)), interrupted='run again to go on'
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog='rdl models', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)

    listing = commands.add_parser('list', help='list the networks')
    _add_filters(listing)
    listing.add_argument('--here', action='store_true', help='only those that need no download')
    listing.set_defaults(run=models_tables.list_models)

    show = commands.add_parser('show', help='print all that is known of a network')
    show.add_argument('name', help='name, alias, or path of a card (.yaml)')
    show.set_defaults(run=models_tables.show_model)

    download = commands.add_parser('download', help='fetch, verify and convert networks')
    download.add_argument('names', nargs='*', help='names; none with --task or --family for all')
    _add_filters(download)
    _add_offline(download)
    download.add_argument(
        '--trust-anew',
        action='store_true',
        help='download again, and trust the new file instead of the first download',
    )
    download.set_defaults(run=models_files.download)

    verify = commands.add_parser('verify', help='check the files that are here')
    verify.add_argument('names', nargs='*', help='names; none for all that are here')
    verify.add_argument(
        '--run',
        action='store_true',
        dest='run_networks',
        help='run them too, and compare with the answers that come with the package',
    )
    verify.add_argument(
        '--all-backends', action='store_true', help='run them on each backend, not the best one'
    )
    verify.set_defaults(run=models_files.verify)

    path = commands.add_parser('path', help="print the path of a network's ONNX file")
    path.add_argument('name')
    _add_offline(path)
    path.set_defaults(run=models_files.print_path)

    for name, run, text in (
        ('add', models_custom.add, 'keep a network of your own, so that it has a name'),
        (
            'inspect',
            models_custom.inspect,
            'print tensors of a network file, and guess its card',
        ),
    ):
        custom = commands.add_parser(name, help=text)
        _add_custom(custom, name)
        custom.set_defaults(run=run)

    server = commands.add_parser(
        'export-server', help='write a network for an inference server (Triton)'
    )
    add_export_options(server)
    _add_offline(server)

    pack = commands.add_parser('pack', help='put networks into a folder for a robot offline')
    pack.add_argument('folder', type=Path, help='a new folder')
    pack.add_argument('names', nargs='+')
    _add_offline(pack)
    pack.set_defaults(run=models_files.pack_folder)

    unpack = commands.add_parser('unpack', help='take networks from such a folder')
    unpack.add_argument('folder', type=Path)
    unpack.set_defaults(run=models_files.unpack_folder)
    return parser


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--task', choices=get_args(Task))
    parser.add_argument('--family', help='collection, such as jetson-inference')
    parser.add_argument(
        '--state', choices=get_args(Checked), help='which weights were run when its card was made'
    )


def _add_offline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--offline', action='store_true', help='download nothing ($ROS_DEEP_LEARNING_OFFLINE)'
    )


def _add_custom(parser: argparse.ArgumentParser, name: str) -> None:
    add = parser.add_argument
    add(
        'file',
        type=Path,
        help='card (.yaml), .onnx, .caffemodel, .uff or .pb; for add also a snapshot of DIGITS '
        '(.tar.gz)',
    )
    add('--task', choices=get_args(Task))
    add('--name', help='name of the card')
    add('--prototxt', type=Path, help='prototxt of a caffemodel')
    add('--labels', type=Path, help='file of one label a line')
    add('--colors', type=Path, help='file of one colour a line')
    add('--decoder', help='decoder of a detector, if it cannot be told from its tensors')
    add('--input-blob', help='input tensor')
    add('--output-blob', help='output tensor')
    add_input_options(parser)
    add(
        '--mean-pixel',
        type=pixel_value,
        default=0.0,
        help='subtracted from pixels (Caffe detectors)',
    )
    add('--licence', help='SPDX name of its licence')
    add('--no-run', action='store_true', help='do not load and run it, as on a small machine')
    if name == 'add':
        add('--replace', action='store_true', help='replace a network of that name added before')
        add('--yes', action='store_true', help='do not ask whether guesses are right')
    else:
        add('--write', type=Path, metavar='CARD', help='write the card to this file (.yaml)')


if __name__ == '__main__':
    sys.exit(main())
