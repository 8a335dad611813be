# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The detectnet node as a real process in a real graph, with the real SSD-MobileNet-v2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray, LabelInfo, VisionInfo

from ros_deep_learning.networks import DetectNet
from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS

BLANK = np.full((120, 160, 3), 128, np.uint8)


@pytest.fixture
def detectnet(renewed: Callable[..., Any], ssd_onnx: Path) -> Any:
    return renewed('detectnet', 'unconfigured')


@pytest.fixture
def active(renewed: Callable[..., Any], ssd_onnx: Path) -> Any:
    return renewed('detectnet')


def labels_of(message: Any) -> list[str]:
    return [d.results[0].hypothesis.class_id for d in message.detections]


def subscribers(graph: Any, topic: str) -> int:
    return int(graph.node.count_subscribers(topic))


@pytest.mark.rclpy
@pytest.mark.smoke
def test_pictures_in_boxes_out_through_every_state(
    detectnet: Any, graph: Any, make_image: Callable[..., Image], chelsea: np.ndarray
) -> None:
    detections = graph.inbox('/detectnet/detections', Detection2DArray)
    assert subscribers(graph, '/detectnet/image_in') == 0
    sent = make_image(chelsea, stamp=99)
    blank = make_image(BLANK, stamp=100)
    for _ in range(2):
        assert graph.transition('detectnet', 'configure'), detectnet.text()
        assert graph.state('detectnet') == 'inactive'
        assert subscribers(graph, '/detectnet/image_in') == 0
        for _ in range(2):
            detections.messages.clear()
            assert graph.transition('detectnet', 'activate')
            publisher = graph.image_publisher('/detectnet/image_in')
            cat = graph.ask(publisher, sent, detections)
            nothing = graph.ask(publisher, blank, detections)
            assert cat.header == sent.header
            assert labels_of(cat) == ['cat']
            assert all(d.header == sent.header for d in cat.detections)
            assert nothing.header == blank.header
            assert nothing.detections == []
            assert graph.transition('detectnet', 'deactivate')
            graph.wait_until(
                'the end of the subscription',
                lambda: subscribers(graph, '/detectnet/image_in') == 0,
            )
            graph.node.destroy_publisher(publisher)
        assert graph.transition('detectnet', 'cleanup')
        assert graph.state('detectnet') == 'unconfigured'
    assert 'Traceback' not in detectnet.text()


def test_boxes_are_those_of_the_library_in_source_pixels(
    active: Any, graph: Any, make_image: Callable[..., Image], coffee: np.ndarray
) -> None:
    detections = graph.inbox('/detectnet/detections', Detection2DArray)
    assert graph.set_parameters('detectnet', threshold=0.3).successful
    publisher = graph.image_publisher('/detectnet/image_in')
    sent = make_image(np.ascontiguousarray(coffee[..., ::-1]), encoding='bgr8')
    answer = graph.ask(publisher, sent, detections)
    with DetectNet('ssd-mobilenet-v2', threshold=0.3) as net:
        found = net.detect(coffee)
        names = [net.labels[k] for k in found.class_ids]
    assert 'cup' in names
    assert labels_of(answer) == names
    for detection, box, score in zip(
        answer.detections, found.boxes_xyxy, found.scores, strict=True
    ):
        center, bbox = detection.bbox.center.position, detection.bbox
        published = (
            center.x - bbox.size_x / 2,
            center.y - bbox.size_y / 2,
            center.x + bbox.size_x / 2,
            center.y + bbox.size_y / 2,
        )
        np.testing.assert_allclose(published, box, atol=1e-3)
        assert detection.results[0].hypothesis.score == pytest.approx(float(score), abs=1e-6)


def test_lying_messages_are_dropped_counted_and_named(
    active: Any, graph: Any, make_image: Callable[..., Image], chelsea: np.ndarray
) -> None:
    detections = graph.inbox('/detectnet/detections', Detection2DArray)
    refused = graph.refused_images('detectnet')
    publisher = graph.image_publisher('/detectnet/image_in')
    cat = make_image(chelsea, stamp=1)
    graph.ask(publisher, cat, detections)
    assert refused() == 0

    short = make_image(BLANK)
    short.data = short.data[:100]
    narrow = make_image(BLANK)
    narrow.step = 7
    empty = Image(encoding='rgb8')
    unknown = make_image(BLANK, encoding='klingon16')
    huge = Image(encoding='rgb8', width=2**31, height=2**31, step=2**32 - 1)
    lies = [short, narrow, empty, unknown, huge]
    for count, lie in enumerate(lies, 1):
        graph.lie(publisher, lie, cat, refused)
        good = make_image(chelsea, stamp=1 + count)
        assert labels_of(graph.ask(publisher, good, detections)) == ['cat']
    log = active.text()
    assert 'dropped an image of /detectnet/image_in' in log
    assert 'Traceback' not in log
    assert graph.state('detectnet') == 'active'


