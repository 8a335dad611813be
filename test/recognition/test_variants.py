# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of exports that were once read wrongly, or refused, for a detail of their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import write_exported
from numpy.typing import NDArray

from ros_deep_learning import DetectNet, ImageNet, SegNet
from ros_deep_learning.cards.card import ModelCard
from ros_deep_learning.errors import CardError
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.recognition.hints import Hints

SIDE = 320
IMAGE = [1, 3, SIDE, SIDE]
OPEN = ['batch_size', 'num_channels', 'height', 'width']
EDGES = np.float32([104, 128, 216, 192])
CELLS = 40 * 40 + 20 * 20 + 10 * 10
BLACK = np.zeros((SIDE, SIDE, 3), np.uint8)
LOGITS = np.float32([[1, 2, 5, 0, -1]])
PROCESSOR = {
    'image_processor_type': 'ViTImageProcessor',
    'size': {'height': 224, 'width': 160},
    'image_mean': [0.1, 0.2, 0.3],
    'image_std': [0.4, 0.5, 0.6],
}


def rows(count: int, row: list[float]) -> NDArray[np.float32]:
    """Return a table of zeros with the row first, with a batch axis."""
    table = np.zeros((1, count, len(row)), np.float32)
    table[0, 0] = row
    return table


def labels_file(folder: Path, count: int) -> Path:
    path = folder / 'labels.txt'
    path.write_text('\n'.join(f'label {k}' for k in range(count)))
    return path


def found_in(card: ModelCard) -> list[tuple[int, list[float]]]:
    """Return class and box of each object in a black picture."""
    with DetectNet(card, threshold=0.5) as net:
        return [
            (one.class_id, [round(float(edge)) for edge in one.box_xyxy])
            for one in net.detect(BLACK)
        ]


ONE = [(2, EDGES.tolist())]


def test_a_fixed_batch_whose_rows_tell_their_image_is_read_once(tmp_path: Path) -> None:
    table = np.float32([[image, *EDGES, 2, 0.9] for image in range(4)])
    inputs = {'images': [4, *IMAGE[1:]]}
    declared = {'output': ['n', 7]}
    path = write_exported(
        tmp_path / 'net.onnx', {'output': table}, inputs=inputs, declared=declared
    )
    card = card_from_file(path)
    assert card.decoder == 'yolov7_end2end'
    assert found_in(card) == ONE


def test_a_fixed_batch_whose_boxes_tell_no_image_is_refused(tmp_path: Path) -> None:
    table = np.float32([[2, 0.9, *EDGES]] * 2)
    inputs = {'image': [2, *IMAGE[1:]], 'scale_factor': [2, 2]}
    declared = {'out': ['n', 6]}
    path = write_exported(tmp_path / 'net.onnx', {'out': table}, inputs=inputs, declared=declared)
    with pytest.raises(CardError, match='fixed to 2 images, and nothing tells which of them'):
        DetectNet(path)


@pytest.mark.parametrize('prefix', ['det_', ''])
def test_names_of_efficient_nms(tmp_path: Path, prefix: str) -> None:
    # As YOLOv7 names them, and MMYOLO's easydeploy.
    outputs = {
        'num_dets': np.array([[1]], np.int32),
        f'{prefix}boxes': rows(100, EDGES.tolist()),
        f'{prefix}scores': rows(100, [0.9])[..., 0],
        'det_classes' if prefix else 'labels': rows(100, [2])[..., 0].astype(np.int32),
    }
    card = card_from_file(write_exported(tmp_path / 'net.onnx', outputs, inputs={'images': IMAGE}))
    assert (card.decoder, card.input.resize) == ('labelled_boxes', 'letterbox')
    assert found_in(card) == ONE


def shares_yx() -> list[float]:
    x1, y1, x2, y2 = (EDGES / SIDE).tolist()
    return [y1, x1, y2, x2]


