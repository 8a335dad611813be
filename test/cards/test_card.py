# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of cards: every key is read, and every mistake is reported with file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from ros_deep_learning.cards.card import load_card
from ros_deep_learning.errors import CardError

ARCHIVE = 'url: https://a.b/c\n  max_bytes: 9\n  archive: zip'
GOOD = """
name: street-net
aliases: [street]
task: detection
description: finds things
source:
  file: net.onnx
input:
  width: 320
  height: 240
  layout: nhwc
  channels: bgr
  resize: letterbox
  pad_value: 114
  scale: 0.5
  mean: [1, 2.5, 3]
  std: [4, 5, 6]
outputs: {boxes: out_b, scores: out_s}
decoder: ssd
labels: names.txt
licence: MIT
"""


@pytest.fixture
def card_file(tmp_path: Path) -> Path:
    for folder, name in (('cards', 'card.yaml'), ('weights', 'net.onnx'), ('labels', 'names.txt')):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text('x')
    path = tmp_path / 'cards' / 'card.yaml'
    path.write_text(GOOD)
    return path


def test_reads_every_key(card_file: Path) -> None:
    card = load_card(card_file)
    assert (card.name, card.aliases, card.task) == ('street-net', ('street',), 'detection')
    assert card.source.file == card_file.parents[1] / 'weights' / 'net.onnx'
    assert card.labels == card_file.parents[1] / 'labels' / 'names.txt'
    assert card.format == 'onnx'
    assert dict(card.outputs) == {'boxes': 'out_b', 'scores': 'out_s'}
    spec = card.input
    assert (spec.width, spec.height, spec.layout, spec.channels) == (320, 240, 'nhwc', 'bgr')
    assert (spec.resize, spec.pad_value, spec.scale) == ('letterbox', 114, 0.5)
    assert (spec.mean, spec.std) == ((1.0, 2.5, 3.0), (4.0, 5.0, 6.0))
    assert (spec.dtype, spec.interpolation) == ('float32', 'bilinear')
    assert card.folder == card_file.parent


def test_a_batch_of_one_is_what_every_card_means(card_file: Path) -> None:
    card = load_card(card_file)
    card_file.write_text(GOOD.replace('width: 320', 'width: 320\n  batch: 1'))
    assert load_card(card_file) == card


def test_a_file_beside_the_card_wins(card_file: Path) -> None:
    beside = card_file.parent / 'names.txt'
    beside.write_text('y')
    assert load_card(card_file).labels == beside


