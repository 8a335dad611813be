# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The commands `rdl models inspect` and `add`: networks of the user's own."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..cards.card import NAME, NAME_ALLOWED, ModelCard, Task
from ..cards.card_text import card_text
from ..cards.decision import by_reason, guesses
from ..cards.labels import labels_in_metadata
from ..cards.zoo import CARD_SUFFIXES
from ..downloads.own_cards import add_card
from ..errors import CardError, OpenQuestionError
from ..files import write_output
from ..networks import DetectNet, ImageNet, Network, SegNet
from ..networks.proof import how_to_fix
from ..onnx_tools.facts import OnnxFacts, TensorFacts, read_facts
from ..paths import user_path
from ..recognition.choice import choose_card
from ..recognition.conventions import is_ultralytics
from ..recognition.custom import CAFFE_SUFFIXES
from ..recognition.digits import is_snapshot, unpack_snapshot
from ..recognition.hints import Hints
from ..text import disk_cause, shape_text
from .bar import progress_bar
from .models_tables import table
from .next_command import next_command
from .vision_arguments import given_values

_MAX_METADATA = 200
_NETWORKS: Mapping[Task, type[Network[Any]]] = {
    'classification': ImageNet,
    'detection': DetectNet,
    'segmentation': SegNet,
}


def inspect(arguments: argparse.Namespace) -> int:
    """Print a network file's tensors and metadata, and the card that they suggest."""
    path = user_path(arguments.file)
    if is_snapshot(path):
        msg = f'{path} is an archive; to fix: rdl models add {path}, then rdl models show NAME'
        raise CardError(msg)
    _print_tensors(path, arguments.prototxt)
    try:
        card = _card(arguments)
    except CardError as err:
        if isinstance(err, OpenQuestionError) and arguments.write is not None:
            text, keys = _with_questions(arguments, err)
            target = _write(text, arguments.write)
            print(
                f'wrote {target}; choose its {" and ".join(keys)}, then: rdl models add {target}'
            )
        raise
    text = card_text(card)
    if arguments.write is None:
        for line in by_reason(card.decisions):
            print(f'# decided: {line}')
        print(text, end='')
        _run_once(card, arguments)
        return 0
    target = _write(text, arguments.write)
    print(f'wrote {target}; check input, labels and licence, then: rdl models add {target}')
    return 0


def _with_questions(
    arguments: argparse.Namespace, first: OpenQuestionError
) -> tuple[str, tuple[str, ...]]:
    """Return a card whose open keys have the candidates as a comment, and these keys."""
    questions, text = [first], None
    while text is None:
        setattr(arguments, questions[-1].key, questions[-1].candidates[0])
        try:
            text = card_text(_card(arguments))
        except OpenQuestionError as err:
            questions.append(err)
    for question in questions:
        key, candidates = question.key, question.candidates
        choice = f'{key}:  # choose one: {", ".join(candidates)}; the rest is that of '
        text = re.sub(
            f'^( *){key}: .*$', rf'\g<1>{choice}{candidates[0]}', text, flags=re.MULTILINE
        )
    return text, tuple(question.key for question in questions)


def _write(text: str, path: Path) -> Path:
    target = user_path(path)
    if target.suffix.lower() not in CARD_SUFFIXES:
        msg = f'--write: expected a name that ends in .yaml, got {target}'
        raise CardError(msg)
    if target.exists():
        msg = f'{target} is there already; remove it or give another name'
        raise CardError(msg)
    try:
        write_output(target, text.encode())
    except OSError as err:
        msg = f'cannot write {target}: {disk_cause(err)}'
        raise CardError(msg) from err
    return target


def add(arguments: argparse.Namespace) -> int:
    """Keep a network under its name."""
    with ExitStack() as unpacked:
        if is_snapshot(user_path(arguments.file)):
            folder = unpacked.enter_context(TemporaryDirectory(prefix='ros_deep_learning_'))
            _unpack(arguments, Path(folder))
        return _add(arguments)


def _unpack(arguments: argparse.Namespace, folder: Path) -> None:
    """Unpack a snapshot of DIGITS; what it holds takes the place of options that are missing."""
    snapshot = unpack_snapshot(user_path(arguments.file), folder)
    for decision in snapshot.decisions:
        print(f'# {decision}')
    arguments.file = snapshot.model
    for name, value in snapshot.options().items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)


