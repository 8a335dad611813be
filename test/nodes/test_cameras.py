# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Several cameras in one node: names, headers, batches, fairness, and what must not mix."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from mirror import BROKEN, Mirror, MirrorNode, plain
from rclpy.lifecycle import TransitionCallbackReturn
from ros_graph import at_rest
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray, LabelInfo

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.messages.inference_stats import InferenceStats
from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS
from ros_deep_learning.nodes.stream.camera import Camera
from ros_deep_learning.nodes.stream.camera_feed import ONE_COPY

pytestmark = pytest.mark.rclpy
CAMERAS = ('front', 'left', 'rear')
SUCCESS = TransitionCallbackReturn.SUCCESS


@pytest.fixture
def node(spinning: Callable[..., Any]) -> MirrorNode:
    node: MirrorNode = spinning(MirrorNode)
    return node


class Rig:
    """The cameras of an active node, and what it publishes of each."""

    def __init__(
        self,
        node: MirrorNode,
        graph: Any,
        make_image: Callable[..., Image],
        names: Sequence[str] = CAMERAS,
    ) -> None:
        self.node, self.graph, self.make_image = node, graph, make_image
        assert node.trigger_activate() == SUCCESS
        self.by_name = {camera.name: camera for camera in node.cameras}
        self.results = {
            name: graph.inbox(f'/mirror/{name}/flipped', Image, 1000) for name in names
        }
        self.publishers = {
            name: graph.image_publisher(f'/mirror/{name}/image_in') for name in names
        }
        for name, camera in self.by_name.items():
            graph.wait_until('us', lambda camera=camera: camera.outputs.wanted('flipped'))
            self._meet(name, camera)

    def _meet(self, name: str, camera: Camera) -> None:
        blank = plain(0)
        self.graph.meet(
            self.publishers[name],
            lambda stamp: self.make_image(blank, stamp=stamp),
            self.results[name],
        )
        self.graph.wait_until('its count', lambda: at_rest(camera))
        self.results[name].messages.clear()

    def show(self, name: str, value: int, stamp: int) -> None:
        self.show_at_once({name: value}, stamp)

    def show_at_once(self, values: Mapping[str, int], stamp: int) -> None:
        """Publish an image for each of some cameras, and wait until all have arrived."""
        before = {name: self.received(name) for name in values}
        for name, value in values.items():
            image = self.make_image(plain(value), stamp=stamp)
            image.header.frame_id = name
            self.publishers[name].publish(image)
        self.graph.wait_until(
            'them', lambda: all(self.received(name) > before[name] for name in values)
        )

    def received(self, name: str) -> int:
        return int(self.by_name[name].statistics.snapshot().received)

    def hold_up(self) -> Any:
        """Have the network wait with a frame in hand, which is of the front camera."""
        mirror = self.node.network
        mirror.batches.clear()
        mirror.begun.clear()
        mirror.go_on.clear()
        self.show('front', 1, 1)
        assert mirror.begun.wait(60)
        return mirror


@pytest.fixture
def rig(node: MirrorNode, graph: Any, make_image: Callable[..., Image]) -> Callable[..., Rig]:
    def make(names: Sequence[str] = CAMERAS, **parameters: Any) -> Rig:
        assert graph.set_parameters('mirror', cameras=list(names), **parameters).successful
        assert node.trigger_configure() == SUCCESS
        return Rig(node, graph, make_image, names)

    return make


@pytest.mark.parametrize(
    ('arguments', 'names'),
    [
        ([], ()),
        (['-p', 'cameras:=[]'], ()),
        (['-p', 'cameras:=[""]'], ()),
        (['-p', 'cameras:=[front, rear]'], ('front', 'rear')),
        (['-p', 'cameras:=front, rear'], ('front', 'rear')),
    ],
)
def test_names_from_the_command_line(
    ros_domain: int, arguments: list[str], names: tuple[str, ...]
) -> None:
    rclpy.init(args=['--ros-args', *arguments])
    try:
        node = ImageNetNode()
        assert node.settings.camera_names() == names
        # Also where it was given no value at all, for a dump must start the same node.
        assert node.get_parameter('cameras').value is not None
        node.destroy_node()
    finally:
        rclpy.shutdown()


