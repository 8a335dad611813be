# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Exports of CVAT and Label Studio, and outlines of COCO, which become masks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets_on_disk import SIZE_WH, save_coco, write_coco, write_picture
from pycocotools import mask as coco_masks

from ros_deep_learning.cli import rdl
from ros_deep_learning.datasets.checking import check_dataset
from ros_deep_learning.datasets.drawn_mask import Outline, outline_of, turned_box
from ros_deep_learning.datasets.mask_files import read_mask
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.errors import DatasetError
from ros_deep_learning.training.plan import make_plan
from ros_deep_learning.training.settings import TrainingSettings

WIDTH, HEIGHT = SIZE_WH
SQUARE = [10, 5, 30, 5, 30, 25, 10, 25]


def even_odd(corners: np.ndarray, x: float, y: float) -> bool:
    """Count the edges that a ray to the right crosses, one by one."""
    inside = False
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if (y1 <= y) != (y2 <= y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


@pytest.mark.parametrize('seed', range(4))
def test_an_outline_is_filled_as_by_a_ray_from_each_pixel(seed: int) -> None:
    random = np.random.default_rng(seed)
    corners = random.uniform(-5, 25, (random.integers(3, 9), 2))
    mask = np.zeros((18, 20), np.uint8)
    Outline(7, (outline_of(corners.ravel().tolist()),)).draw(mask)
    for row in range(18):
        for column in range(20):
            assert (mask[row, column] == 7) == even_odd(corners, column + 0.5, row + 0.5)


def test_an_outline_within_another_is_a_hole() -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    hole = outline_of([15, 10, 20, 10, 20, 20, 15, 20])
    Outline(1, (outline_of(SQUARE), hole)).draw(mask)
    assert mask.sum() == 20 * 20 - 5 * 10


def test_outlines_and_runs_of_coco_are_masks(tmp_path: Path) -> None:
    content = write_coco(tmp_path)
    circle = 20 + 12 * np.stack([np.cos(t := np.linspace(0, 6.2, 40)), np.sin(t)], axis=1)
    whole = np.zeros((HEIGHT, WIDTH), np.uint8, order='F')
    whole[12:40, 41:77] = 1
    compressed = coco_masks.encode(whole)
    one, two, three = content['annotations']
    one.update(segmentation=[circle.ravel().tolist()], area=450)
    two.update(
        segmentation={'size': [HEIGHT, WIDTH], 'counts': compressed['counts'].decode()},
        area=int(whole.sum()),
    )
    # The crowds of COCO have plain numbers.
    flat = whole.ravel('F')
    starts = [0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), flat.size]
    three.update(segmentation={'size': [HEIGHT, WIDTH], 'counts': np.diff(starts).tolist()})
    save_coco(tmp_path, content)
    found = open_dataset(tmp_path, task='segmentation')
    assert found.format == 'coco-masks'
    assert found.classes == ('background', 'cat', 'dog')
    first, second = (read_mask(sample.mask) for sample in found.samples)
    reference = coco_masks.decode(
        coco_masks.merge(coco_masks.frPyObjects(one['segmentation'], HEIGHT, WIDTH))
    )
    # pycocotools draws edges as of five times the size; ours are exact at the centres.
    drawn = first == 1
    assert (drawn & (reference > 0)).sum() / (drawn | (reference > 0)).sum() > 0.95
    assert np.array_equal(first == 2, whole > 0)
    assert np.array_equal(second == 2, whole > 0)
    assert set(np.unique(first)) == {0, 1, 2}
    # Boxes come as before.
    assert open_dataset(tmp_path).format == 'coco'
    # A training takes the masks.
    write_coco(tmp_path, 'train')
    save_coco(tmp_path, content, 'train')
    settings = TrainingSettings(task='segmentation', network='fcn_resnet18', size_wh=(64, 32))
    plan = make_plan(tmp_path, settings)
    assert (len(plan.train), len(plan.val), plan.skipped) == (2, 2, ())
    assert len(plan.fingerprint()) == 64


