# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rdl models verify --run: kept answers, and networks that compute something else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.cards import zoo
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.cli.models import main
from ros_deep_learning.evaluation.golden import BOUNDS, compare_boxes, load_answers
from ros_deep_learning.networks import ImageNet, SegNet
from ros_deep_learning.tasks.detection import Detections


def test_the_networks_of_the_package_are_right(capsys, monkeypatch, tmp_path):
    """An empty cache: the others are named, and nothing is downloaded."""
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path))
    assert main(['verify', '--run']) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split()[:4] for line in lines if 'onnxruntime' in line]
    names = ['duckietown-lanes', 'efficientnet-lite0', 'selfie']
    assert rows == [[name, 'onnxruntime', 'fp32', 'right'] for name in names]
    absent = 'centerface, ssd-mobilenet-v2'
    assert lines[-1] == f'not here, so not run: {absent} (rdl models download NAME)'


def test_a_detector_is_right_on_all_backends(capsys, ssd_onnx):
    assert ssd_onnx.is_file()
    assert main(['verify', '--all-backends', 'ssd-mobilenet-v2']) == 0
    out = capsys.readouterr().out
    assert 'ssd-mobilenet-v2  onnxruntime  fp32       right   boxes: 1, IoU ' in out


def test_a_network_that_computes_something_else_is_wrong(capsys, monkeypatch):
    whole = find_card('selfie')
    dark = replace(whole, input=replace(whole.input, scale=whole.input.scale / 8))
    monkeypatch.setattr('ros_deep_learning.cli.models_files.find_card', lambda name: dark)
    assert main(['verify', '--run', 'selfie']) == 1
    assert 'WRONG' in capsys.readouterr().out


@pytest.mark.parametrize(('name', 'kind'), [('selfie', SegNet), ('efficientnet-lite0', ImageNet)])
def test_answers_of_another_picture_are_wrong(name, kind):
    answers = load_answers()
    swapped = dict(answers.by_name[name])
    swapped['as it is'], swapped['mirrored'] = swapped['mirrored'], swapped['as it is']
    other = replace(answers, by_name={name: swapped})
    with kind(name, backend='onnxruntime') as net:
        assert answers.compare(net).is_right
        assert not other.compare(net).is_right


def found(*rows):
    array = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(array[:, 2:], array[:, 1], array[:, 0].astype(np.int32), (100, 100))


@pytest.mark.parametrize(
    ('rows', 'is_right'),
    [
        ([(3, 0.9, 0, 0, 50, 50)], True),
        ([(3, 0.9, 0, 0, 50, 50), (1, 0.51, 0, 0, 9, 9)], True),
        ([(3, 0.9, 0, 0, 50, 50), (1, 0.8, 0, 0, 9, 9)], False),
        ([(3, 0.85, 0, 0, 50, 50)], False),
        ([(4, 0.9, 0, 0, 50, 50)], False),
        ([(3, 0.9, 0, 0, 50, 40)], False),
        ([], False),
    ],
    ids=['equal', 'near the threshold', 'one more', 'score', 'class', 'box', 'nothing'],
)
def test_boxes(rows, is_right):
    kept = [[3, 0.9, 0, 0, 50, 50], [3, 0.45, 50, 50, 90, 90]]
    assert compare_boxes(found(*rows), kept, BOUNDS['fp32']).is_right == is_right


def test_every_answer_is_of_a_network_of_the_zoo():
    names = {card.name for card in zoo.list_cards()}
    assert set(load_answers().by_name) <= names
