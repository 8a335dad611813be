# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the segnet node makes and how it publishes it, in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from ros_graph import ended
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header
from vision_msgs.msg import LabelInfo

from ros_deep_learning.engines.on_device import HEADROOM
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks import MaskWish, SegNet
from ros_deep_learning.nodes.messages import inference_stats as stats
from ros_deep_learning.nodes.messages import mask_messages as masks
from ros_deep_learning.nodes.messages import outgoing_images as images_module
from ros_deep_learning.nodes.messages.outgoing_images import OutgoingImages
from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS
from ros_deep_learning.nodes.messages.topics import message_type
from ros_deep_learning.nodes.segnet import SegNetNode
from ros_deep_learning.tasks import segmentation as tasks

pytestmark = pytest.mark.rclpy
SENSOR_QOS = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
SEGMENTATION = message_type('ros_deep_learning/Segmentation')
BLANK = np.full((120, 160, 3), 128, np.uint8)


@pytest.fixture
def node(active_here: Callable[..., Any]) -> SegNetNode:
    node: SegNetNode = active_here(SegNetNode)
    return node


def test_only_what_is_subscribed_to_is_made(
    node: SegNetNode,
    graph: Any,
    make_image: Callable[..., Image],
    monkeypatch: pytest.MonkeyPatch,
    calls_of: Callable[..., list[str]],
) -> None:
    kinds = ('class_mask', 'confidence_mask', 'color_mask', 'segmentation')
    made: list[Any] = calls_of(*((masks.MaskMessages, kind) for kind in kinds))
    segment_in = SegNet.segment_each_in
    asked: list[MaskWish] = []

    def counting(net: SegNet, images: Any, wishes: Any) -> Any:
        made.append(len(wishes[0]))
        asked[:] = wishes[0]
        return segment_in(net, images, wishes)

    monkeypatch.setattr(SegNet, 'segment_each_in', counting)
    publisher = graph.image_publisher('/segnet/image_in')
    stamps = iter(range(1, 100))

    (camera,) = node.cameras

    def wants(name: str) -> bool:
        outputs = node.latched if name == 'label_info' else camera.outputs
        return outputs.wanted(name)

    def show(*wanted: str) -> list[Any]:
        for name in wanted:
            graph.wait_until('a subscriber', lambda name=name: wants(name))
        made.clear()
        count = next(stamps)
        publisher.publish(make_image(BLANK, stamp=count))
        graph.wait_until('its end', lambda: ended(camera) == count)
        return made

    graph.inbox('/segnet/label_info', LabelInfo, LATCHED_QOS)
    assert show('label_info') == []
    graph.inbox('/segnet/overlay', Image)
    assert show('overlay') == [1]
    way = tasks.SegmentationSettings(mask_filter='linear')
    assert asked == [MaskWish(way, None, counts=True, overlay_alphas=(0, 120))]
    graph.inbox('/segnet/color_mask', Image)
    assert show('color_mask') == [1, 'color_mask']
    assert asked == [MaskWish(way, None, counts=True, color_mask=True, overlay_alphas=(0, 120))]
    assert graph.set_parameters('segnet', overlay_filter='point').successful
    assert show('overlay', 'color_mask') == [2, 'color_mask']
    wanted = ['segmentation']
    if graph.own_inbox('/segnet/segmentation', SEGMENTATION) is None:
        wanted = ['class_mask', 'confidence_mask']
        for name in wanted:
            graph.inbox(f'/segnet/{name}', Image)
    assert graph.set_parameters('segnet', mask_resolution='grid').successful
    count, *messages = show(*wanted)
    assert count == 3
    assert set(messages) == {'color_mask', *wanted}
    assert len(messages) == len(set(messages))
    way = tasks.SegmentationSettings(resolution='grid')
    assert MaskWish(way, 'uint8', counts='segmentation' in wanted) in asked


def test_the_overlay_as_jpeg_is_made_for_those_who_want_it(
    node: SegNetNode,
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
    calls_of: Callable[..., list[str]],
) -> None:
    made = calls_of((images_module, 'encode_jpeg'))
    raw = graph.inbox('/segnet/overlay', Image)
    publisher = graph.image_publisher('/segnet/image_in')
    drawn = graph.ask(publisher, make_image(astronaut, stamp=1), raw)
    assert made == []
    (camera,) = node.cameras
    graph.node.destroy_subscription(raw.subscription)
    graph.wait_until('its end', lambda: not camera.outputs.wanted('overlay'))
    raw.messages.clear()
    jpeg = graph.inbox('/segnet/overlay/compressed', CompressedImage)
    sent = make_image(astronaut, stamp=2)
    fine = graph.ask(publisher, sent, jpeg)
    assert fine.header == sent.header
    assert fine.format == 'rgb8; jpeg compressed bgr8'
    seen = cv2.imdecode(np.frombuffer(fine.data, np.uint8), cv2.IMREAD_COLOR)
    wanted = np.frombuffer(drawn.data, np.uint8).reshape(seen.shape)[..., ::-1]
    assert cv2.PSNR(seen, np.ascontiguousarray(wanted)) > 30
    assert graph.set_parameters('segnet', overlay_jpeg_quality=20).successful
    coarse = graph.ask(publisher, make_image(astronaut, stamp=3), jpeg)
    assert len(coarse.data) < len(fine.data) / 2
    assert raw.messages == []


