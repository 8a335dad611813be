# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what all decoders promise alike: types, empty results, hostile tensors, errors."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.tasks.decoders.registry import DECODERS

NETWORK_WH = (96, 64)
FACE = 15 + 3
MASKS = 10
CELLS = 12 * 8 + 6 * 4 + 3 * 2

# decoder -> roles and the shapes of one small network, with 3 classes where it has classes.
SHAPES = {
    'centerface': {'heatmap': (3, 16, 24), 'scale': (2, 16, 24), 'offset': (2, 16, 24)},
    'centernet': {'heatmap': (3, 16, 24), 'size': (2, 16, 24), 'offset': (2, 16, 24)},
    'centernet_raw': {'heatmap': (3, 16, 24), 'size': (2, 16, 24), 'offset': (2, 16, 24)},
    'custom_vision': {'boxes': (9, 4), 'classes': (9,), 'scores': (9,)},
    'custom_vision_grid': {'predictions': (40, 4, 4)},
    'detectnet': {'coverage': (3, 4, 12), 'boxes': (4, 4, 12)},
    'detectnet_v2': {'coverage': (3, 4, 12), 'boxes': (12, 4, 12)},
    'boxes_scores': {'boxes': (9, 4), 'scores': (9, 3)},
    'detr': {'logits': (9, 4), 'boxes': (9, 4)},
    'efficientdet': {'predictions': (9, 7)},
    'end_to_end': {'predictions': (9, 6)},
    'labelled_boxes': {'boxes': (9, 4), 'classes': (9,), 'scores': (9,)},
    'labelled_shares': {'boxes': (9, 4), 'classes': (9,), 'scores': (9,)},
    'mmdeploy': {'boxes': (9, 5), 'classes': (9,)},
    'nanodet': {'boxes': (9, 4), 'scores': (9, 3)},
    'nanodet_levels': {
        'scores_8': (96, 3),
        'scores_16': (24, 3),
        'scores_32': (6, 3),
        'boxes_8': (96, 32),
        'boxes_16': (24, 32),
        'boxes_32': (6, 32),
    },
    'nanodet_plus': {'predictions': (CELLS, 35)},
    'nanodet_raw': {'predictions': (CELLS, 35)},
    'paddle': {'predictions': (9, 6)},
    'pytorch_ssd': {'boxes': (9, 4), 'scores': (9, 3)},
    'rfdetr': {'logits': (9, 4), 'boxes': (9, 4)},
    'rtdetr': {'logits': (9, 3), 'boxes': (9, 4)},
    'rtdetr_coco': {'logits': (9, 4), 'boxes': (9, 4)},
    'rtdetr_end_to_end': {'predictions': (9, 6)},
    'rtdetr_rows': {'predictions': (9, 7)},
    'tensorflow_ssd': {'boxes': (9, 4), 'classes': (9,), 'scores': (9,)},
    'tflite_ssd': {'boxes': (9, 4), 'classes': (9,), 'scores': (9,)},
    'torchvision': {'boxes': (9, 4), 'classes': (9,), 'scores': (9,)},
    'torchvision_from_0': {'boxes': (9, 4), 'classes': (9,), 'scores': (9,)},
    'yolo_nas_flat': {'predictions': (9, 7)},
    'yolo_pose': {'predictions': (8, 9)},
    'yolo_segment': {'prototypes': (1, 4, 4), 'predictions': (8, 9)},
    'yolov5': {'predictions': (9, 8)},
    'yolov5_face': {'predictions': (9, FACE)},
    'yolov5_segment': {'prototypes': (MASKS, 4, 4), 'predictions': (9, FACE)},
    'yolov7_end2end': {'predictions': (9, 7)},
    'yolov8': {'predictions': (7, 9)},
    'yolov8_rows': {'predictions': (9, 7)},
    'yolox': {'predictions': (CELLS, 8)},
}
GRIDDED = {
    'centerface',
    'centernet',
    'centernet_raw',
    'custom_vision_grid',
    'detectnet',
    'detectnet_v2',
    'nanodet_levels',
    'nanodet_plus',
    'nanodet_raw',
    'yolox',
}
COUNTLESS = {
    'custom_vision',
    'yolo_nas_flat',
    'efficientdet',
    'end_to_end',
    'labelled_boxes',
    'labelled_shares',
    'mmdeploy',
    'paddle',
    'rtdetr_end_to_end',
    'tensorflow_ssd',
    'tflite_ssd',
    'torchvision',
    'torchvision_from_0',
    'yolov7_end2end',
}

BOX_COLUMN = {'efficientdet': 1, 'paddle': 2, 'yolo_nas_flat': 1, 'yolov7_end2end': 1}
BOX_ROLES = ('boxes', 'boxes_8', 'offset', 'predictions')
IMAGE_COLUMNS = {'yolo_nas_flat': 0, 'yolov7_end2end': 0}
CLASS_COLUMNS = {'efficientdet': 6, 'end_to_end': 5, 'yolo_nas_flat': 6, 'yolov7_end2end': 5}

every = pytest.mark.parametrize('name', sorted(SHAPES))


def decode(name, tensors, threshold):
    roles = {role: f'tensor {role}' for role in tensors}
    outputs = {roles[role]: array for role, array in tensors.items()}
    return DECODERS[name].decode(outputs, roles, NETWORK_WH, threshold)


