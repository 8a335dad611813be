# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A data set that grows: what is written is what ``rdl train`` reads, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import datasets_on_disk as disk
import numpy as np
import pytest

from ros_deep_learning.collecting.folder import CollectedFolder
from ros_deep_learning.collecting.label import DrawnBox, Label, label_from_json
from ros_deep_learning.collecting.layouts import task_of
from ros_deep_learning.collecting.naming import decode_picture
from ros_deep_learning.datasets import pictures
from ros_deep_learning.datasets.checking import check_dataset
from ros_deep_learning.datasets.mask_files import read_mask
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.datasets.writing import write_dataset
from ros_deep_learning.errors import DatasetError

CLASSES = ('cat', 'dog')
MASK = np.full((30, 40), 255, np.uint8)
MASK[5:20, 7:30] = 1
LABELS = {
    'detection': Label(boxes=(DrawnBox(1, (0.25, 0.5, 0.75, 1.0)),)),
    'segmentation': Label(mask=MASK),
    'classification': Label(class_id=1),
}
OTHERS = {
    'detection': Label(boxes=()),
    'segmentation': Label(mask=np.zeros_like(MASK)),
    'classification': Label(class_id=0),
}
FORMATS = {'detection': 'yolo', 'segmentation': 'masks', 'classification': 'folder'}
OWL = Label(boxes=(DrawnBox(2, (0.25, 0.5, 0.75, 1.0)),))
PICTURE = cv2.imencode('.jpg', np.full((30, 40, 3), 90, np.uint8))[1].tobytes()
OTHER_PICTURE = cv2.imencode('.png', np.full((30, 40, 3), 9, np.uint8))[1].tobytes()


def files(top: Path) -> set[str]:
    return {p.relative_to(top).as_posix() for p in top.rglob('*') if p.is_file()} - {
        '.collect/lock'
    }


def same(one: Label, other: Label) -> bool:
    if one.mask is not None and other.mask is not None:
        return np.array_equal(one.mask, other.mask)
    return one.to_json() == other.to_json()


@pytest.mark.parametrize('task', LABELS)
def test_what_is_collected_is_a_data_set(tmp_path: Path, task: str) -> None:
    folder = CollectedFolder(tmp_path / 'data', task, CLASSES)
    first = folder.add('a.jpg', PICTURE, LABELS[task], 'train')
    folder.add('b.png', OTHER_PICTURE, OTHERS[task], 'train')
    folder.add('c.jpg', PICTURE + b'\0', LABELS[task], 'val')
    found = open_dataset(tmp_path / 'data', split=None)
    assert (found.format, found.task, found.classes) == (FORMATS[task], task, CLASSES)
    assert {split: len(samples) for split, samples in found.splits.items()} == {
        'train': 2,
        'val': 1,
    }
    assert {p.kind for p in check_dataset(found).problems} <= {'empty label'}
    sample = next(s for s in found.splits['train'] if s.picture == folder.top / first)
    assert sample.picture.read_bytes() == PICTURE
    if task == 'detection':
        assert sample.boxes.in_pixels((40, 30)).tolist() == [[10, 15, 30, 30]]
        assert sample.boxes.class_ids.tolist() == [1]
    elif task == 'segmentation':
        assert np.array_equal(read_mask(sample.mask), MASK)
    else:
        assert sample.class_id == 1
    assert folder.counts()['train'] == {-1: 2, 1: 1} | ({} if task == 'detection' else {0: 1})
    # A copy by the other writer is a data set that one can go on with.
    write_dataset(found, tmp_path / 'copy', FORMATS[task])
    again = CollectedFolder(tmp_path / 'copy', None)
    assert (again.task, again.classes) == (task, CLASSES)
    assert len(again.entries()) == 3


