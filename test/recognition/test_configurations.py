# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what is read from the files beside a network, which anybody may have written."""

from __future__ import annotations

import json
import math

import cv2
import numpy as np
import pytest
from exported import write_exported

from ros_deep_learning import DetectNet, SegNet
from ros_deep_learning.errors import CardError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.recognition.evidence import mean_and_std
from ros_deep_learning.recognition.families import mmdeploy, paddle
from ros_deep_learning.recognition.families.huggingface import read_processor
from ros_deep_learning.recognition.hints import Hints
from ros_deep_learning.tasks.preprocess import preprocess

PADDLE_MEAN = {
    'type': 'NormalizeImage',
    'is_scale': True,
    'mean': [0.485, 0.456, 0.406],
    'std': [0.229, 0.224, 0.225],
}
COCO = {str(k): f'name {k}' for k in range(91)}


def write_detr(folder, logits=92, config=None):
    tables = {
        'logits': np.zeros((1, 100, logits), np.float32),
        'pred_boxes': np.full((1, 100, 4), 0.5, np.float32),
    }
    if config is not None:
        (folder / 'config.json').write_text(json.dumps(config))
    return write_exported(folder / 'net.onnx', tables, inputs={'pixel_values': [1, 3, 64, 64]})


def test_labels_are_read_from_the_configuration_beside_a_network(tmp_path):
    path = write_detr(tmp_path, config={'model_type': 'detr', 'id2label': COCO})
    card = card_from_file(path)
    assert card.labels == tmp_path / 'config.json'
    (classes,) = [one for one in card.decisions if one.key == 'classes']
    assert str(classes) == 'classes 91 (the labels in config.json)'
    with DetectNet(card) as net:
        assert net.labels[:2] == ('name 0', 'name 1')


def test_labels_that_the_user_gives_come_first(tmp_path):
    path = write_detr(tmp_path, config={'id2label': COCO})
    mine = tmp_path / 'mine.txt'
    mine.write_text('\n'.join(map(str, range(91))))
    assert card_from_file(path, None, Hints(labels=mine)).labels == mine


def test_the_configuration_of_another_network_gives_no_labels(tmp_path):
    (tmp_path / 'config.json').write_text(json.dumps({'id2label': COCO}))
    table = {'output': np.zeros((1, 5), np.float32)}
    path = write_exported(tmp_path / 'net.onnx', table, inputs={'input': [1, 3, 64, 64]})
    assert card_from_file(path).labels is None


def test_labels_of_another_number_are_refused(tmp_path):
    path = write_detr(tmp_path, config={'model_type': 'detr', 'id2label': {'0': 'cat'}})
    with pytest.raises(CardError, match=r'config\.json has 1 labels, but the network has 91'):
        DetectNet(path)


def test_labels_of_a_segmentation_network_tell_its_classes(tmp_path):
    (tmp_path / 'config.json').write_text(json.dumps({'id2label': {'0': 'road', '1': 'sky'}}))
    table = {'logits': np.zeros((1, 2, 16, 16), np.float32)}
    path = write_exported(tmp_path / 'net.onnx', table, inputs={'pixel_values': [1, 3, 64, 64]})
    with SegNet(path) as net:
        assert net.labels == ('road', 'sky')


def write_paddle(folder):
    return write_exported(
        folder / 'net.onnx',
        {'rows': np.float32([[1, 0.9, 8, 8, 32, 32]])},
        inputs={'image': [1, 3, 64, 64], 'scale_factor': [1, 2]},
        declared={'rows': ['n', 6]},
    )


def test_the_labels_of_paddle_are_read(tmp_path):
    (tmp_path / 'infer_cfg.yml').write_text('label_list: [cat, dog]')
    with DetectNet(write_paddle(tmp_path)) as net:
        assert [one.label for one in net.detect(np.zeros((64, 64, 3), np.uint8))] == ['dog']


@pytest.mark.parametrize(
    ('steps', 'stated'),
    [
        # configs/ppyoloe/_base_/ppyoloe_reader.yml
        (
            [{'type': 'Resize', 'keep_ratio': False}, PADDLE_MEAN],
            {
                'resize': 'stretch',
                'interpolation': 'bilinear',
                'scale': pytest.approx(1 / 255),
                'mean': (0.485, 0.456, 0.406),
            },
        ),
        # PadStride pads with 0 after the normalisation: the mean of the pixels before it.
        (
            [{'type': 'Resize', 'keep_ratio': True}, PADDLE_MEAN, {'type': 'PadStride'}],
            {'resize': 'letterbox', 'align': 'top_left', 'pad_value': (124, 116, 104)},
        ),
        (
            [{'type': 'Resize', 'keep_ratio': True}, PADDLE_MEAN | {'norm_type': 'none'}],
            {'resize': 'letterbox', 'align': 'top_left', 'pad_value': (0, 0, 0)},
        ),
        (
            [{'type': 'LetterBoxResize'}, PADDLE_MEAN | {'norm_type': 'none'}],
            {'resize': 'letterbox', 'pad_value': 128, 'interpolation': 'area'},
        ),
    ],
)
def test_the_steps_of_paddle(steps, stated):
    found = paddle._stated({'Preprocess': steps})
    assert {key: found[key] for key in stated} == stated


