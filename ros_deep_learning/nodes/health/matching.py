# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Publishers and subscribers on the graph that do not match a node's topics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSCompatibility, QoSPolicyKind, QoSProfile, qos_check_compatible

OVERRIDABLE = (
    QoSPolicyKind.HISTORY,
    QoSPolicyKind.DEPTH,
    QoSPolicyKind.RELIABILITY,
    QoSPolicyKind.DURABILITY,
)
"""The policies that ``qos_overrides`` parameters can change."""

# A publisher must offer at least what a subscriber requests (DDS 1.4, 2.2.3).
_POLICIES = ('reliability', 'durability', 'deadline', 'liveliness', 'liveliness_lease_duration')
_OVERRIDABLE_NAMES = {kind.name.lower() for kind in OVERRIDABLE}
_INFINITE = Duration(nanoseconds=2**63 - 1)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A policy with which a publisher offers less than a subscriber requests.

    Attributes:
        policy: Its name, as in the ``qos_overrides`` parameters.
        offered: The publisher's value, in words.
        requested: The subscriber's value, in words.
    """

    policy: str
    offered: str
    requested: str


def mismatches(offered: QoSProfile, requested: QoSProfile) -> list[Mismatch]:
    """Return the policies that keep a publisher and a subscriber from matching."""
    found = []
    for policy in _POLICIES:
        has, wants = _value(offered, policy), _value(requested, policy)
        alone = [QoSProfile(depth=1, **{policy: value}) for value in (has, wants)]
        if qos_check_compatible(*alone)[0] == QoSCompatibility.ERROR:
            found.append(Mismatch(policy, _words(has), _words(wants)))
    return found


def publishers_of(node: Node, topic: str, message_type: Any) -> list[Any]:
    """Return what the graph knows of the publishers of a topic that send a message class."""
    wanted = type_name(message_type)
    infos = node.get_publishers_info_by_topic(topic)
    return [info for info in infos if info.topic_type == wanted]


def unheard_publishers(
    node: Node,
    topic: str,
    message_type: Any,
    qos: QoSProfile,
    type_fix: Callable[[str, str], str],
) -> list[str]:
    """Return a line with the fix for each publisher that a subscription does not match.

    Args:
        node: The subscribing node.
        topic: The full name of the topic.
        message_type: The message class of the subscription.
        qos: The QoS of the subscription.
        type_fix: Returns how to receive the messages of another type, from topic and type.
    """
    wanted = type_name(message_type)
    said = []
    for info in node.get_publishers_info_by_topic(topic):
        who = f'{full_name(info)} publishes on {topic}'
        if info.topic_type != wanted:
            said.append(
                f'{who} with type {info.topic_type}, but {wanted} is expected there: its messages '
                f'do not arrive; {type_fix(topic, info.topic_type)}'
            )
        for found in mismatches(info.qos_profile, qos):
            said.append(
                f'{who} with {found.policy} {found.offered}, but the subscription asks for '
                f'{found.requested}: its messages do not arrive; make the publisher '
                f'{found.requested}{_override(topic, "subscription", found, found.offered)}'
            )
    return list(dict.fromkeys(said))


def unreached_subscribers(node: Node, topic: str, message_type: Any, qos: QoSProfile) -> list[str]:
    """Return a line with the fix for each subscriber that a publisher does not match.

    Args:
        node: The publishing node.
        topic: The full name of the topic.
        message_type: The message class of the publisher.
        qos: The QoS of the publisher.
    """
    sent = type_name(message_type)
    said = []
    for info in node.get_subscriptions_info_by_topic(topic):
        who = f'{full_name(info)} subscribes to {topic}'
        if info.topic_type != sent:
            said.append(
                f'{who} with type {info.topic_type}, but {sent} is published there: it gets '
                'nothing; fix its type'
            )
        for found in mismatches(qos, info.qos_profile):
            said.append(
                f'{who} asking for {found.policy} {found.requested}, but {found.offered} is '
                f'offered: it gets nothing; let it ask for {found.offered}'
                f'{_override(topic, "publisher", found, found.requested)}'
            )
    return list(dict.fromkeys(said))


def namesakes(node: Node) -> int:
    """Return how many other nodes of the graph have a node's full name."""
    here = (node.get_name(), node.get_namespace())
    return max(0, list(node.get_node_names_and_namespaces()).count(here) - 1)


def type_name(message_type: Any) -> str:
    """Return the name of a message class on the graph, such as ``sensor_msgs/msg/Image``."""
    package, kind = message_type.__module__.split('.')[:2]
    return f'{package}/{kind}/{message_type.__name__}'


def full_name(info: Any) -> str:
    """Return the full name of the node of an endpoint."""
    if not info.node_name or info.node_name.startswith('_'):
        # _NODE_NAME_UNKNOWN_ and _CREATED_BY_BARE_DDS_APP_
        return 'an unknown node'
    return f'{info.node_namespace.rstrip("/")}/{info.node_name}'


def _override(topic: str, end: str, found: Mismatch, value: str) -> str:
    if found.policy not in _OVERRIDABLE_NAMES:
        return ''
    return f', or set qos_overrides.{topic}.{end}.{found.policy} to {value.replace(" ", "_")}'


def _value(qos: QoSProfile, policy: str) -> Any:
    value = getattr(qos, policy)
    # A duration that was not set is 0 in a profile and infinite on the graph.
    # In rclpy 3, comparing a Duration with another type raises.
    return _INFINITE if isinstance(value, Duration) and value == Duration() else value


def _words(value: Any) -> str:
    if isinstance(value, Duration):
        return 'infinite' if value == _INFINITE else f'{value.nanoseconds / 1e9:g} s'
    return str(value.name).lower().replace('_', ' ')
