# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of reading data sets: each format, found by itself, and what is wrong with its files."""

from __future__ import annotations

import os
import struct
import zlib

import cv2
import datasets_on_disk as disk
import numpy as np
import pytest

from ros_deep_learning.datasets.dataset import counted
from ros_deep_learning.datasets.mask_files import read_mask
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.datasets.pictures import read_rgb
from ros_deep_learning.errors import DatasetError

WRITERS = {'coco': disk.write_coco, 'voc': disk.write_voc, 'yolo': disk.write_yolo}


@pytest.mark.parametrize('name', WRITERS)
def test_boxes_are_the_same_in_each_format(tmp_path, name):
    WRITERS[name](tmp_path)
    found = open_dataset(tmp_path)
    assert (found.format, found.task, found.classes) == (name, 'detection', disk.CLASSES)
    assert list(found.splits) == ['val']
    assert found.problems == ()
    for sample, (picture, boxes) in zip(found.samples, disk.BOXES.items(), strict=True):
        assert sample.picture.stem == picture
        expected = np.array(boxes, float)
        np.testing.assert_array_equal(sample.boxes.class_ids, expected[:, 0])
        np.testing.assert_allclose(sample.boxes.in_pixels(disk.SIZE_WH), expected[:, 1:])
        sides = expected[:, 3:] - expected[:, 1:3]
        np.testing.assert_allclose(sample.boxes.areas_in_pixels(disk.SIZE_WH), sides.prod(axis=1))


def only_classes_txt(folder, arrange):
    """Write YOLO's files as labelImg and Label Studio do: without data.yaml."""
    disk.write_yolo(folder)
    (folder / 'data.yaml').unlink()
    names = {'labels': 'labels/classes.txt'}.get(arrange, 'classes.txt')
    (folder / names).write_text('cat\ndog\n')
    if arrange != 'splits':
        for kind in ('images', 'labels'):
            for path in (folder / kind / 'val').iterdir():
                path.rename(folder / ('' if arrange == 'beside' else kind) / path.name)
            (folder / kind / 'val').rmdir()
            if arrange == 'beside':
                (folder / kind).rmdir()


@pytest.mark.parametrize('arrange', ['splits', 'top', 'labels', 'beside'])
def test_boxes_of_yolo_with_classes_txt(tmp_path, arrange):
    only_classes_txt(tmp_path / 'listed', arrange)
    disk.write_yolo(tmp_path / 'yaml')
    found, wanted = open_dataset(tmp_path / 'listed'), open_dataset(tmp_path / 'yaml')
    assert (found.format, found.task, found.classes) == ('yolo', 'detection', disk.CLASSES)
    assert list(found.splits) == ['val' if arrange == 'splits' else 'all']
    assert found.problems == ()
    for sample, other in zip(found.samples, wanted.samples, strict=True):
        assert sample.picture.name == other.picture.name
        np.testing.assert_array_equal(sample.boxes.boxes_xyxy, other.boxes.boxes_xyxy)
        np.testing.assert_array_equal(sample.boxes.class_ids, other.boxes.class_ids)


def test_boxes_of_yolo_without_names_of_classes_are_told(tmp_path):
    only_classes_txt(tmp_path, 'top')
    (tmp_path / 'classes.txt').unlink()
    with pytest.raises(DatasetError, match=r'no names of classes; to fix: .* into .*classes\.txt'):
        open_dataset(tmp_path)


def test_texts_beside_pictures_need_not_be_boxes(tmp_path):
    disk.write_folders(tmp_path / 'folders')
    disk.write_masks(tmp_path / 'masks')
    disk.write_voc(tmp_path / 'voc')
    (tmp_path / 'folders/val/cat/0.txt').write_text('a cat on a mat\n')
    for name in ('folders', 'masks', 'voc'):
        (tmp_path / name / 'classes.txt').write_text('cat\ndog\n')
    found = [open_dataset(tmp_path / name).format for name in ('folders', 'masks', 'voc')]
    assert found == ['folder', 'masks', 'voc']


@pytest.mark.parametrize(
    ('write', 'name', 'path'),
    [
        (disk.write_coco, 'coco', 'annotations/instances_val2017.json'),
        (disk.write_yolo, 'yolo', 'data.yaml'),
    ],
)
def test_a_file_is_a_data_set_too(tmp_path, write, name, path):
    write(tmp_path)
    found = open_dataset(tmp_path / path)
    assert (found.format, len(found.samples), found.problems) == (name, 2, ())


