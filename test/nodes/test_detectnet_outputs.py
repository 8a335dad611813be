# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the detectnet node makes and how it publishes it, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from ros_graph import ended
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray, LabelInfo

from ros_deep_learning import TrackingSettings
from ros_deep_learning.networks import DetectNet
from ros_deep_learning.nodes import detectnet as detectnet_module
from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.messages import inference_stats as stats
from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS

pytestmark = pytest.mark.rclpy


@pytest.fixture
def node(active_here: Callable[..., Any], ssd_onnx: Path) -> DetectNetNode:
    node: DetectNetNode = active_here(DetectNetNode)
    return node


def test_only_what_is_subscribed_to_is_made(
    node: DetectNetNode,
    graph: Any,
    make_image: Callable[..., Image],
    chelsea: np.ndarray,
    calls_of: Callable[..., list[str]],
) -> None:
    made = calls_of(
        (detectnet_module, 'draw_detections'),
        (detectnet_module, 'outgoing_detections'),
        (DetectNet, 'detect_each'),
    )
    publisher = graph.image_publisher('/detectnet/image_in')
    (camera,) = node.cameras

    def show(count: int) -> Image:
        image = make_image(chelsea, stamp=count)
        publisher.publish(image)
        graph.wait_until('its end', lambda: ended(camera) == count)
        return image

    graph.inbox('/detectnet/label_info', LabelInfo, LATCHED_QOS)
    graph.wait_until('a subscriber', lambda: node.latched.wanted('label_info'))
    show(1)
    objects = graph.inbox('/detectnet/detections', Detection2DArray)
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('detections'))
    assert made == []
    sent = show(2)
    graph.wait_until('the objects', lambda: len(objects) == 1)
    assert objects.messages[0].header == sent.header
    assert made == ['detect_each', 'outgoing_detections']
    overlay = graph.inbox('/detectnet/overlay', Image)
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('overlay'))
    sent = show(3)
    graph.wait_until('the overlay', lambda: len(overlay) == 1)
    assert overlay.messages[0].header == sent.header
    assert made[2:] == ['detect_each', 'outgoing_detections', 'draw_detections']


@pytest.mark.own_messages
def test_stats_alone_are_worth_a_run(
    node: DetectNetNode,
    graph: Any,
    make_image: Callable[..., Image],
    chelsea: np.ndarray,
    calls_of: Callable[..., list[str]],
) -> None:
    made = calls_of((detectnet_module, 'outgoing_detections'), (DetectNet, 'detect_each'))
    told = graph.inbox('/detectnet/stats', stats.InferenceStats)
    publisher = graph.image_publisher('/detectnet/image_in')
    (camera,) = node.cameras
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('stats'))
    sent = make_image(chelsea)
    publisher.publish(sent)
    graph.wait_until('the stats', lambda: len(told) == 1)
    assert told.messages[0].header == sent.header
    assert told.messages[0].frames == 1
    assert made == ['detect_each']


def test_results_are_reliable_and_information_latched(node: DetectNetNode, graph: Any) -> None:
    for topic in ['detections', 'overlay'] + (['stats'] if stats.InferenceStats else []):
        assert graph.policies(f'/detectnet/{topic}') == {('RELIABLE', 'VOLATILE')}
    for topic in ('vision_info', 'label_info'):
        assert graph.policies(f'/detectnet/{topic}') == {('RELIABLE', 'TRANSIENT_LOCAL')}


def test_track_numbers_are_not_used_again_after_a_clean_up(
    node: DetectNetNode, chelsea: np.ndarray
) -> None:
    def numbers() -> list[int]:
        tracker = node.cameras[0].memory
        tracker.settings = TrackingSettings(min_frames=1)
        return [int(i) for i in tracker.update(node.network.detect(chelsea)).track_ids]

    first = numbers()
    assert min(first) >= 0
    for transition in ('deactivate', 'cleanup', 'configure', 'activate'):
        assert getattr(node, f'trigger_{transition}')() == TransitionCallbackReturn.SUCCESS
    assert min(numbers()) > max(first)
