# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rdl bag-to-dataset: the commands of docs/bags.md, and what a user can get wrong."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import bags_on_disk as disk
import cv2
import numpy as np
import pytest

from ros_deep_learning.cli import rdl
from ros_deep_learning.cli.bag_to_dataset import main, program
from ros_deep_learning.datasets.checking import check_dataset
from ros_deep_learning.datasets.opening import open_dataset

TEXT = (Path(__file__).parents[2] / 'docs' / 'bags.md').read_text()
COMMANDS = re.findall(r'^(rdl bag-to-dataset .*)$', TEXT, re.M)


@pytest.fixture(scope='module')
def drive(tmp_path_factory, astronaut):
    """A recording of a person who moves to the right."""
    picture = cv2.resize(astronaut, (128, 128))
    pictures = [np.roll(picture, 40 * k, axis=1) for k in range(3)]
    folder = disk.record(tmp_path_factory.mktemp('bags') / 'drive', pictures)
    return folder / 'drive.mcap'


@pytest.mark.parametrize('command', COMMANDS)
def test_a_command_of_the_document_runs(command, drive, ssd_onnx, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path('drive.mcap').symlink_to(drive)
    command = command.replace('0.3,0.6', '0.05,1')
    _, *arguments = shlex.split(command)
    assert rdl.main(arguments) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(
        rf'wrote {arguments[2]}: [1-3] of 3 images', last.replace(f'{tmp_path}/', '')
    )
    rows = Path(arguments[2], 'frames.csv').read_text().splitlines()
    assert len(rows) == int(last.split(': ')[1][0]) + 1


@pytest.mark.parametrize(
    ('node', 'options', 'form'),
    [
        ('segnet:selfie', [], 'masks'),
        ('imagenet:efficientnet-lite0', [], 'folder'),
        ('detectnet:ssd-mobilenet-v2', ['--to', 'yolo'], 'yolo'),
    ],
)
def test_the_results_are_labels_of_a_data_set(drive, ssd_onnx, tmp_path, node, options, form):
    output = tmp_path / 'out'
    assert main([str(drive), str(output), '--node', node, *options]) == 0
    dataset = open_dataset(output)
    assert (dataset.format, len(dataset.samples)) == (form, 3)
    assert set(check_dataset(dataset).problems) == set()
    assert (output / 'frames.csv').is_file()


@pytest.mark.parametrize(
    ('options', 'reason'),
    [
        (['--unsure', '0.3,0.6'], '--unsure and --to need a network; to fix: --node NODE:MODEL'),
        (['--node', 'segnet:selfie', '--to', 'coco'], '--to coco is for detection, not for'),
        (['--node', 'segnet'], '--node: expected NODE:MODEL or NAME=NODE:MODEL'),
        (['--unsure', '0.6,0.3', '--node', 'segnet:selfie'], 'unsure: expected two scores such'),
        (['--every', '0'], 'every: expected seconds above 0, got 0'),
        (['--topics', '/chatter'], '/chatter is std_msgs/msg/String; it has images on /camera/'),
    ],
)
def test_what_does_not_go_together_is_said(drive, tmp_path, capsys, options, reason):
    assert main([str(drive), str(tmp_path / 'out'), *options]) == 1
    assert reason in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_every_option_is_told():
    part = TEXT[TEXT.index('## Pictures for labelling') :]
    options = {option for action in program._parser()._actions for option in action.option_strings}
    told = set(re.findall('--[a-z][a-z-]*', part))
    assert options - {'-h', '--help'} <= told
