# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the imagenet node makes and how it publishes it, in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ros_graph import ended
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, LabelInfo

from ros_deep_learning.networks import ImageNet
from ros_deep_learning.nodes import imagenet as imagenet_module
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.messages import inference_stats as stats
from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS

pytestmark = pytest.mark.rclpy
BLANK = np.full((120, 160, 3), 128, np.uint8)


@pytest.fixture
def node(active_here: Callable[..., Any]) -> ImageNetNode:
    node: ImageNetNode = active_here(ImageNetNode)
    return node


def test_only_what_is_subscribed_to_is_made(
    node: ImageNetNode,
    graph: Any,
    make_image: Callable[..., Image],
    calls_of: Callable[..., list[str]],
) -> None:
    made = calls_of(
        (imagenet_module, 'draw_classification'),
        (imagenet_module, 'outgoing_classification'),
        (ImageNet, 'classify_each'),
    )
    publisher = graph.image_publisher('/imagenet/image_in')
    (camera,) = node.cameras

    def show(count: int) -> None:
        publisher.publish(make_image(BLANK, stamp=count))
        graph.wait_until('its end', lambda: ended(camera) == count)

    graph.inbox('/imagenet/label_info', LabelInfo, LATCHED_QOS)
    graph.wait_until('a subscriber', lambda: node.latched.wanted('label_info'))
    show(1)
    classes = graph.inbox('/imagenet/classification', Classification)
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('classification'))
    assert made == []
    show(2)
    graph.wait_until('the classes', lambda: len(classes) == 1)
    assert made == ['classify_each', 'outgoing_classification']
    overlay = graph.inbox('/imagenet/overlay', Image)
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('overlay'))
    show(3)
    graph.wait_until('the overlay', lambda: len(overlay) == 1)
    assert made[2:] == ['classify_each', 'outgoing_classification', 'draw_classification']


def test_results_are_reliable_and_information_latched(node: ImageNetNode, graph: Any) -> None:
    names = ['classification', 'overlay'] + (['stats'] if stats.InferenceStats else [])
    for topic in names:
        assert graph.policies(f'/imagenet/{topic}') == {('RELIABLE', 'VOLATILE')}
    for topic in ('vision_info', 'label_info'):
        assert graph.policies(f'/imagenet/{topic}') == {('RELIABLE', 'TRANSIENT_LOCAL')}