@pytest.mark.parametrize(
    ('kind', 'number', 'decoder'),
    [(np.float32, 3, 'tensorflow_ssd'), (np.int32, 2, 'tflite_ssd')],
)
def test_efficient_nms_counts_classes_from_0_also_under_tensorflows_names(
    tmp_path: Path, kind: Any, number: int, decoder: str
) -> None:
    outputs = {
        'num_detections': np.array([1], kind),
        'detection_boxes': rows(100, shares_yx()),
        'detection_scores': rows(100, [0.9])[..., 0],
        'detection_classes': np.full((1, 100), number, kind),
    }
    card = card_from_file(write_exported(tmp_path / 'net.onnx', outputs, inputs={'input': IMAGE}))
    assert card.decoder == decoder
    assert found_in(card) == ONE


@pytest.mark.parametrize('numbers', [(3, 2, 1, 0), (31, 32, 33, 34)])
def test_numbers_of_tensorflow_lites_outputs_rise_or_fall(
    tmp_path: Path, numbers: tuple[int, ...]
) -> None:
    arrays = (
        rows(25, shares_yx()),
        rows(25, [2])[..., 0],
        rows(25, [0.9])[..., 0],
        np.float32([25]),
    )
    outputs = {
        f'StatefulPartitionedCall:{number}': array
        for number, array in zip(numbers, arrays, strict=True)
    }
    inputs = {'serving_default_images:0': [1, SIDE, SIDE, 3]}
    card = card_from_file(
        write_exported(tmp_path / 'net.onnx', outputs, inputs=inputs, input_type='uint8')
    )
    assert card.decoder == 'tflite_ssd'
    assert found_in(card) == ONE


def test_automls_rows_by_their_name(tmp_path: Path) -> None:
    x1, y1, x2, y2 = EDGES.tolist()
    outputs = {'detections:0': rows(100, [0, y1, x1, y2, x2, 0.9, 3])}
    inputs = {'image_arrays:0': [1, SIDE, SIDE, 3]}
    path = write_exported(
        tmp_path / 'net.onnx', outputs, inputs=inputs, input_type='uint8', producer='onnx.utils'
    )
    card = card_from_file(path)
    assert card.decoder == 'efficientdet'
    assert found_in(card) == ONE


def test_an_unknown_number_of_classes_is_not_given_as_a_number(tmp_path: Path) -> None:
    outputs = {'dets': rows(9, [*EDGES, 0.9]), 'labels': np.full((1, 9), 2)}
    path = write_exported(tmp_path / 'net.onnx', outputs, inputs={'input': IMAGE})
    with DetectNet(path) as net:
        assert net.class_count_text == 'number of classes unknown'
    with DetectNet(path, labels=labels_file(tmp_path, 3)) as net:
        assert net.class_count_text == '3 classes'


