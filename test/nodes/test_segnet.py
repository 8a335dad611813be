# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The segnet node as a real process in a real graph, with the real selfie network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import Image
from vision_msgs.msg import LabelInfo, VisionInfo

from ros_deep_learning.networks import SegNet
from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS
from ros_deep_learning.nodes.messages.topics import message_type
from ros_deep_learning.tasks.segmentation import SegmentationSettings

SEGMENTATION = message_type('ros_deep_learning/Segmentation')
BLANK = np.full((120, 160, 3), 128, np.uint8)

# Roughly the person, without her outline: read off the picture with a grid over it.
PERSON = ((165, 60), (225, 30), (285, 60), (290, 105), (250, 190), (330, 260), (340, 340))
PERSON = (*PERSON, (290, 380), (270, 505), (40, 505), (45, 320), (80, 250), (150, 170))


@pytest.fixture
def segnet(renewed: Callable[..., Any]) -> Any:
    return renewed('segnet', 'unconfigured')


@pytest.fixture
def active(renewed: Callable[..., Any]) -> Any:
    return renewed('segnet')


def as_array(message: Any) -> np.ndarray:
    channels = {'mono8': 1, 'rgb8': 3}[message.encoding]
    assert message.step == channels * message.width
    pixels = np.frombuffer(message.data, np.uint8)
    return pixels.reshape(message.height, message.width, channels).squeeze()


@pytest.fixture(scope='module')
def library() -> Iterator[SegNet]:
    with SegNet('selfie') as net:
        yield net


@pytest.mark.rclpy
@pytest.mark.smoke
def test_a_person_in_a_mask_out_through_every_state(
    segnet: Any, graph: Any, make_image: Callable[..., Image], astronaut: np.ndarray
) -> None:
    mask = graph.inbox('/segnet/class_mask', Image)
    sent = make_image(astronaut, stamp=99)
    inside = cv2.fillPoly(np.zeros((512, 512), np.uint8), [np.array(PERSON)], 1) > 0
    for _ in range(2):
        assert graph.transition('segnet', 'configure'), segnet.text()
        for _ in range(2):
            mask.messages.clear()
            assert graph.transition('segnet', 'activate')
            publisher = graph.image_publisher('/segnet/image_in')
            answer = graph.ask(publisher, sent, mask)
            assert answer.header == sent.header
            person = as_array(answer) == 1
            assert person.shape == (512, 512)
            assert person[inside].mean() > 0.97
            assert not person[:, 480:][:300].any()
            assert graph.transition('segnet', 'deactivate')
            graph.wait_until(
                'the end of the subscription',
                lambda: graph.node.count_subscribers('/segnet/image_in') == 0,
            )
            graph.node.destroy_publisher(publisher)
        assert graph.transition('segnet', 'cleanup')
        assert graph.state('segnet') == 'unconfigured'
    assert 'Traceback' not in segnet.text()


def test_every_mask_is_that_of_the_library(
    active: Any,
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
    library: SegNet,
) -> None:
    names = ('class_mask', 'confidence_mask', 'color_mask', 'overlay')
    inboxes = {name: graph.inbox(f'/segnet/{name}', Image) for name in names}
    assert graph.set_parameters('segnet', overlay_legend=False).successful
    segmentation = graph.own_inbox('/segnet/segmentation', SEGMENTATION)
    publisher = graph.image_publisher('/segnet/image_in')
    sent = make_image(np.ascontiguousarray(astronaut[..., ::-1]), encoding='bgr8')
    got = {name: graph.ask(publisher, sent, inbox) for name, inbox in inboxes.items()}
    parts = library.segment(astronaut)
    assert all(message.header == sent.header for message in got.values())
    np.testing.assert_array_equal(as_array(got['class_mask']), parts.class_mask)
    confidence = as_array(got['confidence_mask'])
    np.testing.assert_allclose(confidence / 255, parts.confidence_mask, atol=0.51 / 255)
    wanted = library.colors_rgb[parts.class_mask]
    np.testing.assert_array_equal(as_array(got['color_mask']), wanted)
    if segmentation is not None:
        whole = graph.ask(publisher, sent, segmentation)
        assert whole.header == sent.header
        assert whole.class_mask == got['class_mask']
        assert whole.confidence_mask == got['confidence_mask']
        counts = [(parts.class_mask == k).sum() for k in range(2)]
        assert list(whole.pixels) == counts
        np.testing.assert_allclose(whole.shares, np.array(counts) / 512**2, atol=1e-6)
    # Background keeps its own pixels, the person is mixed with her colour.
    overlay = as_array(got['overlay']).astype(int)
    background = parts.class_mask == 0
    np.testing.assert_array_equal(overlay[background], astronaut[background])
    mixed = astronaut + (library.colors_rgb[1] - astronaut.astype(float)) * 120 / 255
    np.testing.assert_allclose(overlay[~background], mixed[~background], atol=1)


def test_each_picture_has_its_own_mask(
    active: Any,
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
    library: SegNet,
) -> None:
    inbox = graph.inbox('/segnet/class_mask', Image)
    publisher = graph.image_publisher('/segnet/image_in')
    pictures = [astronaut, astronaut[:, ::-1], astronaut[::2], BLANK, astronaut]
    got = [
        graph.ask(publisher, make_image(np.ascontiguousarray(picture), stamp=stamp), inbox)
        for stamp, picture in enumerate(pictures, 1)
    ]
    for message, picture in zip(got, pictures, strict=True):
        parts = library.segment(np.ascontiguousarray(picture))
        np.testing.assert_array_equal(as_array(message), parts.class_mask)