def test_a_card_given_as_relative_text(card_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(card_file.parent)
    assert load_card('card.yaml').folder == card_file.parent


MISTAKES = [
    ('name: street-net', 'name: ../evil', 'name: expected up to 64'),
    ('name: street-net', 'name: -r', 'name: expected'),
    ('name: street-net', 'name: 3', 'name: expected'),
    ('name: street-net', '', 'name: missing'),
    ('name: street-net', 'nmae: street-net', 'name: missing'),
    ('aliases: [street]', 'aliases: street', 'aliases: expected a list of texts'),
    ('aliases: [street]', 'aliases: [1]', 'aliases: expected a list of texts'),
    ('task: detection', 'task: detektion', 'did you mean detection?'),
    (
        'task: detection',
        'task: [detection]',
        'task: expected one of classification, detection',
    ),
    ('licence: MIT', 'license: MIT', 'licence: missing'),
    ('licence: MIT', 'licence: MIT\nlicense: MIT', 'license: unknown key; did you mean licence?'),
    ('licence: MIT', 'licence: MIT\nzzz: 1', 'zzz: unknown key; known are'),
    ('licence: MIT', 'licence: MIT\n1: 1', '1: unknown key'),
    ('licence: MIT', 'licence: MIT\nlicence: MIT', "the key 'licence' is given twice"),
    ('licence: MIT', 'licence: "  "', 'licence: expected a text'),
    ('decoder: ssd', 'decoder: 3', 'decoder: expected a text'),
    ('labels: names.txt', 'labels: other.txt', 'labels: no such file'),
    ('labels: names.txt', 'labels: /', 'labels: no such file'),
    ('labels: names.txt', 'labels: [names.txt]', 'labels: expected the name of a file'),
    ('file: net.onnx', 'file: gone.onnx', 'source.file: no such file'),
    ('file: net.onnx', '{}', 'source.file: expected exactly one of file'),
    ('file: net.onnx', 'file: net.onnx\n  package: a==1', 'source.file: expected exactly one'),
    (
        'file: net.onnx',
        'file: net.onnx\n  url: https://a.b/c',
        'source.file: expected exactly one',
    ),
    ('file: net.onnx', 'url: net.onnx', 'source.url: expected an https address'),
    ('file: net.onnx', 'url: http://a.b/c', 'source.url: expected an https address'),
    ('file: net.onnx', 'url: file:///etc/passwd', 'source.url: expected an https address'),
    ('file: net.onnx', 'url: https://a.b/c d', 'source.url: expected an https address'),
    ('file: net.onnx', 'url: https://a.b/c', 'source.max_bytes: missing'),
    (
        'file: net.onnx',
        'url: https://a.b/c\n  max_bytes: 9\n  mirrors: [http://a.b/c]',
        'source.mirrors: expected a list, each an https address',
    ),
    ('file: net.onnx', f'{ARCHIVE}', 'source.members: missing'),
    (
        'file: net.onnx',
        f'{ARCHIVE}\n  members: {{labels: l.txt}}',
        'source.members.model: missing',
    ),
    (
        'file: net.onnx',
        f'{ARCHIVE}\n  members: {{model: ../m}}',
        'source.members.model: expected',
    ),
    (
        'file: net.onnx',
        f'{ARCHIVE}\n  members: {{model: /m}}',
        'source.members.model: expected',
    ),
    ('file: net.onnx', f'{ARCHIVE}\n  members: {{model: m, colors: a/m}}', 'the same file name'),
    ('file: net.onnx', f'{ARCHIVE}\n  members: {{model: m, other: o}}', 'members.other: unknown'),
    (
        'file: net.onnx',
        f'{ARCHIVE}\n  members: {{model: m, prototxt: p}}',
        'source.prototxt: format onnx has no use for a prototxt',
    ),
    ('task: detection', 'task: detection\nformat: caffe', 'format caffe needs a prototxt'),
    ('task: detection', 'task: detection\nchecked: yes', 'checked: expected one of real weights'),
    ('file: net.onnx', 'file: net.onnx\n  sha256: abc', 'source.sha256: expected 64 hex digits'),
    ('file: net.onnx', 'file: net.onnx\n  size_bytes: 0', 'source.size_bytes: expected a whole'),
    ('file: net.onnx', 'package: -r evil', 'source.package: expected name==version'),
    ('file: net.onnx', 'package: evil', 'source.package: expected name==version'),
    ('file: net.onnx', 'package: a==1', 'source.member: missing'),
    ('file: net.onnx', 'package: a==1\n  member: b', 'source.sha256: missing'),
    ('width: 320', 'width: 0', 'input.width: expected a whole number in 1..16384, got 0'),
    ('width: 320', 'width: -3', 'input.width: expected'),
    ('width: 320', 'width: 1e9', 'input.width: expected'),
    ('width: 320', 'width: "320"', 'input.width: expected'),
    ('width: 320', 'width: true', 'input.width: expected'),
    ('width: 320', 'widht: 320', 'input.width: missing'),
    ('width: 320', f'width: {"9" * 5000}', 'not valid YAML'),
    ('width: 320', f'width: {"9" * 4000}', 'input.width: expected'),
    ('width: 320', 'width: 320\n  batch: 4', 'input.batch: a card does not set the batch size'),
    ('layout: nhwc', 'layout: chwn', 'input.layout: expected one of nchw, nhwc'),
    ('channels: bgr', 'channels: gray', 'input.channels: expected one of rgb, bgr'),
    ('resize: letterbox', 'resize: leterbox', 'did you mean letterbox?'),
    ('pad_value: 114', 'pad_value: 256', 'input.pad_value: expected a whole number in 0..255'),
    ('pad_value: 114', 'pad_value: [1, 2]', 'input.pad_value: expected a whole number in 0..255'),
    ('pad_value: 114', 'pad_value: [1, 2, true]', 'input.pad_value: expected a whole number'),
    ('scale: 0.5', 'scale: 0', 'input.scale: expected a finite number above 0'),
    ('scale: 0.5', 'scale: .nan', 'input.scale: expected a finite number'),
    ('scale: 0.5', 'scale: .inf', 'input.scale: expected a finite number'),
    ('scale: 0.5', f'scale: {"9" * 400}', 'input.scale: expected a finite number'),
    ('scale: 0.5', 'crop_fraction: 1.5', 'input.crop_fraction: expected a number in 0..1'),
    ('scale: 0.5', 'crop_fraction: 0', 'input.crop_fraction: expected'),
    ('mean: [1, 2.5, 3]', 'mean: [1, 2]', 'input.mean: expected a list of 3 finite numbers'),
    ('mean: [1, 2.5, 3]', 'mean: 1', 'input.mean: expected a list of 3'),
    ('mean: [1, 2.5, 3]', 'mean: [1, 2, .nan]', 'input.mean: expected a list of 3'),
    ('std: [4, 5, 6]', 'std: [4, 0, 6]', 'input.std: expected a list of 3 finite numbers above 0'),
    ('std: [4, 5, 6]', 'std: [4, 5, "6"]', 'input.std: expected'),
    ('outputs: {boxes: out_b, scores: out_s}', 'outputs: {}', 'outputs.(role): missing'),
    ('outputs: {boxes: out_b, scores: out_s}', 'outputs: out', 'outputs: expected a mapping'),
    ('outputs: {boxes: out_b, scores: out_s}', 'outputs: {boxes: 3}', 'outputs.boxes: expected'),
    ('outputs: {boxes: out_b, scores: out_s}', 'outputs: {3: b}', 'expected a text as key'),
    ('outputs: {boxes: out_b, scores: out_s}', 'outputs: {[1]: b}', 'not valid YAML'),
]


@pytest.mark.parametrize(('line', 'wrong', 'complaint'), MISTAKES)
def test_names_file_and_key(card_file: Path, line: str, wrong: str, complaint: str) -> None:
    assert line in GOOD
    card_file.write_text(GOOD.replace(line, wrong))
    with pytest.raises(CardError) as caught:
        load_card(card_file)
    message = str(caught.value)
    assert message.startswith(f'{card_file}: ')
    assert complaint in message
    assert '\n' not in message
    assert len(message) < 600


@pytest.mark.parametrize('wrong', ['', 'outputs:', 'outputs: ~'])
def test_a_detectors_outputs_may_tell_decoder_and_roles(card_file: Path, wrong: str) -> None:
    outputs = 'outputs: {boxes: out_b, scores: out_s}\ndecoder: ssd'
    assert outputs in GOOD
    card_file.write_text(GOOD.replace(outputs, wrong))
    card = load_card(card_file)
    assert (dict(card.outputs), card.decoder) == ({}, None)


@pytest.mark.parametrize('task', ['classification', 'segmentation'])
def test_other_tasks_name_their_outputs(card_file: Path, task: str) -> None:
    text = GOOD.replace('outputs: {boxes: out_b, scores: out_s}', '')
    card_file.write_text(text.replace('task: detection', f'task: {task}'))
    with pytest.raises(CardError, match=r'outputs: missing; expected a mapping$'):
        load_card(card_file)


def test_a_package_source(card_file: Path) -> None:
    package = (
        f'package: a-b==1.0\n  member: a/b.pb\n  sha256: {"AB" * 32}\n  size_bytes: 5\n'
        '  package_size_bytes: 9\n  wheel_tags: cp312-cp312-manylinux_2_28_x86_64'
    )
    card_file.write_text(GOOD.replace('file: net.onnx', package))
    source = load_card(card_file).source
    assert (source.package, source.member, source.file) == ('a-b==1.0', 'a/b.pb', None)
    assert (source.sha256, source.size_bytes) == ('ab' * 32, 5)
    assert (source.package_size_bytes, source.wheel_tags) == (
        9,
        'cp312-cp312-manylinux_2_28_x86_64',
    )
