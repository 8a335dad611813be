# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The imagenet node as a real process in a real graph, with the real EfficientNet-Lite0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, LabelInfo, VisionInfo

from ros_deep_learning.networks import ImageNet
from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS

BLANK = np.full((120, 160, 3), 128, np.uint8)
CATS = {'tiger cat', 'Egyptian cat', 'tabby, tabby cat', 'Persian cat'}


@pytest.fixture
def imagenet(renewed: Callable[..., Any]) -> Any:
    return renewed('imagenet', 'unconfigured')


@pytest.fixture
def active(renewed: Callable[..., Any]) -> Any:
    return renewed('imagenet')


def names_of(message: Any) -> list[str]:
    return [result.class_id for result in message.results]


@pytest.mark.rclpy
@pytest.mark.smoke
def test_pictures_in_classes_out_through_every_state(
    imagenet: Any, graph: Any, make_image: Callable[..., Image], coffee: np.ndarray
) -> None:
    classes = graph.inbox('/imagenet/classification', Classification)
    sent = make_image(coffee, stamp=99)
    for _ in range(2):
        assert graph.transition('imagenet', 'configure'), imagenet.text()
        for _ in range(2):
            classes.messages.clear()
            assert graph.transition('imagenet', 'activate')
            publisher = graph.image_publisher('/imagenet/image_in')
            answer = graph.ask(publisher, sent, classes)
            assert answer.header == sent.header
            assert names_of(answer)[0] == 'espresso'
            assert graph.transition('imagenet', 'deactivate')
            graph.wait_until(
                'the end of the subscription',
                lambda: graph.node.count_subscribers('/imagenet/image_in') == 0,
            )
            graph.node.destroy_publisher(publisher)
        assert graph.transition('imagenet', 'cleanup')
        assert graph.state('imagenet') == 'unconfigured'
    assert 'Traceback' not in imagenet.text()


def test_classes_are_those_of_the_library_best_first(
    active: Any, graph: Any, make_image: Callable[..., Image], chelsea: np.ndarray
) -> None:
    classes = graph.inbox('/imagenet/classification', Classification)
    publisher = graph.image_publisher('/imagenet/image_in')
    sent = make_image(np.ascontiguousarray(chelsea[..., ::-1]), encoding='bgr8')
    answer = graph.ask(publisher, sent, classes)
    with ImageNet('efficientnet-lite0') as net:
        seen = net.classify(chelsea)
        names = [net.labels[k] for k in seen.class_ids]
    assert names_of(answer) == names
    assert CATS.issuperset(names[:2])
    scores = [result.score for result in answer.results]
    np.testing.assert_allclose(scores, seen.scores, atol=1e-6)
    assert scores == sorted(scores, reverse=True)


def test_live_parameters_act_on_the_next_frame(
    active: Any, graph: Any, make_image: Callable[..., Image], coffee: np.ndarray
) -> None:
    classes = graph.inbox('/imagenet/classification', Classification)
    publisher = graph.image_publisher('/imagenet/image_in')
    stamps = iter(range(1, 100))

    def ask() -> Any:
        return graph.ask(publisher, make_image(coffee, stamp=next(stamps)), classes)

    def change(**values: Any) -> None:
        answer = graph.set_parameters('imagenet', **values)
        assert answer.successful, answer.reason

    change(top_k=1)
    assert names_of(ask()) == ['espresso']
    change(threshold=1.0, top_k=5)
    assert names_of(ask()) == []
    change(threshold=0.0, top_k=0)
    everything = ask()
    assert len(everything.results) == 1000
    assert sum(r.score for r in everything.results) == pytest.approx(1.0, abs=1e-3)
    change(top_k=3, class_id='index')
    assert names_of(ask())[0] == '967'
    change(top_k=0, threshold=0.5, multi_label=True)
    tags = ask()
    # Each class has a sigmoid of its own, so that scores no longer sum to 1.
    assert sum(r.score for r in tags.results) > 2.0
    for wrong in ({'region': '0,0,1'}, {'region': '0.5,0,0.5,1'}, {'top_k': -1}):
        assert not graph.set_parameters('imagenet', **wrong).successful


def test_a_region_is_what_is_classified_and_is_outlined(
    active: Any, graph: Any, make_image: Callable[..., Image], coffee: np.ndarray
) -> None:
    table = (0.0, 0.75, 0.25, 1.0)
    classes = graph.inbox('/imagenet/classification', Classification)
    overlay = graph.inbox('/imagenet/overlay', Image)
    publisher = graph.image_publisher('/imagenet/image_in')
    text = ', '.join(map(str, table))
    assert graph.set_parameters('imagenet', region=text, top_k=1).successful
    answer = graph.ask(publisher, make_image(coffee), classes)
    with ImageNet('efficientnet-lite0') as net:
        wanted = net.classify(coffee[300:, :150], top_k=1)
        names = [net.labels[k] for k in wanted.class_ids]
    assert names_of(answer) == names != ['espresso']
    drawn = as_array(graph.ask(publisher, make_image(coffee, stamp=8), overlay))
    assert (drawn[350, 149] == 255).all()
    assert (drawn[301, 70] == 255).all()
    np.testing.assert_array_equal(drawn[305:395, 5:140], coffee[305:395, 5:140])


