# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The command ``rdl models export-server``."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from shlex import quote

from ...cards.card import ModelCard
from ...downloads.store import ModelStore
from ...engines.remote.model_repository import PLATFORMS, ServingOptions, write_model
from ...errors import DecodeError
from ...networks.fit import read_labels
from ...onnx_tools.facts import read_facts
from ...paths import user_path
from ...recognition.choice import choose_card
from ...recognition.decoder_choice import choose
from ...recognition.hints import Hints
from ...tasks.decoders.registry import find_decoder
from ..bar import progress_bar
from ..next_command import PROGRAMS


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add, defaults = parser.add_argument, ServingOptions()
    add('model', metavar='MODEL', help='name of a network, or path of a card or file')
    add('folder', type=Path, metavar='DIR', help='the model repository, a folder of models')
    add('--platform', choices=PLATFORMS, default=defaults.platform, help='what runs it there')
    add('--plan', type=Path, help='for platform tensorrt: the plan, built on the server')
    add(
        '--max-batch',
        type=int,
        default=defaults.max_batch,
        help='most frames in one run, if the batch is open (%(default)s)',
    )
    add(
        '--delay-us',
        type=int,
        default=defaults.delay_us,
        help='how long the first one waits for others, in microseconds (%(default)s)',
    )
    add(
        '--instances',
        type=int,
        default=defaults.instances,
        help='runs at a time (%(default)s)',
    )
    add(
        '--pixels',
        action='store_true',
        help='let it take 8-bit pixels: a quarter of the bytes on the way',
    )
    add(
        '--jpeg',
        action='store_true',
        help='let it take JPEG files, with platform python: fewer bytes, and what JPEG loses',
    )
    parser.set_defaults(run=export_server)


def export_server(arguments: argparse.Namespace) -> int:
    """Write a network into a model repository, and print how it is served and used."""
    options = ServingOptions(
        platform=arguments.platform,
        plan=None if arguments.plan is None else user_path(arguments.plan),
        max_batch=arguments.max_batch,
        delay_us=arguments.delay_us,
        instances=arguments.instances,
        pixels=arguments.pixels,
        jpeg=arguments.jpeg,
    )
    card = choose_card(arguments.model, None, Hints())
    store = ModelStore(offline=True if arguments.offline else None)
    with progress_bar() as progress:
        path = store.onnx_path(card, progress)
    options = replace(options, batch_axis=_has_batch_axis(card, path))
    repository = user_path(arguments.folder)
    print(f'wrote {write_model(card, path, repository, options)}')
    print(f'on the server: tritonserver --model-repository {quote(str(repository))}')
    print(
        f'on the robot: {PROGRAMS[card.task]} street.jpg --network {quote(arguments.model)} '
        '--remote-url grpc://SERVER:8001'
    )
    return 0


def _has_batch_axis(card: ModelCard, path: Path) -> bool:
    """Return whether the outputs have a batch axis, as far as what reads them is known."""
    if card.task != 'detection':
        return True
    facts = read_facts(path)
    whole = {name: tensor.shape for name, tensor in facts.outputs.items()}
    try:
        choice = choose(
            {name: shape[1:] for name, shape in whole.items() if shape},
            (card.input.width, card.input.height),
            decoder=card.decoder,
            roles=card.outputs,
            labels=read_labels(card) or (),
            metadata=facts.metadata,
            whole=whole,
        )
    except DecodeError:
        # Another program may read them.
        return True
    return find_decoder(choice.decoder).batch_axis
