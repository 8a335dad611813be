# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the one frame of proof: what a network makes of a real picture is checked at load."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.cards.decision import Decision
from ros_deep_learning.errors import CardError
from ros_deep_learning.networks import DetectNet
from ros_deep_learning.networks.box_proof import Proof, check_candidates
from ros_deep_learning.networks.proof import (
    check_exclusive,
    check_probabilities,
    proof_picture,
)
from ros_deep_learning.tasks.decoders.registry import find_decoder
from ros_deep_learning.tasks.detection import Candidates


def candidates(boxes, scores, ids=None):
    boxes = np.broadcast_to(np.float32(boxes), (len(scores), 4))
    ids = np.zeros(len(scores)) if ids is None else ids
    return Candidates(boxes, np.float32(scores), np.int32(ids))


ABC = ('a', 'b', 'c')
PLAIN = find_decoder('yolo_nas_flat')
GOOD = candidates([[10, 10, 50, 60], [0, 0, 90, 90]], [0.9, 0.1])


def test_the_picture_is_a_real_one():
    picture = proof_picture()
    assert picture.size_wh == (320, 320)
    assert picture.array.std() > 40


@pytest.mark.parametrize(
    'found',
    [
        GOOD,
        candidates([[0, 0, 0, 0]], []),
        # Rows without an object may hold anything.
        candidates([[0.0, 0, 1, 1]], [0.01] * 300),
        candidates([[-5, -5, 40, 40]], [0.5] * 300),
    ],
)
def test_what_a_detector_finds_passes(found):
    assert all('one point' in text for text in check_candidates(found, (100, 100), ABC[:1], PLAIN))


@pytest.mark.parametrize(
    ('found', 'words'),
    [
        (candidates([[1, 1, 9, 9]], [342.0, 0.2]), 'scores are from 0.2 to 342, expected 0 to 1'),
        (candidates([[1, 1, 9, 9]], [np.nan, 0.2]), '1 of 2 scores are NaN or infinite'),
        (candidates([[1, 1, np.inf, 9]], [0.9]), '1 of 4 boxes are NaN or infinite'),
        (candidates([[1, 1, 9, 9]], [0.9], [3]), 'a box has class 3, but there are labels for 3'),
        (candidates([[30.3, 40.4, 30.7, 40.6]], [0.9]), 'the largest side of a box is 0.4 pixels'),
        (
            candidates([[700, 700, 800, 800]], [0.9]),
            r'1 of 1 boxes are outside the input of 100x100 pixels, such as \(700, 700, 800, 800',
        ),
        (candidates([[1, 1, 9, 9]], [0.7] * 300), '300 of 300 boxes have a score over 0.6'),
    ],
)
def test_what_no_detector_finds_is_refused_with_the_numbers(found, words):
    with pytest.raises(CardError, match=words):
        check_candidates(found, (100, 100), ABC, PLAIN)


def logits(best, rest, classes=81, rows=100):
    values = np.full((rows, classes), rest, np.float32)
    values[:, -1] = best
    return values


SIGMOID_ROWS = np.tile(np.float32([0.01] * 20 + [0.02]), (50, 1))


def test_rows_that_choose_a_class_pass():
    check_exclusive(logits(6.0, -1.0), 'logits')
    # Untrained weights prove nothing, nor do a few rows or padding.
    check_exclusive(logits(0.1, 0.0), 'logits')
    check_exclusive(logits(-4.0, -4.5, rows=5), 'logits')
    check_exclusive(np.float16([[0.9, 0.05, 0.05], [0.2, 0.5, 0.3]] * 50), 'scores')
    check_exclusive(np.zeros((100, 3), np.float32), 'scores')


@pytest.mark.parametrize(
    ('rows', 'kind', 'words'),
    [
        (logits(-4.0, -4.5), 'logits', r'no class in 100 of 100 rows.*the best is -4\)'),
        (SIGMOID_ROWS, 'scores', r'50 of 50 rows do not sum to 1 .* median is 0\.22'),
    ],
)
def test_rows_of_sigmoid_are_refused_where_softmax_is_assumed(rows, kind, words):
    with pytest.raises(CardError, match=words):
        check_exclusive(rows, kind)


def test_boxes_of_one_place_are_unlikely():
    (text,) = check_candidates(
        candidates([[10, 10, 50, 60]], [0.3] * 20), (100, 100), ABC[:1], PLAIN
    )
    assert text == 'all 20 boxes are around one point (30, 35)'


SHAPE_ALONE = Proof(is_decided=True, is_guess=True)


