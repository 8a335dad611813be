# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of who is named on the graph, against what really arrives on it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from ros_deep_learning.nodes.health.matching import (
    mismatches,
    type_name,
    unheard_publishers,
    unreached_subscribers,
)

pytestmark = pytest.mark.rclpy


def fix(topic: str, published_type: str) -> str:
    return f'to fix {topic} of {published_type}'


LESS_AND_MORE: dict[str, tuple[Any, Any]] = {
    'reliability': (ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE),
    'durability': (DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL),
    'deadline': (Duration(seconds=3), Duration(seconds=1)),
    'liveliness': (LivelinessPolicy.AUTOMATIC, LivelinessPolicy.MANUAL_BY_TOPIC),
    'liveliness_lease_duration': (Duration(seconds=3), Duration(seconds=1)),
}


def profile(**policies: Any) -> QoSProfile:
    return QoSProfile(depth=1, **policies)


@pytest.mark.parametrize('policy', LESS_AND_MORE)
def test_a_publisher_must_offer_what_is_asked_for(policy: str) -> None:
    less, more = LESS_AND_MORE[policy]
    for offered, requested in itertools.product((less, more), repeat=2):
        found = mismatches(profile(**{policy: offered}), profile(**{policy: requested}))
        expected = [policy] if (offered, requested) == (less, more) else []
        assert [each.policy for each in found] == expected


def test_every_policy_that_does_not_match_is_listed() -> None:
    less = profile(**{policy: pair[0] for policy, pair in LESS_AND_MORE.items()})
    more = profile(**{policy: pair[1] for policy, pair in LESS_AND_MORE.items()})
    assert [each.policy for each in mismatches(less, more)] == list(LESS_AND_MORE)
    assert mismatches(more, less) == mismatches(profile(), profile()) == []


def test_nobody_is_named_where_nobody_is(graph: Any) -> None:
    assert unheard_publishers(graph.node, '/camera', Image, profile(), fix) == []
    assert unreached_subscribers(graph.node, '/camera', Image, profile()) == []


@pytest.mark.parametrize('policy', LESS_AND_MORE)
def test_both_ends_are_named_exactly_when_nothing_can_arrive(graph: Any, policy: str) -> None:
    less, more = (profile(**{policy: value}) for value in LESS_AND_MORE[policy])
    node = graph.node
    for topic, offered, requested in (('/meets', more, less), ('/misses', less, more)):
        publisher = node.create_publisher(Image, topic, offered)
        subscription = node.create_subscription(Image, topic, lambda _: None, requested)
        graph.wait_until('the publisher', lambda t=topic: node.count_publishers(t))
        graph.wait_until('the subscriber', lambda t=topic: node.count_subscribers(t))
        if topic == '/meets':
            graph.wait_until('the match', publisher.get_subscription_count)
            assert unheard_publishers(node, topic, Image, requested, fix) == []
            assert unreached_subscribers(node, topic, Image, offered) == []
            continue
        assert publisher.get_subscription_count() == 0
        (unheard,) = unheard_publishers(node, topic, Image, requested, fix)
        assert f'/tester publishes on /misses with {policy} ' in unheard
        (unreached,) = unreached_subscribers(node, topic, Image, offered)
        assert f'/tester subscribes to /misses asking for {policy} ' in unreached
        overridable = policy in ('reliability', 'durability')
        assert (f'or set qos_overrides./misses.subscription.{policy} to' in unheard) == overridable
        node.destroy_publisher(publisher)
        node.destroy_subscription(subscription)
        graph.wait_until(
            'its end', lambda: not unheard_publishers(node, '/misses', Image, more, fix)
        )
        graph.wait_until(
            'its end', lambda: not unreached_subscribers(node, '/misses', Image, less)
        )


def test_another_type_on_the_topic_is_named(graph: Any) -> None:
    node = graph.node
    publisher = node.create_publisher(CompressedImage, '/camera', 1)
    subscription = node.create_subscription(CompressedImage, '/overlay', lambda _: None, 1)
    graph.wait_until('the publisher', lambda: node.count_publishers('/camera'))
    graph.wait_until('the subscriber', lambda: node.count_subscribers('/overlay'))
    (unheard,) = unheard_publishers(node, '/camera', Image, profile(), fix)
    assert '/tester publishes on /camera with type sensor_msgs/msg/CompressedImage' in unheard
    assert 'sensor_msgs/msg/Image is expected there' in unheard
    assert unheard.endswith('; to fix /camera of sensor_msgs/msg/CompressedImage')
    (unreached,) = unreached_subscribers(node, '/overlay', Image, profile())
    assert '/tester subscribes to /overlay with type sensor_msgs/msg/CompressedImage' in unreached
    node.destroy_publisher(publisher)
    node.destroy_subscription(subscription)


def test_types_have_their_names_on_the_graph() -> None:
    assert type_name(Image) == 'sensor_msgs/msg/Image'