@pytest.mark.rclpy
def test_late_subscribers_learn_the_labels(active: Any, graph: Any) -> None:
    labels = graph.inbox('/detectnet/label_info', LabelInfo, LATCHED_QOS)
    info = graph.inbox('/detectnet/vision_info', VisionInfo, LATCHED_QOS)
    graph.wait_until('both', lambda: len(labels) and len(info))
    class_map = {c.class_id: c.class_name for c in labels.messages[0].class_map}
    # COCO's ids are one more than the network's class numbers.
    assert class_map[0] == 'person'
    assert class_map[16] == 'cat'
    assert len(class_map) == 90
    assert labels.messages[0].threshold == pytest.approx(0.5)
    assert info.messages[0].method == 'ssd-mobilenet-v2'
    assert info.messages[0].database_location == '/detectnet/label_info'
    assert graph.set_parameters('detectnet', threshold=0.25).successful
    graph.wait_until('the new threshold', lambda: len(labels) == 2)
    assert labels.messages[1].threshold == pytest.approx(0.25)


@pytest.mark.rclpy
def test_live_parameters_act_on_the_next_frame(
    active: Any, graph: Any, make_image: Callable[..., Image], chelsea: np.ndarray
) -> None:
    detections = graph.inbox('/detectnet/detections', Detection2DArray)
    publisher = graph.image_publisher('/detectnet/image_in')

    def labels(stamp: int) -> list[str]:
        return labels_of(graph.ask(publisher, make_image(chelsea, stamp=stamp), detections))

    assert labels(1) == ['cat']
    assert graph.set_parameters('detectnet', threshold=0.99).successful
    assert labels(2) == []
    assert graph.set_parameters('detectnet', threshold=0.5, class_id='index').successful
    assert labels(3) == ['16']
    refused = graph.set_parameters('detectnet', threshold=1.5)
    assert not refused.successful
    assert labels(4) == ['16']


def test_the_overlay_shows_the_box(
    active: Any, graph: Any, make_image: Callable[..., Image], chelsea: np.ndarray
) -> None:
    overlay = graph.inbox('/detectnet/overlay', Image)
    publisher = graph.image_publisher('/detectnet/image_in')
    sent = make_image(chelsea)
    message = graph.ask(publisher, sent, overlay)
    assert message.header == sent.header
    assert (message.encoding, message.width, message.height) == ('rgb8', 451, 300)
    drawn = np.frombuffer(message.data, np.uint8).reshape(chelsea.shape)
    changed = (drawn != chelsea).any(axis=2)
    # The cat fills most of the picture; its corners stay as they were.
    assert 0.3 < changed.mean() < 0.98
    assert not np.array_equal(drawn, chelsea)
    assert graph.set_parameters('detectnet', overlay_flags='none').successful
    plain = graph.ask(publisher, make_image(chelsea, stamp=8), overlay)
    np.testing.assert_array_equal(
        np.frombuffer(plain.data, np.uint8).reshape(chelsea.shape), chelsea
    )


def test_only_wanted_classes_and_sizes_are_reported(
    active: Any, graph: Any, make_image: Callable[..., Image], coffee: np.ndarray
) -> None:
    detections = graph.inbox('/detectnet/detections', Detection2DArray)
    publisher = graph.image_publisher('/detectnet/image_in')
    stamps = iter(range(1, 100))

    def change(**values: Any) -> None:
        answer = graph.set_parameters('detectnet', **values)
        assert answer.successful, answer.reason

    def ask() -> Any:
        return graph.ask(publisher, make_image(coffee, stamp=next(stamps)), detections)

    change(threshold=0.2)
    everything = ask()
    labels = labels_of(everything)
    assert {'cup', 'dining table'} <= set(labels)
    change(classes='Cup, spoon')
    assert set(labels_of(ask())) <= {'cup', 'spoon'}
    refused = graph.set_parameters('detectnet', classes='cups')
    assert not refused.successful
    assert "'cups' is none of the 90 labels; close to it: cup" in refused.reason
    change(classes='', sort='area')
    areas = [d.bbox.size_x * d.bbox.size_y for d in ask().detections]
    assert areas == sorted(areas, reverse=True)
    widths = sorted(d.bbox.size_x for d in everything.detections)
    change(min_width=float(int(widths[-1])))
    assert {d.bbox.size_x for d in ask().detections} == {widths[-1]}
    change(min_width=0.0, min_height=10_000.0)
    assert ask().detections == []


