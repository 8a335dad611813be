# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of where the calibration of a camera is read, and which one belongs to an image."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from ros_deep_learning.nodes.stream.calibration import KEPT, Calibration


def calibration(image_topic: str, prefix: str = '~/', remapped: str = '') -> Calibration:
    def resolve(name: str, *, only_expand: bool = False) -> str:
        if remapped and name.endswith('camera_info_in') and not only_expand:
            return remapped
        return name.replace('~', '/segnet')

    node: Any = SimpleNamespace(resolve_topic_name=resolve, create_timer=lambda *_, **__: None)
    return Calibration(node, prefix, image_topic, lambda: True, None)


@pytest.mark.parametrize(
    ('images', 'prefix', 'remapped', 'topic'),
    [
        ('/camera/color/image_raw', '~/', '', '/camera/color/camera_info'),
        ('/image', '~/', '', '/camera_info'),
        ('/camera/image_raw', '~/', '/elsewhere', '/elsewhere'),
        # Beside these, the node publishes its own.
        ('/segnet/image_in', '~/', '', '/segnet/camera_info_in'),
        ('/segnet/front/image_in', '~/front/', '', '/segnet/front/camera_info_in'),
        ('/front/image', '~/front/', '', '/front/camera_info'),
    ],
)
def test_the_calibration_is_read_beside_the_images(
    images: str, prefix: str, remapped: str, topic: str
) -> None:
    assert calibration(images, prefix, remapped).topic == topic


def test_the_one_of_the_same_moment_is_taken_or_else_the_newest() -> None:
    camera = calibration('/camera/image_raw')
    assert camera.at(Time(sec=1)) is None
    for sec in range(1, KEPT + 2):
        camera._take(CameraInfo(header=Header(stamp=Time(sec=sec))))
    assert camera.at(Time(sec=3)).header.stamp.sec == 3
    assert camera.at(Time(sec=1)).header.stamp.sec == KEPT + 1
    assert camera.at(Time(sec=3, nanosec=1)).header.stamp.sec == KEPT + 1


def test_what_closes_while_the_node_looks_leaves_no_subscription() -> None:
    destroyed: list[Any] = []
    closing: list[threading.Thread] = []

    def subscribe(*_: Any, **__: Any) -> str:
        # A deactivation in another thread, while the middleware is at work.
        closing.append(threading.Thread(target=camera.close))
        closing[0].start()
        closing[0].join(0.1)
        return 'subscription'

    camera = calibration('/camera/image_raw')
    camera._timer = object()
    camera._node.create_subscription = subscribe
    camera._node.destroy_timer = lambda _: None
    camera._node.destroy_subscription = destroyed.append
    camera._look()
    closing[0].join(10)
    assert destroyed == ['subscription']