@pytest.mark.parametrize('task', LABELS)
def test_labels_and_splits_change_and_pictures_go(tmp_path: Path, task: str) -> None:
    folder = CollectedFolder(tmp_path, task, CLASSES)
    empty = files(tmp_path)
    entry = folder.add('a.jpg', PICTURE, LABELS[task], 'train')
    before = files(tmp_path)
    entry = folder.change(entry, OTHERS[task], 'train')
    assert same(folder.label(entry), OTHERS[task])
    moved = folder.change(entry, OTHERS[task], 'val')
    assert folder.split_of(moved) == 'val'
    assert folder.entries() == [moved]
    assert len(files(tmp_path)) == len(before)
    picture, label = folder.remove(moved)
    assert picture == PICTURE
    assert same(label, OTHERS[task])
    assert files(tmp_path) == empty
    with pytest.raises(DatasetError, match='is gone'):
        folder.change(moved, LABELS[task], 'val')


def test_pictures_wait_for_a_label_and_are_taken_once(tmp_path: Path) -> None:
    mine = CollectedFolder(tmp_path, 'detection', CLASSES)
    yours = CollectedFolder(tmp_path, None, ('bird',))
    (waiting,) = [mine.keep('x.jpg', PICTURE)]
    assert yours.waiting() == [waiting]
    mine.take(waiting, LABELS['detection'], 'train')
    with pytest.raises(DatasetError, match='somebody else has labelled'):
        yours.take(waiting, LABELS['detection'], 'train')
    assert yours.waiting() == []
    assert mine.counts()['train'][1] == 1
    assert mine.classes == yours.classes == (*CLASSES, 'bird')


def test_unlabelled_pictures_are_no_class(tmp_path: Path) -> None:
    folder = CollectedFolder(tmp_path, 'classification', CLASSES)
    folder.keep('x.jpg', PICTURE)
    with pytest.raises(DatasetError, match='no data set of a known format'):
        open_dataset(tmp_path)
    folder.add('a.jpg', PICTURE, Label(class_id=0), 'train')
    assert len(open_dataset(tmp_path, split=None).samples) == 1


def test_a_picture_beside_the_folders_of_classes_has_no_class(tmp_path: Path) -> None:
    folder = CollectedFolder(tmp_path, 'classification', CLASSES)
    entry = folder.add('a.jpg', PICTURE, Label(class_id=0), 'train')
    (tmp_path / 'train' / 'stray.jpg').write_bytes(PICTURE)
    assert folder.entries() == [entry]
    assert folder.counts()['train'] == {-1: 1, 0: 1}