@pytest.mark.rclpy
def test_objects_keep_their_numbers_and_the_overlay_shows_them(
    active: Any, graph: Any, make_image: Callable[..., Image], chelsea: np.ndarray
) -> None:
    detections = graph.inbox('/detectnet/detections', Detection2DArray)
    publisher = graph.image_publisher('/detectnet/image_in')
    untracked = graph.ask(publisher, make_image(chelsea, stamp=1), detections)
    assert [d.id for d in untracked.detections] == ['']
    assert graph.set_parameters('detectnet', tracking='iou', tracking_min_frames=2).successful
    ids = []
    for stamp in range(2, 7):
        answer = graph.ask(publisher, make_image(chelsea, stamp=stamp), detections)
        ids += [d.id for d in answer.detections]
    # The first frame of a track has no number yet; a picture may be shown more than once.
    assert ids[0] in ('', '0')
    assert ids[1:] == ['0'] * 4
    overlay = graph.inbox('/detectnet/overlay', Image)
    numbered = graph.ask(publisher, make_image(chelsea, stamp=7), overlay)
    flags = 'box,lines,labels,conf'
    assert graph.set_parameters('detectnet', overlay_flags=flags).successful
    plain = graph.ask(publisher, make_image(chelsea, stamp=8), overlay)
    assert numbered.data != plain.data
    # A new activation is a new scene, and numbers are never used again.
    assert graph.transition('detectnet', 'deactivate')
    graph.node.destroy_publisher(publisher)
    assert graph.transition('detectnet', 'activate')
    again = graph.image_publisher('/detectnet/image_in')
    later = []
    for stamp in range(9, 13):
        answer = graph.ask(again, make_image(chelsea, stamp=stamp), detections)
        later += [d.id for d in answer.detections]
    assert later[-1] == '1'


def test_a_region_and_tiles_find_the_same_cat(
    active: Any, graph: Any, make_image: Callable[..., Image], chelsea: np.ndarray
) -> None:
    wide = np.full((600, 902, 3), 128, np.uint8)
    wide[300:, 451:] = chelsea
    detections = graph.inbox('/detectnet/detections', Detection2DArray)
    publisher = graph.image_publisher('/detectnet/image_in')
    settings = [
        {'region': '0.5, 0.5, 1.0, 1.0'},
        {'region': '', 'tile_width': 451, 'tile_height': 300, 'tile_overlap': 0.0},
    ]
    for stamp, values in enumerate(settings, 1):
        assert graph.set_parameters('detectnet', **values).successful
        answer = graph.ask(publisher, make_image(wide, stamp=stamp), detections)
        assert labels_of(answer) == ['cat']
        center = answer.detections[0].bbox.center.position
        assert 451 < center.x < 902
        assert 300 < center.y < 600
    left = {'region': '0,0,0.5,1', 'tile_width': 0, 'tile_height': 0}
    assert graph.set_parameters('detectnet', **left).successful
    assert graph.ask(publisher, make_image(wide, stamp=3), detections).detections == []
    for wrong in ({'region': '0.5,0,0.5,1'}, {'tile_height': 300}, {'tracking': 'kalman'}):
        assert not graph.set_parameters('detectnet', **wrong).successful


def test_a_wrong_model_fails_in_one_line_and_can_be_fixed(detectnet: Any, graph: Any) -> None:
    assert graph.set_parameters('detectnet', model='ssd-mobilnet-v2').successful
    assert not graph.transition('detectnet', 'configure')
    assert graph.state('detectnet') == 'unconfigured'
    lines = [line for line in detectnet.text().splitlines() if 'configure failed' in line]
    assert len(lines) == 1
    assert "no model 'ssd-mobilnet-v2'; did you mean ssd-mobilenet-v2" in lines[0]
    assert graph.set_parameters('detectnet', model='ssd-mobilenet-v2').successful
    assert graph.transition('detectnet', 'configure')


@pytest.mark.rclpy
def test_a_transition_that_the_state_does_not_allow_is_refused(detectnet: Any, graph: Any) -> None:
    # Humble and Jazzy raise there, and a manager that asks twice must not end the process.
    for transition_id in (Transition.TRANSITION_ACTIVATE, Transition.TRANSITION_DEACTIVATE, 77):
        request = ChangeState.Request(transition=Transition(id=transition_id))
        assert not graph.call(ChangeState, '/detectnet/change_state', request).success
    assert graph.state('detectnet') == 'unconfigured'
    assert graph.transition('detectnet', 'configure'), detectnet.text()
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CONFIGURE))
    assert not graph.call(ChangeState, '/detectnet/change_state', request).success
    assert graph.state('detectnet') == 'inactive'


@pytest.mark.rclpy
def test_sigint_ends_an_active_node_cleanly(active: Any) -> None:
    assert active.stop() == 0
    assert 'Traceback' not in active.text()
