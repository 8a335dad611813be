# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of images that are received in a thread, with one copy, in a real graph."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image

from ros_deep_learning.errors import RclpyError
from ros_deep_learning.nodes import rcl_calls
from ros_deep_learning.nodes.rcl_calls import SerializedTake
from ros_deep_learning.nodes.rclpy_workarounds import NodeExecutor
from ros_deep_learning.nodes.stream import one_copy as one_copy_module
from ros_deep_learning.nodes.stream.camera_feed import BY_RCLPY, ONE_COPY
from ros_deep_learning.nodes.stream.frame_memory import ordinary_memory
from ros_deep_learning.nodes.stream.image_subscription import ImageSubscription
from ros_deep_learning.nodes.stream.one_copy import OneCopySubscription
from ros_deep_learning.nodes.stream.worker import Worker

pytestmark = pytest.mark.rclpy
SMALL = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture
def node(graph: Any) -> Iterator[Node]:
    # After the graph, which waits until it is alone.
    rclpy.init()
    node = rclpy.create_node('viewer')
    yield node
    node.destroy_node()
    rclpy.try_shutdown()


@pytest.fixture
def watch(node: Node) -> Iterator[Callable[..., tuple[ImageSubscription, deque[Any]]]]:
    """Subscribe on a node that nobody spins, unless the images come by rclpy."""
    cameras: list[ImageSubscription] = []
    executor = NodeExecutor(2)

    def begin(
        *, one_copy: bool = True, most: int | None = None, memory: Any = lambda: None
    ) -> tuple[ImageSubscription, deque[Any]]:
        images: deque[Any] = deque(maxlen=most)
        group = MutuallyExclusiveCallbackGroup()
        cameras.append(
            ImageSubscription(
                node,
                '/camera',
                images.append,
                group,
                'raw',
                memory=memory,
                one_copy=one_copy,
            )
        )
        if not cameras[0].received_by().startswith('one copy'):
            executor.add_node(node)
            threading.Thread(target=executor.spin, daemon=True).start()
        return cameras[-1], images

    yield begin
    executor.shutdown()
    for camera in cameras:
        camera.close()
    assert receivers() == []


def receivers() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith('images of')]


class Show:
    """Publishes until an image with a new stamp is there."""

    def __init__(self, graph: Any) -> None:
        self.graph, self.stamp = graph, 0
        self.publisher = graph.node.create_publisher(Image, '/camera', 1)

    def __call__(self, images: deque[Any], make: Callable[..., Image]) -> Any:
        first = self.stamp + 1

        def seen() -> Any:
            self.stamp += 1
            self.publisher.publish(make(SMALL, stamp=self.stamp))
            time.sleep(0.02)
            return next((f for f in tuple(images) if f.header.stamp.sec >= first), None)

        return self.graph.wait_until('an image', seen)


@pytest.fixture
def begin(
    node: Node, graph: Any, make_image: Callable[..., Image], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., OneCopySubscription]:
    """Subscribe, and publish images until something is reached."""
    monkeypatch.setattr(one_copy_module, 'PAUSE_S', 0.001)

    def begin(deliver: Callable[..., None], reached: Callable[[], bool]) -> OneCopySubscription:
        subscription = OneCopySubscription(
            node, Image, '/camera', deliver, print, ordinary_memory, qos_profile=1
        )
        publisher = graph.node.create_publisher(Image, '/camera', 1)

        def published() -> bool:
            publisher.publish(make_image(SMALL))
            return reached()

        graph.wait_until('enough', published)
        return subscription

    return begin


def test_images_come_though_nobody_spins_the_node(
    watch: Callable[..., Any], graph: Any, make_image: Callable[..., Image]
) -> None:
    camera, images = watch()
    assert camera.received_by() == ONE_COPY
    show = Show(graph)
    frame = show(images, make_image)
    sent = make_image(SMALL, stamp=frame.header.stamp.sec)
    assert frame.header == sent.header
    for name in ('height', 'width', 'encoding', 'is_bigendian', 'step'):
        assert getattr(frame.message, name) == getattr(sent, name)
    assert frame.message.data.tobytes() == sent.data.tobytes()


def test_a_frame_that_is_kept_is_not_overwritten(
    watch: Callable[..., Any], graph: Any, make_image: Callable[..., Image]
) -> None:
    allocated: list[int] = []

    def allocate(n_bytes: int) -> Any:
        allocated.append(n_bytes)
        return ordinary_memory(n_bytes)

    # The newest alone is kept, however many come until it is looked at.
    camera, images = watch(most=1, memory=lambda: allocate)
    assert camera.received_by() == f'{ONE_COPY}, into memory of the engine'
    show = Show(graph)
    pixels = []
    for value in range(1, 6):
        image = np.full_like(SMALL, value)
        frame = show(images, lambda _, image=image, **more: make_image(image, **more))
        # The view alone, as a consumer may keep it.
        pixels.append(frame.pixels().array)
    del frame
    assert [int(each.min()) for each in pixels] == [int(each.max()) for each in pixels]
    assert [int(each[0, 0, 0]) for each in pixels] == list(range(1, 6))
    pixels.clear()
    count = len(allocated)
    for _ in range(10):
        show(images, make_image)
    # One is shown and one is being received.
    assert len(allocated) <= count + 1


