# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the rules of events, on arrays and stamps, without ROS."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.events.object_rules import ObjectGauge, ObjectRule, share_inside
from ros_deep_learning.events.rules import EventRule, Reading, compile_rules, parse_rules
from ros_deep_learning.events.watch import RuleState, Watch
from ros_deep_learning.tasks.detection import Detections

LABELS = ('person', 'car', 'dog')
S = 1_000_000_000


def found(*objects: tuple[int, float, tuple[float, float, float, float]]) -> Detections:
    """Objects in an image of 100x50: class, score, box."""
    ids, scores, boxes = zip(*objects, strict=True) if objects else ((), (), ())
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores, np.float32),
        np.array(ids, np.int32),
        (100, 50),
    )


def matches(rule: ObjectRule, *objects: tuple[int, float, tuple[float, float, float, float]]):
    (one,) = compile_rules([rule], LABELS)
    return ObjectGauge(one.rule, one.class_ids).matches(found(*objects)).tolist()


BOX = (10.0, 10.0, 20.0, 20.0)


def test_nothing_matches_nothing() -> None:
    assert matches(ObjectRule(name='any')) == []
    assert matches(ObjectRule(name='any', region=(0, 0, 0.5, 1))) == []


def test_classes_and_scores() -> None:
    objects = [(0, 0.9, BOX), (1, 0.5, BOX), (2, 0.4, BOX)]
    assert matches(ObjectRule(name='any'), *objects) == [True] * 3
    assert matches(ObjectRule(name='a', classes=('person', 'DOG')), *objects) == [
        True,
        False,
        True,
    ]
    assert matches(ObjectRule(name='a', min_score=0.5), *objects) == [True, True, False]


@pytest.mark.parametrize(
    ('box', 'expected'),
    [
        ((0, 0, 50, 50), [True, True, True]),
        ((25, 0, 75, 50), [True, True, False]),
        ((26, 0, 76, 50), [True, False, False]),
        ((40, 0, 80, 50), [True, False, False]),
        ((50, 0, 100, 50), [False] * 3),
        # Beyond the image on the left: a third is in the region.
        ((-100, 0, 50, 50), [True, False, False]),
        # A point and a line lie where their middle is.
        ((50, 20, 50, 20), [True, True, True]),
        ((40, 20, 62, 20), [False] * 3),
    ],
)
def test_a_box_lies_in_a_region_by_its_share(box, expected) -> None:  # type: ignore[no-untyped-def]
    for overlap, is_in in zip((0.25, 0.5, 1.0), expected, strict=True):
        rule = ObjectRule(name='left', region=(0.0, 0.0, 0.5, 1.0), overlap=overlap)
        assert matches(rule, (0, 0.9, box)) == [is_in]


def test_shares_are_those_of_counted_pixels() -> None:
    rng = np.random.default_rng(3)
    corners = np.sort(rng.integers(0, 30, (50, 2, 2)), axis=1)
    boxes = corners.reshape(50, 4)
    region = np.array([5, 8, 21, 19])
    ys, xs = np.mgrid[0:30, 0:30]
    in_region = (xs >= 5) & (xs < 21) & (ys >= 8) & (ys < 19)
    for (x1, y1, x2, y2), share in zip(
        boxes, share_inside(boxes.astype(np.float32), region), strict=True
    ):
        in_box = (xs >= x1) & (xs < x2) & (ys >= y1) & (ys < y2)
        if in_box.any():
            assert share == pytest.approx((in_box & in_region).sum() / in_box.sum())


def counted(count: int) -> Reading:
    return Reading(count, count)


def begins(rule: EventRule, frames: list[tuple[float, int]]) -> list[tuple[float, bool]]:
    """Play (seconds, count) and list the seconds at which the event begins and ends."""
    state = RuleState(rule)
    changes = []
    for second, count in frames:
        event = state.update(round(second * S), counted(count))
        if event is not None:
            assert event.begins == state.active
            assert event.reading.count == count
            changes.append((second, event.begins))
    return changes


RULE = ObjectRule(name='r', count=2, gap_s=1.0)


