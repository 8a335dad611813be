# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the files in test/cases: each exporter's network gives the right answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_deep_learning import DetectNet, ImageNet, SegNet
from ros_deep_learning.errors import CardError
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.recognition.hints import Hints

CASES = Path(__file__).parent.parent / 'cases'
SIZE = 640
OBJECT = (208, 256, 432, 384)
UNIT = {'scale': 1 / 255, 'mean': (0.0, 0.0, 0.0), 'channels': 'rgb'}
IMAGENET = {'scale': 1 / 255, 'mean': (0.485, 0.456, 0.406), 'channels': 'rgb'}
LETTERBOX = {'resize': 'letterbox', 'align': 'centre', 'pad_value': 114}
STRETCH = {'resize': 'stretch'}
PLUS_MINUS_ONE = {'scale': 1 / 127.5, 'mean': (1.0, 1.0, 1.0), 'channels': 'rgb'}


@dataclass(frozen=True)
class Case:
    """A file, and what it must find in a square picture of 640x640."""

    file: str
    decoder: str
    spec: dict[str, Any]
    label: str = '2'
    box: tuple[float, ...] = OBJECT
    labels: tuple[str, ...] = ()
    score: float = 0.9
    guessed: frozenset[str] = field(default_factory=frozenset)


PREPROCESSING = frozenset(('resize', 'scale', 'mean'))
NAMES = ('a', 'b', 'c')

DETECTORS = [
    Case('ul_rtdetr_2024', 'rtdetr_rows', UNIT | STRETCH, 'c2'),
    Case('ul_rtdetr_2026', 'rtdetr_end_to_end', UNIT | STRETCH, 'c2'),
    Case('ul_yolo11_dynamic', 'yolov8', UNIT | LETTERBOX, 'c2'),
    Case('yolov5_dynamic', 'yolov5', UNIT | LETTERBOX, 'c2', guessed=frozenset({'input_size'})),
    Case('yolo_names_json', 'yolov8', UNIT | LETTERBOX, 'c2'),
    Case('yolo_names_from1', 'yolov8', UNIT | LETTERBOX, 'c2'),
    Case('yolo_fp16in', 'yolov8', UNIT | LETTERBOX | {'dtype': 'float16'}, 'c2'),
    Case('ir_new', 'yolov8', UNIT | LETTERBOX, 'c2'),
    Case('opset_new', 'yolov8', UNIT | LETTERBOX, 'c2'),
    Case('yolo_nas', 'boxes_scores', UNIT | LETTERBOX, guessed=PREPROCESSING),
    Case('yolo_nas_export', 'labelled_boxes', LETTERBOX | {'dtype': 'uint8'}),
    Case('rfdetr_sim', 'rtdetr', IMAGENET | STRETCH),
    Case('rfdetr_sim', 'rfdetr', IMAGENET | STRETCH, 'c', labels=NAMES),
    Case('hf_detr', 'detr', IMAGENET | STRETCH, score=0.98, guessed=PREPROCESSING | {'decoder'}),
    Case('deim', 'labelled_boxes', UNIT | STRETCH),
    Case('train_ssd', 'pytorch_ssd', PLUS_MINUS_ONE | STRETCH),
    Case('train_ssd', 'pytorch_ssd', PLUS_MINUS_ONE | STRETCH, 'b', labels=NAMES),
    Case('train_ssd', 'pytorch_ssd', PLUS_MINUS_ONE, 'b', labels=('BACKGROUND', *NAMES)),
    Case('train_ssd_voc', 'pytorch_ssd', PLUS_MINUS_ONE | STRETCH, '3'),
    Case('yolov7_end2end', 'yolov7_end2end', UNIT | LETTERBOX, guessed=PREPROCESSING),
    Case('yolov5_face', 'yolov5_face', UNIT | LETTERBOX, 'face', labels=('face',)),
    Case('yolov8_pose_nometa', 'yolo_pose', UNIT | LETTERBOX, 'person', labels=('person',)),
    Case('yolov8_1class_nometa', 'yolov8', UNIT | LETTERBOX, '0'),
    Case('nanodet_plus_3strides', 'nanodet_plus', {'channels': 'bgr'} | STRETCH, '0',
         box=(283.1, 283.1, 356.9, 356.9)),
    Case('efficientdet_tf2onnx', 'tensorflow_ssd', {'dtype': 'uint8'} | STRETCH),
    Case('efficientdet_lite_tflite', 'tflite_ssd', {'dtype': 'uint8'} | STRETCH),
    Case('efficientdet_lite_1class', 'tflite_ssd', {'dtype': 'uint8'} | STRETCH, '0'),
    Case('efficientdet_automl', 'efficientdet', {'dtype': 'uint8'} | STRETCH),
    Case('mmdeploy', 'mmdeploy', {'align': 'top_left'}, guessed=PREPROCESSING),
    Case('ppyoloe', 'paddle', UNIT | STRETCH, guessed=PREPROCESSING),
]  # fmt: skip