def cut(message: Image) -> bytes:
    return bytes(serialize_message(message))[:50]


def lengthened(message: Image) -> bytes:
    data = bytearray(serialize_message(message))
    # The length of the frame_id.
    data[12:16] = b'\xff\xff\xff\xff'
    return bytes(data)


@pytest.mark.parametrize('one_copy', [True, False], ids=['one copy', 'by rclpy'])
def test_messages_that_are_no_images_cost_themselves_alone(
    watch: Callable[..., Any], graph: Any, make_image: Callable[..., Image], one_copy: bool
) -> None:
    _, images = watch(one_copy=one_copy)
    show = Show(graph)
    show(images, make_image)
    for hostile in (cut, lengthened):
        for _ in range(3):
            show.publisher.publish(hostile(make_image(SMALL)))
            time.sleep(0.01)
        images.clear()
        show(images, make_image)
    assert all(frame.pixels().size_wh == (64, 48) for frame in images)


def test_without_images_nothing_runs(watch: Callable[..., Any], graph: Any) -> None:
    watch()
    (thread,) = (t for t in threading.enumerate() if t.name.startswith('images of'))
    clock = time.pthread_getcpuclockid(thread.ident or 0)
    time.sleep(0.2)
    before_s = time.clock_gettime(clock)
    time.sleep(0.5)
    assert time.clock_gettime(clock) - before_s < 0.05


def test_many_ends_while_images_come(
    node: Node, graph: Any, make_image: Callable[..., Image]
) -> None:
    stop = threading.Event()
    publisher = graph.node.create_publisher(Image, '/camera', 1)

    def publish() -> None:
        while not stop.wait(0.001):
            publisher.publish(make_image(SMALL))

    thread = threading.Thread(target=publish)
    thread.start()
    arrived: list[Any] = []
    try:
        for _ in range(20):
            group = MutuallyExclusiveCallbackGroup()
            camera = ImageSubscription(
                node, '/camera', arrived.append, group, 'raw', one_copy=True
            )
            if not arrived:
                graph.wait_until('an image', lambda: arrived)
            camera.close()
            assert receivers() == []
            ended = len(arrived)
            time.sleep(0.005)
            assert len(arrived) == ended
    finally:
        stop.set()
        thread.join()


def test_the_end_of_ros_ends_the_thread(watch: Callable[..., Any], graph: Any) -> None:
    camera, _ = watch()
    assert len(receivers()) == 1
    rclpy.shutdown()
    graph.wait_until('the end of the thread', lambda: not receivers())
    camera.close()


def test_a_node_that_is_destroyed_first_leaves_nothing_that_crashes(
    node: Node, graph: Any, make_image: Callable[..., Image]
) -> None:
    images: deque[Any] = deque()
    group = MutuallyExclusiveCallbackGroup()
    camera = ImageSubscription(node, '/camera', images.append, group, 'raw', one_copy=True)
    Show(graph)(images, make_image)
    node.destroy_node()
    camera.close()
    assert receivers() == []


def test_an_error_in_a_receiver_costs_that_message(begin: Callable[..., Any]) -> None:
    calls: list[int] = []

    def fail(*_: Any) -> None:
        calls.append(1)
        msg = 'no room'
        raise MemoryError(msg)

    begin(fail, lambda: len(calls) > 1).close()


def test_one_thread_works_while_another_one_receives(begin: Callable[..., Any]) -> None:
    go_on = threading.Event()
    delivered: list[int] = []
    worked: list[int] = []

    def work() -> None:
        assert go_on.wait(20)
        worked.append(threading.get_ident())

    def deliver(_: Any, __: Any, spare: Any) -> None:
        delivered.append(threading.get_ident())
        if len(delivered) == 1:
            spare.work = work

    subscription = begin(deliver, lambda: len(delivered) > 1)
    assert worked == []
    assert len(set(delivered[:2])) == 2
    assert len(receivers()) == 2
    closer = threading.Thread(target=subscription.close)
    closer.start()
    closer.join(0.1)
    # What is in hand is finished.
    assert closer.is_alive()
    go_on.set()
    closer.join(20)
    assert not closer.is_alive()
    assert receivers() == []
    assert worked
    assert set(worked) <= set(delivered)


def test_messages_come_however_many_threads_work(begin: Callable[..., Any]) -> None:
    """Each node of a process may leave a thread some work: the other nodes wait for none."""
    go_on = threading.Event()
    delivered: list[int] = []

    def work() -> None:
        assert go_on.wait(20)

    def deliver(_: Any, __: Any, spare: Any) -> None:
        delivered.append(threading.get_ident())
        if len(delivered) <= 3:
            spare.work = work

    subscription = begin(deliver, lambda: len(delivered) > 5)
    assert len(set(delivered[:4])) == 4
    assert set(delivered[4:]) == {delivered[3]}
    go_on.set()
    subscription.close()
    assert receivers() == []


