# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the outgoing images."""

from __future__ import annotations

import array
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.nodes.messages.outgoing_images import ImageMessages

pytestmark = pytest.mark.rclpy

HEADER = Header(frame_id='camera')


@pytest.mark.parametrize(('encoding', 'shape'), [('rgb8', (2, 3, 3)), ('mono8', (2, 3))])
def test_what_is_drawn_is_what_goes_out(encoding: str, shape: tuple[int, ...]) -> None:
    message, pixels = ImageMessages().canvas('mask', HEADER, (3, 2), encoding)
    assert pixels.shape == shape
    pixels[...] = np.arange(pixels.size).reshape(shape)
    assert isinstance(message.data, array.array)
    assert message.data.tolist() == list(range(pixels.size))
    assert (message.header, message.encoding) == (HEADER, encoding)
    assert (message.width, message.height) == (3, 2)
    assert (message.step, message.is_bigendian) == (pixels.size // 2, 0)


def test_memory_is_used_again_by_topic_while_the_size_stays() -> None:
    images = ImageMessages()
    first, pixels = images.canvas('mask', HEADER, (3, 2), 'mono8')
    later = Header(frame_id='other')
    again, same = images.canvas('mask', later, (3, 2), 'mono8')
    assert again is first
    assert first.header == later
    assert np.shares_memory(pixels, same)
    other, _ = images.canvas('overlay', HEADER, (3, 2), 'mono8')
    turned, _ = images.canvas('mask', HEADER, (2, 3), 'mono8')
    images.clear()
    cleared, _ = images.canvas('overlay', HEADER, (3, 2), 'mono8')
    assert len({id(message) for message in (first, other, turned, cleared)}) == 4


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
def test_a_copy_is_rgb_whatever_the_source(order: Any) -> None:
    wanted = np.random.default_rng(1).integers(0, 256, (4, 5, 3), np.uint8)
    padded = np.zeros((4, 7, 3), np.uint8)
    padded[:, :5] = wanted if order == 'rgb' else wanted[..., ::-1]
    padded.flags.writeable = False
    _, pixels = ImageMessages().copy('overlay', HEADER, Pixels(padded[:, :5], order))
    np.testing.assert_array_equal(pixels, wanted)


def test_a_message_may_be_drawn_on_once_it_is_published(graph: Any) -> None:
    inbox = graph.inbox('/mask', Image)
    publisher = graph.node.create_publisher(Image, '/mask', 10)
    graph.wait_until('a subscriber', publisher.get_subscription_count)
    images = ImageMessages()
    for value in range(10):
        message, pixels = images.canvas('mask', HEADER, (640, 480), 'mono8')
        pixels[...] = value
        publisher.publish(message)
        pixels[...] = 99
    graph.wait_until('all', lambda: len(inbox) == 10)
    for value, message in enumerate(inbox.messages):
        assert set(message.data) == {value}
