# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Events of the nodes in a real graph: published, and kept on the disk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
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

from ros_deep_learning.events.area_rules import AreaRule
from ros_deep_learning.events.class_rules import ClassRule
from ros_deep_learning.events.keeping import kept_folders
from ros_deep_learning.events.object_rules import ObjectRule
from ros_deep_learning.events.rules import EventRule, keys_of
from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.lifecycle.event_node import EventNode
from ros_deep_learning.nodes.messages.event_message import EventMessage
from ros_deep_learning.nodes.segnet import SegNetNode

TEXT = (Path(__file__).parents[2] / 'docs' / 'events.md').read_text()
RULES: dict[type[EventNode], str] = {
    DetectNetNode: 'seen: {classes: cat, min_score: 0.4, save: snapshot}\nnone: {classes: person}',
    ImageNetNode: 'seen: {classes: "tabby, tiger cat, egyptian cat", min_score: 0.3, save: bag}',
    SegNetNode: 'seen: {classes: person, region: [0.25, 0.25, 0.75, 1], save: bag}',
}
needs_bags = pytest.mark.skipif(not find_spec('rosbags'), reason='rosbags is not installed')


@pytest.fixture
def node(
    request: pytest.FixtureRequest,
    active_here: Callable[..., Any],
    ssd_onnx: Path,
    tmp_path: Path,
) -> Iterator[EventNode]:
    node_type = getattr(request, 'param', DetectNetNode)
    node = active_here(
        node_type, *('-p', 'backend:=onnxruntime', '-p', f'events_folder:={tmp_path / "kept"}')
    )
    result = node.set_parameters([Parameter('events', value=RULES[node_type])])[0]
    assert result.successful, result.reason
    return node


@pytest.fixture
def show(
    node: EventNode, graph: Any, make_image: Callable[..., Image]
) -> Callable[[NDArray[np.uint8]], Image]:
    """Publish an image, and wait until the node is done with it."""
    publisher = graph.image_publisher(f'/{node.get_name()}/image_in')
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
    node: EventNode,
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
    assert kept.name.endswith('Z-seen')
    facts = json.loads((kept / 'event.json').read_text())
    assert (facts['rule']['name'], facts['count'], facts['node']) == ('seen', 1, '/detectnet')
    assert [one['label'] for one in facts['found']] == ['cat']
    picture = cv2.imread(str(kept / 'picture.jpg'))
    assert np.abs(picture[..., ::-1].astype(int) - chelsea).mean() < 5


@pytest.mark.own_messages
def test_begin_and_end_are_published_with_the_header_of_their_image(
    node: EventNode, graph: Any, show: Callable[..., Image], chelsea: NDArray[np.uint8]
) -> None:
    told = graph.inbox('/detectnet/events', EventMessage)
    (camera,) = node.cameras
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('events'))
    begun, ended_by = show(chelsea), show(np.zeros_like(chelsea))
    graph.wait_until('both', lambda: len(told) == 2)
    first, second = told.messages
    assert (first.header, second.header) == (begun.header, ended_by.header)
    assert [(one.rule, one.begins, one.value, one.count) for one in told.messages] == [
        ('seen', True, 1.0, 1),
        ('seen', False, 0.0, 0),
    ]
    assert (first.lasted_s, second.lasted_s) == (0.0, 1.0)
    assert '/kept/' in first.saved
    assert second.saved == ''


