# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which pictures a training takes, and which data sets it refuses; no PyTorch is needed."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace

import cv2
import pytest
from datasets_on_disk import write_picture

from ros_deep_learning.cards.card import ModelCard
from ros_deep_learning.cards.source import SourceSpec
from ros_deep_learning.cli import train
from ros_deep_learning.datasets.mask_files import read_mask
from ros_deep_learning.errors import DatasetError, SettingsError, TrainingError
from ros_deep_learning.recognition.usual import IMAGENET
from ros_deep_learning.training.begun_with import InitialWeights
from ros_deep_learning.training.judging import Judged
from ros_deep_learning.training.outcome import Fitted
from ros_deep_learning.training.plan import check_output, input_spec, make_plan
from ros_deep_learning.training.report import report_page
from ros_deep_learning.training.run_folder import RunFolder, RunRecord
from ros_deep_learning.training.settings import TrainingSettings

SETTINGS = TrainingSettings('classification', 'resnet18', (224, 224))


BOXES = replace(SETTINGS, task='detection')


@pytest.fixture
def folders(class_folders, tmp_path):
    return shutil.copytree(class_folders, tmp_path / 'things')


def cvat_folder(folder, subsets, dogs=(), empty=()):
    """Write an export of CVAT, of pictures and their subsets, with a box of a cat or dog each."""
    images = ''
    for number, (name, subset) in enumerate(subsets.items()):
        path = write_picture(folder / 'images' / f'{name}.png')
        label = 'dog' if name in dogs else 'cat'
        box = f'<box label="{label}" xtl="1" ytl="1" xbr="20" ybr="20"/>'
        images += (
            f'<image id="{number}" name="{path.name}" subset="{subset}" width="80" height="40">'
            f'{"" if number in empty else box}</image>'
        )
    (folder / 'annotations.xml').write_text(f'<annotations>{images}</annotations>')
    return folder


def test_the_splits_of_a_folder_are_used(class_folders):
    plan = make_plan(class_folders, SETTINGS)
    assert plan.classes == ('astronaut', 'cat', 'coffee')
    assert (len(plan.train), len(plan.val), plan.held_out) == (48, 24, False)
    assert plan.describe()[1] == '48 pictures to train with, 24 for validation'


def test_pictures_of_each_class_are_held_out_where_there_is_no_validation(class_folders):
    plan = make_plan(class_folders / 'train', SETTINGS)
    assert plan.held_out
    assert [sum(s.class_id == k for s in plan.val) for k in range(3)] == [3, 3, 3]
    assert not {s.picture for s in plan.val} & {s.picture for s in plan.train}
    again = make_plan(class_folders / 'train', SETTINGS)
    assert again.fingerprint() == plan.fingerprint()
    other = make_plan(class_folders / 'train', replace(SETTINGS, seed=1))
    assert other.fingerprint() != plan.fingerprint()


@pytest.mark.parametrize('data', ['set', 'set/data.yaml'])
def test_pictures_may_lie_outside_of_the_data_set(folders, data):
    (folders / 'set').mkdir()
    (folders / 'set/data.yaml').write_text(
        'path: ..\nnames: [thing]\ntrain: train\nval: val\n', encoding='utf-8'
    )
    for picture in folders.rglob('*.jpg'):
        picture.with_suffix('.txt').write_text('0 0.5 0.5 0.2 0.2\n')
    settings = replace(SETTINGS, task='detection', pictures_below=str(folders))
    plan = make_plan(folders / data, settings)
    assert (len(plan.train), len(plan.val)) == (48, 24)
    before = plan.fingerprint()
    (folders / 'train/cat/000.txt').write_text('0 0.5 0.5 0.3 0.3\n')
    assert make_plan(folders / data, settings).fingerprint() != before


def test_broken_pictures_are_named_skipped_and_counted(folders):
    (folders / 'train/cat/000.jpg').write_bytes(b'no picture')
    (folders / 'val/cat/000.jpg').write_bytes(b'')
    plan = make_plan(folders, SETTINGS)
    assert (len(plan.train), len(plan.val)) == (47, 23)
    lines = '\n'.join(plan.describe())
    assert '2 broken pictures are skipped' in lines
    assert str(folders / 'train/cat/000.jpg') in lines


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DatasetError, match=f'there is no {tmp_path}/nothing'):
        make_plan(tmp_path / 'nothing', SETTINGS)


