# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Events of a detectnet node in a real graph: published, and kept on the disk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from rclpy.parameter import Parameter
from ros_graph import ended
from sensor_msgs.msg import Image

from ros_deep_learning.events.keeping import kept_folders
from ros_deep_learning.events.rules import EventRule
from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.messages.event_message import EventMessage

RULES = 'cat: {classes: cat, min_score: 0.4, save: snapshot}\nno_person: {classes: person}\n'


@pytest.fixture
def node(
    active_here: Callable[..., Any], ssd_onnx: Path, tmp_path: Path
) -> Iterator[DetectNetNode]:
    node = active_here(
        DetectNetNode, *('-p', 'backend:=onnxruntime', '-p', f'events_folder:={tmp_path / "kept"}')
    )
    result = node.set_parameters([Parameter('events', value=RULES)])[0]
    assert result.successful, result.reason
    return node


@pytest.fixture
def show(
    node: DetectNetNode, graph: Any, make_image: Callable[..., Image]
) -> Callable[[NDArray[np.uint8]], Image]:
    """Publish an image, and wait until the node is done with it."""
    publisher = graph.image_publisher('/detectnet/image_in')
    (camera,) = node.cameras
    count = 0

    def publish(picture: NDArray[np.uint8]) -> Image:
        nonlocal count
        count += 1
        image = make_image(picture, stamp=count)
        publisher.publish(image)
        graph.wait_until('its end', lambda: ended(camera) == count)
        return image

    return publish


def test_an_event_is_kept_although_nobody_subscribes(
    node: DetectNetNode,
    graph: Any,
    show: Callable[..., Image],
    chelsea: NDArray[np.uint8],
    tmp_path: Path,
) -> None:
    folder = tmp_path / 'kept'
    show(np.zeros_like(chelsea))
    show(chelsea)
    graph.wait_until('the event on the disk', lambda: len(kept_folders(folder)) == 1)
    show(chelsea)
    node.trigger_deactivate()
    (kept,) = kept_folders(folder)
    assert kept.name.endswith('Z-cat')
    facts = json.loads((kept / 'event.json').read_text())
    assert (facts['rule']['name'], facts['count'], facts['node']) == ('cat', 1, '/detectnet')
    assert [one['label'] for one in facts['found']] == ['cat']
    picture = cv2.imread(str(kept / 'picture.jpg'))
    assert np.abs(picture[..., ::-1].astype(int) - chelsea).mean() < 5


@pytest.mark.own_messages
def test_begin_and_end_are_published_with_the_header_of_their_image(
    node: DetectNetNode, graph: Any, show: Callable[..., Image], chelsea: NDArray[np.uint8]
) -> None:
    told = graph.inbox('/detectnet/events', EventMessage)
    (camera,) = node.cameras
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('events'))
    begun, ended_by = show(chelsea), show(np.zeros_like(chelsea))
    graph.wait_until('both', lambda: len(told) == 2)
    first, second = told.messages
    assert (first.header, second.header) == (begun.header, ended_by.header)
    assert [(one.rule, one.begins, one.count) for one in told.messages] == [
        ('cat', True, 1),
        ('cat', False, 0),
    ]
    assert (first.lasted_s, second.lasted_s) == (0.0, 1.0)
    assert '/kept/' in first.saved
    assert second.saved == ''


def test_the_parameter_file_and_the_rules_of_the_document(
    active_here: Callable[..., Any], ssd_onnx: Path, tmp_path: Path
) -> None:
    text = (Path(__file__).parents[2] / 'docs' / 'events.md').read_text()
    (file,) = re.findall('```yaml\n(.*?)```', text, re.S)
    path = tmp_path / 'events.yaml'
    file = file.replace('~/events', str(tmp_path / 'kept'))
    # Robots need not have the libraries for bags.
    path.write_text(file if find_spec('rosbags') else file.replace('save: bag', 'save: snapshot'))
    node = active_here(DetectNetNode, '--params-file', str(path))
    assert [one.rule.name for one in node.setup.now.plan.events] == [
        'loitering',
        'crowd',
        'animal',
    ]
    assert node.runs_unwatched()
    (given,) = re.findall("ros2 param set /detectnet events '(.*)'", text)
    for rules, reason in (
        ('a: {classes: kat}', "events: rule 'a': classes: 'kat' is none of the"),
        ('a: {count: none}', "events: rule 'a': a value has a wrong type"),
    ):
        result = node.set_parameters([Parameter('events', value=rules)])[0]
        assert not result.successful
        assert reason in result.reason
    assert node.runs_unwatched()
    # As ros2 param set reads it, and as older ones pass it on.
    for value in (yaml.safe_load(given), given):
        assert node.set_parameters([Parameter('events', value=value)])[0].successful
    assert not node.runs_unwatched()
    (table,) = re.findall('## A rule\n(.*?)\n## ', text, re.S)
    keys = re.findall('^\\| `([a-z_]+)` \\|', table, re.M)
    assert keys == [field.name for field in fields(EventRule) if field.name != 'name']