def write_labels(folder: Path, labels: tuple[str, ...]) -> Path | None:
    """Write a file of labels, if there are any."""
    if not labels:
        return None
    path = folder / 'labels.txt'
    path.write_text('\n'.join(labels))
    return path


@pytest.mark.parametrize('case', DETECTORS, ids=lambda case: f'{case.file}-{case.decoder}')
def test_a_detector_finds_its_object(case: Case, tmp_path: Path) -> None:
    path = CASES / f'{case.file}.onnx'
    labels = write_labels(tmp_path, case.labels)
    card = card_from_file(path, None, Hints(labels=labels))
    assert (card.task, card.decoder) == ('detection', case.decoder)
    for key, value in case.spec.items():
        assert getattr(card.input, key) == pytest.approx(value), key
    decided = {decision.key: decision for decision in card.decisions}
    assert {'task', 'decoder', 'resize', 'channels', 'scale', 'mean', 'std'} <= set(decided)
    assert case.guessed <= {key for key, decision in decided.items() if decision.guess}
    with DetectNet(card, threshold=0.5) as net:
        found = net.detect(np.full((SIZE, SIZE, 3), 90, np.uint8))
    assert [one.label for one in found] == [case.label]
    assert found[0].score == pytest.approx(case.score, abs=6e-3)
    assert found[0].box_xyxy == pytest.approx(case.box, abs=0.3)


@pytest.mark.parametrize(
    ('file', 'role', 'seen'),
    [
        ('keras_mobilenetv2', 'scores', [(2, 0.92)]),
        ('tagger_sigmoid', 'probabilities', [(0, 0.95), (1, 0.9)]),
    ],
)
def test_a_classifier(file: str, role: str, seen: list[tuple[int, float]]) -> None:
    card = card_from_file(CASES / f'{file}.onnx')
    assert (card.task, *card.outputs) == ('classification', role)
    guesses = {decision.key for decision in card.decisions if decision.guess}
    assert {'scale', 'mean', 'std'} <= guesses
    with ImageNet(card, threshold=0.5) as net:
        found = net.classify(np.zeros((300, 400, 3), np.uint8))
    assert [one.class_id for one in found] == [number for number, _ in seen]
    assert [one.score for one in found] == pytest.approx([score for _, score in seen], abs=5e-3)


def test_keras_preprocessing_is_not_torchvisions() -> None:
    spec = card_from_file(CASES / 'keras_mobilenetv2.onnx').input
    assert (spec.layout, spec.scale, spec.mean[0]) == ('nhwc', pytest.approx(1 / 127.5), 1.0)


def test_a_network_of_one_channel_gets_grey_images() -> None:
    card = card_from_file(CASES / 'mnist.onnx')
    assert (card.input.channels, card.input.mean) == ('grey', (0.0, 0.0, 0.0))
    with ImageNet(card) as net:
        assert len(net.classify(np.zeros((30, 40, 3), np.uint8))) == 5


def test_four_channels_are_refused() -> None:
    with pytest.raises(CardError, match=r"'images' takes 4 channels \(1x4x640x640\)"):
        card_from_file(CASES / 'yolo_rgbd.onnx')


@pytest.mark.parametrize(
    ('file', 'one', 'other'),
    [
        ('yolov5_face', 'yolov5', 'yolov5_face'),
        ('yolov8_pose_nometa', 'yolov8', 'yolo_pose'),
    ],
)
def test_what_may_be_two_things_is_a_question(file: str, one: str, other: str) -> None:
    with pytest.raises(CardError, match='can be read as') as caught:
        card_from_file(CASES / f'{file}.onnx')
    assert f'{one} (' in str(caught.value)
    assert f'{other} (' in str(caught.value)


@pytest.mark.parametrize(
    ('file', 'network', 'count'),
    [
        ('ul_rtdetr_2026', DetectNet, 80),
        ('sem_echo', SegNet, 19),
        ('ul_yolo11_dynamic', DetectNet, 80),
    ],
)
def test_labels_are_counted_where_only_the_metadata_tells(
    file: str, network: Any, count: int, tmp_path: Path
) -> None:
    labels = write_labels(tmp_path, NAMES)
    with pytest.raises(CardError, match=f'has 3 labels, but the network has {count} classes'):
        network(CASES / f'{file}.onnx', labels=labels)
    labels = write_labels(tmp_path, tuple(f'own {k}' for k in range(count)))
    with network(CASES / f'{file}.onnx', labels=labels) as net:
        assert net.labels[0] == 'own 0'


def test_a_mask_is_mapped_at_the_centres_of_pixels() -> None:
    ramp = np.tile(np.linspace(0, 255, 640, dtype=np.uint8)[None, :, None], (640, 1, 3))
    with SegNet(CASES / 'sem_echo.onnx') as net:
        assert net.card.input.resize == 'letterbox'
        mask = net.segment(ramp).class_mask
        small = net.segment(ramp[::2, ::2]).class_mask
    assert mask.shape == (640, 640)
    # Two pixels for each of the network's, none shifted.
    np.testing.assert_array_equal(mask[:, ::2], mask[:, 1::2])
    assert int(np.ptp(small)) > 10