def test_the_calibration_goes_with_the_masks_in_their_size(
    active_here: Callable[..., Any], graph: Any, make_image: Callable[..., Image]
) -> None:
    node = active_here(SegNetNode, '-r', '~/image_in:=/camera/image_raw')
    (camera,) = node.cameras
    infos = graph.inbox('/segnet/camera_info', CameraInfo)
    publisher = graph.image_publisher('/camera/image_raw')
    # As drivers publish it.
    calibrations = graph.node.create_publisher(CameraInfo, '/camera/camera_info', SENSOR_QOS)
    theirs = CameraInfo(width=160, height=120, distortion_model='plumb_bob', d=[0.1, 0.0])
    theirs.k = np.array([200.0, 0, 80, 0, 210, 60, 0, 0, 1])
    theirs.p = np.array([200.0, 0, 80, -12, 0, 210, 60, 0, 0, 0, 1, 0])
    stamps = iter(range(1, 1000))

    def answer(*, with_info: bool = True) -> CameraInfo:
        sent = make_image(BLANK, stamp=next(stamps))
        if with_info:
            theirs.header = sent.header
            calibrations.publish(theirs)
        publisher.publish(sent)
        graph.wait_until('its end', lambda: ended(camera) == sent.header.stamp.sec)
        if infos.messages and infos.messages[-1].header == sent.header:
            return infos.messages[-1]
        return None

    # Nobody wants the results.
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('camera_info'))
    graph.wait_until('the calibration', calibrations.get_subscription_count)
    assert answer() is None
    assert camera.statistics.snapshot().unwanted == 1
    graph.inbox('/segnet/class_mask', Image)
    graph.wait_until('a subscriber', lambda: camera.outputs.wanted('class_mask'))
    same = graph.wait_until('a calibration', answer)
    theirs.header = same.header
    assert same == theirs
    assert graph.set_parameters('segnet', mask_size='40x60').successful
    quarter = graph.wait_until('one of the size', lambda: answer(with_info=False))
    assert (quarter.width, quarter.height) == (40, 60)
    assert (quarter.distortion_model, list(quarter.d)) == ('plumb_bob', [0.1, 0.0])
    # A point in space is seen at a quarter of the columns, and at half of the rows.
    point = np.array([0.3, -0.2, 2.0, 1.0])
    for ours, full, size in ((quarter.k, theirs.k, (3, 3)), (quarter.p, theirs.p, (3, 4))):
        at, expected = (np.reshape(m, size) @ point[: size[1]] for m in (ours, full))
        np.testing.assert_allclose(at[:2] / at[2], expected[:2] / expected[2] * (0.25, 0.5))
    assert graph.set_parameters('segnet', mask_size='', mask_resolution='grid').successful
    grid = graph.wait_until('one of the grid', lambda: answer(with_info=False))
    assert (grid.width, grid.height) == node.network.grid_size_wh


@pytest.mark.parametrize('apart', [False, True])
def test_what_a_device_has_made_is_sent_as_it_is(apart: bool) -> None:
    rng = np.random.default_rng(0)
    memory = rng.integers(0, 256, 8 * HEADROOM, np.uint8)
    classes, levels, colors, overlay = (
        memory[k * 2 * HEADROOM + HEADROOM :][: np.prod(shape)].reshape(shape)
        for k, shape in enumerate(((4, 6), (4, 6), (4, 6, 3), (4, 6, 3)))
    )
    made = [each.tobytes() for each in (classes, levels, colors, overlay)]
    parts = tasks.Segmentation(
        classes,
        np.full((4, 6), np.nan, np.float32),
        2,
        (6, 4),
        tasks.ReadyParts(np.array([3, 4]), levels, colors, overlay, None if apart else memory),
    )
    header = Header(frame_id='camera')
    messages = masks.MaskMessages(OutgoingImages(), header)
    palette = np.zeros((2, 3), np.uint8)
    look = masks.Look(('a', 'b'), palette, 120, np.zeros(2, np.bool_), legend=False)
    sent = [
        messages.class_mask(parts),
        messages.confidence_mask(parts),
        messages.color_mask(parts, palette),
        messages.overlay(parts, look, Pixels(overlay, 'rgb')).message,
    ]
    for message, content in zip(sent, made, strict=True):
        assert np.shares_memory(message, memory) is not apart
        read = deserialize_message(message.tobytes(), Image)
        assert (read.header, read.width, read.height) == (header, 6, 4)
        assert read.encoding == ('mono8' if read.step == 6 else 'rgb8')
        assert bytes(read.data) == content
    if SEGMENTATION is not None:
        own = deserialize_message(messages.segmentation(parts).tobytes(), SEGMENTATION)
        assert bytes(own.class_mask.data) == made[0]
        assert bytes(own.confidence_mask.data) == made[1]
        assert list(own.pixels) == [3, 4]
        assert list(own.shares) == pytest.approx([3 / 24, 4 / 24])


def test_results_are_reliable_and_information_latched(node: SegNetNode, graph: Any) -> None:
    names = ['class_mask', 'color_mask', 'confidence_mask', 'overlay']
    names += ['segmentation'] if SEGMENTATION else []
    names += ['stats'] if stats.InferenceStats else []
    for topic in names:
        assert graph.policies(f'/segnet/{topic}') == {('RELIABLE', 'VOLATILE')}
    for topic in ('vision_info', 'label_info'):
        assert graph.policies(f'/segnet/{topic}') == {('RELIABLE', 'TRANSIENT_LOCAL')}