def test_yolo_nas_with_four_classes(tmp_path: Path) -> None:
    grid = np.concatenate(
        [
            (np.stack(np.meshgrid(*2 * [np.arange(SIDE // step)]), -1).reshape(-1, 2) + 0.5) * step
            for step in (8, 16, 32)
        ]
    )
    boxes = np.concatenate([grid - 4, grid + 4], axis=1).astype(np.float32)[None]
    scores = np.zeros((1, CELLS, 4), np.float32)
    scores[0, 9, 2], boxes[0, 9] = 0.9, EDGES
    path = tmp_path / 'net.onnx'
    write_exported(path, {'834': boxes, '827': scores}, inputs={'input.1': IMAGE})
    assert found_in(card_from_file(path)) == ONE
    # A stranger's export in the other order is refused by the proof.
    write_exported(path, {'834': scores, '827': boxes}, inputs={'input.1': IMAGE})
    with pytest.raises(CardError, match='expected 0 to 1'):
        DetectNet(path)


def test_the_number_of_labels_settles_an_open_axis(tmp_path: Path) -> None:
    table = np.zeros((1, 84, CELLS), np.float32)
    table[0, :4, 9], table[0, 6, 9] = [160, 160, 112, 64], 0.9
    path = write_exported(
        tmp_path / 'net.onnx',
        {'output0': table},
        inputs={'images': ['batch', 3, 'height', 'width']},
        declared={'output0': ['batch', 84, 'anchors']},
    )
    with pytest.raises(CardError, match=r'can be read as yolov8 .* or end_to_end'):
        card_from_file(path)
    hints = Hints(labels=labels_file(tmp_path, 80), size_wh=(SIDE, SIDE))
    card = card_from_file(path, None, hints)
    assert card.decoder == 'yolov8'
    assert found_in(card) == ONE


def test_classes_that_are_no_whole_numbers_are_refused(tmp_path: Path) -> None:
    # RT-DETR of 2024 with two classes and another description: (cx, cy, w, h, score, score).
    metadata = {'author': 'Ultralytics', 'task': 'detect', 'names': "{0: 'a', 1: 'b'}"}
    path = write_exported(
        tmp_path / 'net.onnx',
        {'output0': rows(300, [0.5, 0.5, 0.35, 0.2, 0, 0.9])},
        inputs={'images': IMAGE},
        metadata=metadata,
    )
    with pytest.raises(CardError, match=r'1 of 300 classes are no whole numbers, such as 0\.9'):
        DetectNet(path)


def test_decoded_boxes_that_are_read_as_raw_name_the_other_decoder(tmp_path: Path) -> None:
    # YOLOX --decode_in_inference without its Exp, as in a network that something else decodes.
    table = rows(CELLS, [160, 160, 112, 64, 1, 0, 0, 0.9])
    path = write_exported(tmp_path / 'net.onnx', {'output': table}, inputs={'images': IMAGE})
    with pytest.raises(CardError, match='NaN or infinite; to fix: --decoder yolov5'):
        DetectNet(path)
    card = card_from_file(path, None, Hints(decoder='yolov5'))
    # The preprocessing stays YOLOX's.
    assert (card.input.channels, card.input.align, card.input.scale) == ('bgr', 'top_left', 1.0)
    assert found_in(card) == ONE


def test_nanodet_with_other_distributions_asks_for_labels(tmp_path: Path) -> None:
    cells = CELLS + 5 * 5
    path = tmp_path / 'net.onnx'
    table = rows(cells, [0, 0, 0.9] + [-3.0] * 24)
    write_exported(path, {'output': table}, inputs={'data': IMAGE})
    with pytest.raises(CardError, match=r'27 fields are too few .* to fix: --labels'):
        card_from_file(path)
    table = rows(cells, [0, 0, 0.9] + [-3.0] * 44)
    write_exported(path, {'output': table}, inputs={'data': IMAGE})
    with pytest.raises(CardError, match='eight logits an edge are assumed; to fix: --labels'):
        DetectNet(path)


def test_no_object_of_a_softmax_is_told_where_sigmoid_was_assumed(tmp_path: Path) -> None:
    logits = np.full((1, 50, 4), -6, np.float32)
    logits[..., -1] = 6
    boxes = np.random.default_rng(0).uniform(0.3, 0.6, (1, 50, 4)).astype(np.float32)
    path = write_exported(
        tmp_path / 'net.onnx',
        {'logits': logits, 'pred_boxes': boxes},
        inputs={'pixel_values': IMAGE},
    )
    with pytest.raises(CardError, match='"no object" of a softmax; to fix: --decoder detr'):
        DetectNet(path)


def classifier(folder: Path, shape: list[Any] = IMAGE, **beside: Any) -> Path:
    """Write a classifier of transformers with the files of its folder."""
    for name, content in beside.items():
        (folder / f'{name}.json').write_text(json.dumps(content))
    declared = {'logits': [shape[0], 5]}
    return write_exported(
        folder / 'net.onnx', {'logits': LOGITS}, inputs={'pixel_values': shape}, declared=declared
    )


@pytest.mark.parametrize(
    ('more', 'size_wh'),
    [
        ({}, (160, 224)),
        ({'size': 192}, (192, 192)),
        ({'size': {'shortest_edge': 256}, 'do_center_crop': True, 'crop_size': 224}, (224, 224)),
        (
            {'image_processor_type': 'ConvNextImageProcessor', 'size': {'shortest_edge': 288}},
            (288, 288),
        ),
    ],
)
def test_an_open_size_is_that_of_the_processor(
    tmp_path: Path, more: dict[str, Any], size_wh: tuple[int, int]
) -> None:
    # As optimum exports: all axes of the image are open.
    card = card_from_file(classifier(tmp_path, OPEN, preprocessor_config=PROCESSOR | more))
    assert (card.input.width, card.input.height) == size_wh
    (size,) = (one for one in card.decisions if one.key == 'input_size')
    assert not size.guess
    assert 'preprocessor_config.json' in size.evidence


def test_an_open_size_that_depends_on_the_image_is_asked_for(tmp_path: Path) -> None:
    config = PROCESSOR | {'size': {'shortest_edge': 224}}
    with pytest.raises(CardError, match='to fix: --input-size WxH'):
        card_from_file(classifier(tmp_path, OPEN, preprocessor_config=config))


def test_an_open_size_is_timms(tmp_path: Path) -> None:
    config = {'pretrained_cfg': {'mean': [0.5], 'std': [0.5], 'input_size': [1, 96, 128]}}
    shape = ['b', 1, 'h', 'w']
    spec = card_from_file(classifier(tmp_path, shape, config=config)).input
    assert (spec.width, spec.height, spec.channels) == (128, 96, 'grey')
    assert (spec.mean, spec.std) == ((0.5,) * 3, (0.5,) * 3)


def test_a_tagger_of_transformers_has_a_sigmoid_a_class(tmp_path: Path) -> None:
    config = {'problem_type': 'multi_label_classification'}
    path = classifier(tmp_path, config=config, preprocessor_config=PROCESSOR)
    card = card_from_file(path)
    assert dict(card.outputs) == {'sigmoid_logits': 'logits'}
    assert not [one for one in card.decisions if one.guess]
    with ImageNet(card, threshold=0.6) as net:
        seen = net.classify(BLACK)
    np.testing.assert_allclose(seen.scores, 1 / (1 + np.exp(-np.array([5, 2, 1]))), atol=1e-6)


def test_a_classifier_of_custom_vision(tmp_path: Path) -> None:
    metadata = {
        'Image.BitmapPixelFormat': 'Bgr8',
        'Image.NominalPixelRange': 'NominalRange_0_255',
    }
    path = write_exported(
        tmp_path / 'net.onnx',
        {'model_output': LOGITS},
        inputs={'data': IMAGE},
        last='Softmax',
        metadata=metadata,
    )
    card = card_from_file(path)
    assert (card.task, *card.outputs) == ('classification', 'probabilities')
    spec = card.input
    assert (spec.channels, spec.scale, spec.mean) == ('bgr', 1.0, (0.0,) * 3)
    assert {one.key for one in card.decisions if one.guess} == {'resize'}


def test_a_softmax_of_one_class_is_a_warning(tmp_path: Path) -> None:
    path = write_exported(
        tmp_path / 'net.onnx',
        {'y': np.ones((1, 1), np.float32)},
        inputs={'x': IMAGE},
        last='Softmax',
    )
    with ImageNet(path) as net:
        assert 'its only class has 100%' in net.warnings[0]


def test_masks_are_proved(tmp_path: Path) -> None:
    path = tmp_path / 'net.onnx'
    mask = np.full((1, 1, SIDE, SIDE), 3)
    write_exported(path, {'out': mask}, inputs={'x': IMAGE})
    with pytest.raises(CardError, match='a pixel has class 3, but there are labels for 2'):
        SegNet(path, labels=labels_file(tmp_path, 2))
    with SegNet(path, labels=labels_file(tmp_path, 4)) as net:
        assert np.unique(net.segment(BLACK).class_mask).tolist() == [3]
    write_exported(path, {'out': mask.astype(np.float32)}, inputs={'x': IMAGE})
    with pytest.raises(CardError, match=r"all of 'out' are whole numbers from 3 to 3, so classes"):
        SegNet(path)


def test_the_auxiliary_output_of_torchvisions_segmentation_is_left_out(tmp_path: Path) -> None:
    scores = np.zeros((1, 4, 40, 40), np.float32)
    path = write_exported(
        tmp_path / 'net.onnx', {'out': scores, 'aux': scores}, inputs={'x': IMAGE}
    )
    card = card_from_file(path)
    assert (card.task, dict(card.outputs)) == ('segmentation', {'scores': 'out'})
    with pytest.raises(CardError, match='has 3 labels, but the network has 4 classes'):
        SegNet(path, labels=labels_file(tmp_path, 3))
