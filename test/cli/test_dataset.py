# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rdl dataset: what it finds, draws and writes."""

from __future__ import annotations

import shutil

import cv2
import datasets_on_disk as disk
import pytest

from ros_deep_learning.cli.dataset import main


def said(capsys, *arguments, code=0):
    """Run the program; return its lines on the standard output, and the error stream's last."""
    assert main([str(argument) for argument in arguments]) == code
    captured = capsys.readouterr()
    return captured.out.splitlines(), (captured.err.splitlines() or [''])[-1]


def test_a_good_one_has_no_problems(capsys, tmp_path):
    disk.write_yolo(tmp_path)
    lines, _ = said(capsys, 'check', tmp_path)
    assert lines[1:] == [
        'pictures: smallest sides 80x40, median 80x40, largest 80x40',
        'boxes: 2 small, 1 medium, 0 large (as COCO has it: under 32x32, under 96x96, above)',
        '  cat: 1 boxes',
        '  dog: 2 boxes',
        'no problems',
    ]


def test_what_is_wrong_is_named(capsys, tmp_path):
    disk.write_folders(tmp_path)
    disk.write_picture(tmp_path / 'train' / 'cat' / 'x.png', 200)
    shutil.copy(tmp_path / 'val' / 'dog' / '0.png', tmp_path / 'train' / 'cat' / 'same.png')
    whole = (tmp_path / 'val' / 'cat' / '0.png').read_bytes()
    (tmp_path / 'val' / 'cat' / 'torn.png').write_bytes(whole[: len(whole) // 2])
    lines, _ = said(capsys, 'check', tmp_path, code=1)
    at = next(k for k, line in enumerate(lines) if line.startswith('problems: '))
    assert lines[at] == 'problems: 1 classes differ, 1 broken picture, 1 duplicate'
    assert any('torn.png' in line for line in lines)
    assert any('the same as' in line for line in lines)


def test_a_box_that_ends_outside_of_the_picture_itself(capsys, tmp_path):
    """The label says another size than the picture has."""
    disk.write_voc(tmp_path)
    disk.write_picture(tmp_path / 'JPEGImages' / 'a.jpg', size_wh=(40, 40))
    lines, _ = said(capsys, 'check', tmp_path, code=1)
    assert any('a box ends outside of its 40x40 pixels' in line for line in lines)


def test_masks_are_checked(capsys, tmp_path):
    disk.write_masks(tmp_path)
    disk.write_picture(tmp_path / 'masks' / 'val' / 'b.png', 9, size_wh=(10, 10))
    lines, _ = said(capsys, 'check', tmp_path, code=1)
    assert 'problems: 1 broken label, 1 unknown class' in lines


@pytest.mark.parametrize('write', [disk.write_coco, disk.write_folders, disk.write_masks])
def test_a_contact_sheet(capsys, tmp_path, write):
    write(tmp_path / 'a')
    said(capsys, 'show', tmp_path / 'a', '-o', tmp_path / 'sheet.png')
    sheet = cv2.imread(str(tmp_path / 'sheet.png'))
    assert sheet.shape[0] == 240
    # The pictures are grey, the labels are not.
    assert (sheet.max(axis=2) - sheet.min(axis=2)).max() > 50
    reason = said(capsys, 'show', tmp_path / 'a', '-o', tmp_path / 'sheet.png', code=1)[1]
    assert reason.endswith('exists; to fix: --force')


def test_convert_and_split(capsys, tmp_path):
    disk.write_coco(tmp_path / 'a')
    lines, _ = said(capsys, 'convert', tmp_path / 'a', tmp_path / 'b', '--to', 'yolo')
    assert lines[-1] == f'wrote {tmp_path / "b"} (yolo)'
    said(capsys, 'split', tmp_path / 'b', tmp_path / 'c', '--val', '0.5')
    lines, _ = said(capsys, 'check', tmp_path / 'c')
    assert lines[0].endswith('yolo, detection, 2 classes, pictures of train: 1, val: 1')


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['split', '{}', 'x', '--val', '1'], 'expected shares from 0 on whose sum is above 0'),
        (['show', '{}', '--count', '0'], '--count: expected 1 or more pictures, got 0'),
        (['convert', '{}', 'x', '--to', 'masks'], 'masks is for segmentation, but'),
        (['check', '{}/nothing'], 'there is no'),
    ],
)
def test_a_wrong_argument(capsys, tmp_path, arguments, reason):
    disk.write_yolo(tmp_path)
    assert reason in said(capsys, *(a.format(tmp_path) for a in arguments), code=1)[1]
