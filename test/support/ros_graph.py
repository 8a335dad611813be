# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The test's own node in a real ROS graph: its topics, and calls of the nodes under test."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import GetParameters, ListParameters, SetParametersAtomically
from rclpy.executors import InvalidHandle, SingleThreadedExecutor
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
STATES = {*GOALS.values(), 'finalized'}


def ended(camera: Any) -> int:
    """Count the frames of a camera that have a result or were passed over as unwanted.

    One that has only arrived may still be made for who subscribes after it.
    """
    counts = camera.statistics.snapshot()
    return int(counts.done + counts.unwanted)


def at_rest(camera: Any) -> bool:
    """Return whether every frame of a camera that arrived has ended one way or another."""
    counts = camera.statistics.snapshot()
    ends = (counts.done, counts.dropped, counts.limited, counts.unwanted)
    return bool(counts.received == sum(ends) + counts.invalid + counts.failed)


class Inbox:
    """What arrived on a topic."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.subscription: Any = None

    def __call__(self, message: Any) -> None:
        self.messages.append(message)

    def __len__(self) -> int:
        return len(self.messages)


class Graph:
    """A node for the tests of a module, spun by a thread during each of them.

    It stays, with its clients, because discovery of a new one takes up to three seconds.
    """

    def __init__(self) -> None:
        self.lies = 0
        self._open()

    def _open(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node(
            'tester', context=self._context, enable_rosout=False, start_parameter_services=False
        )
        self._clients: dict[str, Any] = {}
        self._own = [*self.node.publishers, *self.node.subscriptions]

    def close(self) -> None:
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def renew(self) -> None:
        """Look at the graph anew, between tests.

        A node stays listed for good where its last announcement is read after its process was
        known to be gone, which a busy machine brings about (rmw_dds_common's graph cache).
        """
        self.close()
        self._open()
        # Discovery of those that are there takes up to that.
        time.sleep(3)

    def begin(self) -> None:
        """Begin a test."""
        self.lies = 0
        self._ending = threading.Event()
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        while not self._ending.is_set():
            # What a test destroys while the executor lists what to wait for.
            with suppress(InvalidHandle):
                self._executor.spin_once(timeout_sec=0.1)

    def end(self) -> None:
        """End a test, and destroy what it has created."""
        self._ending.set()
        self._executor.wake()
        self._thread.join(10)
        self._executor.remove_node(self.node)
        self._executor.shutdown()
        for timer in list(self.node.timers):
            self.node.destroy_timer(timer)
        for publisher in set(self.node.publishers).difference(self._own):
            self.node.destroy_publisher(publisher)
        for subscription in set(self.node.subscriptions).difference(self._own):
            self.node.destroy_subscription(subscription)

    def wait_until(self, what: str, reached: Callable[[], Any], timeout_s: float = WAIT_S) -> Any:
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            if answer := reached():
                return answer
            time.sleep(0.02)
        pytest.fail(f'waited {timeout_s} s in vain for: {what}')

    def inbox(self, topic: str, message_type: Any, qos: int | QoSProfile = 10) -> Inbox:
        inbox = Inbox()
        inbox.subscription = self.node.create_subscription(message_type, topic, inbox, qos)
        return inbox

    def statuses(self) -> dict[str, DiagnosticStatus]:
        """Return the newest status of each name on /diagnostics; it follows what arrives."""
        newest: dict[str, DiagnosticStatus] = {}
        self.node.create_subscription(
            DiagnosticArray,
            '/diagnostics',
            lambda message: newest.update({status.name: status for status in message.status}),
            10,
        )
        return newest

    def ask(self, publisher: Any, image: Image, inbox: Inbox) -> Any:
        """Publish an image, again and again as a camera would, until its result is there."""

        def answer() -> Any:
            stamp = image.header.stamp
            return next((m for m in inbox.messages if m.header.stamp == stamp), None)

        what = f'a result for the image of stamp {image.header.stamp}'
        return self.publish_until(what, publisher, image, answer)

    def publish_until(
        self, what: str, publisher: Any, image: Image, reached: Callable[[], Any]
    ) -> Any:
        """Publish an image, twice a second, until something is reached."""
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            publisher.publish(image)
            again_s = time.monotonic() + 0.5
            while time.monotonic() < again_s:
                if found := reached():
                    return found
                time.sleep(0.01)
        matched = publisher.get_subscription_count()
        listed = self.node.count_subscribers(publisher.topic_name)
        pytest.fail(
            f'waited {WAIT_S} s in vain for: {what}; of {listed} subscriptions on '
            f'{publisher.topic_name}, {matched} match'
        )

    def meet(
        self, publisher: Any, make_image: Callable[[int], Image], inbox: Inbox, first: int = 1
    ) -> int:
        """Publish images until the result of the newest is there, and so none is on its way.

        For tests that count images: a topic keeps their order.

        Args:
            publisher: Of the images.
            make_image: Makes one with a stamp of so many seconds.
            inbox: Of the results.
            first: The first stamp.

        Returns:
            The last stamp.
        """
        stamps = itertools.count(first)

        def met() -> int:
            stamp = next(stamps)
            publisher.publish(make_image(stamp))
            again_s = time.monotonic() + 0.5
            while time.monotonic() < again_s:
                if any(m.header.stamp.sec == stamp for m in inbox.messages):
                    return stamp
                time.sleep(0.01)
            return 0

        return int(self.wait_until('the result of the newest image', met))

    def lie(self, publisher: Any, lie: Image, good: Image, refused: Callable[[], int]) -> None:
        """Publish an image that lies, then a good one, until the node counts a lie more."""
        before = refused()

        def counted() -> bool:
            publisher.publish(lie)
            self.lies += 1
            # The lie is lost where a newer picture replaces it before it is taken.
            time.sleep(0.05)
            publisher.publish(good)
            again_s = time.monotonic() + 0.5
            while time.monotonic() < again_s:
                if refused() > before:
                    return True
                time.sleep(0.01)
            return False

        self.wait_until('the count', counted)
        assert refused() <= self.lies

    def call(self, service_type: Any, name: str, request: Any, again_after_s: float = 2.0) -> Any:
        """Call a service, again with a new client where DDS lost the answer.

        A server waits 100 ms for the discovery of a client (rmw_fastrtps), then drops the answer.
        """
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            future = self.client(service_type, name).call_async(request)
            again_s = time.monotonic() + again_after_s
            while time.monotonic() < again_s:
                if future.done():
                    return future.result()
                time.sleep(0.005)
            again_after_s *= 2
            # A server of which DDS never discovers one end would not answer this client at all.
            self.node.destroy_client(self._clients.pop(name))
        pytest.fail(f'waited {WAIT_S} s in vain for an answer of {name}')

    def client(self, service_type: Any, name: str) -> Any:
        """Return the client of a service that is there."""
        if name not in self._clients:
            self._clients[name] = self.node.create_client(service_type, name)
        # wait_for_service looks four times a second.
        self.wait_until(f'the service {name}', self._clients[name].service_is_ready)
        return self._clients[name]

    def transition(self, node: str, name: str) -> bool:
        """Ask for a transition; one that was made counts, also when asked for a second time."""
        request = ChangeState.Request(transition=Transition(id=TRANSITIONS[name]))
        # A second request for what is at work is logged as an error, and a load takes long.
        if self.call(ChangeState, f'/{node}/change_state', request, WAIT_S / 4).success:
            return True
        # The first one of two requests may still be at work.
        self.wait_until(f'the end of {name}', lambda: self.state(node) in STATES)
        return self.state(node) == GOALS[name]

    def state(self, node: str) -> str:
        answer = self.call(GetState, f'/{node}/get_state', GetState.Request())
        return str(answer.current_state.label)

    def set_parameters(self, node: str, **values: Any) -> Any:
        request = SetParametersAtomically.Request(
            parameters=[Parameter(name, value=v).to_parameter_msg() for name, v in values.items()]
        )
        name = f'/{node}/set_parameters_atomically'
        return self.call(SetParametersAtomically, name, request).result

    def parameters(self, node: str) -> dict[str, ParameterValue]:
        listed = self.call(
            ListParameters, f'/{node}/list_parameters', ListParameters.Request()
        ).result.names
        request = GetParameters.Request(names=listed)
        values = self.call(GetParameters, f'/{node}/get_parameters', request).values
        return dict(zip(listed, values, strict=True))

    def restore_parameters(self, node: str, values: Mapping[str, ParameterValue]) -> None:
        """Set back the parameters that have other values now."""
        now = self.parameters(node)
        changed = [
            ParameterMessage(name=name, value=value)
            for name, value in values.items()
            if now[name] != value
        ]
        if changed:
            request = SetParametersAtomically.Request(parameters=changed)
            name = f'/{node}/set_parameters_atomically'
            answer = self.call(SetParametersAtomically, name, request).result
            assert answer.successful, answer.reason

    def own_inbox(self, topic: str, message_type: Any) -> Inbox | None:
        """Subscribe to a topic of a type of ours; None where it was not generated.

        Then nobody may offer the topic: a node that is configured makes no publisher for it.
        """
        if message_type is None:
            assert self.node.get_publishers_info_by_topic(topic) == []
            return None
        return self.inbox(topic, message_type)

    def refused_images(self, node: str) -> Callable[[], int]:
        """Return a reader of the node's count of invalid images, in stats or in diagnostics."""
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
        """Return reliability and durability of the publishers of a topic."""
        infos = self.wait_until(topic, lambda: self.node.get_publishers_info_by_topic(topic))
        return {(i.qos_profile.reliability.name, i.qos_profile.durability.name) for i in infos}

    def image_publisher(self, topic: str) -> Any:
        publisher = self.node.create_publisher(Image, topic, 10)
        self.wait_until(f'a subscriber of {topic}', lambda: publisher.get_subscription_count() > 0)
        return publisher
