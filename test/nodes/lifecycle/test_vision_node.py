# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the lifecycle base, with a network of NumPy and in a real graph."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from mirror import MirrorNode, MirrorSettings, plain
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from ros_graph import Inbox, at_rest
from sensor_msgs.msg import Image

pytestmark = pytest.mark.rclpy
SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


@pytest.fixture
def node(spinning: Callable[..., Any]) -> MirrorNode:
    node: MirrorNode = spinning(MirrorNode)
    return node


def topics(node: MirrorNode) -> set[str]:
    return {info.topic_name for info in (*node.publishers, *node.subscriptions)} & {
        '/mirror/flipped', '/mirror/overlay', '/mirror/image_in', '/mirror/label_info',
    }  # fmt: skip


def test_the_life_of_a_node(node: MirrorNode) -> None:
    assert topics(node) == set()
    for _ in range(2):
        assert node.trigger_configure() == SUCCESS
        assert topics(node) == {'/mirror/flipped', '/mirror/overlay', '/mirror/label_info'}
        assert node.trigger_activate() == SUCCESS
        assert '/mirror/image_in' in topics(node)
        assert node.trigger_deactivate() == SUCCESS
        assert '/mirror/image_in' not in topics(node)
        assert node.trigger_activate() == SUCCESS
        assert node.trigger_deactivate() == SUCCESS
        assert node.made[-1].open
        assert node.trigger_cleanup() == SUCCESS
        assert topics(node) == set()
        assert not node.made[-1].open
    assert len(node.made) == 2


def test_a_failed_configuration_leaves_nothing_and_can_be_tried_again(node: MirrorNode) -> None:
    node.refuse_network = True
    assert node.trigger_configure() == FAILURE
    assert topics(node) == set()
    node.refuse_network = False
    node.refuse_outputs = True
    assert node.trigger_configure() == TransitionCallbackReturn.ERROR
    assert topics(node) == set()
    assert not node.made[0].open
    node.refuse_outputs = False
    assert node.trigger_configure() == SUCCESS


