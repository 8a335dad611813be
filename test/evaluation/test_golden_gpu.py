# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The kept answers of rdl models verify --run with TensorRT on a real GPU, in each precision."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ros_deep_learning.cards.card import SourceSpec
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.cli.models import main
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend
from ros_deep_learning.errors import FetchError
from ros_deep_learning.evaluation.agreement import answers_kept
from ros_deep_learning.evaluation.golden import load_answers
from ros_deep_learning.networks import DetectNet, ImageNet, SegNet
from ros_deep_learning.onnx_tools.facts import read_facts
from ros_deep_learning.onnx_tools.quantize import quantize
from ros_deep_learning.tasks.preprocess import placement, preprocess

pytestmark = pytest.mark.gpu
NETWORKS = {'classification': ImageNet, 'detection': DetectNet, 'segmentation': SegNet}
KEPT = ('efficientnet-lite0', 'duckietown-lanes', 'selfie', 'ssd-mobilenet-v2')


@pytest.fixture(autouse=True)
def _has_gpu():
    reason = TensorRtBackend().unavailable_reason()
    if reason is not None:
        pytest.skip(reason)


def onnx_path(card):
    try:
        return ModelStore().onnx_path(card)
    except FetchError as err:
        pytest.skip(f'{card.name} is not in the cache: {err}')


def assert_right(card, precision):
    options = EngineOptions(optimization_level=1)
    kind = NETWORKS[card.task]
    with kind(card, backend='tensorrt', precision=precision, options=options) as net:
        assert net.info.precision == precision
        verdict = load_answers().compare(net)
    print(f'{card.name} {precision}: {verdict.text}')
    assert verdict.is_right, verdict.text


@pytest.mark.parametrize('precision', ['fp32', 'fp16'])
@pytest.mark.parametrize('name', KEPT)
def test_the_answers_are_right(name, precision):
    card = find_card(name)
    onnx_path(card)
    assert_right(card, precision)


@pytest.mark.parametrize('name', KEPT)
def test_the_answers_in_int8_are_right(name, tmp_path):
    """Calibrated with the picture of the answers and its mirror image."""
    card = find_card(name)
    source = onnx_path(card)
    # Beside the plans, so that a second run finds the plan for the same file.
    base = os.environ.get('ROS_DEEP_LEARNING_CACHE')
    path = (Path(base) if base else tmp_path) / f'{name}-golden-int8.onnx'
    if not path.exists():
        pictures = list(load_answers().pictures().values())
        tensor = next(iter(read_facts(source).inputs))
        feeds = [{tensor: preprocess([picture], card.input)} for picture in pictures]
        places = [placement(picture.size_wh, card.input) for picture in pictures]
        quantize(source, path, feeds, method='minmax', goal=answers_kept(card, places, 0.995))
    assert_right(replace(card, source=SourceSpec(file=path), format='onnx'), 'int8')


def test_the_command_says_so(capsys):
    assert main(['verify', '--run', '--all-backends', *KEPT[:3]]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert {(row[0], row[3]) for row in rows if row[1:2] == ['tensorrt']} == {
        (name, 'right') for name in KEPT[:3]
    }