def test_it_begins_and_ends_with_the_count() -> None:
    frames = [(0.0, 0), (0.1, 1), (0.2, 2), (0.3, 5), (0.4, 1), (0.5, 2)]
    assert begins(RULE, frames) == [(0.2, True), (0.4, False), (0.5, True)]
    assert begins(RULE, []) == []


def test_hysteresis_of_the_count() -> None:
    rule = replace(RULE, count=3, keep=1)
    frames = [(0.0, 2), (0.1, 3), (0.2, 2), (0.3, 1), (0.4, 2), (0.5, 0), (0.6, 1), (0.7, 3)]
    assert begins(rule, frames) == [(0.1, True), (0.5, False), (0.7, True)]


def test_dwell_and_rest() -> None:
    rule = replace(RULE, for_s=0.5, rest_s=0.3)
    seconds = [k / 10 for k in range(20)]
    # Away for one frame at 0.3, which starts the time anew; away again from 1.2 on.
    counts = [2, 2, 2, 0, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 2, 0, 0, 0, 0, 0]
    assert begins(rule, list(zip(seconds, counts, strict=True))) == [(0.9, True), (1.8, False)]


def test_how_long_it_lasted() -> None:
    state = RuleState(replace(RULE, for_s=0.5, rest_s=0.5))
    told = [
        state.update(round(t * S), counted(n)) for t, n in [(1, 2), (1.5, 2), (2, 0), (2.5, 0)]
    ]
    assert [one and one.lasted_s for one in told] == [None, 0.5, None, 1.5]


def test_a_gap_starts_the_time_anew() -> None:
    rule = replace(RULE, for_s=1.0)
    assert begins(rule, [(0.0, 2), (0.6, 2), (1.2, 2)]) == [(1.2, True)]
    # From 0.6 to 1.7 nothing was seen.
    frames = [(0.0, 2), (0.6, 2), (1.7, 2), (2.5, 2), (2.7, 2)]
    assert begins(rule, frames) == [(2.7, True)]
    # An event that goes on survives it, and its rest begins anew.
    rule = replace(RULE, rest_s=1.0)
    frames = [(0.0, 2), (0.5, 0), (9.0, 0), (9.9, 0), (10.0, 0)]
    assert begins(rule, frames) == [(0.0, True), (10.0, False)]


def test_a_clock_that_jumps_back() -> None:
    rule = replace(RULE, for_s=1.0, rest_s=1.0)
    frames = [(100.0, 2), (100.8, 2), (5.0, 2), (5.9, 2), (6.0, 2), (6.5, 2)]
    assert begins(rule, frames) == [(6.0, True)]
    state = RuleState(rule)
    for second in (100.0, 100.5, 101.0):
        state.update(round(second * S), counted(2))
    assert state.active
    for second in (5.0, 5.5):
        assert state.update(round(second * S), counted(0)) is None
    ended = state.update(6 * S, counted(0))
    assert ended is not None
    assert ended.lasted_s == 1.0


def test_equal_stamps_add_no_time() -> None:
    assert begins(replace(RULE, for_s=0.1), [(1.0, 2)] * 50) == []


@given(
    st.lists(st.tuples(st.integers(-(10**12), 10**12), st.integers(0, 5))),
    st.integers(1, 4),
    st.floats(0, 5),
    st.floats(0, 5),
)
def test_begins_and_ends_alternate_whatever_comes(
    frames: list[tuple[int, int]], count: int, for_s: float, rest_s: float
) -> None:
    state = RuleState(ObjectRule(name='r', count=count, keep=1, for_s=for_s, rest_s=rest_s))
    told = [event for stamp, n in frames if (event := state.update(stamp, counted(n))) is not None]
    assert [event.begins for event in told] == [k % 2 == 0 for k in range(len(told))]
    assert all(event.lasted_s >= 0 for event in told)
    assert all(
        (event.reading.count >= count) == event.begins or not event.begins for event in told
    )


