# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the figures: against torchmetrics, COCO's own script, and numbers made by hand."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import random_answers

from ros_deep_learning.errors import DatasetError
from ros_deep_learning.evaluation.class_match import match_classes
from ros_deep_learning.evaluation.classification_scores import classification_scores
from ros_deep_learning.evaluation.detection_scores import BoxPicture, detection_scores
from ros_deep_learning.evaluation.scores import Calibration, best_threshold
from ros_deep_learning.evaluation.segmentation_scores import MaskJudge

REFERENCE = json.loads(
    (Path(__file__).parents[1] / 'references' / 'torchmetrics_evaluation.json').read_text()
)


def names(count):
    return tuple(f'class {k}' for k in range(count))


def same(count):
    return match_classes(names(count), names(count))


def picture(true=(), found=(), crowd=()):
    """Make a picture of (class, x1, y1, x2, y2) and (score, class, x1, y1, x2, y2)."""
    truth = np.array([*true, *crowd], float).reshape(-1, 5)
    answers = np.array(found, float).reshape(-1, 6)
    boxes = truth[:, 1:]
    return BoxPicture(
        boxes,
        truth[:, 0].astype(np.int64),
        np.arange(len(truth)) >= len(true),
        (boxes[:, 2:] - boxes[:, :2]).prod(axis=1),
        answers[:, 2:],
        answers[:, 0],
        answers[:, 1].astype(np.int64),
    )


@pytest.fixture(scope='module')
def judged():
    pictures = [
        BoxPicture(
            one['true_xyxy'],
            one['true_ids'],
            one['is_crowd'],
            (one['true_xyxy'][:, 2:] - one['true_xyxy'][:, :2]).prod(axis=1),
            one['found_xyxy'],
            one['scores'],
            one['found_ids'],
        )
        for one in random_answers.boxes()
    ]
    return detection_scores(pictures, names(random_answers.CLASSES), 0.5)


def test_boxes_equal_torchmetrics(judged):
    reference = REFERENCE['detection']
    for name, value in reference.items():
        if name != 'AP':
            assert judged.metrics[name] == pytest.approx(value, abs=1e-6), name
    assert set(judged.per_class) == set(names(5))
    for k in range(5):
        expected = reference['AP'][str(k)]
        assert judged.per_class[f'class {k}']['AP'] == pytest.approx(expected, abs=1e-6)