def test_live_parameters_act_on_the_next_frame(
    active: Any,
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
    library: SegNet,
) -> None:
    picture = np.ascontiguousarray(astronaut[:400])
    mask = graph.inbox('/segnet/class_mask', Image)
    color = graph.inbox('/segnet/color_mask', Image)
    overlay = graph.inbox('/segnet/overlay', Image)
    publisher = graph.image_publisher('/segnet/image_in')
    stamps = iter(range(1, 100))

    def change(**values: Any) -> None:
        answer = graph.set_parameters('segnet', **values)
        assert answer.successful, answer.reason

    def ask(inbox: Any) -> np.ndarray:
        return as_array(graph.ask(publisher, make_image(picture, stamp=next(stamps)), inbox))

    def wanted(**settings: Any) -> np.ndarray:
        library.settings = SegmentationSettings(**settings)
        found = library.segment(picture).class_mask
        library.settings = SegmentationSettings()
        return found

    with_legend = ask(overlay)
    change(overlay_legend=False)
    legend = (with_legend != ask(overlay)).any(axis=2)
    rows, columns = np.nonzero(legend)
    assert 10 < np.ptp(rows) < 40
    assert 60 < np.ptp(columns) < 200
    assert (with_legend[legend] == library.colors_rgb[1]).all(axis=1).mean() > 0.5
    linear, point = wanted(), wanted(mask_filter='point')
    assert (linear != point).any()
    change(mask_filter='point')
    np.testing.assert_array_equal(ask(mask), point)
    np.testing.assert_array_equal(ask(color), library.colors_rgb[point])
    # The overlay has its own filter.
    np.testing.assert_array_equal((ask(overlay) != picture).any(axis=2) & (linear == 0), False)
    change(mask_resolution='grid')
    grid = ask(mask)
    assert grid.shape == (256, 256)
    np.testing.assert_array_equal(grid, wanted(resolution='grid'))
    assert ask(color).shape == ask(overlay).shape == (400, 512, 3)
    change(mask_resolution='source', mask_filter='linear', min_confidence=0.9)
    unsure = ask(mask)
    np.testing.assert_array_equal(unsure, wanted(min_confidence=0.9))
    assert (unsure == 255).any()
    assert (ask(color)[unsure == 255] == 0).all()
    change(min_confidence=0.0, ignore_class='Person')
    assert not (ask(mask) == 1).any()
    change(ignore_class='0')
    assert not (ask(mask) == 0).any()
    change(ignore_class='', overlay_alpha=0.0)
    np.testing.assert_array_equal(ask(overlay), picture)
    change(overlay_alpha=255.0, overlay_bare='person, sky')
    drawn = ask(overlay)
    np.testing.assert_array_equal(drawn[linear == 1], picture[linear == 1])
    assert (drawn[linear == 0] == library.colors_rgb[0]).all()
    refused = graph.set_parameters('segnet', ignore_class='unicorn', overlay_alpha=3.0)
    assert not refused.successful
    assert "no class is called 'unicorn'; there are background, person" in refused.reason
    assert (ask(overlay)[linear == 0] == library.colors_rgb[0]).all()


def test_a_class_to_ignore_that_is_not_there_fails_to_configure(segnet: Any, graph: Any) -> None:
    assert graph.set_parameters('segnet', ignore_class='unicorn').successful
    assert not graph.transition('segnet', 'configure')
    assert "no class is called 'unicorn'" in segnet.text()
    assert graph.set_parameters('segnet', ignore_class='void').successful
    assert graph.transition('segnet', 'configure'), segnet.text()


@pytest.mark.rclpy
def test_late_subscribers_learn_labels_and_threshold(active: Any, graph: Any) -> None:
    labels = graph.inbox('/segnet/label_info', LabelInfo, LATCHED_QOS)
    info = graph.inbox('/segnet/vision_info', VisionInfo, LATCHED_QOS)
    graph.wait_until('both', lambda: len(labels) and len(info))
    class_map = {c.class_id: c.class_name for c in labels.messages[0].class_map}
    assert class_map == {0: 'background', 1: 'person'}
    assert labels.messages[0].threshold == 0.0
    assert info.messages[0].method == 'selfie'
    assert info.messages[0].database_location == '/segnet/label_info'
    assert graph.set_parameters('segnet', min_confidence=0.25).successful
    graph.wait_until('the new threshold', lambda: len(labels) == 2)
    assert labels.messages[1].threshold == pytest.approx(0.25)


def test_lying_messages_are_dropped_and_the_node_goes_on(
    active: Any, graph: Any, make_image: Callable[..., Image]
) -> None:
    mask = graph.inbox('/segnet/class_mask', Image)
    refused = graph.refused_images('segnet')
    publisher = graph.image_publisher('/segnet/image_in')
    blank = make_image(BLANK, stamp=1)
    graph.ask(publisher, blank, mask)
    short = make_image(BLANK)
    short.data = short.data[:100]
    lies = [short, Image(encoding='rgb8'), make_image(BLANK, encoding='klingon16')]
    for count, lie in enumerate(lies, 1):
        graph.lie(publisher, lie, blank, refused)
        good = make_image(BLANK, stamp=1 + count)
        assert as_array(graph.ask(publisher, good, mask)).shape == (120, 160)
    assert 'Traceback' not in active.text()
