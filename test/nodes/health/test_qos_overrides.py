# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Quality of service that a user has set, and what /diagnostics has of what does not match."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from health import Health
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Classification

from ros_deep_learning.nodes.imagenet import ImageNetNode

pytestmark = pytest.mark.rclpy
OK, WARN = DiagnosticStatus.OK, DiagnosticStatus.WARN
BLANK = np.full((120, 160, 3), 128, np.uint8)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def test_publishers_that_cannot_be_heard_are_named_until_they_are_gone(
    active_here: Callable[..., Any], graph: Any, health: Health, make_image: Callable[..., Image]
) -> None:
    active_here(
        ImageNetNode,
        '-p', 'image_timeout:=0.0',
        '-p', 'qos_overrides./imagenet/image_in.subscription.durability:=transient_local',
    )  # fmt: skip
    volatile = graph.node.create_publisher(Image, '/imagenet/image_in', 5)
    said = health.wait('frames', WARN, '/tester publishes on /imagenet/image_in with durability ')
    assert 'make the publisher transient local' in said
    assert 'qos_overrides./imagenet/image_in.subscription.durability to volatile' in said
    graph.node.destroy_publisher(volatile)
    health.wait('frames', OK, 'waits for images on /imagenet/image_in')
    wrong = graph.node.create_publisher(CompressedImage, '/imagenet/image_in', LATCHED)
    health.wait('frames', WARN, 'with type sensor_msgs/msg/CompressedImage')
    graph.node.destroy_publisher(wrong)
    health.wait('frames', OK, 'waits for images on /imagenet/image_in')
    # One that offers enough is heard.
    latched = graph.node.create_publisher(Image, '/imagenet/image_in', LATCHED)
    classes = graph.inbox('/imagenet/classification', Classification)
    graph.ask(latched, make_image(BLANK), classes)


def test_qualities_of_outputs_can_be_overridden(
    active_here: Callable[..., Any], graph: Any, make_image: Callable[..., Image]
) -> None:
    topic = '/imagenet/classification'
    active_here(
        ImageNetNode,
        '-p', f'qos_overrides.{topic}.publisher.durability:=transient_local',
        '-p', f'qos_overrides.{topic}.publisher.depth:=1',
        '-p', 'qos_overrides./imagenet/overlay.publisher.reliability:=best_effort',
    )  # fmt: skip
    infos = graph.wait_until(
        'the publisher', lambda: graph.node.get_publishers_info_by_topic('/imagenet/overlay')
    )
    assert infos[0].qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    classes = graph.inbox(topic, Classification)
    graph.ask(graph.image_publisher('/imagenet/image_in'), make_image(BLANK, stamp=3), classes)
    # Who comes late gets the last one.
    late = graph.inbox(topic, Classification, LATCHED)
    graph.wait_until('the last result', lambda: len(late))
    assert late.messages[0].header.stamp.sec == 3
