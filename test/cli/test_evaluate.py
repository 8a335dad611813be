# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of rdl evaluate: real networks on small data sets, and what a user can get wrong."""

from __future__ import annotations

import builtins
import csv
import errno
import json
import re
import shlex
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import cv2
import datasets_on_disk as disk
import pytest
import yaml

from ros_deep_learning.cli import rdl
from ros_deep_learning.cli.evaluate import main, output
from ros_deep_learning.engines.registry import BACKENDS
from ros_deep_learning.networks import SegNet

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / 'docs' / 'evaluate.md').read_text()
COMMANDS = re.findall('^rdl (?:evaluate|dataset) .*$', TEXT, re.M)


def said(capsys, *arguments, code=0):
    """Run the program; return its lines on the standard output, and the error stream's last."""
    assert main([str(argument) for argument in arguments]) == code
    captured = capsys.readouterr()
    return captured.out.splitlines(), (captured.err.splitlines() or [''])[-1]


def save(path, image_rgb):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image_rgb[..., ::-1])


@pytest.fixture(scope='module')
def things(tmp_path_factory, astronaut, chelsea, coffee):
    """Three labelled pictures in COCO's format; boxes read off with a grid over them."""
    folder = tmp_path_factory.mktemp('things')
    labels = [
        ('astronaut', astronaut, 1, (20, 15, 365, 512)),
        ('chelsea', chelsea, 17, (0, 0, 395, 300)),
        ('coffee', coffee, 47, (172, 15, 410, 310)),
    ]
    content = {'images': [], 'annotations': [], 'categories': []}
    for number, (name, image, category, (x1, y1, x2, y2)) in enumerate(labels):
        save(folder / 'val' / f'{name}.png', image)
        size = {'width': image.shape[1], 'height': image.shape[0]}
        content['images'].append({'id': number, 'file_name': f'{name}.png', **size})
        box = {'bbox': [x1, y1, x2 - x1, y2 - y1], 'area': (x2 - x1) * (y2 - y1)}
        one = {'id': number + 1, 'image_id': number, 'category_id': category, **box}
        content['annotations'].append(one)
    for number, name in ((1, 'person'), (17, 'cat'), (47, 'cup'), (99, 'unicorn')):
        content['categories'].append({'id': number, 'name': name})
    disk.save_coco(folder, content)
    return folder


@pytest.fixture(scope='module')
def cups(tmp_path_factory, coffee, chelsea):
    """Pictures in folders of the classes of ImageNet, with one that is broken."""
    folder = tmp_path_factory.mktemp('cups')
    save(folder / 'espresso' / 'a.png', coffee)
    save(folder / 'espresso' / '<b>.png', chelsea)
    (folder / 'espresso' / 'broken.jpg').write_bytes(b'no picture')
    save(folder / 'tiger cat' / 'c.png', chelsea)
    return folder


@pytest.fixture(scope='module')
def people(tmp_path_factory, astronaut):
    """The astronaut with the mask that the network gives, but for a part."""
    folder = tmp_path_factory.mktemp('people')
    save(folder / 'images' / 'a.png', astronaut)
    with SegNet('selfie', backend='onnxruntime') as net:
        mask = net.segment(astronaut).class_mask.copy()
    mask[:128] = 1 - mask[:128]
    mask[-10:] = 255
    (folder / 'masks').mkdir()
    cv2.imwrite(str(folder / 'masks' / 'a.png'), mask)
    (folder / 'classes.txt').write_text('background\nperson\n')
    return folder


class Page(HTMLParser):
    """Checks that elements are closed in order, and collects what the page would fetch."""

    VOID = frozenset(('meta', 'img', 'path', 'polyline', 'wbr'))

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.tags = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ('src', 'href')]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_pictures_to_train_with_are_told(capsys, tmp_path, cups):
    (tmp_path / 'train').symlink_to(cups)
    note = 'note: a network that was trained with these pictures is better here than elsewhere'
    lines, _ = said(capsys, 'efficientnet-lite0', tmp_path)
    assert lines[0].endswith('train: 4 pictures, 2 classes')
    assert lines[1] == note
    lines, _ = said(capsys, 'efficientnet-lite0', cups)
    assert note not in lines


def test_boxes(capsys, tmp_path, things, ssd_onnx):
    lines, _ = said(capsys, 'ssd-mobilenet-v2', things, '-o', tmp_path / 'out')
    assert lines[0].endswith('coco, detection, val: 3 pictures, 4 classes')
    assert any(
        'the network lacks 1 of 4 classes of the data set: unicorn' in line for line in lines
    )
    result = json.loads((tmp_path / 'out/results.json').read_text())
    (run,) = result['runs']
    assert (run['backend'], run['precision'], run['pictures']) == ('onnxruntime', 'fp32', 3)
    assert run['metrics']['AP50'] == pytest.approx(1.0)
    assert run['metrics']['mAP'] > 0.7
    assert run['metrics']['AP_small'] is None
    assert set(run['classes']) == {'person', 'cat', 'cup'}
    assert run['cost']['fps'] == pytest.approx(1000 / run['cost']['ms'])
    assert run['cost']['memory_mb'] > 10
    rows = list(csv.DictReader((tmp_path / 'out/results.csv').open()))
    value = next(r['value'] for r in rows if (r['class'], r['metric']) == ('', 'mAP'))
    assert float(value) == run['metrics']['mAP']