@pytest.mark.parametrize(
    'segmentation',
    [
        [],
        [[1, 2, 3, 4]],
        [[1, 2, 3, 4, 5, 'x']],
        {'size': [40, 80], 'counts': [3, 4]},
        {'size': [80, 40], 'counts': [3200]},
        {'size': [40, 80], 'counts': '\n\n'},
        {'size': [40, 80], 'counts': [-1, 3201]},
        None,
        7,
    ],
)
def test_an_outline_that_is_none_is_named(tmp_path: Path, segmentation: Any) -> None:
    content = write_coco(tmp_path)
    for one in content['annotations']:
        one['segmentation'] = [SQUARE]
    content['annotations'][0]['segmentation'] = segmentation
    save_coco(tmp_path, content)
    found = open_dataset(tmp_path, task='segmentation')
    assert [(p.kind, p.text) for p in found.problems] == [
        ('broken label', 'annotation 1 has no outline')
    ]
    assert len(found.samples) == 2


def test_outlines_that_take_minutes_to_draw_are_refused(tmp_path: Path) -> None:
    content = write_coco(tmp_path)
    one, two, three = content['annotations']
    # Each of 200,000 corners is at the other end of the picture.
    ends = np.tile([0, 0, WIDTH, HEIGHT], 10**5).tolist()
    one['segmentation'], two['segmentation'] = [ends], [SQUARE]
    # Many corners are drawn, if their edges are short.
    angles = np.linspace(0, 2 * np.pi, 10**4)
    circle = np.stack([20 + 10 * np.cos(angles), 20 + 10 * np.sin(angles)], axis=1)
    three['segmentation'] = [circle.ravel().tolist()]
    save_coco(tmp_path, content)
    found = open_dataset(tmp_path, task='segmentation')
    assert [(p.kind, p.text) for p in found.problems] == [
        ('broken label', 'a.jpg: 2 shapes that would take minutes to draw')
    ]
    (sample,) = found.samples
    assert (read_mask(sample.mask) == 2).sum() == pytest.approx(np.pi * 100, rel=0.01)


def write_cvat(folder: Path, inner: str, *, name: str = 'a.jpg') -> Path:
    write_picture(folder / 'images' / 'a.jpg')
    labels = ''.join(f'<label><name>{k}</name></label>' for k in ('cat', 'dog'))
    (folder / 'annotations.xml').write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'
        f'<meta><task><labels>{labels}</labels></task></meta>'
        f'<image id="0" name="{name}" width="{WIDTH}" height="{HEIGHT}">{inner}</image>'
        '</annotations>'
    )
    return folder


def test_boxes_of_cvat(tmp_path: Path) -> None:
    inner = (
        '<box label="dog" occluded="0" xtl="10.5" ytl="5" xbr="30" ybr="25" z_order="0"></box>'
        '<box label="cat" xtl="30" ytl="10" xbr="50" ybr="20" rotation="90.0"/>'
        '<box label="bird" xtl="1" ytl="1" xbr="5" ybr="5"/>'
        '<box label="cat" xtl="1" ytl="one" xbr="5" ybr="5"/>'
    )
    found = open_dataset(write_cvat(tmp_path / 'data', inner))
    assert (found.format, found.classes) == ('cvat', ('cat', 'dog'))
    (sample,) = found.samples
    assert sample.boxes is not None
    # The second one stands on its head about its middle.
    expected = [[10.5, 5, 30, 25], [35, 5, 45, 25]]
    assert sample.boxes.boxes_xyxy == pytest.approx(np.array(expected))
    assert sample.boxes.class_ids.tolist() == [1, 0]
    assert [p.kind for p in found.problems] == ['unknown class', 'broken label']