def test_splits_with_other_classes_are_refused(folders):
    shutil.rmtree(folders / 'val/coffee')
    with pytest.raises(TrainingError, match='the splits have other classes: val lacks coffee'):
        make_plan(folders, SETTINGS)


def test_a_class_without_a_picture_is_named(folders):
    for path in (folders / 'train/coffee').iterdir():
        path.write_bytes(b'')
    with pytest.raises(TrainingError, match=r'class coffee; 16 are skipped, such as broken pict'):
        make_plan(folders, SETTINGS)


def test_pictures_of_test_are_not_looked_at(folders):
    shutil.copytree(folders / 'val/cat', folders / 'test/dog')
    plan = make_plan(folders, SETTINGS)
    assert (plan.classes, len(plan.train), len(plan.val)) == (
        ('astronaut', 'cat', 'coffee'),
        48,
        24,
    )
    for split in ('train', 'val'):
        shutil.rmtree(folders / split)
    with pytest.raises(DatasetError, match='has no split but test'):
        make_plan(folders, SETTINGS)


def test_a_data_set_of_val_alone_is_refused(folders):
    shutil.rmtree(folders / 'train')
    with pytest.raises(TrainingError, match='no pictures to train with: its only split is val'):
        make_plan(folders, SETTINGS)


@pytest.mark.parametrize(
    ('subsets', 'train', 'line'),
    [
        (
            ('train', 'train', 'validation', '', ''),
            2,
            '2 pictures are not used: they are of no split',
        ),
        (('', '', 'validation', '', ''), 4, ''),
    ],
)
def test_pictures_without_a_split_are_used_or_told(tmp_path, subsets, train, line):
    plan = make_plan(cvat_folder(tmp_path, {f'{k}': one for k, one in enumerate(subsets)}), BOXES)
    assert (len(plan.train), len(plan.val), plan.held_out) == (train, 1, False)
    lines = [one for one in plan.describe() if 'not used' in one]
    assert [one[: len(line)] for one in lines] == [line] * bool(line)


@pytest.mark.parametrize('seed', range(6))
def test_the_only_picture_of_a_class_is_not_held_out(tmp_path, seed):
    folder = cvat_folder(tmp_path, dict.fromkeys(map(str, range(6)), ''), dogs=('3',))
    plan = make_plan(folder, replace(BOXES, seed=seed, held_out=0.5))
    assert (len(plan.train), len(plan.val)) == (3, 3)
    assert '3' in {sample.picture.stem for sample in plan.train}


@pytest.mark.parametrize('seed', range(4))
def test_pictures_with_objects_are_held_out_too(tmp_path, seed):
    folder = cvat_folder(tmp_path, dict.fromkeys(map(str, range(20)), ''), empty=range(2, 20))
    plan = make_plan(folder, replace(BOXES, seed=seed, held_out=0.3))
    assert [len(sample.boxes) for sample in plan.val if len(sample.boxes)] == [1]
    assert (len(plan.train), len(plan.val)) == (14, 6)
    assert '13 of those to train with have no object: they teach what is none' in plan.describe()


def test_validation_pictures_without_any_object_are_refused(tmp_path):
    subsets = {'0': 'train', '1': 'validation'}
    with pytest.raises(TrainingError, match='no label of the 1 pictures for validation says'):
        make_plan(cvat_folder(tmp_path / 'a', subsets, empty=[1]), BOXES)
    with pytest.raises(TrainingError, match='no label of the 1 pictures held out of them says'):
        make_plan(cvat_folder(tmp_path / 'b', dict.fromkeys('012', ''), empty=[1, 2]), BOXES)


def test_numbers_of_validation_masks_that_are_no_class_are_refused(masks, tmp_path):
    folder = shutil.copytree(masks, tmp_path / 'masks')
    path = folder / 'masks/val/003.png'
    mask = read_mask(path)
    mask[:2] = 7
    assert cv2.imwrite(str(path), mask)
    with pytest.raises(TrainingError, match='masks have the numbers 7, but there are 3 classes'):
        make_plan(folder, replace(SETTINGS, task='segmentation'))


def test_labels_of_pictures_of_another_size_are_skipped_and_told(things, tmp_path):
    folder = shutil.copytree(things, tmp_path / 'things')
    path = folder / 'train/005.png'
    assert cv2.imwrite(str(path), cv2.resize(cv2.imread(str(path)), None, fx=2, fy=2))
    plan = make_plan(folder, BOXES)
    assert (len(plan.train), len(plan.val)) == (47, 12)
    told = f'{path}: its label is of a picture of 96x80, but it has 192x160'
    assert told in '\n'.join(plan.describe())