def test_a_failed_activation_leaves_the_node_inactive(
    node: MirrorNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert node.trigger_configure() == SUCCESS
    monkeypatch.setattr(node, 'create_subscription', lambda *_, **__: 1 / 0)
    assert node.trigger_activate() == TransitionCallbackReturn.ERROR
    monkeypatch.undo()
    assert not node.made[0].open
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS


@pytest.fixture
def active(node: MirrorNode) -> MirrorNode:
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    return node


@pytest.fixture
def publisher(active: MirrorNode, graph: Any) -> Any:
    return graph.image_publisher('/mirror/image_in')


@pytest.fixture
def flipped(
    active: MirrorNode, graph: Any, publisher: Any, make_image: Callable[..., Image]
) -> Inbox:
    """Subscribe to what the node publishes; discovery is over, and nothing is on its way."""
    inbox: Inbox = graph.inbox('/mirror/flipped', Image)
    meet(active, graph, publisher, inbox, make_image)
    return inbox


def meet(
    active: MirrorNode,
    graph: Any,
    publisher: Any,
    inbox: Inbox,
    make_image: Callable[..., Image],
) -> None:
    (mirror,) = active.made
    graph.meet(publisher, lambda stamp: make_image(plain(0), stamp=stamp), inbox)
    graph.wait_until('its count', lambda: at_rest(active.cameras[0]))
    mirror.begun.clear()
    mirror.seen.clear()
    inbox.messages.clear()


def show(
    graph: Any, active: MirrorNode, publisher: Any, image: Image, until: str = 'received'
) -> None:
    """Publish one image, and wait until a counter of the node has gone up for it."""
    before = getattr(active.cameras[0].statistics.snapshot(), until)
    publisher.publish(image)
    graph.wait_until(
        until, lambda: getattr(active.cameras[0].statistics.snapshot(), until) == before + 1
    )


def test_nothing_runs_while_nobody_subscribes(
    active: MirrorNode,
    graph: Any,
    publisher: Any,
    flipped: Inbox,
    make_image: Callable[..., Image],
) -> None:
    graph.node.destroy_subscription(flipped.subscription)
    outputs = active.cameras[0].outputs
    graph.wait_until('the end of our subscription', lambda: not outputs.wanted('flipped'))
    show(graph, active, publisher, make_image(plain(1)), until='unwanted')
    inbox = graph.inbox('/mirror/flipped', Image)
    graph.ask(publisher, make_image(plain(2), stamp=2), inbox)
    assert set(active.made[0].seen) == {2}


def test_a_result_has_the_header_of_its_image(
    active: MirrorNode,
    graph: Any,
    publisher: Any,
    flipped: Any,
    make_image: Callable[..., Image],
) -> None:
    sent = make_image(plain(5), stamp=42)
    show(graph, active, publisher, sent)
    graph.wait_until('a result', lambda: len(flipped) == 1)
    assert flipped.messages[0].header == sent.header


def test_the_newest_frame_wins_and_the_one_in_hand_is_finished(
    active: MirrorNode,
    graph: Any,
    publisher: Any,
    flipped: Any,
    make_image: Callable[..., Image],
) -> None:
    mirror, statistics = active.made[0], active.cameras[0].statistics
    dropped = statistics.snapshot().dropped
    mirror.go_on.clear()
    for value in (1, 2, 3, 4):
        show(graph, active, publisher, make_image(plain(value)))
        assert mirror.begun.wait(60)
    mirror.go_on.set()
    graph.wait_until('two results', lambda: len(flipped) == 2)
    assert mirror.seen == [1, 4]
    assert statistics.snapshot().dropped == dropped + 2
    mirror.go_on.clear()
    mirror.begun.clear()
    show(graph, active, publisher, make_image(plain(5)))
    assert mirror.begun.wait(60)
    deactivation = threading.Thread(target=active.trigger_deactivate)
    deactivation.start()
    mirror.go_on.set()
    deactivation.join(10)
    assert not deactivation.is_alive()
    graph.wait_until('the frame in hand', lambda: len(flipped) == 3)
    assert mirror.seen == [1, 4, 5]


def test_failures_in_a_row_deactivate_the_node(
    active: MirrorNode,
    graph: Any,
    publisher: Any,
    flipped: Any,
    make_image: Callable[..., Image],
) -> None:
    assert graph.set_parameters('mirror', max_failures=3).successful
    health = graph.inbox('/diagnostics', DiagnosticArray)
    active.made[0].broken = True
    for count in (1, 2, 3):
        assert graph.state('mirror') == 'active'
        show(graph, active, publisher, make_image(plain(count)), until='failed')
    graph.wait_until('the deactivation', lambda: graph.state('mirror') == 'inactive')
    assert len(flipped) == 0
    (first, *_) = graph.wait_until(
        'an error in diagnostics',
        lambda: [m for m in health.messages if 'deactivated after 3' in m.status[0].message],
    )
    assert first.status[0].level == b'\x02'


def test_a_node_that_was_activated_again_is_not_deactivated_for_its_past(
    active: MirrorNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[Any] = []
    monkeypatch.setattr(active.executor, 'create_task', lambda *task: late.append(task))
    active._give_up('failures')
    monkeypatch.undo()
    ((deactivate, *arguments),) = late
    assert active.trigger_deactivate() == SUCCESS
    assert active.trigger_activate() == SUCCESS
    deactivate(*arguments)
    # A node that is not active cannot do this.
    assert active.trigger_deactivate() == SUCCESS


def test_fixed_parameters_change_only_while_unconfigured(active: MirrorNode, graph: Any) -> None:
    refused = graph.set_parameters('mirror', cameras='left', max_failures=7)
    assert not refused.successful
    assert 'cameras: only while the node is unconfigured' in refused.reason
    assert active.settings.max_failures == 10
    assert graph.set_parameters('mirror', max_failures=7).successful
    assert active.settings.max_failures == 7
    assert graph.transition('mirror', 'deactivate')
    assert graph.transition('mirror', 'cleanup')
    assert graph.set_parameters('mirror', cameras=['left']).successful
    assert active.settings.camera_names() == ('left',)


def test_a_wrong_value_is_refused_and_nothing_changes(active: MirrorNode, graph: Any) -> None:
    refused = graph.set_parameters('mirror', class_id='colour', max_failures=5)
    assert not refused.successful
    assert 'label, index' in refused.reason
    assert active.settings == MirrorSettings()


def test_failures_deactivate_the_node_again_after_it_is_activated_again(
    active: MirrorNode,
    graph: Any,
    publisher: Any,
    flipped: Any,
    make_image: Callable[..., Image],
) -> None:
    assert graph.set_parameters('mirror', max_failures=2).successful
    for _ in range(2):
        active.made[0].broken = True
        for count in (1, 2):
            show(graph, active, publisher, make_image(plain(count)), until='failed')
        graph.wait_until('the deactivation', lambda: graph.state('mirror') == 'inactive')
        active.made[0].broken = False
        graph.wait_until('its end', lambda: publisher.get_subscription_count() == 0)
        assert active.trigger_activate() == SUCCESS
        meet(active, graph, publisher, flipped, make_image)
    # Counts are those since the activation, as InferenceStats.msg says.
    assert active.cameras[0].statistics.snapshot().failed == 0


def test_fixed_parameters_cannot_change_while_the_network_is_loaded(
    node: MirrorNode, graph: Any
) -> None:
    node.may_open.clear()
    configuration = threading.Thread(target=node.trigger_configure)
    configuration.start()
    assert node.opening.wait(60)
    try:
        assert not graph.set_parameters('mirror', model='glass').successful
        assert graph.set_parameters('mirror', threshold=0.25).successful
    finally:
        node.may_open.set()
        configuration.join(10)
    assert (node.settings.model, node.settings.threshold) == ('mirror', 0.25)
    assert node.network is not None


def test_parameters_may_change_while_the_node_is_cleaned_up(
    active: MirrorNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking, go_on = threading.Event(), threading.Event()

    def plan(settings: MirrorSettings, labels: Any) -> None:
        checking.set()
        go_on.wait(0.5)
        assert active.network.labels

    monkeypatch.setattr(MirrorSettings, 'plan', plan)
    assert active.trigger_deactivate() == SUCCESS
    cleaning = threading.Thread(target=lambda: (checking.wait(10), active.trigger_cleanup()))
    cleaning.start()
    [result] = active.set_parameters([Parameter('threshold', value=0.125)])
    cleaning.join(10)
    assert result.successful
    assert active.network is None