def test_polygons_and_masks_of_cvat(tmp_path: Path) -> None:
    inner = (
        '<polygon label="cat" points="10,5;30,5;30,25;10,25" z_order="1"/>'
        '<mask label="dog" rle="2, 3, 1, 4" left="28" top="20" width="5" height="2" z_order="0"/>'
    )
    found = open_dataset(write_cvat(tmp_path / 'data', inner))
    assert (found.format, found.classes) == ('cvat-masks', ('background', 'cat', 'dog'))
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[20, 30:33] = expected[21, 29:33] = 2
    expected[5:25, 10:30] = 1
    assert np.array_equal(read_mask(found.samples[0].mask), expected)
    assert check_dataset(found).problems == []
    # Written as a folder of masks, it is one.
    assert rdl.main(['dataset', 'convert', str(tmp_path / 'data'), str(tmp_path / 'new')]) == 0
    again = open_dataset(tmp_path / 'new')
    assert again.classes == found.classes
    assert np.array_equal(read_mask(again.samples[0].mask), expected)


def test_tags_of_cvat(tmp_path: Path) -> None:
    found = open_dataset(write_cvat(tmp_path, '<tag label="dog" source="manual"></tag>'))
    assert (found.format, found.samples[0].class_id) == ('cvat-tags', 1)


@pytest.mark.parametrize(
    ('inner', 'name', 'words'),
    [
        ('<tag label="dog"/>', '../images/a.jpg', r'missing picture: .*: \.\./images/a\.jpg'),
        ('<tag label="dog"/>', '/etc/passwd', 'missing picture'),
        ('</image><track/><image>', 'a.jpg', 'export it as CVAT for images'),
        ('<box', 'a.jpg', 'is not valid XML'),
    ],
)
def test_what_is_no_export_of_cvat(tmp_path: Path, inner: str, name: str, words: str) -> None:
    write_cvat(tmp_path, inner, name=name)
    with pytest.raises(DatasetError, match=words):
        open_dataset(tmp_path)


def result(kind: str, label: str, **value: Any) -> dict[str, Any]:
    sizes = {'original_width': WIDTH, 'original_height': HEIGHT}
    return {'type': kind, **sizes, 'value': {**value, kind: [label]}}


def write_studio(folder: Path, *results: dict[str, Any], image: str = '') -> Path:
    write_picture(folder / 'a b.jpg')
    image = image or '/data/upload/3/1f2e3d4c-a%20b.jpg'
    drafts = [{'result': [result('choices', 'bird')], 'was_cancelled': True}]
    task = {'id': 1, 'data': {'photo': image}}
    tasks = [{**task, 'annotations': [{'result': list(results)}, *drafts]}]
    path = folder / 'project-1.json'
    path.write_text(json.dumps(tasks))
    return path


def test_boxes_of_label_studio(tmp_path: Path) -> None:
    path = write_studio(
        tmp_path,
        result('rectanglelabels', 'dog', x=12.5, y=12.5, width=25, height=50, rotation=0),
        result('rectanglelabels', 'cat', x=50, y=50, width=25, height=25, rotation=90),
    )
    for place in (tmp_path, path):
        found = open_dataset(place)
        assert (found.format, found.classes) == ('label-studio', ('cat', 'dog'))
        boxes = found.samples[0].boxes
        assert boxes is not None
        # Of 20x10 pixels, turned about its left upper corner.
        expected = [[10, 5, 30, 25], [30, 20, 40, 40]]
        assert boxes.in_pixels(SIZE_WH) == pytest.approx(np.array(expected))
        assert boxes.class_ids.tolist() == [1, 0]
        assert found.problems == ()


