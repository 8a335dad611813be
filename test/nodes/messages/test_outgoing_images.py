# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the outgoing images."""

from __future__ import annotations

import array
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image
from serialized_bytes import HEADERS, assert_bytes_of_rclpy
from std_msgs.msg import Header

from ros_deep_learning.engines.on_device import HEADROOM
from ros_deep_learning.errors import ImageError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.nodes.messages.outgoing_images import OutgoingImages, compressed_message
from ros_deep_learning.nodes.messages.topics import message_type
from ros_deep_learning.nodes.rcl_calls import SerializedPublish

pytestmark = pytest.mark.rclpy

HEADER = Header(frame_id='camera')
SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5))
ENCODINGS = st.sampled_from(['rgb8', 'bgr8', 'mono8'])


def typed(image: Any, encoding: str) -> Image:
    """Make the message of rclpy that an outgoing image stands for."""
    width, height = image.size_wh
    step = image.pixels.size // height
    message = Image(width=width, height=height, encoding=encoding, step=step)
    message.header = image.header
    message.data = array.array('B', image.pixels.tobytes())
    return message


@given(st.lists(st.tuples(HEADERS, SIZES, ENCODINGS), min_size=1, max_size=4), st.randoms())
def test_the_bytes_are_those_of_rclpy(frames: list[Any], random: Any) -> None:
    images = OutgoingImages()
    for header, size_wh, encoding in frames:
        image = images.canvas('mask', header, size_wh, encoding)
        assert image.size_wh == size_wh
        assert image.pixels.shape[2:] == (() if encoding == 'mono8' else (3,))
        image.pixels[...] = random.randrange(256)
        image.pixels.flat[0] = random.randrange(256)
        assert_bytes_of_rclpy(image.message, typed(image, encoding))


@given(st.lists(st.tuples(HEADERS, SIZES, ENCODINGS), min_size=1, max_size=4), st.randoms())
def test_a_message_around_pixels_has_the_bytes_of_rclpy(frames: list[Any], random: Any) -> None:
    images = OutgoingImages()
    for header, (width, height), encoding in frames:
        shape = (height, width) if encoding == 'mono8' else (height, width, 3)
        memory = np.full(3 * HEADROOM, 7, np.uint8)
        pixels = memory[2 * HEADROOM :][: np.prod(shape)].reshape(shape)
        pixels[...] = random.randrange(256)
        image = images.around('mask', header, pixels, memory, encoding)
        if image is None:
            assert len(header.frame_id.encode()) > HEADROOM - 64
        else:
            assert_bytes_of_rclpy(image.message, typed(image, encoding))
            assert np.shares_memory(image.message, pixels)
        assert (memory[:HEADROOM] == 7).all()


def test_a_message_does_not_begin_in_the_part_before() -> None:
    memory = np.full(3 * HEADROOM, 7, np.uint8)
    pixels = memory[2 * HEADROOM :].reshape(1, -1)
    images = OutgoingImages()
    # The fields before the pixels, with their alignment, are 45 to 48 bytes and the frame_id.
    for length, fits in ((HEADROOM - 52, True), (HEADROOM - 40, False), (5000, False)):
        header = Header(frame_id='x' * length)
        image = images.around('mask', header, pixels, memory, 'mono8')
        assert (image is not None) is fits
        assert (memory[:HEADROOM] == 7).all()


@pytest.mark.own_messages
@given(st.lists(st.tuples(HEADERS, SIZES, st.integers(1, 300)), min_size=1, max_size=3))
def test_the_bytes_of_our_own_message_are_those_of_rclpy(frames: list[Any]) -> None:
    kind = message_type('ros_deep_learning/Segmentation')
    images, rng = OutgoingImages(), np.random.default_rng(0)
    for header, size_wh, class_count in frames:
        own = images.segmentation('segmentation', header, size_wh, class_count)
        masks = []
        for mask in (own.class_mask, own.confidence_mask):
            mask[...] = rng.integers(0, 256, size_wh[::-1])
            canvas = OutgoingImages().canvas('mask', header, size_wh, 'mono8')
            canvas.pixels[...] = mask
            masks.append(typed(canvas, 'mono8'))
        own.pixels[:] = rng.integers(0, 2**32, class_count)
        own.shares[:] = rng.random(class_count)
        message = kind(
            header=header,
            class_mask=masks[0],
            confidence_mask=masks[1],
            pixels=array.array('I', own.pixels.tolist()),
            shares=array.array('f', own.shares.tolist()),
        )
        assert_bytes_of_rclpy(own.message, message)


def test_memory_is_used_again_by_topic_while_the_layout_stays() -> None:
    images = OutgoingImages()
    first = images.canvas('mask', HEADER, (3, 2), 'mono8').message
    later = Header(frame_id='camera')
    later.stamp.sec = 7
    assert images.canvas('mask', later, (3, 2), 'mono8').message is first
    assert deserialize_message(first.tobytes(), Image).header == later
    others = [
        images.canvas('overlay', HEADER, (3, 2), 'mono8'),
        images.canvas('mask', Header(frame_id='other'), (3, 2), 'mono8'),
        images.canvas('mask', HEADER, (2, 3), 'mono8'),
        images.canvas('mask', HEADER, (2, 3), 'rgb8'),
    ]
    images.clear()
    others.append(images.canvas('overlay', HEADER, (3, 2), 'mono8'))
    messages = [first, *(other.message for other in others)]
    assert len({id(message) for message in messages}) == 6


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8'])
def test_a_copy_has_the_colours_of_its_source(order: Any, encoding: Any) -> None:
    wanted = np.random.default_rng(1).integers(0, 256, (4, 5, 3), np.uint8)
    padded = np.zeros((4, 7, 3), np.uint8)
    padded[:, :5] = wanted if encoding == f'{order}8' else wanted[..., ::-1]
    padded.flags.writeable = False
    image = OutgoingImages().copy('overlay', HEADER, Pixels(padded[:, :5], order), encoding)
    np.testing.assert_array_equal(image.pixels, wanted)
    assert deserialize_message(image.message.tobytes(), Image).encoding == encoding


def test_a_compressed_image_is_a_jpeg_with_the_header() -> None:
    image = OutgoingImages().canvas('overlay', HEADER, (64, 48), 'rgb8')
    image.pixels[...] = (200, 90, 10)
    message = deserialize_message(compressed_message(image, 90).tobytes(), CompressedImage)
    assert message.header == HEADER
    assert message.format == 'rgb8; jpeg compressed bgr8'
    seen = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(seen[..., ::-1].astype(int) - image.pixels).max() <= 3
    wide = OutgoingImages().canvas('overlay', HEADER, (70_000, 1), 'rgb8')
    with pytest.raises(ImageError, match='no JPEG can be made of 70000x1 pixels'):
        compressed_message(wide, 90)


def test_a_message_may_be_drawn_on_once_it_is_published(graph: Any) -> None:
    inbox = graph.inbox('/mask', Image)
    publisher = graph.node.create_publisher(Image, '/mask', 10)
    graph.wait_until('a subscriber', publisher.get_subscription_count)
    images, send = OutgoingImages(), SerializedPublish(publisher).publish
    for value in range(10):
        image = images.canvas('mask', HEADER, (640, 480), 'mono8')
        image.pixels[...] = value
        send(image.message)
        image.pixels[...] = 99
    graph.wait_until('all', lambda: len(inbox) == 10)
    for value, message in enumerate(inbox.messages):
        assert set(message.data) == {value}