def test_boxes_equal_cocos_script_on_files(judged, tmp_path):
    """As a user of COCO would do: two files, loadRes, summarize."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = {
        'images': [],
        'annotations': [],
        'categories': [{'id': 10 + k, 'name': str(k)} for k in range(6)],
    }
    found = []
    for image, one in enumerate(random_answers.boxes(), 500):
        truth['images'].append({'id': image})
        for (x1, y1, x2, y2), k, crowd in zip(
            one['true_xyxy'], one['true_ids'], one['is_crowd'], strict=True
        ):
            entry = {'id': len(truth['annotations']) + 1, 'image_id': image}
            entry |= {'category_id': int(k) + 10, 'iscrowd': int(crowd)}
            entry |= {'bbox': [x1, y1, x2 - x1, y2 - y1], 'area': (x2 - x1) * (y2 - y1)}
            truth['annotations'].append(entry)
        for (x1, y1, x2, y2), k, score in zip(
            one['found_xyxy'], one['found_ids'], one['scores'], strict=True
        ):
            entry = {'image_id': image, 'category_id': int(k) + 10, 'score': float(score)}
            found.append(entry | {'bbox': [x1, y1, x2 - x1, y2 - y1]})
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    (tmp_path / 'found.json').write_text(json.dumps(found))
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(tmp_path / 'truth.json')
        script = COCOeval(coco, coco.loadRes(str(tmp_path / 'found.json')), 'bbox')
        script.evaluate()
        script.accumulate()
        script.summarize()
    np.testing.assert_allclose(list(judged.metrics.values())[:9], script.stats[:9], atol=1e-6)


def test_classes_equal_torchmetrics():
    shares, truth = random_answers.probabilities()
    found = classification_scores(shares, truth, same(8))
    reference = dict(REFERENCE['classification'])
    np.testing.assert_array_equal(found.confusion[:, :-1], reference.pop('confusion'))
    assert not found.confusion[:, -1].any()
    for name, value in reference.items():
        assert found.metrics[name] == pytest.approx(value, abs=1e-6), name


def test_masks_equal_torchmetrics():
    judge = MaskJudge(same(5))
    for true, answer, confidence in zip(*random_answers.masks(), strict=True):
        judge.add(answer, confidence, true)
    found, reference = judge.scores(), REFERENCE['segmentation']
    for name in ('mIoU', 'pixel_accuracy'):
        assert found.metrics[name] == pytest.approx(reference[name], abs=1e-6)
    ious = [row['IoU'] for row in found.per_class.values()]
    np.testing.assert_allclose(ious, reference['IoU'], atol=1e-6)


def test_the_calibration_error_is_guos():
    """15 bins, each with its upper edge; weighted by their answers."""
    confidence, is_right = np.array([0.2, 0.2, 0.9, 1.0]), np.array([True, False, True, True])
    calibration = Calibration()
    calibration.add(confidence[:2], is_right[:2])
    calibration.add(confidence[2:], is_right[2:])
    assert calibration.error() == pytest.approx((2 * 0.3 + 0.1 + 0.0) / 4)
    assert np.isnan(Calibration().error())


def test_the_best_threshold_is_that_of_a_search():
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores = np.round(rng.random(30), 1)
        is_right, missed = rng.random(30) < scores, int(rng.integers(0, 5))
        positives = int(is_right.sum()) + missed
        by_hand = {
            t: 2 * (is_right & (scores >= t)).sum() / ((scores >= t).sum() + positives)
            for t in sorted(set(scores), reverse=True)
        }
        best = best_threshold(scores, is_right, positives)
        assert best.f1 == pytest.approx(max(by_hand.values()))
        assert best.threshold == max(by_hand, key=by_hand.get)


@pytest.mark.parametrize(('positives', 'f1'), [(3, 0.0), (0, np.nan)])
def test_without_answers_there_is_no_threshold(positives, f1):
    best = best_threshold(np.zeros(0), np.zeros(0, bool), positives)
    assert np.isnan(best.threshold)
    assert best.f1 == pytest.approx(f1, nan_ok=True)


def test_a_detector_that_finds_nothing_has_map_0():
    found = detection_scores([picture(true=[(0, 0, 0, 50, 50)])], names(2), 0.5)
    assert (found.metrics['mAP'], found.metrics['AP50']) == (0.0, 0.0)
    assert np.isnan(found.metrics['AP_large'])
    assert found.per_class['class 0']['best_f1'] == 0.0
    assert found.confusion.tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert found.worst == (0,)


@pytest.mark.parametrize('crowd', [[], [(0, 0, 0, 9, 9)]])
def test_labels_without_a_box_are_refused(crowd):
    with pytest.raises(DatasetError, match='the labels have no box'):
        detection_scores([picture(crowd=crowd)], names(2), 0.5)


def test_the_confusion_matrix_of_boxes():
    one = picture(
        true=[(0, 0, 0, 10, 10), (0, 20, 0, 30, 10), (1, 40, 0, 50, 10)],
        crowd=[(0, 100, 0, 200, 100)],
        found=[
            (0.9, 0, 0, 0, 10, 9),  # right
            (0.9, 1, 20, 0, 30, 10),  # another class
            (0.4, 1, 40, 0, 50, 10),  # under the threshold
            (0.8, 1, 60, 0, 70, 10),  # nothing there
            (0.8, 1, 110, 10, 120, 20),  # in the crowd
        ],
    )
    right = picture(true=[(1, 0, 0, 5, 5)], found=[(0.6, 1, 0, 0, 5, 5)])
    found = detection_scores([right, one], names(2), 0.5)
    assert found.confusion.tolist() == [[1, 1, 0], [0, 1, 1], [0, 1, 0]]
    assert found.worst == (1,)


def test_answers_that_the_data_set_does_not_know_are_counted():
    match = match_classes(['a', 'b'], ['b', 'x', 'a'])
    shares = np.array([[0.1, 0.8, 0.1], [0.7, 0.2, 0.1], [0.6, 0.1, 0.3]])
    found = classification_scores(shares, np.array([0, 1, 0]), match)
    assert found.confusion.tolist() == [[0, 1, 1], [0, 1, 0]]
    assert found.metrics['top1'] == pytest.approx(1 / 3)
    # The surest mistake comes first.
    assert found.worst == (0, 2)


def test_pixels_without_a_label_are_not_judged():
    judge = MaskJudge(match_classes(['void', 'road', 'car'], ['road', 'car', 'sky']))
    truth = np.array([[0, 1, 2, 255, 9]], np.uint8)
    answer = np.array([[0, 0, 2, 1, 1]], np.uint8)
    judge.add(answer, np.ones(answer.shape), truth)
    assert judge.unknown == 1
    assert judge.confusion.tolist() == [[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
    assert judge.scores().metrics['mIoU'] == 0.5


def test_a_class_that_is_not_judged_has_no_share_in_the_mean():
    names = ['void', 'road', 'car']
    judge = MaskJudge(match_classes(names, names))
    truth = np.array([[0, 0, 1, 1, 2, 2]], np.uint8)
    answer = np.array([[0, 1, 1, 0, 2, 2]], np.uint8)
    judge.add(answer, np.ones(answer.shape), truth)
    scores = judge.scores()
    # Without the pixels of void: 1 of 2 of road, 2 of 2 of car.
    ious = [
        ((truth == k) & (answer == k)).sum() / ((truth == k) | (answer == k))[truth != 0].sum()
        for k in (1, 2)
    ]
    assert scores.metrics['mIoU'] == np.mean(ious) == 0.75
    assert list(scores.per_class) == ['road', 'car']


def test_pixels_of_a_class_that_the_network_lacks_can_be_left_out():
    match = match_classes(['road', 'car'], ['road'])
    truth, answer = np.array([[0, 1]], np.uint8), np.array([[0, 0]], np.uint8)
    accuracies = []
    for common_only in (False, True):
        judge = MaskJudge(match, common_only)
        judge.add(answer, np.ones(answer.shape), truth)
        accuracies.append(judge.scores().metrics['pixel_accuracy'])
    assert accuracies == [0.5, 1.0]