@pytest.mark.parametrize(
    ('task', 'classes', 'words'),
    [
        ('segmentation', (), 'is for detection, not for segmentation'),
        (None, ('a/b',), "the class 'a/b' cannot be"),
        (None, ('',), "the class '' cannot be"),
        (None, ('cat', 'dog '), "the class 'dog ' cannot be"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, task: str | None, classes: tuple[str, ...], words: str
) -> None:
    CollectedFolder(tmp_path, 'detection', CLASSES)
    with pytest.raises(DatasetError, match=words):
        CollectedFolder(tmp_path, task, classes)


def test_a_data_set_of_another_format_is_refused(tmp_path: Path) -> None:
    folder = CollectedFolder(tmp_path / 'yolo', 'detection', CLASSES)
    folder.add('a.jpg', PICTURE, LABELS['detection'], 'train')
    write_dataset(open_dataset(tmp_path / 'yolo', split=None), tmp_path / 'coco', 'coco')
    with pytest.raises(DatasetError, match=r'rdl dataset convert .* --to yolo'):
        CollectedFolder(tmp_path / 'coco', None, CLASSES)
    with pytest.raises(DatasetError, match='is there already'):
        folder.add('a.png', PICTURE, LABELS['detection'], 'train')


def test_boxes_beside_a_list_of_classes_are_no_masks(tmp_path: Path) -> None:
    disk.write_yolo(tmp_path)
    (tmp_path / 'data.yaml').unlink()
    (tmp_path / 'classes.txt').write_text('cat\ndog\n')
    for task in (None, 'segmentation', 'detection'):
        with pytest.raises(DatasetError, match=r'the format yolo without data\.yaml; to fix: '):
            CollectedFolder(tmp_path, task, ())
    with pytest.raises(DatasetError, match='the format yolo without'):
        task_of(tmp_path)


def test_a_label_of_a_class_that_came_meanwhile_is_read(tmp_path: Path) -> None:
    for task, label in (('classification', Label(class_id=2)), ('detection', OWL)):
        folder = CollectedFolder(tmp_path / task, task, CLASSES)
        other = CollectedFolder(tmp_path / task, task, (*CLASSES, 'owl'))
        entry = other.add('a.jpg', PICTURE, label, 'train')
        assert same(folder.label(entry), label)


def test_what_a_label_file_has_beside_boxes_is_told(tmp_path: Path) -> None:
    folder = CollectedFolder(tmp_path, 'detection', CLASSES)
    entry = folder.add('a.jpg', PICTURE, LABELS['detection'], 'train')
    assert folder.left_out(entry) == []
    path = tmp_path / 'labels' / 'train' / 'a.txt'
    path.write_text(f'{path.read_text("utf-8")}a line of a person\n7 .5 .5 .1 .1\n', 'utf-8')
    assert same(folder.label(entry), LABELS['detection'])
    assert folder.left_out(entry) == ["line 2: 'a line of a person'", 'line 3: class 7 of 2']
    path.write_text('0 .5 .5 .1 .1\n1 .1 .1 .4 .1 .4 .4\n', 'utf-8')
    assert folder.left_out(entry) == ['line 2: the corners of a polygon, but not its box']
    path.write_text('', 'utf-8')
    assert folder.left_out(entry) == []


@pytest.mark.parametrize(
    'given',
    [
        {'boxes': [[2, 0, 0, 1, 1]]},
        {'boxes': [[0, 0.5, 0, 0.5, 1]]},
        {'boxes': [[0, float('nan'), 0, 1, 1]]},
        {'boxes': [[True, 0, 0, 1, 1]]},
        {'boxes': 3},
        {},
        None,
    ],
)
def test_boxes_of_a_page_that_are_none(given: object) -> None:
    with pytest.raises(DatasetError, match='no label of a picture'):
        label_from_json(given, 'detection', 2, (40, 30))


@pytest.mark.parametrize(
    'runs',
    [
        *([0, 1199], [2, 1200], [0, 1201], [0, 600, 1], [0, -1, 1, 1201]),
        # Their sum is 1200 in 64 bits.
        [0, 2**62, 0, 2**62, 0, 2**62, 0, 2**62 + 1200],
        [0, 2**63],
    ],
)
def test_masks_of_a_page_that_are_none(runs: list[int]) -> None:
    with pytest.raises(DatasetError, match='no label of a picture'):
        label_from_json({'runs': runs}, 'segmentation', 2, (40, 30))


@pytest.mark.parametrize('entry', ['../notes.jpg', '{outside}/notes.jpg', 'images/out/notes.jpg'])
def test_the_journal_of_somebody_else_removes_nothing_outside(tmp_path: Path, entry: str) -> None:
    top = tmp_path / 'data'
    folder = CollectedFolder(top, 'detection', CLASSES)
    folder.add('a.jpg', PICTURE, LABELS['detection'], 'train')
    notes = tmp_path / 'notes.txt'
    notes.write_text('kept')
    (top / 'images' / 'out').symlink_to(tmp_path)
    (top / 'labels' / 'out').symlink_to(tmp_path)
    entry = entry.format(outside=tmp_path)
    (top / '.collect' / 'journal.json').write_text(json.dumps([entry]))
    folder.add('b.jpg', PICTURE, LABELS['detection'], 'train')
    assert notes.read_text() == 'kept'


@pytest.mark.parametrize('name', ['unlabelled', 'images', 'images/train', '.collect'])
def test_a_folder_with_a_link_to_one_outside_is_refused(tmp_path: Path, name: str) -> None:
    top, other = tmp_path / 'data', tmp_path / 'other'
    other.mkdir()
    (top / name).parent.mkdir(parents=True)
    (top / name).symlink_to(other)
    (top / 'inner').symlink_to(top / 'photos')
    with pytest.raises(DatasetError, match=r'is a link to a folder outside of .*data; to fix'):
        CollectedFolder(top, 'detection', CLASSES)
    assert list(other.iterdir()) == []


def test_a_small_file_that_claims_gigabytes_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, 'MOST_PIXELS', 100)
    with pytest.raises(DatasetError, match='pixels are refused'):
        decode_picture(PICTURE)


@pytest.mark.parametrize('task', LABELS)
def test_a_label_goes_to_the_page_and_back(task: str) -> None:
    again = label_from_json(LABELS[task].to_json(), task, 2, (40, 30))
    assert same(again, LABELS[task])


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    folders = [CollectedFolder(tmp_path, 'detection', CLASSES) for _ in range(2)]
    errors: list[Exception] = []

    def write(number: int) -> None:
        try:
            for k in range(15):
                folders[number].add(f'{number}-{k}.jpg', PICTURE, LABELS['detection'], 'train')
                mine = f'images/train/{number}-{k}.jpg'
                folders[number].change(mine, OTHERS['detection'], ('train', 'val')[k % 2])
        except Exception as err:  # noqa: BLE001
            errors.append(err)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    found = open_dataset(tmp_path, split=None)
    assert {split: len(s) for split, s in found.splits.items()} == {'train': 16, 'val': 14}
    assert {p.kind for p in found.problems} == {'empty label'}
    assert len(files(tmp_path)) == 2 * 30 + 1


WRITER = """
import sys
from pathlib import Path
import numpy as np
from ros_deep_learning.collecting.folder import CollectedFolder
from ros_deep_learning.collecting.label import DrawnBox, Label
task = sys.argv[2]
folder = CollectedFolder(Path(sys.argv[1]), task, ('cat', 'dog'))
picture = Path(sys.argv[3]).read_bytes()
mask = np.zeros((30, 40), np.uint8)
labels = {
    'detection': Label(boxes=(DrawnBox(1, (0.1, 0.2, 0.9, 0.8)),)),
    'segmentation': Label(mask=mask),
}
print('ready', flush=True)
while True:
    for k in range(10):
        entry = folder.add(f'{k}.jpg', picture, labels[task], 'train')
        folder.change(entry, labels[task], 'val')
    for entry in folder.entries():
        folder.remove(entry)
"""


@pytest.mark.parametrize('task', ['detection', 'segmentation'])
def test_a_killed_process_leaves_whole_files_and_pairs(tmp_path: Path, task: str) -> None:
    given = tmp_path / 'picture.jpg'
    given.write_bytes(PICTURE)
    random = np.random.default_rng(5)
    for _ in range(2):
        writer = subprocess.Popen(
            [sys.executable, '-c', WRITER, tmp_path / 'data', task, given],
            stdout=subprocess.PIPE,
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == b'ready\n'
        time.sleep(random.uniform(0.05, 0.3))
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        # Before anybody repairs: each picture has its label, and both are whole.
        pictures = sorted((tmp_path / 'data/images').rglob('*.jpg'))
        for picture in pictures:
            assert picture.read_bytes() == PICTURE
            inner = picture.relative_to(tmp_path / 'data/images')
            if task == 'detection':
                label = (tmp_path / 'data/labels' / inner).with_suffix('.txt')
                assert label.read_text() == '1 0.5 0.5 0.8 0.6\n'
            else:
                label = (tmp_path / 'data/masks' / inner).with_suffix('.png')
                assert read_mask(label).shape == (30, 40)
        # The next one repairs: no label is left over.
        folder = CollectedFolder(tmp_path / 'data', None)
        assert len(folder.entries()) == len(pictures)
        assert len(files(folder.top)) == 2 * len(pictures) + 1
        if pictures:
            assert open_dataset(folder.top, split=None).problems == ()
        for entry in folder.entries():
            folder.remove(entry)