def test_smoothing_moves_slowly_and_forgets_on_activation(
    active: Any, graph: Any, make_image: Callable[..., Image], coffee: np.ndarray
) -> None:
    classes = graph.inbox('/imagenet/classification', Classification)
    assert graph.set_parameters('imagenet', smoothing=0.5, top_k=0, threshold=0.0).successful

    def espresso(publisher: Any, picture: np.ndarray, stamp: int) -> float:
        message = graph.ask(publisher, make_image(picture, stamp=stamp), classes)
        return next(r.score for r in message.results if r.class_id == 'espresso')

    publisher = graph.image_publisher('/imagenet/image_in')
    sure = espresso(publisher, coffee, 1)
    half = espresso(publisher, BLANK, 2)
    # A picture may be shown more than once; each time moves the score by half.
    assert 0.05 * sure < half < 0.6 * sure
    assert graph.transition('imagenet', 'deactivate')
    graph.node.destroy_publisher(publisher)
    assert graph.transition('imagenet', 'activate')
    again = graph.image_publisher('/imagenet/image_in')
    assert espresso(again, BLANK, 3) < 0.01


def as_array(message: Any) -> np.ndarray:
    assert message.encoding == 'rgb8'
    assert message.step == 3 * message.width
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def test_the_overlay_names_the_classes(
    active: Any, graph: Any, make_image: Callable[..., Image], coffee: np.ndarray
) -> None:
    overlay = graph.inbox('/imagenet/overlay', Image)
    publisher = graph.image_publisher('/imagenet/image_in')
    sent = make_image(np.ascontiguousarray(coffee[..., ::-1]), encoding='bgr8')
    message = graph.ask(publisher, sent, overlay)
    assert message.header == sent.header
    changed = (as_array(message) != coffee).any(axis=2)
    assert changed[:100, :250].mean() > 0.2
    assert not changed[200:].any()
    assert graph.set_parameters('imagenet', threshold=1.0).successful
    plain = graph.ask(publisher, make_image(coffee, stamp=8), overlay)
    np.testing.assert_array_equal(as_array(plain), coffee)
    # Another size, then the first again: each picture comes in its own size.
    for stamp, picture in enumerate((coffee[:200, :300], coffee), 9):
        sent = make_image(np.ascontiguousarray(picture), stamp=stamp)
        np.testing.assert_array_equal(as_array(graph.ask(publisher, sent, overlay)), picture)


@pytest.mark.rclpy
def test_late_subscribers_learn_labels_and_threshold(active: Any, graph: Any) -> None:
    labels = graph.inbox('/imagenet/label_info', LabelInfo, LATCHED_QOS)
    info = graph.inbox('/imagenet/vision_info', VisionInfo, LATCHED_QOS)
    graph.wait_until('both', lambda: len(labels) and len(info))
    class_map = {c.class_id: c.class_name for c in labels.messages[0].class_map}
    assert len(class_map) == 1000
    assert class_map[967] == 'espresso'
    assert labels.messages[0].threshold == pytest.approx(0.01)
    assert info.messages[0].method == 'efficientnet-lite0'
    assert info.messages[0].database_location == '/imagenet/label_info'
    assert graph.set_parameters('imagenet', threshold=0.25).successful
    graph.wait_until('the new threshold', lambda: len(labels) == 2)
    assert labels.messages[1].threshold == pytest.approx(0.25)


def test_lying_messages_are_dropped_and_the_node_goes_on(
    active: Any, graph: Any, make_image: Callable[..., Image], coffee: np.ndarray
) -> None:
    classes = graph.inbox('/imagenet/classification', Classification)
    refused = graph.refused_images('imagenet')
    publisher = graph.image_publisher('/imagenet/image_in')
    cup = make_image(coffee, stamp=1)
    graph.ask(publisher, cup, classes)
    short = make_image(BLANK)
    short.data = short.data[:100]
    lies = [short, Image(encoding='rgb8'), make_image(BLANK, encoding='klingon16')]
    for count, lie in enumerate(lies, 1):
        graph.lie(publisher, lie, cup, refused)
        good = make_image(coffee, stamp=1 + count)
        assert names_of(graph.ask(publisher, good, classes))[0] == 'espresso'
    assert 'Traceback' not in active.text()


@pytest.mark.rclpy
def test_a_zero_stamp_is_passed_on_and_warned_of_once(
    imagenet: Any, graph: Any, make_image: Callable[..., Image]
) -> None:
    # Once a configuration.
    assert graph.transition('imagenet', 'configure'), imagenet.text()
    assert graph.transition('imagenet', 'activate'), imagenet.text()
    classes = graph.inbox('/imagenet/classification', Classification)
    publisher = graph.image_publisher('/imagenet/image_in')
    image = make_image(BLANK)
    image.header.stamp.sec = image.header.stamp.nanosec = 0
    for _ in range(3):
        classes.messages.clear()
        assert graph.ask(publisher, image, classes).header == image.header
    assert imagenet.text().count('images have stamp 0') == 1
