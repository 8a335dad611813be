# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The page of video_output: it shows the results of the node behind an overlay, and sets it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rclpy
from rcl_interfaces.msg import ParameterType, ParameterValue, SetParametersResult
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs import msg as vision_msgs

from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS
from ros_deep_learning.nodes.messages.results import (
    detections_message,
    label_info_message,
    vision_info_message,
)
from ros_deep_learning.nodes.video_output import VideoOutputNode
from ros_deep_learning.nodes.watched_node import WatchedNode
from ros_deep_learning.tasks.detection import Detections
from ros_deep_learning.video.page.panel import LiveSettings, Panel

LABELS = ['person', 'cat, of any kind', 'car']
FOUND = Detections(
    boxes_xyxy=np.array([[1, 2, 11, 22]], np.float32),
    scores=np.array([0.75], np.float32),
    class_ids=np.array([2], np.int32),
    source_wh=(64, 48),
    track_ids=np.array([7]),
)


@pytest.fixture
def detector(graph: Any) -> Iterator[Any]:
    """Make a stand-in of detectnet, with its live parameters."""
    node = rclpy.create_node('detector', context=graph.node.context)
    node.declare_parameter('threshold', 0.5)
    node.declare_parameter('classes', '')
    graph._executor.add_node(node)
    yield node
    graph._executor.remove_node(node)
    node.destroy_node()


@pytest.mark.rclpy
def test_results_and_settings_of_the_node_behind_an_overlay(
    spinning: Callable[..., Any], graph: Any, detector: Any, make_image: Callable[..., Image]
) -> None:
    node = spinning(
        VideoOutputNode,
        *('-p', 'resource:=http://localhost:0', '-r', '~/image_in:=/detector/overlay'),
    )
    page = node._sink
    overlay = detector.create_publisher(Image, '/detector/overlay', 5)
    info = detector.create_publisher(vision_msgs.VisionInfo, '/detector/vision_info', LATCHED_QOS)
    labels = detector.create_publisher(vision_msgs.LabelInfo, '/detector/label_info', LATCHED_QOS)
    found = detector.create_publisher(vision_msgs.Detection2DArray, '/detector/detections', 5)
    image = make_image(np.full((48, 64, 3), 90, np.uint8), stamp=5)
    info.publish(vision_info_message(image.header, 'ssd-mobilenet-v2', '/detector/label_info'))
    labels.publish(label_info_message(image.header, LABELS, 0.5))

    def panel() -> dict[str, Any]:
        return json.loads(page._panel.to_json())

    graph.wait_until('the settings', lambda: panel()['score_threshold'] == 0.5)
    assert panel() == {
        'title': 'ssd-mobilenet-v2',
        'source': '/detector',
        'labels': LABELS,
        'score_threshold': 0.5,
        'class_ids': [],
    }
    graph.wait_until('the subscription', lambda: found.get_subscription_count())

    def rows() -> Any:
        found.publish(detections_message(image.header, FOUND, LABELS))
        overlay.publish(image)
        shown = page._newest._shown
        return shown and shown.report.rows

    (row,) = graph.wait_until('the results', rows)
    box = {'box_xyxy': [1.0, 2.0, 11.0, 22.0], 'track_id': '7'}
    assert row == {'label': 'car', 'score': 0.75, **box}
    with urllib.request.urlopen(f'{page.url}picture.jpg', timeout=30) as answer:
        assert answer.read(3) == b'\xff\xd8\xff'

    page.on_change(Panel(labels=LABELS, settings=LiveSettings(0.25, frozenset({1, 2}))))
    graph.wait_until('the threshold', lambda: detector.get_parameter('threshold').value == 0.25)
    assert detector.get_parameter('classes').value == '["cat, of any kind", "car"]'
    graph.wait_until('the panel', lambda: panel()['class_ids'] == [1, 2])

    # A viewer chose a class of the network before, which had more of them.
    before = Panel(labels=[*LABELS, 'bus'], settings=LiveSettings(0.25, frozenset({3})))
    page.on_change(before)
    graph.wait_until('its name', lambda: detector.get_parameter('classes').value == '["bus"]')
    page.on_change(Panel(labels=LABELS, settings=LiveSettings(0.25, frozenset({1, 2}))))
    graph.wait_until('the panel', lambda: panel()['class_ids'] == [1, 2])

    # What the node refuses, the page does not show.
    refuse = lambda _: SetParametersResult(successful=False, reason='not now')  # noqa: E731
    detector.add_on_set_parameters_callback(refuse)
    page.set_settings(LiveSettings(0.9, frozenset()))
    page.on_change(Panel(labels=LABELS, settings=LiveSettings(0.9, frozenset())))
    graph.wait_until('the old value', lambda: panel()['score_threshold'] == 0.25)
    detector.remove_on_set_parameters_callback(refuse)

    # Somebody else sets it; the node tells so on its label_info.
    detector.set_parameters([Parameter('threshold', value=0.6)])
    labels.publish(label_info_message(image.header, LABELS, 0.6))
    graph.wait_until('the new value', lambda: panel()['score_threshold'] == 0.6)


class Unreachable:
    """A node that finds the overlay's publisher, but may not subscribe to its results."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def get_publishers_info_by_topic(self, topic: str) -> list[Any]:
        return [SimpleNamespace(node_name='detectnet', node_namespace='/')]

    def create_subscription(self, *_: Any) -> None:
        msg = 'Failed to create subscription: not allowed'
        raise RuntimeError(msg)

    def get_logger(self) -> Any:
        return SimpleNamespace(warning=self.warnings.append)


def test_a_page_whose_policy_lacks_the_node_shows_the_images() -> None:
    node = Unreachable()
    watched = WatchedNode(node, '/detectnet/overlay', SimpleNamespace())
    for _ in range(3):
        watched.tick()
    (warning,) = node.warnings
    assert 'without results of /detectnet: Failed to create subscription: not allowed' in warning
    assert 'video_output_page' in warning


def test_messages_of_other_programs_may_hold_anything() -> None:
    clock = SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=0))
    node = SimpleNamespace(get_clock=lambda: clock)
    panels: list[Panel] = []
    watched = WatchedNode(node, '/x/overlay', SimpleNamespace(set_panel=panels.append))
    message = detections_message(Header(), FOUND, LABELS)
    for lie in ('no results', 'no number', 'no box'):
        (one,) = detections_message(Header(), FOUND, LABELS).detections
        if lie == 'no results':
            one.results = []
        elif lie == 'no number':
            one.results[0].hypothesis.score = float('nan')
        else:
            one.bbox.size_x = float('inf')
        message.detections.append(one)
    watched._on_detections(message)
    (row,) = watched.report(message.header.stamp).rows
    assert row['label'] == 'car'
    message.detections = message.detections[:1] * 10_000
    watched._on_detections(message)
    assert len(watched.report(message.header.stamp).rows) == 300
    nan = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=float('nan'))
    names = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value='x')
    answer = SimpleNamespace(values=[nan, names])
    watched._on_values(SimpleNamespace(result=lambda: answer))
    assert json.loads(panels[-1].to_json())['score_threshold'] is None