@pytest.mark.parametrize('interp', [0, 1, 2, 3, None])
@pytest.mark.parametrize('source_wh', [(200, 120), (50, 40)])
def test_images_are_resized_as_paddle_is_told(interp, source_wh, tmp_path):
    resize = {'type': 'Resize', 'keep_ratio': False, 'target_size': [64, 64]}
    resize |= {} if interp is None else {'interp': interp}
    config = {'Preprocess': [resize, PADDLE_MEAN | {'norm_type': 'none', 'is_scale': False}]}
    (tmp_path / 'infer_cfg.yml').write_text(json.dumps(config))
    spec = card_from_file(write_paddle(tmp_path)).input
    image = np.random.default_rng(0).integers(0, 256, (*source_wh[::-1], 3), np.uint8)
    # PaddleDetection's deploy/python/preprocess.py, class Resize.
    theirs = cv2.resize(
        image,
        None,
        None,
        fx=64 / source_wh[0],
        fy=64 / source_wh[1],
        interpolation=cv2.INTER_LINEAR if interp is None else interp,
    )
    ours = preprocess([Pixels(image)], spec)[0].transpose(1, 2, 0)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize('interp', [4, 'cubic', None, [2]])
def test_what_else_paddle_resizes_by_is_refused(interp, tmp_path):
    steps = [{'type': 'Resize', 'keep_ratio': False, 'interp': interp}]
    (tmp_path / 'infer_cfg.yml').write_text(json.dumps({'Preprocess': steps}))
    with pytest.raises(CardError, match=r'infer_cfg.yml: Resize: interp: expected one of 0 \('):
        card_from_file(write_paddle(tmp_path))


NORMALIZE = {'type': 'Normalize', 'mean': [100, 110, 120], 'std': [50, 50, 50]}
PAD_114 = {'type': 'Pad', 'size': [64, 64], 'pad_val': {'img': [114, 114, 114]}}
KEPT = {'type': 'Resize', 'keep_ratio': True, 'size': [64, 64]}


# mmdeploy/codebase/mmdet/deploy/object_detection.py, get_preprocess(): behind the steps of the
# network's configuration it puts Normalize and a Pad to multiples.
@pytest.mark.parametrize(
    ('steps', 'expected'),
    [
        # RTMDet pads with grey before the normalisation.
        ([KEPT, PAD_114, NORMALIZE, {'type': 'Pad', 'size_divisor': 32}],
         {'resize': 'letterbox', 'pad_value': 114}),
        # Faster R-CNN pads with 0 after it.
        ([KEPT, NORMALIZE, {'type': 'Pad', 'size_divisor': 32}],
         {'resize': 'letterbox', 'pad_value': (100, 110, 120)}),
        ([KEPT, {'type': 'Pad', 'size_divisor': 32}, NORMALIZE], {'pad_value': 0}),
        # MMYOLO pads on both sides.
        ([{'type': 'mmdet.LetterResize', 'scale': [64, 64], 'pad_val': {'img': 114}}, NORMALIZE,
          {'type': 'Pad', 'size_divisor': 1}],
         {'resize': 'letterbox', 'align': 'centre', 'pad_value': 114, 'rounding': 'nearest'}),
    ],
)  # fmt: skip
def test_the_padding_of_mmdeploys_pipelines(steps, expected):
    stated = mmdeploy._stated({'pipeline': {'tasks': [{'transforms': steps}]}})
    assert {key: stated[key] for key in expected} == expected


HOSTILE = [None, 'x', 3, [], [1, 2], [1, 2, 'x'], [1, 2, None], [1, 2, math.nan], {'a': 1}]


def test_three_numbers_are_read():
    assert mean_and_std({'mean': [1, 2, 3], 'std': (4, 5.5, 6)}) == {
        'mean': (1.0, 2.0, 3.0),
        'std': (4.0, 5.5, 6.0),
    }
    assert mean_and_std({}) == {}


@pytest.mark.parametrize('value', [0.5, [0.5], (0.5,)])
def test_one_number_is_that_of_all_channels(value):
    # As transformers takes it, and as grey networks have it.
    assert mean_and_std({'mean': value, 'std': value}) == {'mean': (0.5,) * 3, 'std': (0.5,) * 3}
    assert mean_and_std({'std': 0.0}) == {}


@pytest.mark.parametrize(
    'value', [True, *(v for v in HOSTILE if v != 3), [1, 2, math.inf], [1, 2, 10**400], 10**400]
)
def test_what_is_no_mean_is_not_read(value):
    config = {'mean': value, 'std': [0, 1, 1]}
    assert mean_and_std(config) == {}
    stated, _ = read_processor({'image_mean': value, 'rescale_factor': value, 'size': value})
    assert stated['scale'] == pytest.approx(1 / 255)
    steps = [{'type': 'NormalizeImage', **config}, {'type': 'Resize', 'keep_ratio': value}]
    assert {'mean', 'std'}.isdisjoint(paddle._stated({'Preprocess': steps}))
    steps = [{'type': 'Normalize', **config}, {'type': 'Pad', 'pad_val': value}]
    stated = mmdeploy._stated({'pipeline': {'tasks': [{'transforms': steps}]}})
    assert stated['mean'] == (0.0, 0.0, 0.0)
    assert all(0 <= level <= 3 for level in stated['pad_value'])


def test_padding_beyond_all_numbers_is_white():
    steps = [{'type': 'NormalizeImage', 'mean': [1e308] * 3}, {'type': 'Resize', 'keep_ratio': 1}]
    assert paddle._stated({'Preprocess': steps})['pad_value'] == (255,) * 3
    steps = [{'type': 'Normalize', 'std': [1e308] * 3}, {'type': 'Pad', 'pad_val': 255}]
    stated = mmdeploy._stated({'pipeline': {'tasks': [{'transforms': steps}]}})
    assert stated['pad_value'] == (255,) * 3