def _add(arguments: argparse.Namespace) -> int:
    card = _card(arguments)
    _run_once(card, arguments)
    _ask(card, arguments)
    path = add_card(card, replace_it=arguments.replace)
    print(f'{card.name}: {path}')
    print(f'next: {next_command(card.task, card.name)}')
    return 0


def _ask(card: ModelCard, arguments: argparse.Namespace) -> None:
    """Ask at a terminal whether guesses are right.

    Raises:
        CardError: They are not.
    """
    guessed = by_reason(guesses(card.decisions))
    if not guessed or arguments.yes or not sys.stdin.isatty():
        return
    print(f'guessed: {"; ".join(guessed)}')
    try:
        answer = input('Is that right? [y/N] ')
    except EOFError:
        print()
        answer = ''
    if answer.strip().casefold() not in ('y', 'yes'):
        msg = f'{card.name} is not added; {how_to_fix(card.task)}'
        raise CardError(msg)


def _run_once(card: ModelCard, arguments: argparse.Namespace) -> None:
    """Load a network and run it on a picture that ships with the package.

    Raises:
        DeepLearningError: It cannot run, or gives what such a network cannot give.
    """
    if arguments.no_run:
        return
    with progress_bar() as progress, _NETWORKS[card.task](card, progress=progress) as network:
        network.warm_up()
        info = network.info
        print(
            f'# runs: {info.backend} {info.version}, {info.precision} on {info.device}, '
            f'{network.class_count_text}'
        )


def _card(arguments: argparse.Namespace) -> ModelCard:
    hints = Hints(
        prototxt=arguments.prototxt,
        labels=arguments.labels,
        colors=arguments.colors,
        input_name=arguments.input_blob,
        outputs={'scores': arguments.output_blob} if arguments.output_blob else {},
        mean_pixel=arguments.mean_pixel,
        **given_values(arguments),
    )
    card = choose_card(user_path(arguments.file), arguments.task, hints)
    if arguments.name:
        # It becomes the name of files.
        if not re.fullmatch(NAME, arguments.name):
            msg = f'--name: expected {NAME_ALLOWED}, got {arguments.name!r}'
            raise CardError(msg)
        card = replace(card, name=arguments.name)
    return replace(card, licence=arguments.licence) if arguments.licence else card


def _print_tensors(path: Path, prototxt: Path | None) -> None:
    """Print the tensors of a network file, if it exists."""
    suffix = path.suffix.lower()
    if suffix == '.onnx':
        _print_facts(path, read_facts(path))
    elif suffix in CAFFE_SUFFIXES and prototxt is not None:
        from ..importers import caffe_input_shapes

        shapes = caffe_input_shapes(user_path(prototxt))
        print(f'# {path.name}: Caffe, as {prototxt.name} has it')
        _print_rows([('input', k, 'float32', shape_text(v)) for k, v in shapes.items()])
    elif suffix == '.uff' and path.is_file():
        from ..importers import uff_input_size

        width, height = uff_input_size(path)
        print(f'# {path.name}: UFF, of images of {width}x{height}')


def _print_facts(path: Path, facts: OnnxFacts) -> None:
    print(f'# {path.name}: {facts.producer or "unknown producer"}, opset {facts.opset}')
    _print_rows(
        [
            (kind, name, _type_text(tensor), shape_text(tensor.shape))
            for kind, tensors in (('input', facts.inputs), ('output', facts.outputs))
            for name, tensor in tensors.items()
        ]
    )
    for key, value in facts.metadata.items():
        print(f'# {key}: {" ".join(value.split())[:_MAX_METADATA]}')
    if is_ultralytics(facts.metadata):
        count = len(labels_in_metadata(facts.metadata))
        print(f'# exported by Ultralytics, with {count} class names')
    elif {'output_cov/Sigmoid', 'output_bbox/BiasAdd'} & set(facts.outputs):
        print('# a DetectNet_v2 of NVIDIA TAO, by the names of its tensors')


def _print_rows(rows: Sequence[Sequence[str]]) -> None:
    for line in table(('', 'TENSOR', 'TYPE', 'SHAPE'), rows).splitlines():
        print(f'# {line}')


def _type_text(tensor: TensorFacts) -> str:
    return 'unknown' if tensor.dtype is None else str(tensor.dtype)