def test_classes_and_the_page(capsys, tmp_path, cups):
    lines, _ = said(capsys, 'efficientnet-lite0', cups, '-o', tmp_path / 'out')
    assert any('problems: 1 broken picture' in line for line in lines)
    result = json.loads((tmp_path / 'out/results.json').read_text())
    (run,) = result['runs']
    assert run['metrics']['top1'] == pytest.approx(2 / 3)
    assert run['confusion']['counts'] == [[1, 1, 0], [0, 1, 0]]
    page = Page((tmp_path / 'out/report.html').read_text())
    assert page.open == []
    assert {'script', 'link', 'b'}.isdisjoint(page.tags)
    assert page.tags.count('img') == 1
    assert all(address.startswith('data:image/jpeg') for address in page.addresses)


def test_masks_and_a_goal_that_is_missed(capsys, tmp_path, people):
    goal = ('--at-least', 'mIoU=0.2,pixel_accuracy=0.9')
    _, last = said(capsys, 'selfie', people, '-o', tmp_path, *goal, code=1)
    accuracy = (512 - 138) / 502
    expected = f'pixel_accuracy is {accuracy:.4f}, less than 0.9'
    assert last == f'rdl evaluate: selfie (onnxruntime fp32): {expected}'
    (run,) = json.loads((tmp_path / 'results.json').read_text())['runs']
    assert run['metrics']['pixel_accuracy'] == pytest.approx(accuracy)
    assert Page((tmp_path / 'report.html').read_text()).tags.count('img') == 2


def test_several_side_by_side_and_one_that_cannot_run(capsys, people):
    lines, last = said(capsys, 'selfie', people, '--precision', 'fp32,int8', code=1)
    assert last.startswith('rdl evaluate: selfie int8: ')
    table = [line.split()[:4] for line in lines[-2:]]
    assert table == [
        ['model', 'backend', 'precision', 'pictures'],
        ['selfie', 'onnxruntime', 'fp32', '1'],
    ]


def test_none_of_several_can_run(capsys, tmp_path, people):
    out = tmp_path / 'out'
    said(capsys, 'selfie', people, '--precision', 'fp16,int8', '-o', out, code=1)
    assert not out.exists()


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--at-least', 'mAP'], "--at-least: expected METRIC=NUMBER such as mAP=0.3, got 'mAP'"),
        (['--at-least', 'mAP=0.3'], "--at-least: there is no 'map'; expected one of mIoU, "),
        (['--rename', 'a'], "--rename: expected CLASS=LABEL, got 'a'"),
        (['--precision', 'fp8'], '--precision: expected one or more of auto, fp32, fp16, int8'),
        (['--split', 'test'], "has no split 'test'; it has all"),
        (['--limit', '0'], '--limit: expected 1 or more pictures, got 0'),
        (['--format', 'coco'], 'no data set of a known format; expected one of these in it: coco'),
    ],
)  # fmt: skip
def test_a_wrong_argument(capsys, people, arguments, reason):
    assert reason in said(capsys, 'selfie', people, *arguments, code=1)[1]


def test_another_task(capsys, people, things):
    reason = said(capsys, 'selfie', things, code=1)[1]
    assert reason.endswith('has no labels for segmentation; it is coco, for detection')
    reason = said(capsys, 'selfie', 'efficientnet-lite0', people, code=1)[1]
    assert 'networks of one task can be compared, but selfie is for segmentation' in reason


def test_classes_that_the_network_does_not_have(capsys, tmp_path):
    disk.write_picture(tmp_path / 'unicorn' / 'a.png')
    reason = said(capsys, 'efficientnet-lite0', tmp_path, code=1)[1]
    assert 'no class of the data set (unicorn) has a name of the network (tench' in reason
    lines, _ = said(capsys, 'efficientnet-lite0', tmp_path, '--rename', 'unicorn=sorrel')
    assert any('pictures' in line for line in lines)


def test_no_picture_that_can_be_read(capsys, tmp_path):
    (tmp_path / 'espresso').mkdir()
    (tmp_path / 'espresso' / 'a.jpg').write_bytes(b'x')
    reason = said(capsys, 'efficientnet-lite0', tmp_path, code=1)[1]
    assert reason.startswith('rdl evaluate: none of 1 pictures could be used: broken picture: ')