def test_several_rules_are_independent() -> None:
    rules = compile_rules(
        parse_rules('people: {classes: person, count: 2}\ncars: {classes: car}\n', ObjectRule),
        LABELS,
    )
    watch = Watch()
    first = watch.update(rules, S, found((1, 0.9, BOX), (0, 0.9, BOX)))
    assert [(event.rule.name, event.begins) for event in first] == [('cars', True)]
    second = watch.update(rules, 2 * S, found((0, 0.9, BOX), (0, 0.9, BOX)))
    assert [(event.rule.name, event.begins) for event in second] == [
        ('people', True),
        ('cars', False),
    ]
    # A rule that is changed begins anew, the other goes on.
    changed = compile_rules(
        parse_rules('people: {classes: person}\ncars: {classes: car}', ObjectRule), LABELS
    )
    third = watch.update((changed[0], rules[1]), 3 * S, found((0, 0.9, BOX), (1, 0.9, BOX)))
    assert [(event.rule.name, event.begins) for event in third] == [
        ('people', True),
        ('cars', True),
    ]
    watch.reset()
    assert len(watch.update(rules, 4 * S, found((1, 0.9, BOX)))) == 1


def test_rules_are_read() -> None:
    assert parse_rules('', ObjectRule) == parse_rules('  \n', ObjectRule) == ()
    rules = parse_rules(
        'loitering: {classes: "person, dog", region: [0, 0.5, 1, 1], for_s: 5, save: snapshot}\n'
        'any:\n'
        'crowd: {classes: [person], count: 5, keep: 3, min_score: 0.4, overlap: 1}\n',
        ObjectRule,
    )
    assert rules == (
        ObjectRule(
            name='loitering',
            classes=('person', 'dog'),
            region=(0.0, 0.5, 1.0, 1.0),
            for_s=5.0,
            save='snapshot',
        ),
        ObjectRule(name='any'),
        ObjectRule(name='crowd', classes=('person',), count=5, keep=3, min_score=0.4, overlap=1.0),
    )


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('a: {', 'this is no YAML'),
        # Everybody on the graph may set it: gigabytes in few bytes, what PyYAML stumbles on.
        ('a: &a {x: 1}\nb: {<<: [*a, *a]}', 'aliases are not allowed'),
        ('a: !!timestamp x', 'this is no YAML'),
        ('a: !!int ""', 'this is no YAML'),
        ('[' * 2000, 'this is no YAML'),
        ('a: {}\n' * 20_000, 'expected at most 65536 characters'),
        ('person', 'expected at most 100 rules'),
        ('[a, b]', 'expected at most 100 rules'),
        ('a: person', "rule 'a': unknown is a value alone; known are classes, for_s"),
        ('a: {klass: person}', "rule 'a': unknown is 'klass'; known are classes"),
        ('a b: {}', "rule 'a b': its name has other characters"),
        ('a: {count: 0}', 'count: expected 1 to 10000, got 0'),
        ('a: {count: 1.5}', 'expected a whole number, got 1.5'),
        ('a: {count: true}', 'expected a whole number, got True'),
        ('a: {count: 2, keep: 3}', 'keep: expected 1 to count'),
        ('a: {region: [0, 0, 1]}', 'a value has a wrong type'),
        ('a: {region: [0.5, 0, 0.5, 1]}', 'region: expected left, top'),
        ('a: {region: [0, 0, 1.5, 1]}', 'region: expected left, top'),
        ('a: {overlap: 0}', 'overlap: expected more than 0'),
        ('a: {min_score: .nan}', 'min_score: expected 0 to 1, got nan'),
        ('a: {for_s: -1}', 'for_s: expected 0 to 86400 seconds'),
        ('a: {stay_s: -1}', 'stay_s: expected 0 to 86400 seconds'),
        ('a: {rest_s: .inf}', 'rest_s: expected 0 to 86400 seconds'),
        ('a: {save: video}', 'save: expected one of nothing, snapshot, bag'),
        ('a: {classes: 5}', 'a value has a wrong type'),
    ],
)
def test_a_malformed_rule_is_named(text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match='events: ') as raised:
        parse_rules(text, ObjectRule)
    assert reason in str(raised.value)


def test_a_class_that_the_network_lacks_is_named() -> None:
    with pytest.raises(SettingsError, match=r"events: rule 'a': classes: 'pers' .*person"):
        compile_rules(parse_rules('a: {classes: pers}', ObjectRule), LABELS)