@pytest.mark.parametrize(
    ('names', 'words'),
    [
        ('front/left', "'front/left' cannot be part of a topic"),
        ('1st', "'1st' cannot"),
        ('a b', 'cannot'),
        ('vorne,hintén', "'hintén' cannot"),
        ('[1, 2]', "'1' cannot be part of a topic"),
        ('7', "'7' cannot be part of a topic"),
        ('[left, left]', "names 'left' twice"),
    ],
)
def test_names_that_cannot_be(
    ros_domain: int, names: str, words: str, calls_of: Callable[..., list[str]]
) -> None:
    called = calls_of((ImageNetNode, 'destroy_node'))
    rclpy.init(args=['--ros-args', '-p', f'cameras:={names}'])
    try:
        with pytest.raises(SettingsError, match=words.replace('[', r'\[')):
            ImageNetNode()
        # Before the context ends: the garbage collector comes later.
        assert called == ['destroy_node']
    finally:
        rclpy.shutdown()


def test_images_come_into_memory_of_the_network(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    allocated: list[int] = []

    def allocate(n_bytes: int) -> np.ndarray:
        allocated.append(n_bytes)
        return np.empty(n_bytes, np.uint8)

    monkeypatch.setattr(Mirror, 'frame_memory', staticmethod(allocate))
    cameras = rig(('front',))
    cameras.show('front', 1, 1)
    assert allocated
    subscription = cameras.by_name['front'].subscription
    assert subscription is not None
    assert subscription.received_by() == f'{ONE_COPY}, into memory of the engine'
    # As after a change of the network.
    monkeypatch.setattr(Mirror, 'frame_memory', None)
    allocated.clear()
    cameras.show('front', 2, 2)
    assert allocated == []
    assert subscription.received_by() == ONE_COPY


def test_topics_are_the_cameras_and_the_information_the_nodes(
    rig: Callable[..., Rig], graph: Any
) -> None:
    node = rig().node
    cameras = {f'/mirror/{name}/{end}' for name in CAMERAS for end in ('overlay', 'flipped')}
    topics = {publisher.topic_name for publisher in node.publishers}
    assert cameras <= topics
    assert '/mirror/label_info' in topics
    assert topics.isdisjoint({'/mirror/flipped', '/mirror/front/label_info'})
    assert {f'/mirror/{name}/image_in' for name in CAMERAS} <= {
        subscription.topic_name for subscription in node.subscriptions
    }
    assert node.trigger_deactivate() == SUCCESS
    assert node.trigger_cleanup() == SUCCESS
    assert not any('/front/' in publisher.topic_name for publisher in node.publishers)
    assert graph.set_parameters('mirror', cameras='').successful
    assert node.trigger_configure() == SUCCESS
    assert '/mirror/flipped' in {publisher.topic_name for publisher in node.publishers}


def test_frames_that_wait_together_run_together_each_with_its_header(
    rig: Callable[..., Rig], graph: Any
) -> None:
    cameras = rig(max_batch=3)
    mirror = cameras.hold_up()
    for name, value in zip(CAMERAS, (2, 3, 4), strict=True):
        before = cameras.by_name[name].statistics.snapshot().dropped
        cameras.show(name, 99, 7)
        cameras.show(name, value, 8)
        assert cameras.by_name[name].statistics.snapshot().dropped == before + 1
    mirror.go_on.set()
    graph.wait_until('all', lambda: all(len(cameras.results[name]) for name in CAMERAS))
    graph.wait_until('both of the front', lambda: len(cameras.results['front']) == 2)
    assert mirror.batches == [1, 3]
    for name, value in zip(CAMERAS, (2, 3, 4), strict=True):
        last = cameras.results[name].messages[-1]
        assert (last.header.frame_id, last.header.stamp.sec) == (name, 8)
        assert set(last.data) == {value}


def test_without_a_batch_who_was_served_longest_ago_is_next(
    rig: Callable[..., Rig], graph: Any
) -> None:
    cameras = rig(max_batch=1)
    mirror = cameras.hold_up()
    mirror.seen.clear()
    for name, value in (('front', 5), ('left', 6), ('rear', 7)):
        cameras.show(name, value, 8)
    mirror.go_on.set()
    graph.wait_until('four', lambda: len(mirror.seen) == 4)
    # The front one was served last, and the left one before the rear one at the start.
    assert mirror.seen == [1, 6, 7, 5]
    assert mirror.batches == [1, 1, 1, 1]


def test_eight_cameras_whose_images_arrive_at_once_are_served_in_turn(
    rig: Callable[..., Rig], graph: Any
) -> None:
    names = [f'camera{k}' for k in range(8)]
    cameras = rig(names, max_batch=1)
    mirror = cameras.node.network
    permits = threading.Semaphore(0)
    mirror.go_on = SimpleNamespace(wait=lambda _: permits.acquire(timeout=60))
    mirror.seen.clear()
    first = {name: cameras.received(name) for name in names}
    before = {name: cameras.by_name[name].statistics.snapshot().done for name in names}
    rounds, served = 16, 3
    for turn in range(rounds):
        cameras.show_at_once({name: k for k, name in enumerate(names)}, 10 + turn)
        permits.release(served)
        graph.wait_until('results', lambda n=turn: len(mirror.seen) == served * (n + 1))
    order = list(mirror.seen)
    # From then on it goes round in the same order.
    assert sorted(order[:8]) == list(range(8))
    assert order == order[:8] * (len(order) // 8)
    permits.release(rounds)
    graph.wait_until('the counts', lambda: all(at_rest(c) for c in cameras.by_name.values()))
    counts = {name: cameras.by_name[name].statistics.snapshot() for name in names}
    assert all(counts[name].received - first[name] == rounds for name in names)
    done = [counts[name].done - before[name] for name in names]
    assert max(done) - min(done) <= 1


def test_a_camera_whose_image_is_being_taken_holds_no_other_up(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    # In one callback group, rclpy would take the images of the first camera again and again while
    # those of the last one are replaced in the middleware.
    cameras = rig()
    held, go_on = threading.Event(), threading.Event()
    statistics = cameras.by_name['front'].statistics
    received = statistics.received

    def hold(*args: Any, **kwargs: Any) -> None:
        received(*args, **kwargs)
        held.set()
        assert go_on.wait(60)

    monkeypatch.setattr(statistics, 'received', hold)
    cameras.show('front', 1, 1)
    assert held.wait(60)
    try:
        for stamp in (2, 3):
            cameras.show_at_once({'left': 2, 'rear': 3}, stamp)
    finally:
        go_on.set()


def test_the_frame_of_one_camera_costs_the_others_nothing(
    rig: Callable[..., Rig], graph: Any
) -> None:
    cameras = rig(max_batch=3)
    mirror = cameras.hold_up()
    cameras.show('front', 2, 8)
    cameras.show('left', BROKEN, 8)
    cameras.show('rear', 4, 8)
    mirror.go_on.set()
    graph.wait_until('the rear', lambda: len(cameras.results['rear']) == 1)
    graph.wait_until('the front', lambda: len(cameras.results['front']) == 2)
    counts = {name: cameras.by_name[name].statistics.snapshot() for name in CAMERAS}
    assert [counts[name].failed for name in CAMERAS] == [0, 1, 0]
    assert len(cameras.results['left']) == 0
    assert 'the mirror is broken' in counts['left'].last_error


@pytest.mark.own_messages
def test_each_camera_keeps_to_the_greatest_rate_which_may_change(
    rig: Callable[..., Rig], graph: Any
) -> None:
    cameras = rig(max_batch=3)
    stats = graph.inbox('/mirror/left/stats', InferenceStats)
    camera = cameras.by_name['left']
    graph.wait_until('us', lambda: camera.outputs.wanted('stats'))
    assert graph.set_parameters('mirror', max_rate_hz=0.01).successful
    before = camera.statistics.snapshot()
    for stamp in range(10, 20):
        cameras.show('left', stamp, stamp)
        cameras.show('rear', stamp, stamp)
    after = camera.statistics.snapshot()
    assert after.received - before.received == 10
    # Up to two, since before there was no limit to keep.
    assert 8 <= after.limited - before.limited <= 10
    assert cameras.by_name['front'].statistics.snapshot().limited == 0
    assert graph.set_parameters('mirror', max_rate_hz=0.0).successful
    cameras.show('left', 30, 30)
    graph.wait_until('it', lambda: stats.messages and stats.messages[-1].header.stamp.sec == 30)
    assert stats.messages[-1].limited == after.limited
    assert stats.messages[-1].dropped == after.dropped


def test_every_camera_is_in_diagnostics(rig: Callable[..., Rig], graph: Any) -> None:
    cameras = rig()
    for count, stamp in enumerate((5, 6), 1):
        cameras.show('left', 1, stamp)
        graph.wait_until('its result', lambda n=count: len(cameras.results['left']) == n)
    done = cameras.by_name['left'].statistics.snapshot().done
    health = graph.inbox('/diagnostics', DiagnosticArray)

    def values() -> dict[str, str]:
        return {
            f'{status.name} {pair.key}': pair.value
            for message in health.messages[-1:]
            for status in message.status
            for pair in status.values
        }

    def told(name: str, count: int) -> bool:
        return any(
            name in key and key.endswith('done') and value == str(count)
            for key, value in values().items()
        )

    graph.wait_until('the count of the left one', lambda: told('left', done))
    assert told('rear', cameras.by_name['rear'].statistics.snapshot().done)


@pytest.mark.own_messages
def test_three_cameras_under_overload_are_served_alike_and_do_not_mix(
    start: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    chelsea: np.ndarray,
    ssd_onnx: Path,
) -> None:
    program = start(
        'detectnet', '--ros-args', '-p', 'autostart:=true', '-p', 'cameras:=[front, left, rear]',
        '-p', 'tracking:=iou', '-p', 'tracking_min_frames:=1', '-p', 'tracking_drop_frames:=1',
        '-r', '~/front/image_in:=/front/image_raw',
    )  # fmt: skip
    inboxes = {
        name: graph.inbox(f'/detectnet/{name}/detections', Detection2DArray, 2000)
        for name in CAMERAS
    }
    stats = {
        name: graph.inbox(f'/detectnet/{name}/stats', InferenceStats, 2000) for name in CAMERAS
    }
    served: list[str] = []
    for name in CAMERAS:
        graph.node.create_subscription(
            InferenceStats,
            f'/detectnet/{name}/stats',
            lambda _, name=name: served.append(name),
            2000,
        )
    labels = graph.inbox('/detectnet/label_info', LabelInfo, LATCHED_QOS)
    graph.wait_until('active', lambda: graph.state('detectnet') == 'active')
    publishers = {
        name: graph.image_publisher(topic)
        for name, topic in (
            ('front', '/front/image_raw'),
            ('left', '/detectnet/left/image_in'),
            ('rear', '/detectnet/rear/image_in'),
        )
    }
    # The rear camera sees nothing, and would end the tracks of the others if these were shared.
    pictures = {'front': chelsea, 'left': chelsea, 'rear': np.full((90, 120, 3), 128, np.uint8)}
    images = {name: make_image(picture) for name, picture in pictures.items()}
    # The front one is twice as fast as the others, and all of them too fast for the network.
    periods = {'front': 0.01, 'left': 0.02, 'rear': 0.02}
    stop = threading.Event()

    def camera(name: str) -> None:
        image, stamp = images[name], 0
        image.header.frame_id = name
        while not stop.wait(periods[name]):
            stamp += 1
            image.header.stamp.sec = stamp
            publishers[name].publish(image)

    threads = [threading.Thread(target=camera, args=(name,)) for name in CAMERAS]
    for thread in threads:
        thread.start()
    try:
        graph.wait_until('results', lambda: all(len(stats[name]) > 20 for name in CAMERAS), 120)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    # From the moment on at which all three were there, the fast one has no more than its share.
    all_there = max(served.index(name) for name in CAMERAS)
    shares = [served[all_there:].count(name) for name in CAMERAS]
    assert min(shares) >= 0.8 * max(shares), shares
    dropped = [stats[name].messages[-1].dropped for name in CAMERAS]
    assert min(dropped) > 0, 'this was no overload'
    assert dropped[0] > dropped[1]
    for name in CAMERAS:
        headers = [message.header for message in inboxes[name].messages]
        assert {header.frame_id for header in headers} == {name}
        stamps = [header.stamp.sec for header in headers]
        assert stamps == sorted(set(stamps))
        assert {message.model for message in stats[name].messages} == {'ssd-mobilenet-v2'}
    assert all(message.detections == [] for message in inboxes['rear'].messages)
    for name in ('front', 'left'):
        ids = {d.id for message in inboxes[name].messages for d in message.detections}
        assert ids == {'0'}
    assert len(labels) == 1
    assert program.stop() == 0
    assert 'Traceback' not in program.text()
