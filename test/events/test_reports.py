# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the events of a node's cameras without a graph: what is kept of them, and where."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bags_on_disk as disk
import numpy as np
import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.events.keeping import Limits, kept_folders
from ros_deep_learning.events.rules import compile_rules, parse_rules
from ros_deep_learning.imaging.pixels import Pixels
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


def persons(count: int) -> Detections:
    boxes = np.tile(np.array([[2, 2, 9, 9]], np.float32), (count, 1))
    return Detections(
        boxes, np.full(count, 0.5, np.float32), np.zeros(count, np.int32), (48, 32), labels=LABELS
    )


def test_a_bag_is_kept_of_the_camera_that_saw_it(tmp_path: Path) -> None:
    warnings: list[str] = []
    reports = EventReports('/detectnet', warnings.append)
    reports.begin(str(tmp_path), LIMITS, 5.0)
    rules = compile_rules(parse_rules('crowd: {count: 2, save: bag}\nany: {}'), LABELS)
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
    # Up to the event, and at most 10 a second.
    assert 1 <= len(messages) <= 3
    assert messages[0].header.frame_id == 'lens'


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    reports = EventReports('/detectnet', pytest.fail)
    reports.begin('', LIMITS, 5.0)
    rules = compile_rules(parse_rules('any: {save: snapshot}'), LABELS)
    reports.take(shot(1), persons(1), rules, LABELS)
    reports.end()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    reports = EventReports('/detectnet', pytest.fail)
    with pytest.raises(SettingsError, match=r'events_folder: cannot make .*file'):
        reports.begin(str(tmp_path / 'file' / 'events'), LIMITS, 5.0)