def test_work_that_fails_costs_itself_alone(begin: Callable[..., Any]) -> None:
    failures: list[int] = []

    def fail() -> None:
        failures.append(1)
        msg = 'no room'
        raise MemoryError(msg)

    def deliver(_: Any, __: Any, spare: Any) -> None:
        spare.work = fail

    begin(deliver, lambda: len(failures) > 2).close()
    assert receivers() == []


def test_an_end_waits_for_what_is_in_hand_however_much_others_send(
    begin: Callable[..., Any],
) -> None:
    served, stop = threading.Event(), threading.Event()

    def handle(_: Any) -> None:
        if threading.current_thread().name.startswith('images of'):
            served.set()
        time.sleep(0.002)

    worker: Worker[str, int] = Worker('slow', lambda: 1, handle)
    worker.start()

    def send() -> None:
        served.wait(20)
        while not stop.is_set():
            worker.put('another camera', 1)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        subscription = begin(
            lambda _, __, spare: worker.put('this camera', 1, spare), served.is_set
        )
        closer = threading.Thread(target=subscription.close)
        closer.start()
        closer.join(20)
        assert not closer.is_alive()
    finally:
        stop.set()
        sender.join(20)
        worker.stop()
    assert receivers() == []


def test_without_a_second_thread_the_first_one_does_both(
    begin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[int] = []

    def work() -> None:
        worked.append(threading.get_ident())

    def deliver(_: Any, __: Any, spare: Any) -> None:
        spare.work = work

    begun = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if receivers():
            msg = "can't start new thread"
            raise RuntimeError(msg)
        begun(thread)

    monkeypatch.setattr(threading.Thread, 'start', refuse)
    subscription = begin(deliver, lambda: len(worked) > 2)
    assert len(set(worked)) == 1
    subscription.close()
    assert receivers() == []


def test_too_little_memory_is_an_error_and_the_next_message_is_taken(
    node: Node, graph: Any, make_image: Callable[..., Image]
) -> None:
    full = False

    def allocate(n_bytes: int) -> Any:
        if full and n_bytes > 1:
            raise MemoryError
        return np.empty(n_bytes, np.uint8)

    subscription = node.create_subscription(Image, '/camera', print, 1, raw=True)
    publisher = graph.node.create_publisher(Image, '/camera', 1)
    take = SerializedTake(subscription, allocate).take

    def outcome() -> Any:
        publisher.publish(make_image(SMALL))
        time.sleep(0.01)
        try:
            return take()
        except RclpyError as err:
            return str(err)

    full = True
    said = graph.wait_until('an error', outcome)
    assert said.startswith('a message cannot be taken: ')
    full = False
    data, _ = graph.wait_until('a message', outcome)
    # Not the bytes: those between two fields may be any.
    assert deserialize_message(data.tobytes(), Image) == make_image(SMALL)


@pytest.mark.parametrize('missing', ['pointer', 'function', 'wait set', 'middleware'])
def test_what_is_missing_is_said_and_images_come_by_rclpy(
    watch: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    missing: str,
) -> None:
    if missing == 'function':
        rcl_calls._functions.cache_clear()
        monkeypatch.setattr(rcl_calls.ctypes, 'CDLL', SimpleNamespace)
        expected = 'rcl has not what messages are taken and published with: '
    elif missing == 'wait set':
        monkeypatch.setattr(rcl_calls, 'rclpy_implementation', SimpleNamespace(WaitSet=dict))
        expected = ' cannot wait for images: '
    elif missing == 'middleware':
        # RCL_RET_UNSUPPORTED
        functions = rcl_calls._functions()
        monkeypatch.setattr(functions, 'rcl_take_serialized_message', lambda *_: 3)
        expected = 'a message cannot be taken: '
    else:
        monkeypatch.setattr(rcl_calls, 'POINTER', 'no_pointer')
        expected = 'has no Subscription.handle.no_pointer'
    camera, images = watch()
    Show(graph)(images, make_image)
    assert expected in camera.received_by()
    assert camera.received_by().startswith(BY_RCLPY)
    assert isinstance(images[0].message, Image)
    assert not receivers()


def test_compressed_images_come_too(
    node: Node, graph: Any, make_image: Callable[..., Image]
) -> None:
    images: list[Any] = []
    group = MutuallyExclusiveCallbackGroup()
    camera = ImageSubscription(node, '/camera', images.append, group, 'compressed', one_copy=True)
    publisher = graph.node.create_publisher(CompressedImage, '/camera/compressed', 1)
    sent = CompressedImage(format='jpeg', data=b'\xff\xd8 no picture')

    def come() -> bool:
        publisher.publish(sent)
        return bool(images)

    graph.wait_until('an image', come)
    assert images[0].message.format == 'jpeg'
    assert images[0].message.data.tobytes() == bytes(sent.data)
    camera.close()
