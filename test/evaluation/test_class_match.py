# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of matching a network's classes with a data set's."""

from __future__ import annotations

import pytest

from ros_deep_learning.cards.coco_labels import by_category
from ros_deep_learning.cards.labels import load_labels
from ros_deep_learning.cards.zoo import zoo_folder
from ros_deep_learning.errors import DatasetError, SettingsError
from ros_deep_learning.evaluation.class_match import match_classes


@pytest.mark.parametrize(
    ('classes', 'labels', 'matched'),
    [
        (['cat', 'dog'], ['dog', 'cat'], [1, 0]),
        (['traffic light'], ['car', 'Traffic_Light'], [-1, 0]),
        (['tench'], ['tench, Tinca tinca', 'goldfish'], [0, -1]),
        (['crane', 'crane'], ['crane', 'crane'], [0, 1]),
        (['0', '1'], ['cat', 'dog'], [0, 1]),
        (['1', '10', '2'], ['cat', 'dog', 'emu'], [0, 2, 1]),
        (['1', '10', '2'], ['1', '2', '10'], [0, 2, 1]),
        (['cat', 'dog', 'emu'], ['1', '10', '2'], [0, 2, 1]),
    ],
    ids=[
        *('order', 'spelling', 'synonyms', 'doubled', 'numbers', 'folders of numbers'),
        *('numbers on both sides', 'labels of numbers'),
    ],
)
def test_by_name(classes, labels, matched):
    assert match_classes(classes, labels).to_dataset.tolist() == matched


@pytest.mark.parametrize('count', [80, 90, 91])
def test_each_numbering_of_coco(count):
    coco = load_labels(zoo_folder() / 'labels' / 'coco80.txt')
    labels = coco if count == 80 else by_category(coco, count)
    match = match_classes(coco, labels)
    assert match.missing == ()
    assert [coco[k] for k in match.to_dataset if k >= 0] == list(coco)


def test_what_does_not_match_is_said():
    match = match_classes(['cat', 'unicorn'], ['cat', 'dog'])
    assert match.missing == (1,)
    unicorn, dog = match.notes(common_only=False)
    assert unicorn == (
        'the network lacks 1 of 2 classes of the data set: unicorn; counted as never found; '
        '--common-classes leaves them out'
    )
    assert dog == 'the data set lacks 1 of 2 classes of the network: dog'


def test_a_class_can_be_renamed():
    assert match_classes(['tvmonitor'], ['tv', 'cat'], {'tvmonitor': 'tv'}).missing == ()
    with pytest.raises(SettingsError, match="the network has no class 'telly'"):
        match_classes(['tvmonitor'], ['tv'], {'tvmonitor': 'telly'})


def test_nothing_in_common():
    with pytest.raises(DatasetError, match=r'no class of the data set \(a\) has a name of the'):
        match_classes(['a'], ['b'])
