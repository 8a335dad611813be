# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Messages that are serialised already, published from memory of the caller."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rclpy
from lifecycle_msgs.msg import State
from rclpy.executors import InvalidHandle
from rclpy.lifecycle import LifecycleNode
from rclpy.serialization import serialize_message
from std_msgs.msg import String

from ros_deep_learning.errors import RclpyError
from ros_deep_learning.nodes import rcl_calls
from ros_deep_learning.nodes.messages.outputs import Outputs
from ros_deep_learning.nodes.messages.topics import Topic
from ros_deep_learning.nodes.rcl_calls import SerializedPublish

pytestmark = pytest.mark.rclpy
TEXT = Topic('out', '~/text', 'std_msgs/String', 'a text')


def serialized(text: str) -> bytes:
    return bytes(serialize_message(String(data=text)))


@pytest.mark.parametrize('missing', ['', 'pointer', 'function'])
def test_bytes_and_arrays_arrive(
    graph: Any, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == 'pointer':
        monkeypatch.setattr(rcl_calls, 'POINTER', 'no_pointer')
    elif missing == 'function':
        monkeypatch.setattr(rcl_calls, '_functions', rcl_calls._functions.__wrapped__)
        monkeypatch.setattr(rcl_calls.ctypes, 'CDLL', SimpleNamespace)
    inbox = graph.inbox('/text', String)
    publisher = graph.node.create_publisher(String, '/text', 10)
    graph.wait_until('a subscriber', publisher.get_subscription_count)
    send = SerializedPublish(publisher).publish
    padded = np.frombuffer(b'\0' * 4 + serialized('an array'), np.uint8)
    for message in (serialized('bytes'), padded[4:], serialized('')):
        send(message)
    graph.wait_until('all', lambda: len(inbox) == 3)
    assert [message.data for message in inbox.messages] == ['bytes', 'an array', '']


def test_what_the_middleware_refuses_is_an_error(
    graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = graph.node.create_publisher(String, '/text', 10)
    send = SerializedPublish(publisher)
    # RCL_RET_ERROR
    refusing = SimpleNamespace(
        rcl_publish_serialized_message=lambda *_: 1, error=lambda: 'no room'
    )
    monkeypatch.setattr(send, '_functions', refusing)
    with pytest.raises(RclpyError, match=r'cannot be published: no room \(rcl 1\)'):
        send.publish(serialized('text'))


def test_a_destroyed_publisher_publishes_nothing(graph: Any) -> None:
    publisher = graph.node.create_publisher(String, '/text', 10)
    send = SerializedPublish(publisher).publish
    graph.node.destroy_publisher(publisher)
    with pytest.raises(InvalidHandle):
        send(serialized('text'))


def test_only_an_active_node_publishes(graph: Any) -> None:
    inbox = graph.inbox('/sleeper/text', String)
    context = rclpy.Context()
    rclpy.init(context=context)
    node = LifecycleNode('sleeper', context=context)
    try:
        outputs = Outputs(node)
        outputs.add(TEXT)
        graph.wait_until('a subscriber', lambda: outputs.wanted('text'))
        node.trigger_configure()
        outputs.publish('text', serialized('too early'))
        outputs.publish('text', String(data='too early'))
        state = node.trigger_activate()
        assert state is not None
        assert node._state_machine.current_state[0] == State.PRIMARY_STATE_ACTIVE
        outputs.publish('text', serialized('in time'))
        outputs.publish('text', String(data='typed'))
        graph.wait_until('both', lambda: len(inbox) == 2)
        assert [message.data for message in inbox.messages] == ['in time', 'typed']
        outputs.clear()
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)
