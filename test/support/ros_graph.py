# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A test's own node in a real ROS graph, and what it asks of the nodes under test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from ros_deep_learning.nodes.messages.inference_stats import InferenceStats

WAIT_S = 60.0
TRANSITIONS = {
    'configure': Transition.TRANSITION_CONFIGURE,
    'activate': Transition.TRANSITION_ACTIVATE,
    'deactivate': Transition.TRANSITION_DEACTIVATE,
    'cleanup': Transition.TRANSITION_CLEANUP,
}
GOALS = {
    'configure': 'inactive',
    'activate': 'active',
    'deactivate': 'inactive',
    'cleanup': 'unconfigured',
}


def ended(channel: Any) -> int:
    """Count the frames of a camera that have a result or were passed over, wanted by nobody.

    One that has only arrived may still be made for who subscribes after it.
    """
    counts = channel.statistics.snapshot()
    return int(counts.done + counts.unwanted)


class Inbox:
    """What arrived on a topic."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def __call__(self, message: Any) -> None:
        self.messages.append(message)

    def __len__(self) -> int:
        return len(self.messages)


class Graph:
    """A test's own node in its own context, spun by a thread."""

    def __init__(self) -> None:
        self.lies = 0
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node('tester', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        while self.context.ok():
            try:
                self.executor.spin_once(timeout_sec=0.1)
            except rclpy.executors.ExternalShutdownException:
                return

    def close(self) -> None:
        rclpy.shutdown(context=self.context)
        self._thread.join(10)
        self.node.destroy_node()

    def wait_until(self, what: str, reached: Callable[[], Any], timeout_s: float = WAIT_S) -> Any:
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            if answer := reached():
                return answer
            time.sleep(0.02)
        pytest.fail(f'waited {timeout_s} s in vain for: {what}')

    def inbox(self, topic: str, message_type: Any, qos: int | QoSProfile = 10) -> Inbox:
        inbox = Inbox()
        self.node.create_subscription(message_type, topic, inbox, qos)
        return inbox

    def statuses(self) -> dict[str, DiagnosticStatus]:
        """Give the newest status of each name on /diagnostics, from now on."""
        newest: dict[str, DiagnosticStatus] = {}
        self.node.create_subscription(
            DiagnosticArray,
            '/diagnostics',
            lambda message: newest.update({status.name: status for status in message.status}),
            10,
        )
        return newest

    def ask(self, publisher: Any, image: Image, inbox: Inbox) -> Any:
        """Show an image, again and again as a camera would, until its result is there."""

        def answer() -> Any:
            stamp = image.header.stamp
            return next((m for m in inbox.messages if m.header.stamp == stamp), None)

        what = f'a result for the image of stamp {image.header.stamp}'
        return self.publish_until(what, publisher, image, answer)

    def publish_until(
        self, what: str, publisher: Any, image: Image, reached: Callable[[], Any]
    ) -> Any:
        """Publish an image until something is reached, with time for each to have its effect."""
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            publisher.publish(image)
            again_s = time.monotonic() + 2.0
            while time.monotonic() < again_s:
                if found := reached():
                    return found
                time.sleep(0.01)
        pytest.fail(f'waited {WAIT_S} s in vain for: {what}')

    def lie(self, publisher: Any, lie: Image, good: Image, refused: Callable[[], int]) -> None:
        """Publish an image that lies, then a good one, until the node counts a lie more."""
        before = refused()

        def counted() -> bool:
            publisher.publish(lie)
            self.lies += 1
            # The lie is lost where a newer picture replaces it before it is taken.
            time.sleep(0.3)
            publisher.publish(good)
            time.sleep(0.3)
            return refused() > before

        self.wait_until('the count', counted)
        assert refused() <= self.lies

    def call(self, service_type: Any, name: str, request: Any) -> Any:
        """Call a service; asked again where DDS lost the answer, as it may before it is matched.

        The server gives a new client 100 ms to be discovered (rmw_fastrtps), then drops its
        answer, which a loaded machine does not always keep.
        """
        client = self.node.create_client(service_type, name)
        try:
            assert client.wait_for_service(WAIT_S), f'no service {name}'
            for _ in range(4):
                future = client.call_async(request)
                end_s = time.monotonic() + WAIT_S / 4
                while time.monotonic() < end_s:
                    if future.done():
                        return future.result()
                    time.sleep(0.01)
            pytest.fail(f'no answer of {name}')
        finally:
            self.node.destroy_client(client)

    def transition(self, node: str, name: str) -> bool:
        """Ask for a transition; one that was made counts, also when asked for a second time."""
        request = ChangeState.Request(transition=Transition(id=TRANSITIONS[name]))
        answer = self.call(ChangeState, f'/{node}/change_state', request)
        return bool(answer.success) or self.state(node) == GOALS[name]

    def state(self, node: str) -> str:
        answer = self.call(GetState, f'/{node}/get_state', GetState.Request())
        return str(answer.current_state.label)

    def set_parameters(self, node: str, **values: Any) -> Any:
        request = SetParametersAtomically.Request(
            parameters=[Parameter(name, value=v).to_parameter_msg() for name, v in values.items()]
        )
        name = f'/{node}/set_parameters_atomically'
        return self.call(SetParametersAtomically, name, request).result

    def own_inbox(self, topic: str, message_type: Any) -> Inbox | None:
        """Subscribe to a topic of a type of ours; None where it was not generated.

        Then nobody may offer the topic: a node that is configured makes no publisher for it.
        """
        if message_type is None:
            assert self.node.get_publishers_info_by_topic(topic) == []
            return None
        return self.inbox(topic, message_type)

    def refused_images(self, node: str) -> Callable[[], int]:
        """Give the node's own count of images that lie, by stats, else by diagnostics."""
        stats = self.own_inbox(f'/{node}/stats', InferenceStats)
        if stats is not None:
            return lambda: stats.messages[-1].invalid if len(stats) else 0
        diagnostics = self.inbox('/diagnostics', DiagnosticArray)

        def told() -> int:
            diagnostics.messages.clear()
            return int(self.wait_until('the count in diagnostics', lambda: values(diagnostics))[0])

        def values(inbox: Inbox) -> list[str]:
            return [
                value.value
                for message in inbox.messages
                for status in message.status
                for value in status.values
                if status.name.startswith(f'{node}:') and value.key == 'invalid'
            ]

        return told

    def policies(self, topic: str) -> set[tuple[str, str]]:
        """Give reliability and durability of those who publish on a topic."""
        infos = self.wait_until(topic, lambda: self.node.get_publishers_info_by_topic(topic))
        return {(i.qos_profile.reliability.name, i.qos_profile.durability.name) for i in infos}

    def image_publisher(self, topic: str) -> Any:
        publisher = self.node.create_publisher(Image, topic, 10)
        self.wait_until(f'a subscriber of {topic}', lambda: publisher.get_subscription_count() > 0)
        return publisher