@pytest.mark.parametrize(
    ('boxes', 'words'),
    [
        ([[10, 10, 50, 60]], 'corner, width and height'),
        ([[50, 50, 60, 70]], 'centre, width and height'),
    ],
)
def test_edges_that_may_be_something_else_are_a_question(boxes, words):
    found = candidates(boxes, [0.9])
    with pytest.raises(CardError, match=f'can be edges or {words}.*to fix: --decoder end_to_end'):
        check_candidates(found, (100, 100), ABC, PLAIN, 'end_to_end', SHAPE_ALONE)
    for proof in (Proof(), replace(SHAPE_ALONE, is_near_cells=True)):
        assert check_candidates(found, (100, 100), ABC, PLAIN, 'end_to_end', proof) == ()


@pytest.mark.parametrize('boxes', [[[10, 10, 95, 95]], [[10, 10, 50, 60], [40, 40, 90, 70]]])
def test_edges_that_can_be_nothing_else_pass(boxes):
    found = candidates(boxes, [0.9] * len(boxes))
    assert check_candidates(found, (100, 100), ABC, PLAIN, 'end_to_end', SHAPE_ALONE) == ()


def test_where_nothing_is_found_nothing_is_proved():
    (text,) = check_candidates(
        candidates([[0, 0, 9, 9]], [0.01]), (100, 100), ABC, PLAIN, 'ssd', SHAPE_ALONE
    )
    assert text == 'nothing is found, so that nothing proves how its boxes are written'


COCO = ('person', 'bicycle', 'car')


def test_the_person_in_the_picture_proves_where_classes_begin():
    box = [[10, 10, 50, 60]]
    assert check_candidates(candidates(box, [0.9], [0]), (100, 100), COCO, PLAIN) == ()
    with pytest.raises(CardError, match=r"is taken for 'bicycle' .90%.*counted from 1; to fix"):
        check_candidates(
            candidates(box, [0.9], [1]), (100, 100), COCO, PLAIN, '', Proof(is_decided=True)
        )
    (text,) = check_candidates(candidates(box, [0.9], [1]), (100, 100), COCO, PLAIN)
    assert "the person is taken for 'bicycle'" in text
    (text,) = check_candidates(candidates(box * 2, [0.9, 0.1], [2, 0]), (100, 100), COCO, PLAIN)
    assert text == 'no person is found, although there is one; the best score is 0.1'
    (text,) = check_candidates(
        candidates(box, [0.9], [1]),
        (100, 100),
        ('person', 'helmet'),
        PLAIN,
        '',
        Proof(is_decided=True),
    )
    assert text.startswith('no person is found')
    assert check_candidates(candidates(box, [0.9], [1]), (100, 100), ABC, PLAIN) == ()


def test_probabilities():
    assert check_probabilities(np.float32([0.2, 0.8])) == ()
    (text,) = check_probabilities(np.full(1000, 1e-3, np.float32))
    assert text == 'the best of 1000 classes has 0.10%, as if they were all equal'
    with pytest.raises(CardError, match=r'from -2 to 0\.5'):
        check_probabilities(np.float32([-2, 0.5]))


def test_a_network_is_checked_once(card, engine, make_loader, caplog):
    network = DetectNet(card, loader=make_loader(engine))
    assert engine.inputs == []
    network.warm_up()
    network.warm_up()
    assert len(engine.inputs) == 1
    assert (network.warnings, caplog.text) == ((), '')


def test_a_file_without_a_card_is_checked_before_it_is_used(card, engine, make_loader):
    guessed = replace(card, decisions=(Decision('decoder', 'ssd', 'shapes', guess=True),))
    DetectNet(guessed, loader=make_loader(engine))
    engine.outputs['out/scores'][0, 0, 2] = 80
    with pytest.raises(CardError, match=r'net: on a picture of a person, scores .* to 80.*--deco'):
        DetectNet(guessed, loader=make_loader(engine))
    assert engine.closed == 1


def test_what_is_unlikely_is_logged_and_kept(card, info, make_loader, caplog, engine):
    boxes = np.float32([0.25, 0.5, 0.75, 1.0])
    engine.info = replace(
        info, outputs=tuple(replace(t, shape=(1, 30, t.shape[2])) for t in info.outputs)
    )
    engine.outputs = {
        'out/boxes': np.tile(boxes, (1, 30, 1)),
        'out/scores': np.full((1, 30, 3), 0.4, np.float32),
    }
    network = DetectNet(card, loader=make_loader(engine))
    with caplog.at_level(logging.WARNING):
        network.warm_up()
    assert network.warnings[0].startswith('on a picture of a person, all 90 boxes are around')
    assert 'to fix: give the right --decoder' in caplog.text