def check_types(found):
    assert found.boxes_xyxy.dtype == found.scores.dtype == np.float32
    assert found.class_ids.dtype == np.int32
    assert found.boxes_xyxy.shape == (len(found.scores), 4)
    assert found.class_ids.shape == found.scores.shape == (len(found.scores),)
    assert np.isfinite(found.boxes_xyxy).all()
    assert np.isfinite(found.scores).all()
    assert (found.class_ids >= 0).all()


def test_all_decoders_are_tried_here():
    assert set(SHAPES) == set(DECODERS) - {'ssd'}
    for name, shapes in SHAPES.items():
        assert set(DECODERS[name].roles) == set(shapes)


@every
@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_nothing_above_the_threshold(name, dtype):
    tensors = {role: np.zeros(shape, dtype) for role, shape in SHAPES[name].items()}
    if name in ('detr', 'rfdetr', 'rtdetr', 'rtdetr_coco', 'centernet_raw'):
        tensors[next(iter(tensors))] -= 9
    if name == 'detr':
        tensors['logits'][:, -1] = 9
    found = decode(name, tensors, 0.5)
    assert len(found.scores) == 0
    check_types(found)


@every
def test_no_rows_at_all(name):
    shapes = {
        r: tuple(0 if n > 8 and n not in (FACE, MASKS) else n for n in s)
        for r, s in SHAPES[name].items()
    }
    if name in GRIDDED:
        with pytest.raises(DecodeError, match='expects'):
            decode(name, {r: np.zeros(s, np.float32) for r, s in shapes.items()}, 0.0)
    else:
        found = decode(name, {r: np.zeros(s, np.float32) for r, s in shapes.items()}, 0.0)
        assert len(found.scores) == 0
        check_types(found)


@every
@pytest.mark.parametrize('threshold', [0.0, 0.3, 1.0])
@pytest.mark.parametrize('dtype', [np.float32, np.float16])
@pytest.mark.filterwarnings('error')
def test_hostile_numbers_never_come_out(name, threshold, dtype):
    rng = np.random.default_rng(7)
    bad = np.array(
        [np.nan, np.inf, -np.inf, np.finfo(dtype).max, -1, 0, 0.5, 2, 70000], np.float64
    )
    with np.errstate(over='ignore'):
        bad = bad.astype(dtype)
    for _ in range(20):
        tensors = {role: rng.choice(bad, shape) for role, shape in SHAPES[name].items()}
        found = decode(name, tensors, threshold)
        check_types(found)
        assert (found.scores >= threshold).all()


@every
def test_good_rows_beside_bad_ones_come_out(name):
    rng = np.random.default_rng(8)
    tensors = {
        role: rng.uniform(0.6, 0.9, shape).astype(np.float32)
        for role, shape in SHAPES[name].items()
    }
    if 'classes' in tensors:
        tensors['classes'][:] = 1
    if name == 'detr':
        tensors['logits'][:, 0] = 9
    if name == 'custom_vision_grid':
        tensors['predictions'][5] = 9
    if name in CLASS_COLUMNS:
        tensors['predictions'][:, CLASS_COLUMNS[name]] = 1
    if name in IMAGE_COLUMNS:
        tensors['predictions'][:, IMAGE_COLUMNS[name]] = 0
    if name.startswith('centernet'):
        tensors['heatmap'][0, 0, 0] = 1
    clean = decode(name, tensors, 0.3)
    assert len(clean.scores) > 3
    box_role = next(role for role in BOX_ROLES if role in tensors)
    spoilt = tensors[box_role].copy()
    column = BOX_COLUMN.get(name, 0)
    spoilt[(0, 0) if name == 'yolov8' else (0, *[column] * (spoilt.ndim - 1))] = np.nan
    found = decode(name, {**tensors, box_role: spoilt}, 0.3)
    check_types(found)
    assert 0 < len(found.scores) < len(clean.scores)


@every
def test_wrong_shapes_name_tensor_shape_and_want(name):
    roles = list(SHAPES[name])
    good = {role: np.zeros(shape, np.float32) for role, shape in SHAPES[name].items()}
    for role in roles:
        spoilt = good[role][None]
        with pytest.raises(DecodeError) as caught:
            decode(name, {**good, role: spoilt}, 0.5)
        message = str(caught.value)
        assert f'decoder {name} expects' in message
        assert f"'tensor {role}'" in message
        assert str(spoilt.shape) in message
    if len(roles) > 1 and not name.endswith('_segment'):
        longer = np.zeros(tuple(n + 1 for n in good[roles[-1]].shape), np.float32)
        with pytest.raises(DecodeError, match=f'decoder {name} expects'):
            decode(name, {**good, roles[-1]: longer}, 0.5)


@every
def test_a_missing_tensor_is_told(name):
    role = next(iter(SHAPES[name]))
    tensors = {r: np.zeros(s, np.float32) for r, s in SHAPES[name].items() if r != role}
    with pytest.raises(DecodeError, match=f'no {role}'):
        decode(name, tensors, 0.5)


@every
def test_class_count(name):
    count = DECODERS[name].class_count(SHAPES[name])
    assert count == (None if name in COUNTLESS else 1 if name == 'yolo_pose' else 3)
    opened = {role: (-1,) * len(shape) for role, shape in SHAPES[name].items()}
    assert DECODERS[name].class_count(opened) is None


@every
def test_tensors_are_only_read(name):
    rng = np.random.default_rng(9)
    tensors = {role: rng.random(shape, np.float32) for role, shape in SHAPES[name].items()}
    for array in tensors.values():
        array.flags.writeable = False
    check_types(decode(name, tensors, 0.1))
