# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the events of a node's cameras without a graph: what is kept of them, and where."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bags_on_disk as disk
import numpy as np
import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.events.keeping import Limits, kept_folders, size_bytes
from ros_deep_learning.events.kept_results import KeptObjects
from ros_deep_learning.events.object_rules import ObjectRule
from ros_deep_learning.events.rules import compile_rules, parse_rules
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.nodes.stream import event_reports
from ros_deep_learning.nodes.stream.event_reports import EventReports
from ros_deep_learning.tasks.detection import Detections

LABELS = ('person', 'car')
LIMITS = Limits(10, 10)


def shot(stamp_ns: int, camera: str = 'front') -> Any:
    header = SimpleNamespace(frame_id='lens')
    return SimpleNamespace(
        camera=SimpleNamespace(name=camera),
        frame=SimpleNamespace(stamp_ns=stamp_ns, arrival_ns=5, header=header),
        pixels=Pixels(np.full((32, 48, 3), 90, np.uint8)),
        wanted=frozenset(),
    )


@pytest.fixture(autouse=True)
def _messages(monkeypatch: pytest.MonkeyPatch) -> None:
    # The build may not have generated our own.
    monkeypatch.setattr(event_reports, 'event_message', lambda _, event, saved: (event, saved))


def persons(count: int) -> Detections:
    boxes = np.tile(np.array([[2, 2, 9, 9]], np.float32), (count, 1))
    return Detections(
        boxes, np.full(count, 0.5, np.float32), np.zeros(count, np.int32), (48, 32), labels=LABELS
    )


def test_a_bag_is_kept_of_the_camera_that_saw_it(tmp_path: Path) -> None:
    warnings: list[str] = []
    reports = EventReports('/detectnet', KeptObjects(), warnings.append)
    reports.begin(str(tmp_path), LIMITS, 5.0)
    rules = compile_rules(parse_rules('crowd: {count: 2, save: bag}\nany: {}', ObjectRule), LABELS)
    for number, count in enumerate((0, 1, 2, 3, 0)):
        reports.take(shot(number * 10**8), persons(count), rules, LABELS)
        reports.take(shot(number * 10**8, 'rear'), persons(0), rules, LABELS)
    reports.end()
    assert warnings == []
    (kept,) = kept_folders(tmp_path)
    assert kept.name.endswith('Z-crowd-front')
    facts = json.loads((kept / 'event.json').read_text())
    assert (facts['count'], facts['camera'], facts['stamp_ns']) == (2, 'front', 2 * 10**8)
    assert len(facts['found']) == 2
    assert (kept / 'picture.jpg').stat().st_size > 100
    messages = disk.of_topic(kept / 'bag', '/detectnet/front/detections')
    # At most 10 a second, and the one with which it begins.
    assert 2 <= len(messages) <= 3
    assert len(messages[-1].detections) == 2
    assert messages[0].header.frame_id == 'lens'


def test_under_load_the_newest_are_kept_within_the_quota(tmp_path: Path) -> None:
    warnings: list[str] = []
    reports = EventReports('/detectnet', KeptObjects(), warnings.append)
    reports.begin(str(tmp_path), Limits(5, 1), 1.0)
    rules = compile_rules(parse_rules('any: {save: bag}', ObjectRule), LABELS)
    noise = np.random.default_rng(4).integers(0, 256, (32, 48, 3), np.uint8)
    for number in range(60):
        one = shot(number * 10**8)
        one.pixels = Pixels(noise)
        reports.take(one, persons(number % 2), rules, LABELS)
    reports.end()
    kept = kept_folders(tmp_path)
    stamps = [json.loads((one / 'event.json').read_text())['stamp_ns'] for one in kept]
    # Thirty began: what is not here was removed, or met a disk that was busy.
    assert 1 <= len(kept) <= 5
    assert stamps == sorted(stamps)
    assert sum(map(size_bytes, kept)) <= 2**20
    assert all('others wait for the disk' in text for text in warnings)
    assert {one.name for one in tmp_path.iterdir()} == {one.name for one in kept}
    for one in kept:
        assert len(disk.of_topic(one / 'bag', '/detectnet/front/detections')) >= 1


def test_a_bag_of_two_networks_has_the_classes_of_each(tmp_path: Path) -> None:
    warnings: list[str] = []
    reports = EventReports('/detectnet', KeptObjects(), warnings.append)
    reports.begin(str(tmp_path), LIMITS, 5.0)
    (rule,) = parse_rules('crowd: {count: 2, save: bag}', ObjectRule)
    many, few = ('wall', 'tree', 'person'), ('dog',)
    of_many = replace(persons(1), class_ids=np.array([2], np.int32), labels=many)
    reports.take(shot(0), of_many, compile_rules([rule], many), many)
    reports.take(shot(10**8), persons(2), compile_rules([rule], few), few)
    reports.end()
    assert warnings == []
    (kept,) = kept_folders(tmp_path)
    messages = disk.of_topic(kept / 'bag', '/detectnet/front/detections')
    seen = [[o.results[0].hypothesis.class_id for o in one.detections] for one in messages]
    assert seen == [['person'], ['dog', 'dog']]


def test_a_picture_that_is_no_jpeg_costs_neither_the_event_nor_the_result(tmp_path: Path) -> None:
    warnings: list[str] = []
    published: list[Any] = []
    reports = EventReports('/detectnet', KeptObjects(), warnings.append)
    reports.begin(str(tmp_path), LIMITS, 5.0)
    text = 'crowd: {count: 2, save: bag}\nany: {save: snapshot}'
    rules = compile_rules(parse_rules(text, ObjectRule), LABELS)
    one = shot(1)
    one.pixels = Pixels(np.zeros((1, 65501, 3), np.uint8))
    one.wanted = frozenset({'events'})
    one.camera.outputs = SimpleNamespace(publish=lambda _, message: published.append(message))
    for count in (0, 1, 2, 3):
        reports.take(one, persons(count), rules, LABELS)
    reports.end()
    assert [(event.rule.name, saved) for event, saved in published] == [('any', ''), ('crowd', '')]
    assert [text.partition(':')[0] for text in warnings] == [
        'event any is not kept',
        'event crowd is not kept',
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_rule_that_was_removed_begins_anew(tmp_path: Path) -> None:
    reports = EventReports('/detectnet', KeptObjects(), pytest.fail)
    reports.begin(str(tmp_path), LIMITS, 5.0)
    rules = compile_rules(parse_rules('any: {save: snapshot}', ObjectRule), LABELS)
    for number, now in enumerate((rules, rules, (), rules)):
        reports.take(shot(number * 10**8), persons(1), now, LABELS)
    reports.end()
    assert len(kept_folders(tmp_path)) == 2


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    reports = EventReports('/detectnet', KeptObjects(), pytest.fail)
    reports.begin('', LIMITS, 5.0)
    rules = compile_rules(parse_rules('any: {save: snapshot}', ObjectRule), LABELS)
    reports.take(shot(1), persons(1), rules, LABELS)
    reports.end()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    reports = EventReports('/detectnet', KeptObjects(), pytest.fail)
    with pytest.raises(SettingsError, match=r'events_folder: cannot make .*file'):
        reports.begin(str(tmp_path / 'file' / 'events'), LIMITS, 5.0)