def test_pictures_of_one_name_keep_their_labels_in_label_studio(tmp_path: Path) -> None:
    tasks = []
    for camera, name in (('front', 'cat'), ('rear', 'dog')):
        write_picture(tmp_path / 'drive' / camera / '0001.jpg')
        address = f'/data/local-files/?d=store/drive/{camera}/0001.jpg'
        results = [result('choices', name)]
        tasks.append({'data': {'photo': address}, 'annotations': [{'result': results}]})
    path = tmp_path / 'project-1.json'
    path.write_text(json.dumps(tasks))
    found = open_dataset(tmp_path)
    pairs = {one.picture.parent.name: found.classes[one.class_id or 0] for one in found.samples}
    assert pairs == {'front': 'cat', 'rear': 'dog'}
    # An upload does not say which one it was.
    tasks[1]['data']['photo'] = '/data/upload/3/1f2e3d4c-0001.jpg'
    path.write_text(json.dumps(tasks))
    found = open_dataset(tmp_path)
    assert len(found.samples) == 1
    (problem,) = found.problems
    assert problem.kind == 'missing picture'
    assert '0001.jpg can be ' in problem.text


def test_coco_of_cvat_is_one_set(tmp_path: Path) -> None:
    content = write_coco(tmp_path)
    path = save_coco(tmp_path, content)
    path.rename(path.with_name('instances_default.json'))
    (tmp_path / 'images').mkdir()
    (tmp_path / 'val2017').rename(tmp_path / 'images/default')
    found = open_dataset(tmp_path, split=None)
    assert {name: len(part) for name, part in found.splits.items()} == {
        'all': len(content['images'])
    }


def test_polygons_and_choices_of_label_studio(tmp_path: Path) -> None:
    corners = [[100 * x / WIDTH, 100 * y / HEIGHT] for x, y in np.reshape(SQUARE, (4, 2)).tolist()]
    write_studio(
        tmp_path,
        result('polygonlabels', 'cat', points=corners),
        result('brushlabels', 'dog', rle=[0, 1], format='rle'),
        image='http://host/data/local-files/?d=folder/a%20b.jpg',
    )
    found = open_dataset(tmp_path)
    assert (found.format, found.classes) == ('label-studio-masks', ('background', 'cat'))
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[5:25, 10:30] = 1
    assert np.array_equal(read_mask(found.samples[0].mask), expected)
    assert ['Brush labels to PNG' in p.text for p in found.problems] == [True]
    write_studio(tmp_path, result('choices', 'dog'))
    found = open_dataset(tmp_path)
    assert (found.format, found.classes) == ('label-studio-choices', ('dog',))
    assert found.samples[0].class_id == 0


@pytest.mark.parametrize('text', ['[', '[1]', '[{"data": {}, "annotations": 3}]', '[' * 100_000])
def test_lists_that_are_no_export_are_no_data_set(tmp_path: Path, text: str) -> None:
    (tmp_path / 'project.json').write_text(text)
    with pytest.raises(DatasetError, match='no data set of a known format'):
        open_dataset(tmp_path)


def test_a_turned_box_is_as_large_as_its_corners() -> None:
    edges = turned_box((0, 0), (4, 2), 45, (2, 1))
    half = 3 / np.sqrt(2)
    assert edges == pytest.approx((2 - half, 1 - half, 2 + half, 1 + half))


def test_formats_that_are_only_read_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cvat(tmp_path / 'data', '<tag label="dog"/>')
    with pytest.raises(SystemExit):
        rdl.main(['dataset', 'convert', str(tmp_path / 'data'), 'new', '--to', 'cvat'])
    assert "invalid choice: 'cvat'" in capsys.readouterr().err


def test_more_classes_than_a_mask_can_hold_are_refused(tmp_path: Path) -> None:
    content = write_coco(tmp_path)
    content['categories'] = [{'id': k, 'name': f'c{k}'} for k in range(300)]
    for one in content['annotations']:
        one['segmentation'] = [SQUARE]
    save_coco(tmp_path, content)
    with pytest.raises(DatasetError, match='has 301 classes; a mask can hold 255'):
        open_dataset(tmp_path, format_name='coco-masks')
