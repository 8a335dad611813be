# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of writing data sets: what is read back, and that nothing half-written is left."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace

import datasets_on_disk as disk
import numpy as np
import pytest

from ros_deep_learning.datasets import writing
from ros_deep_learning.datasets.checking import check_dataset
from ros_deep_learning.datasets.mask_files import read_mask
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.datasets.splitting import split_dataset
from ros_deep_learning.datasets.writing import write_dataset
from ros_deep_learning.errors import DatasetError

WRITERS = {'coco': disk.write_coco, 'voc': disk.write_voc, 'yolo': disk.write_yolo}


@pytest.mark.parametrize('target', WRITERS)
@pytest.mark.parametrize('source', WRITERS)
def test_boxes_come_back_in_each_format(tmp_path, source, target):
    WRITERS[source](tmp_path / 'a')
    assert write_dataset(open_dataset(tmp_path / 'a'), tmp_path / 'b', target) == ()
    found = open_dataset(tmp_path / 'b', split=None)
    assert (found.format, found.classes, found.problems) == (target, disk.CLASSES, ())
    assert list(found.splits) == ['val']
    for sample, boxes in zip(found.samples, disk.BOXES.values(), strict=True):
        expected = np.array(boxes, float)
        np.testing.assert_array_equal(sample.boxes.class_ids, expected[:, 0])
        np.testing.assert_allclose(
            sample.boxes.in_pixels(disk.SIZE_WH), expected[:, 1:], atol=1e-5
        )
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith('.')] == []


def test_classes_and_masks_come_back(tmp_path):
    disk.write_folders(tmp_path / 'a')
    write_dataset(open_dataset(tmp_path / 'a'), tmp_path / 'b', 'folder')
    assert [s.class_id for s in open_dataset(tmp_path / 'b').samples] == [0, 0, 1, 1]
    disk.write_masks(tmp_path / 'c')
    write_dataset(open_dataset(tmp_path / 'c'), tmp_path / 'd', 'masks')
    found = open_dataset(tmp_path / 'd')
    assert found.classes == disk.CLASSES
    assert (read_mask(found.samples[0].mask) == 1).sum() == 1560


def test_a_crowd_is_kept_where_the_format_has_it(tmp_path):
    content = disk.write_coco(tmp_path / 'a')
    content['annotations'][0]['iscrowd'] = 1
    disk.save_coco(tmp_path / 'a', content)
    dataset = open_dataset(tmp_path / 'a')
    write_dataset(dataset, tmp_path / 'voc', 'voc')
    assert open_dataset(tmp_path / 'voc').samples[0].boxes.is_crowd.tolist() == [True, False]
    (problem,) = write_dataset(dataset, tmp_path / 'yolo', 'yolo')
    assert problem.kind == 'left out'
    assert len(open_dataset(tmp_path / 'yolo').samples[0].boxes) == 1


@pytest.mark.parametrize('target', ['yolo', 'coco', 'voc'])
def test_boxes_of_a_picture_of_another_size_are_left_out_and_named(tmp_path, target):
    disk.write_coco(tmp_path / 'old')
    path = disk.write_picture(tmp_path / 'old/val2017/a.jpg', size_wh=(40, 20))
    data = open_dataset(tmp_path / 'old')
    told = f'broken label: {path}: its label is of a picture of 80x40, but it has 40x20'
    assert [str(problem) for problem in check_dataset(data).problems][:1] == [told]
    problems = write_dataset(data, tmp_path / 'new', target)
    assert [str(problem) for problem in problems] == [told]
    (sample,) = open_dataset(tmp_path / 'new').samples
    assert sample.picture.stem == 'b'


def test_pictures_of_one_name_get_two(tmp_path):
    for name in ('day', 'night'):
        disk.write_picture(tmp_path / 'a' / 'cat' / name / '1.png', len(name))
    write_dataset(open_dataset(tmp_path / 'a'), tmp_path / 'b', 'folder')
    names = [sample.picture.name for sample in open_dataset(tmp_path / 'b').samples]
    assert names == ['1.png', '1_2.png']


@pytest.mark.parametrize('target', WRITERS)
def test_names_with_spaces_come_back(tmp_path, target):
    disk.write_yolo(tmp_path / 'a')
    dataset = open_dataset(tmp_path / 'a')
    (sample, *_) = dataset.samples
    named = sample.picture.with_name('my photo 1.jpg')
    sample.picture.rename(named)
    dataset = replace(dataset, splits={'train': (replace(sample, picture=named),)})
    write_dataset(dataset, tmp_path / 'b', target)
    found = open_dataset(tmp_path / 'b')
    assert [one.picture.name for one in found.samples] == ['my photo 1.jpg']
    assert len(found.samples[0].boxes) == len(sample.boxes)