def test_masks_of_another_size(capsys, tmp_path, astronaut):
    save(tmp_path / 'images' / 'a.png', astronaut)
    disk.write_picture(tmp_path / 'masks' / 'a.png', 0)
    (tmp_path / 'classes.txt').write_text('background\nperson\n')
    reason = said(capsys, 'selfie', tmp_path, code=1)[1]
    assert 'the mask is 80x40, its picture 512x512' in reason


def test_boxes_of_a_picture_of_another_size(capsys, tmp_path, things, chelsea, ssd_onnx):
    folder = shutil.copytree(things, tmp_path / 'things')
    save(folder / 'val/chelsea.png', chelsea[::2, ::2])
    lines = '\n'.join(said(capsys, 'ssd-mobilenet-v2', folder)[0])
    assert 'chelsea.png: its label is of a picture of 451x300, but it has 226x150' in lines
    for name in ('astronaut', 'coffee'):
        save(folder / f'val/{name}.png', chelsea[::2, ::2])
    reason = said(capsys, 'ssd-mobilenet-v2', folder, code=1)[1]
    assert 'none of 3 pictures could be used: broken label' in reason


def test_a_full_disk_leaves_the_old_report(capsys, tmp_path, people, monkeypatch):
    (tmp_path / 'report.html').write_text('old')

    def full(path, data):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(output, 'write_output', full)
    reason = said(capsys, 'selfie', people, '-o', tmp_path, code=1)[1]
    assert reason.endswith('no space left on the disk; free some and run again')
    assert (tmp_path / 'report.html').read_text() == 'old'


def test_a_folder_that_cannot_be_is_told_before_the_work(capsys, tmp_path, people):
    (tmp_path / 'file').write_text('mine')
    lines, reason = said(capsys, 'selfie', people, '-o', tmp_path / 'file' / 'out', code=1)
    assert reason.startswith(f'rdl evaluate: cannot write {tmp_path}/file/out: ')
    assert lines == []


def test_boxes_need_pycocotools(capsys, things, monkeypatch):
    whole = builtins.__import__

    def without(name, *arguments, **options):
        if name.startswith('pycocotools'):
            raise ImportError(name)
        return whole(name, *arguments, **options)

    monkeypatch.setattr(builtins, '__import__', without)
    for name in [name for name in sys.modules if name.startswith('pycocotools')]:
        monkeypatch.delitem(sys.modules, name)
    reason = said(capsys, 'ssd-mobilenet-v2', things, code=1)[1]
    assert reason.endswith('pip install pycocotools')


def test_progress_counts_to_the_end(capsys, people):
    """Standard error is no terminal here: one line a stage."""
    assert main(['selfie', str(people)]) == 0
    assert 'evaluating ...' in capsys.readouterr().err


def card_of_file(name):
    """Write the card of a copy of ssd-mobilenet-v2 beside it."""
    card = yaml.safe_load((ROOT / 'models' / 'cards' / 'ssd-mobilenet-v2.yaml').read_text())
    labels = str(ROOT / 'models' / 'labels' / 'coco90.txt')
    for key in ('format', 'aliases', 'family', 'checked', 'accuracy'):
        card.pop(key)
    card |= {'name': Path(name).stem, 'source': {'file': name}, 'labels': labels}
    Path(name).with_suffix('.yaml').write_text(yaml.safe_dump(card))


@pytest.mark.parametrize('command', COMMANDS)
def test_a_command_of_the_document_runs(command, things, ssd_onnx, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if 'split' in command:
        for k in range(20):
            disk.write_picture(tmp_path / 'my_pictures' / f'class{k % 2}' / f'{k}.png', 12 * k)
    else:
        shutil.copytree(things, 'my_pictures')
    for name in ('yesterday.onnx', 'today.onnx'):
        if name in command:
            Path(name).symlink_to(ssd_onnx)
            card_of_file(name)
    _, *arguments = shlex.split(command, comments=True)
    # TensorRT and half precision need a GPU; the others are evaluated all the same.
    some_cannot = 'tensorrt' in command and BACKENDS['tensorrt']().unavailable_reason() is not None
    assert rdl.main(arguments) == (1 if some_cannot else 0)
    out = capsys.readouterr().out
    if arguments[0] == 'evaluate':
        assert re.search(r'(?m)^(today.onnx|ssd-mobilenet-v2) +onnxruntime +fp32 +3 +[01]\.', out)
    made = {'-o': 1, 'convert': 2, 'split': 2}
    for word, further in made.items():
        if word in arguments:
            assert Path(arguments[arguments.index(word) + further]).exists()


def test_the_other_command_of_the_document_runs_elsewhere():
    """In test_golden.py."""
    assert set(re.findall('^rdl .*$', TEXT, re.M)) - {*COMMANDS} == {'rdl models verify --run'}
    assert len(COMMANDS) == 8