def test_more_devices_than_validation_pictures_are_refused(folders):
    for path in sorted((folders / 'val').rglob('*.jpg'))[1:]:
        path.write_bytes(b'')
    with pytest.raises(TrainingError, match='2 devices cannot share 1 pictures; to fix: fewer'):
        make_plan(folders, replace(SETTINGS, devices=2))


def test_a_single_class_is_refused(class_folders, tmp_path):
    shutil.copytree(class_folders / 'train/cat', tmp_path / 'cats/cat')
    with pytest.raises(TrainingError, match='has one class, cat; expected at least two'):
        make_plan(tmp_path / 'cats', SETTINGS)


@pytest.mark.parametrize(
    ('values', 'text'),
    [
        ({'size_wh': (8, 32)}, 'size: expected a whole number from 16 to 4096, got 8'),
        ({'epochs': 0}, 'epochs: expected a whole number from 1'),
        ({'learning_rate': -1.0}, 'learning rate: expected a number above 0'),
        ({'held_out': 1.0}, 'held-out share: expected a number between 0 and 1'),
        ({'task': 'sorting'}, 'task: expected one of classification'),
        ({'devices': 17}, 'devices: expected a whole number from 1 to 16, got 17'),
        ({'device': 'tpu'}, 'device: expected one of auto, cpu, cuda'),
    ],
)
def test_settings_out_of_range_are_refused(values, text):
    with pytest.raises(SettingsError, match=text):
        replace(SETTINGS, **values)


def test_a_record_reads_back_as_it_was_written(tmp_path):
    run = RunFolder(tmp_path)
    assert run.read_record() is None
    settings = replace(SETTINGS, size_wh=(64, 32))
    weights = InitialWeights('a file', trained=True)
    record = RunRecord(tmp_path / 'data', 'abc', settings, 4, 'MIT', weights)
    run.write_record(record)
    assert run.read_record() == record
    content = json.loads(run.record.read_text())
    del content['licence'], content['begun_with']
    run.record.write_text(json.dumps(content))
    assert run.read_record() == RunRecord(tmp_path / 'data', 'abc', settings, 4)
    run.record.write_text('{')
    with pytest.raises(TrainingError, match=r'run\.json is damaged'):
        run.read_record()


def test_differences_of_settings_are_named():
    assert SETTINGS.differences(replace(SETTINGS, batch=4)) == ['batch 16 and 4']


def test_the_report_has_curves_and_needs_nothing_else(tmp_path):
    card = ModelCard(
        'a<b',
        'classification',
        SourceSpec(),
        'onnx',
        input_spec(SETTINGS, IMAGENET),
        'MIT',
        tmp_path,
        accuracy='accuracy 97.0%',
    )
    row = {'train_loss': 0.5, 'val_loss': 0.25, 'accuracy': 0.97}
    fitted = Fitted(tuple({'epoch': float(k), **row} for k in (1, 2)), 2, stopped_early=True)
    judged = Judged(failed={'int8': '<none>'})
    page = report_page(card, SETTINGS, ['<one> line'], fitted, judged)
    assert page.count('<polyline') == 3
    assert '<h1>a&lt;b</h1>' in page
    assert 'divided into 2 parts' in page
    assert 'int8: &lt;none&gt;' in page
    assert 'http' not in page.replace('http-equiv', '')


def test_a_machine_without_pytorch_says_what_to_install(class_folders, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'torch', None)
    assert train.main([str(class_folders), '--output', 'nowhere']) == 1
    said = capsys.readouterr().err
    assert said.startswith('rdl train: a training needs torch: ')
    assert "to fix: pip install 'ros_deep_learning[train]'" in said


@pytest.mark.parametrize('name', ['.', 'run', 'cat/run'])
def test_a_training_among_the_classes_is_refused(folders, tmp_path, name):
    """Its folders would be classes, and it could not be continued."""
    check_output(folders, tmp_path / 'run')
    check_output(folders, folders / 'run')
    plain = shutil.copytree(folders / 'train', tmp_path / 'plain')
    with pytest.raises(TrainingError, match=r'become a class of .*plain; to fix: an --output'):
        check_output(plain, plain / name)
    with pytest.raises(TrainingError, match='would become a class'):
        check_output(folders, folders / 'train' / name)