def test_pictures_without_a_split_are_written_beside_those_of_train(tmp_path):
    disk.write_yolo(tmp_path / 'a')
    dataset = open_dataset(tmp_path / 'a')
    first, second = dataset.samples[:2]
    parts = {'train': (first,), 'all': (second,)}
    write_dataset(replace(dataset, splits=parts), tmp_path / 'b', 'coco')
    found = open_dataset(tmp_path / 'b', split=None)
    assert {name: len(part) for name, part in found.splits.items()} == {'train': 2}


def test_a_split_that_a_format_cannot_have(tmp_path):
    disk.write_yolo(tmp_path / 'a')
    dataset = open_dataset(tmp_path / 'a')
    dataset = replace(dataset, splits={'monday': dataset.samples})
    with pytest.raises(DatasetError, match="yolo has no split 'monday'; to fix: --to coco"):
        write_dataset(dataset, tmp_path / 'b', 'yolo')
    assert not (tmp_path / 'b').exists()
    write_dataset(dataset, tmp_path / 'b', 'coco')
    found = open_dataset(tmp_path / 'b', split=None)
    assert len(found.samples) == len(dataset.samples)


def test_a_class_that_would_not_be_read_is_refused(tmp_path):
    disk.write_picture(tmp_path / 'a' / 'cat' / '1.png')
    dataset = replace(open_dataset(tmp_path / 'a'), classes=('unlabelled',))
    with pytest.raises(DatasetError, match="the class 'unlabelled' cannot be a folder"):
        write_dataset(dataset, tmp_path / 'b', 'folder')
    assert not (tmp_path / 'b').exists()


def test_a_split_keeps_equal_pictures_together_and_the_shares_of_classes(tmp_path):
    for number in range(20):
        disk.write_picture(tmp_path / 'cat' / f'{number}.png', number // 2)
    for number in range(10):
        disk.write_picture(tmp_path / 'dog' / f'{number}.png', 100 + number)
    found = split_dataset(open_dataset(tmp_path), {'val': 0.2, 'test': 0.1}, seed=0)
    again = split_dataset(open_dataset(tmp_path), {'val': 0.2, 'test': 0.1}, seed=0)
    counts = {
        name: np.bincount([sample.class_id for sample in samples]).tolist()
        for name, samples in found.splits.items()
    }
    assert counts == {'train': [14, 7], 'val': [4, 2], 'test': [2, 1]}
    contents = [{s.picture.read_bytes() for s in samples} for samples in found.splits.values()]
    assert set.intersection(contents[0], contents[1] | contents[2]) == set()
    for name, samples in found.splits.items():
        assert [s.picture for s in samples] == [s.picture for s in again.splits[name]]


def test_too_few_pictures_for_a_split(tmp_path):
    disk.write_picture(tmp_path / 'cat' / '0.png')
    with pytest.raises(DatasetError, match='1 pictures are too few: val would be empty'):
        split_dataset(open_dataset(tmp_path), {'val': 0.2}, seed=0)


def test_another_task_or_a_folder_that_exists(tmp_path):
    disk.write_folders(tmp_path / 'a')
    dataset = open_dataset(tmp_path / 'a')
    with pytest.raises(DatasetError, match='coco is for detection, but'):
        write_dataset(dataset, tmp_path / 'b', 'coco')
    with pytest.raises(DatasetError, match='exists; to fix: name a new folder'):
        write_dataset(dataset, tmp_path / 'a', 'folder')


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    disk.write_folders(tmp_path / 'a')
    copies, whole = [], shutil.copyfile

    def full(source, target):
        copies.append(target)
        if len(copies) > 2:
            raise OSError(errno.ENOSPC, 'No space left on device')
        return whole(source, target)

    monkeypatch.setattr(writing.shutil, 'copyfile', full)
    with pytest.raises(DatasetError, match='no space left on the disk'):
        write_dataset(open_dataset(tmp_path / 'a'), tmp_path / 'b', 'folder')
    assert [path.name for path in tmp_path.iterdir()] == ['a']


def test_what_is_linked_as_a_mask_is_not_copied(tmp_path):
    disk.write_masks(tmp_path / 'old')
    secret = tmp_path / 'secret.txt'
    secret.write_text('a secret')
    mask = next((tmp_path / 'old' / 'masks').rglob('*.png'))
    mask.unlink()
    mask.symlink_to(secret)
    left_out = write_dataset(open_dataset(tmp_path / 'old'), tmp_path / 'new', 'masks')
    assert [(p.kind, p.path) for p in left_out] == [('broken label', mask)]
    copies = list((tmp_path / 'new').rglob('*.png'))
    assert copies
    assert all(b'secret' not in path.read_bytes() for path in copies)
    pictures = (tmp_path / 'new' / 'images').rglob('*')
    masks = (tmp_path / 'new' / 'masks').rglob('*')
    assert {p.stem for p in pictures if p.is_file()} == {p.stem for p in masks if p.is_file()}