@needs_bags
@pytest.mark.own_messages
@pytest.mark.parametrize('node', [ImageNetNode, SegNetNode], indirect=True)
def test_events_of_the_other_nodes(
    node: EventNode,
    graph: Any,
    show: Callable[..., Image],
    chelsea: NDArray[np.uint8],
    astronaut: NDArray[np.uint8],
    tmp_path: Path,
) -> None:
    import bags_on_disk as disk

    name = node.get_name()
    told = graph.inbox(f'/{name}/events', EventMessage)
    (camera,) = node.cameras
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('events'))
    picture = chelsea if name == 'imagenet' else astronaut
    images = [show(one) for one in (np.zeros_like(picture), picture, np.zeros_like(picture))]
    graph.wait_until('both', lambda: len(told) == 2)
    begun, ended_by = told.messages
    assert [one.header for one in told.messages] == [images[1].header, images[2].header]
    assert (begun.begins, ended_by.begins) == (True, False)
    assert 0.3 < begun.value <= 1
    assert ended_by.value < 0.3
    node.trigger_deactivate()
    (kept,) = kept_folders(tmp_path / 'kept')
    facts = json.loads((kept / 'event.json').read_text())
    assert facts['value'] == pytest.approx(begun.value, abs=1e-6)
    topics = disk.connections(kept / 'bag')
    if name == 'imagenet':
        assert 'cat' in facts['found'][0]['label']
        (*_, seen) = disk.of_topic(kept / 'bag', '/imagenet/classification')
        assert 'cat' in seen.results[0].class_id
        return
    mask = cv2.imread(str(kept / 'class_mask.png'), cv2.IMREAD_UNCHANGED)
    height, width = mask.shape
    part = mask[height // 4 :, width // 4 : width * 3 // 4]
    assert (part == 1).mean() == pytest.approx(begun.value, abs=1e-6)
    assert begun.count == (part == 1).sum()
    (*_, packed) = disk.of_topic(kept / 'bag', '/segnet/class_mask/compressed')
    content = np.frombuffer(bytes(packed.data), np.uint8)
    assert (cv2.imdecode(content, cv2.IMREAD_UNCHANGED) == mask).all()
    assert set(topics) == {'/segnet/image/compressed', '/segnet/class_mask/compressed'}


@pytest.mark.parametrize(
    ('node_type', 'names'),
    [
        (DetectNetNode, ['loitering', 'crowd', 'animal']),
        (ImageNetNode, ['coffee']),
        (SegNetNode, ['close']),
    ],
)
def test_the_parameter_file_of_the_document(
    active_here: Callable[..., Any],
    ssd_onnx: Path,
    tmp_path: Path,
    node_type: type[EventNode],
    names: list[str],
) -> None:
    (file,) = re.findall('```yaml\n(.*?)```', TEXT, re.S)
    path = tmp_path / 'events.yaml'
    file = file.replace('~/events', str(tmp_path / 'kept'))
    # Robots need not have the libraries for bags.
    path.write_text(file if find_spec('rosbags') else file.replace('save: bag', 'save: snapshot'))
    node = active_here(node_type, '--params-file', str(path))
    assert [one.rule.name for one in node.setup.now.plan.events] == names
    assert node.runs_unwatched()


def test_rules_are_set_on_a_running_node(node: EventNode) -> None:
    (given,) = re.findall("ros2 param set /detectnet events '(.*)'", TEXT)
    for rules, reason in (
        ('a: {classes: kat}', "events: rule 'a': classes: 'kat' is none of the"),
        ('a: {count: none}', "events: rule 'a': a value has a wrong type"),
        ('a: {stay_s: 3}', "events: rule 'a' has stay_s, which needs the numbers of tracks; to f"),
    ):
        result = node.set_parameters([Parameter('events', value=rules)])[0]
        assert not result.successful
        assert reason in result.reason
    assert node.runs_unwatched()
    # As ros2 param set reads it, and as older ones pass it on.
    for value in (yaml.safe_load(given), given):
        assert node.set_parameters([Parameter('events', value=value)])[0].successful
    assert not node.runs_unwatched()
    both = [Parameter('events', value='a: {stay_s: 3}'), Parameter('tracking', value='iou')]
    assert node.set_parameters_atomically(both).successful
    assert not node.set_parameters([Parameter('tracking', value='none')])[0].successful


@needs_bags
@pytest.mark.parametrize('node', [DetectNetNode, ImageNetNode, SegNetNode], indirect=True)
def test_a_rule_that_was_removed_and_is_set_again_begins_anew(
    node: EventNode,
    graph: Any,
    show: Callable[..., Image],
    chelsea: NDArray[np.uint8],
    astronaut: NDArray[np.uint8],
    tmp_path: Path,
) -> None:
    # A subscriber keeps the node running while it has no rule.
    graph.inbox(f'/{node.get_name()}/overlay', Image)
    (camera,) = node.cameras
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('overlay'))
    picture = astronaut if isinstance(node, SegNetNode) else chelsea
    rules = node.settings.events
    for now in (rules, '', rules):
        assert node.set_parameters([Parameter('events', value=now)])[0].successful
        show(picture)
    node.trigger_deactivate()
    assert len(kept_folders(tmp_path / 'kept')) == 2


@pytest.mark.parametrize(
    ('node', 'kind'), [('detectnet', ObjectRule), ('imagenet', ClassRule), ('segnet', AreaRule)]
)
def test_every_key_is_in_the_document(node: str, kind: type[EventRule]) -> None:
    keys = []
    for title in ('all nodes', node):
        (section,) = re.findall(f'## Rules of {title}\n(.*?)\n## ', TEXT, re.S)
        keys += re.findall('^\\| `([a-z_]+)` \\|', section, re.M)
    assert keys == list(keys_of(kind))
