# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The configurations of rviz2 and Foxglove, held against what the nodes publish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.segnet import SegNetNode
from ros_deep_learning.nodes.video_source import VideoSourceNode

ROOT = Path(__file__).parents[2]
NODES = (DetectNetNode, ImageNetNode, SegNetNode, VideoSourceNode)
PUBLISHED = {
    topic.name.replace('~', f'/{node.default_name}'): topic.type
    for node in NODES
    for topic in node.topics
    if topic.way == 'out'
}
# From the plugin descriptions of rviz_common and rviz_default_plugins.
RVIZ_CLASSES = {
    'rviz_common/Displays',
    'rviz_default_plugins/Image',
    'rviz_default_plugins/MoveCamera',
    'rviz_default_plugins/Orbit',
}
RVIZ = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / 'rviz').glob('*.rviz')}


def classes_in(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from filter(None, [part.get('Class')])
        for value in part.values():
            yield from classes_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from classes_in(value)


def displays_of(name: str) -> dict[str, str]:
    displays = RVIZ[name]['Visualization Manager']['Displays']
    return {display['Name']: display['Topic']['Value'] for display in displays}


def test_each_launch_of_vision_nodes_has_a_configuration() -> None:
    assert set(RVIZ) == {'detectnet', 'imagenet', 'segnet', 'vision'}


@pytest.mark.parametrize('name', RVIZ)
def test_rviz_shows_the_camera_and_every_picture_of_the_node(name: str) -> None:
    assert set(classes_in(RVIZ[name])) <= RVIZ_CLASSES
    topics = displays_of(name).values()
    assert '/video_source/raw' in topics
    for topic in topics:
        assert PUBLISHED[topic] == 'sensor_msgs/Image', topic
    overlays = {t for t in PUBLISHED if t.endswith('/overlay')}
    wanted = overlays if name == 'vision' else {f'/{name}/overlay'}
    assert wanted <= set(topics)


def test_rviz_shows_the_masks_of_segnet() -> None:
    assert {'/segnet/color_mask', '/segnet/confidence_mask'} <= set(displays_of('segnet').values())


@pytest.mark.parametrize('name', RVIZ)
def test_rviz_docks_every_display_where_the_window_expects_it(name: str) -> None:
    geometry = RVIZ[name]['Window Geometry']
    # Qt keeps the names of docks as UTF-16 (QMainWindow::saveState).
    state = bytes.fromhex(geometry['QMainWindow State']).decode('utf-16-be', errors='replace')
    state += bytes.fromhex(geometry['QMainWindow State'])[1:].decode('utf-16-be', errors='replace')
    for display in displays_of(name):
        assert display in state
        assert geometry[display] == {'collapsed': False}


def test_subscriptions_of_rviz_match_the_publishers() -> None:
    for config in RVIZ.values():
        for display in config['Visualization Manager']['Displays']:
            topic = display['Topic']
            # Drivers publish as either; our results are reliable, and too large for best effort.
            of_camera = topic['Value'] == '/video_source/raw'
            assert topic['Reliability Policy'] == ('Best Effort' if of_camera else 'Reliable')
            assert topic['Durability Policy'] == 'Volatile'
            assert topic['History Policy'] == 'Keep Last'


LAYOUT = json.loads((ROOT / 'config' / 'foxglove_layout.json').read_text())


def panels_in(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
        return
    assert set(part) == {'direction', 'first', 'second', 'splitPercentage'}
    assert part['direction'] in ('row', 'column')
    assert 0 < part['splitPercentage'] < 100
    yield from panels_in(part['first'])
    yield from panels_in(part['second'])


def test_foxgloves_layout_places_each_panel_once() -> None:
    assert sorted(panels_in(LAYOUT['layout'])) == sorted(LAYOUT['configById'])
    kinds = {panel.partition('!')[0] for panel in LAYOUT['configById']}
    assert kinds == {'DiagnosticSummary', 'Image', 'Plot'}


@pytest.mark.own_messages
def test_foxglove_shows_what_the_nodes_publish() -> None:
    from ros_deep_learning.msg import InferenceStats

    panels = LAYOUT['configById']
    for name, panel in panels.items():
        if name.startswith('Image!'):
            assert PUBLISHED[panel['imageMode']['imageTopic']] == 'sensor_msgs/Image'
            for topic in panel['imageMode'].get('annotations', {}):
                assert PUBLISHED[topic] == 'foxglove_msgs/ImageAnnotations'
    assert PUBLISHED[panels['DiagnosticSummary!all']['topicToRender']].endswith('DiagnosticArray')
    for path in panels['Plot!age']['paths']:
        topic, _, field = path['value'].partition('.')
        assert PUBLISHED[topic] == 'ros_deep_learning/InferenceStats'
        assert field in InferenceStats.get_fields_and_field_types()