def test_folders_of_classes(tmp_path):
    disk.write_folders(tmp_path)
    found = open_dataset(tmp_path)
    assert (found.format, found.task, found.classes) == ('folder', 'classification', disk.CLASSES)
    assert [sample.class_id for sample in found.samples] == [0, 0, 1, 1]
    assert len(open_dataset(tmp_path / 'val').samples) == 4


@pytest.mark.parametrize('write', [disk.write_yolo, disk.write_coco, disk.write_masks])
def test_folders_of_another_format_are_no_classes(tmp_path, write):
    write(tmp_path)
    disk.write_picture(tmp_path / 'images/more/c.jpg')
    with pytest.raises(DatasetError, match='has no labels for classification; it is'):
        open_dataset(tmp_path, task='classification')


def test_a_class_with_the_name_of_a_split_is_told(tmp_path):
    for name in ('bus', 'car', 'train'):
        disk.write_picture(tmp_path / name / 'a.jpg')
    with pytest.raises(DatasetError, match='train has the name of a split, but no folders of'):
        open_dataset(tmp_path)
    for name in ('bus', 'car', 'train'):
        (tmp_path / 'all/train' / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).rename(tmp_path / 'all/train' / name)
    assert open_dataset(tmp_path / 'all').classes == ('bus', 'car', 'train')


def test_masks(tmp_path):
    disk.write_masks(tmp_path)
    found = open_dataset(tmp_path)
    assert (found.format, found.task, found.classes) == ('masks', 'segmentation', disk.CLASSES)
    mask = read_mask(found.samples[0].mask)
    assert [(mask == k).sum() for k in (0, 1, 255)] == [1600, 1560, 40]


def test_masks_of_cityscapes(tmp_path):
    disk.write_picture(tmp_path / 'leftImg8bit/val/ulm/ulm_1_leftImg8bit.png')
    for kind in ('labelIds', 'labelTrainIds', 'color'):
        disk.write_picture(tmp_path / f'gtFine/val/ulm/ulm_1_gtFine_{kind}.png')
    (sample,) = open_dataset(tmp_path).samples
    assert sample.mask.name == 'ulm_1_gtFine_labelTrainIds.png'
    assert open_dataset(tmp_path).classes[:2] == ('road', 'sidewalk')


def test_masks_of_voc_are_those_of_its_list(tmp_path):
    disk.write_voc(tmp_path)
    palette_png(tmp_path / 'SegmentationClass' / 'a.png', [[0, 15, 255]], 8)
    lists = tmp_path / 'ImageSets' / 'Segmentation'
    lists.mkdir()
    (lists / 'val.txt').write_text('a\nb\n../c\n')
    assert open_dataset(tmp_path).format == 'voc'
    found = open_dataset(tmp_path, task='segmentation')
    assert [sample.mask.name for sample in found.samples] == ['a.png']
    assert counted(found.problems) == '1 missing label'
    assert read_mask(found.samples[0].mask).tolist() == [[0, 15, 255]]
    assert (found.classes[15], len(found.classes)) == ('person', 21)


