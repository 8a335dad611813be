# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the rules on classes of images and on areas of masks, without ROS."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.events.area_rules import AreaRule
from ros_deep_learning.events.class_rules import ClassRule
from ros_deep_learning.events.rules import EventRule, Reading, compile_rules, parse_rules
from ros_deep_learning.events.watch import Watch
from ros_deep_learning.tasks.classification import (
    Classification,
    ClassificationSettings,
    classification_from,
)
from ros_deep_learning.tasks.segmentation import Segmentation

LABELS = ('cat', 'dog', 'car')
S = 1_000_000_000


def read(kind: type[EventRule], text: str, result: Any) -> Reading:
    (one,) = compile_rules(parse_rules(f'r: {text}', kind), LABELS)
    return one.rule.gauge(one.class_ids).read(result, 0)


def seen(*probabilities: float) -> Classification:
    scores = np.array(probabilities, np.float32)
    return classification_from(scores, (8, 8), ClassificationSettings(top_k=1))


@pytest.mark.parametrize(
    ('text', 'value', 'count'),
    [
        ('{}', 0.625, 1),
        ('{classes: dog}', 0.25, 0),
        ('{classes: "dog, cat", min_score: 0.2}', 0.25, 1),
        ('{classes: dog, min_score: 0.5, keep: 0.2}', 0.25, 1),
    ],
)
def test_the_best_score_of_the_classes_counts_whatever_is_published(
    text: str, value: float, count: int
) -> None:
    assert read(ClassRule, text, seen(0.125, 0.25, 0.625)) == Reading(value, count)


def test_scores_that_are_none() -> None:
    assert read(ClassRule, '{}', seen(np.nan, np.inf, 0.25)).value == 0.25
    assert read(ClassRule, '{}', seen(1.0000001, 0, 0)).value == 1.0
    picked = Classification(np.array([2, 1]), np.array([0.625, 0.25], np.float32), (8, 8))
    assert read(ClassRule, '{classes: dog}', picked).value == 0.25
    assert read(ClassRule, '{classes: cat}', picked) == Reading(0.0, 0)


def test_hysteresis_of_a_score() -> None:
    rules = compile_rules(
        parse_rules('dog: {classes: dog, min_score: 0.6, keep: 0.4, rest_s: 1}', ClassRule), LABELS
    )
    watch, told = Watch(), []
    for k, score in enumerate((0.5, 0.7, 0.5, 0.3, 0.5, 0.3, 0.3, 0.5)):
        events = watch.update(rules, k * S, seen(1 - score, score, 0.0))
        told += [(k, event.begins) for event in events]
    assert told == [(1, True), (6, False)]


def mask(height: int = 40, width: int = 80) -> Segmentation:
    """Three quarters cat on the left; of the rest the lower half dog, the upper without class."""
    classes = np.zeros((height, width), np.uint8)
    classes[:, width * 3 // 4 :] = 255
    classes[height // 2 :, width * 3 // 4 :] = 1
    return Segmentation(classes, np.ones((height, width), np.float32), 3, (width, height))


@pytest.mark.parametrize('size', [(40, 80), (4, 8)])
@pytest.mark.parametrize(
    ('text', 'share'),
    [
        ('{classes: cat}', 0.75),
        ('{classes: dog}', 0.125),
        ('{classes: car}', 0.0),
        ('{classes: "cat, dog"}', 0.875),
        ('{classes: dog, region: [0.75, 0.5, 1, 1]}', 1.0),
        ('{classes: dog, region: [0.75, 0, 1, 1]}', 0.5),
        ('{classes: [cat, dog], region: [0.5, 0, 1, 0.5]}', 0.5),
    ],
)
def test_the_share_of_the_pixels_of_a_region(
    size: tuple[int, int], text: str, share: float
) -> None:
    reading = read(AreaRule, text, mask(*size))
    assert reading.value == share
    x1, y1, x2, y2 = parse_rules(f'r: {text}', AreaRule)[0].region
    assert reading.count == share * (x2 - x1) * (y2 - y1) * size[0] * size[1]


def test_a_region_smaller_than_a_pixel_is_that_pixel() -> None:
    text = '{classes: dog, region: [0.99, 0.99, 0.991, 0.991]}'
    assert read(AreaRule, text, mask(4, 8)) == Reading(1.0, 1)


def test_hysteresis_of_a_share() -> None:
    text = 'near: {classes: dog, min_share: 0.5, keep: 0.25}'
    rules = compile_rules(parse_rules(text, AreaRule), LABELS)
    watch, told = Watch(), []
    for k, rows in enumerate((4, 5, 3, 2, 4)):
        part = np.zeros((10, 10), np.uint8)
        part[:rows] = 1
        result = Segmentation(part, np.ones((10, 10), np.float32), 3, (10, 10))
        told += [(k, event.begins) for event in watch.update(rules, k * S, result)]
    assert told == [(1, True), (3, False)]


@pytest.mark.parametrize(
    ('kind', 'text', 'reason'),
    [
        (ClassRule, '{count: 2}', "unknown is 'count'; known are classes, for_s, rest_s, gap_s"),
        (ClassRule, '{min_score: 0}', 'min_score: expected more than 0, up to 1, got 0'),
        (ClassRule, '{keep: 0.6}', 'keep: expected more than 0, up to min_score (0.5), got 0.6'),
        (ClassRule, '{region: [0, 0, 1, 1]}', "unknown is 'region'"),
        (AreaRule, '{}', 'classes: expected at least one, since together all classes cover'),
        (AreaRule, '{classes: cat, min_share: 2}', 'min_share: expected more than 0, up to 1, go'),
        (AreaRule, '{classes: cat, keep: 0.2}', 'keep: expected more than 0, up to min_share (0.'),
        (AreaRule, '{classes: cat, region: [1, 0, 0, 1]}', 'region: expected left, top, right'),
        (AreaRule, '{classes: cat, min_score: 1}', "unknown is 'min_score'; known are classes"),
    ],
)
def test_a_malformed_rule_is_named(kind: type[EventRule], text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match="events: rule 'r': ") as raised:
        parse_rules(f'r: {text}', kind)
    assert reason in str(raised.value)


@pytest.mark.parametrize('kind', [ClassRule, AreaRule])
def test_the_example_of_an_error_is_a_rule(kind: type[EventRule]) -> None:
    assert len(parse_rules(kind.example, kind)) == 1
    with pytest.raises(SettingsError) as raised:
        parse_rules('[]', kind)
    assert kind.example in str(raised.value)