def palette_png(path, rows, depth):
    """Write a PNG of palette numbers, by the standard, without a library of pictures."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body))

    lines = b''
    for row in rows:
        bits = ''.join(format(number, f'0{depth}b') for number in row)
        bits += '0' * (-len(bits) % 8)
        lines += b'\0' + bytes(int(bits[k : k + 8], 2) for k in range(0, len(bits), 8))
    header = struct.pack('>IIBBBBB', len(rows[0]), len(rows), depth, 3, 0, 0, 0)
    palette = np.random.default_rng(0).bytes(3 * 2**depth)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', header)
        + chunk(b'PLTE', palette)
        + chunk(b'tRNS', b'\0')
        + chunk(b'IDAT', zlib.compress(lines))
        + chunk(b'IEND', b'')
    )


@pytest.mark.parametrize('depth', [1, 2, 4, 8])
def test_the_numbers_of_a_palette_are_classes(tmp_path, depth):
    numbers = np.random.default_rng(1).integers(0, 2**depth, (5, 7))
    palette_png(tmp_path / 'mask.png', numbers.tolist(), depth)
    np.testing.assert_array_equal(read_mask(tmp_path / 'mask.png'), numbers)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [(b'', 'cannot be read as a mask'), (b'\x89PNG\r\n\x1a\n' + b'x' * 40, 'cannot be read')],
)
def test_a_mask_that_is_none(tmp_path, content, reason):
    (tmp_path / 'mask.png').write_bytes(content)
    with pytest.raises(DatasetError, match=reason):
        read_mask(tmp_path / 'mask.png')


def test_a_mask_of_colours_is_refused(tmp_path):
    colours = np.zeros((4, 4, 3), np.uint8)
    colours[0, 0] = (1, 2, 3)
    cv2.imwrite(str(tmp_path / 'mask.png'), colours)
    with pytest.raises(DatasetError, match='is a picture of colours; expected one channel'):
        read_mask(tmp_path / 'mask.png')


def test_what_is_wrong_with_coco_is_named_and_left_out(tmp_path):
    content = disk.write_coco(tmp_path)
    image = {'width': 80, 'height': 40}
    content['images'] += [
        {'id': 1, 'file_name': 'gone.jpg', **image},
        {'id': 2, 'file_name': '../../etc/passwd', **image},
        {'id': 3},
    ]
    box = {'image_id': 51, 'category_id': 3}
    content['annotations'] += [
        {'id': 10, **box, 'bbox': [200, 5, 10, 10]},
        {'id': 11, **box, 'bbox': [70, 5, 20, 10]},
        {'id': 12, **box, 'bbox': [5, 5, 0, 10]},
        {'id': 13, **box, 'bbox': 'x'},
        {'id': 14, **box, 'bbox': [5, 5, float('nan'), 10]},
        {'id': 17, **box, 'bbox': [10**400, 5, 10, 10]},
        {'id': 15, **box, 'category_id': 99, 'bbox': [5, 5, 5, 5]},
        {'id': 16, **box, 'image_id': 99, 'bbox': [5, 5, 5, 5]},
        'no annotation',
    ]
    disk.save_coco(tmp_path, content)
    found = open_dataset(tmp_path)
    assert counted(found.problems) == (
        '6 broken label, 2 box outside, 2 missing picture, 1 unknown class'
    )
    # Only the box that sticks out was added.
    assert [len(sample.boxes) for sample in found.samples] == [2, 2]


def test_two_files_of_one_split_are_not_taken_for_one(tmp_path):
    content = disk.write_coco(tmp_path)
    first = disk.save_coco(tmp_path, content)
    second = first.with_name('instances_val2014.json')
    first.rename(second)
    assert len(open_dataset(tmp_path).samples) == len(content['images'])
    disk.save_coco(tmp_path, content)
    with pytest.raises(DatasetError, match="not the only file of the split 'val'"):
        open_dataset(tmp_path)
    assert len(open_dataset(second).samples) == len(content['images'])


def test_what_is_wrong_with_voc_is_named_and_left_out(tmp_path):
    disk.write_voc(tmp_path)
    labels = tmp_path / 'Annotations'
    names = 'abcdefg'
    (tmp_path / 'ImageSets/Main/val.txt').write_text(''.join(f'{name}\n' for name in names))
    (tmp_path / 'classes.txt').write_text('cat\ndog\n')
    for name in 'cdef':
        disk.write_picture(tmp_path / 'JPEGImages' / f'{name}.jpg')
    (labels / 'c.xml').write_text(disk.voc_text(''))
    (labels / 'd.xml').write_text('<annotation><')
    (labels / 'e.xml').write_text('<!DOCTYPE a [<!ENTITY b "x">]><annotation>&b;</annotation>')
    (labels / 'f.xml').write_text(disk.voc_text(disk.voc_object('cow', (1, 1, 5, 5))))
    difficult = disk.voc_object('cat', (0, 0, 9, 9), '<difficult>1</difficult>')
    (labels / 'b.xml').write_text(disk.voc_text(difficult))
    found = open_dataset(tmp_path)
    assert counted(found.problems) == (
        '2 broken label, 2 empty label, 1 missing label, 1 unknown class'
    )
    assert [sample.picture.stem for sample in found.samples] == ['a', 'b', 'c', 'f']
    assert found.samples[1].boxes.is_crowd.tolist() == [True]


def test_what_is_wrong_with_yolo_is_named_and_left_out(tmp_path):
    disk.write_yolo(tmp_path)
    disk.write_picture(tmp_path / 'images/val/c.jpg')
    lines = '7 .5 .5 .1 .1\n0 .5 .5 .1\n0 x .5 .1 .1\n1 .5 .5 1.2 .5\n1 .1 .2 .3 .2 .3 .6\n'
    (tmp_path / 'labels/val/b.txt').write_text(lines)
    found = open_dataset(tmp_path)
    assert counted(found.problems) == (
        '2 broken label, 1 unknown class, 1 box outside, 1 empty label'
    )
    polygon = found.samples[1].boxes.in_pixels(disk.SIZE_WH)[1]
    np.testing.assert_allclose(polygon, (8, 8, 24, 24))


def test_classes_that_differ_between_splits_keep_their_names(tmp_path):
    disk.write_folders(tmp_path)
    disk.write_picture(tmp_path / 'train' / 'dog' / 'x.png')
    found = open_dataset(tmp_path, split=None)
    assert counted(found.problems) == '1 classes differ'
    assert {split: len(samples) for split, samples in found.splits.items()} == {
        'train': 1,
        'val': 4,
    }
    (dog,) = found.splits['train']
    assert found.classes[dog.class_id] == 'dog'


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        ({}, 'is no data set of a known format; expected one of these in it: yolo: data.yaml'),
        ({'format_name': 'kitti'}, "no format 'kitti'; expected one of yolo, label-studio,"),
    ],
)
def test_no_data_set(tmp_path, arguments, reason):
    (tmp_path / 'readme.txt').write_text('nothing')
    with pytest.raises(DatasetError, match=reason):
        open_dataset(tmp_path, **arguments)


def test_no_such_folder_split_or_task(tmp_path):
    disk.write_yolo(tmp_path)
    with pytest.raises(DatasetError, match=r'there is no .*nowhere'):
        open_dataset(tmp_path / 'nowhere')
    with pytest.raises(DatasetError, match="has no split 'test'; it has val"):
        open_dataset(tmp_path, split='test')
    with pytest.raises(DatasetError, match='no labels for segmentation; it is yolo'):
        open_dataset(tmp_path, task='segmentation')


def test_a_data_set_without_pictures(tmp_path):
    disk.save_coco(tmp_path, {'images': [], 'annotations': [], 'categories': []})
    with pytest.raises(DatasetError, match='has no labelled picture'):
        open_dataset(tmp_path)


@pytest.mark.parametrize('text', ['{', '[]', '{"images": 3}', '[' * 100_000])
def test_a_broken_json_is_one_line(tmp_path, text):
    disk.save_coco(tmp_path, {}).write_text(text)
    with pytest.raises(DatasetError) as caught:
        open_dataset(tmp_path)
    assert '\n' not in str(caught.value)


ALIASES = 'a: &a [x, x]\nb: &b [*a, *a]\n'


@pytest.mark.parametrize(
    'text',
    [
        ALIASES + 'names: *b\nval: .\n',
        ALIASES + 'names: [cat]\nval: [*b]\n',
        'a: &a {x: 1}\nnames: [cat]\nval: .\nb: {<<: [*a, *a]}\n',
    ],
)
def test_yaml_of_few_lines_that_stands_for_gigabytes_is_refused(tmp_path, text):
    (tmp_path / 'data.yaml').write_text(text)
    with pytest.raises(DatasetError, match='aliases are not allowed'):
        open_dataset(tmp_path)


def test_other_yaml_in_the_folder_is_of_no_interest(tmp_path):
    disk.write_coco(tmp_path)
    (tmp_path / 'compose.yaml').write_text(ALIASES)
    assert open_dataset(tmp_path).format == 'coco'


@pytest.mark.parametrize(
    'entry', ['/etc/passwd', 'list.yaml', 'fifo.txt', 'x' * 5000, '"a\\0b"', '"~"']
)
def test_what_is_no_list_of_pictures_is_not_read(tmp_path, entry):
    disk.write_yolo(tmp_path)
    os.mkfifo(tmp_path / 'fifo.txt')
    (tmp_path / 'list.yaml').write_text('a secret')
    (tmp_path / 'data.yaml').write_text(f'names: [cat, dog]\nval: {entry}\ntrain: images\n')
    found = open_dataset(tmp_path, split=None)
    (problem,) = [p for p in found.problems if p.kind == 'missing picture']
    assert 'there is no folder or .txt' in str(problem)
    assert 'secret' not in str(problem)
    assert str(problem).isprintable()
    assert len(str(problem)) < 1100


@pytest.mark.parametrize('entry', ['/', '..', '../..', '../other', 'images/link', 'link.txt'])
def test_yaml_points_to_no_folder_outside_of_its_own(tmp_path, entry):
    own, other = tmp_path / 'own', tmp_path / 'other'
    disk.write_yolo(own)
    disk.write_yolo(other)
    (own / 'images' / 'link').symlink_to(other)
    (own / 'link.txt').symlink_to(other / 'list.txt')
    (other / 'list.txt').write_text('images/val/a.jpg\n')
    (own / 'data.yaml').write_text(f'names: [cat, dog]\nval: {entry}\n')
    with pytest.raises(DatasetError, match=r'is not below .*own; to fix: .*--pictures-below'):
        open_dataset(own)
    if entry not in ('/', '../..'):
        assert open_dataset(own, pictures_below=tmp_path).samples


def test_the_path_of_yaml_may_be_allowed(tmp_path):
    disk.write_yolo(tmp_path / 'pictures')
    own = tmp_path / 'own' / 'data.yaml'
    own.parent.mkdir()
    own.write_text(f'path: {tmp_path}/pictures\nnames: [cat, dog]\nval: images/val\n')
    with pytest.raises(DatasetError, match='--pictures-below'):
        open_dataset(own)
    assert len(open_dataset(own, pictures_below=tmp_path / 'pictures').samples) == 2


def test_pictures_of_a_list_outside_of_the_folder_are_named_and_left_out(tmp_path):
    own, other = tmp_path / 'own', tmp_path / 'other'
    disk.write_yolo(own)
    disk.write_yolo(other)
    (own / 'list.txt').write_text(f'./images/val/a.jpg\n{other}/images/val/b.jpg\n')
    (own / 'data.yaml').write_text('names: [cat, dog]\nval: list.txt\n')
    found = open_dataset(own)
    assert [sample.picture.stem for sample in found.samples] == ['a']
    assert [p.kind for p in found.problems] == ['missing picture']
    assert '--pictures-below' in str(found.problems[0])
    assert len(open_dataset(own, pictures_below=tmp_path).samples) == 2


def test_roboflow_s_yaml_names_folders_beside_it(tmp_path):
    disk.write_yolo(tmp_path / 'own')
    # A folder of that name one level up is not the one that is meant.
    disk.write_yolo(tmp_path)
    (tmp_path / 'own' / 'data.yaml').write_text('names: [cat, dog]\nval: ../images/val\n')
    found = open_dataset(tmp_path / 'own')
    assert {sample.picture.parts[-4] for sample in found.samples} == {'own'}


def test_a_name_that_cannot_be_a_file_is_one_missing_picture(tmp_path):
    content = disk.write_coco(tmp_path)
    content['images'][0]['file_name'] = 'x' * 5000
    disk.save_coco(tmp_path, content)
    found = open_dataset(tmp_path)
    assert [p.kind for p in found.problems] == ['missing picture']
    assert len(found.samples) == 1


def test_names_of_classes_can_be_printed_and_written(tmp_path):
    content = disk.write_coco(tmp_path)
    content['categories'][0]['name'] = '\x1b[2J\ud800'
    disk.save_coco(tmp_path, content)
    assert open_dataset(tmp_path).classes == ('cat', '\\x1b[2J\\ud800')


def test_a_small_file_may_not_be_a_picture_or_mask_of_gigabytes(tmp_path, monkeypatch):
    monkeypatch.setattr('ros_deep_learning.datasets.pictures.MOST_PIXELS', 63)
    path = disk.write_picture(tmp_path / 'x.png', size_wh=(8, 8))
    for read in (read_mask, read_rgb):
        with pytest.raises(DatasetError, match='8x8 pixels are refused: the limit is 63'):
            read(path)
