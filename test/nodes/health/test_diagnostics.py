# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What /diagnostics says of a real node in a real graph, and when it stops saying it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_updater import DiagnosticStatusWrapper
from health import Health
from mirror import Mirror, MirrorNode
from rcl_interfaces.msg import Log
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Classification

from ros_deep_learning.nodes.health import diagnostics
from ros_deep_learning.nodes.messages.inference_stats import InferenceStats

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
BLANK = np.full((120, 160, 3), 128, np.uint8)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Camera:
    """Publishes at 10 Hz with the stamps of a clock."""

    def __init__(self, graph: Any, make_image: Callable[..., Image]) -> None:
        self.graph = graph
        self.image = make_image(BLANK)
        self.offset_s = 0.0
        self.now_s: Callable[[], float] = time.time
        self.publisher = graph.node.create_publisher(Image, '/imagenet/image_in', 5)
        self.timer = graph.node.create_timer(0.1, self.tick)

    def tick(self) -> None:
        self.image.header.stamp = stamp_of(self.now_s() + self.offset_s)
        self.publisher.publish(self.image)


def stamp_of(seconds: float) -> Time:
    return Time(sec=int(seconds), nanosec=int(seconds % 1 * 1e9))


@pytest.fixture
def active(renewed: Callable[..., Any]) -> Any:
    return renewed('imagenet')


@pytest.fixture
def imagenet(renewed: Callable[..., Any]) -> Any:
    return renewed('imagenet', 'unconfigured')


def test_an_unconfigured_node_is_well_and_says_so(imagenet: Any, health: Health) -> None:
    health.wait('engine', OK, 'unconfigured')
    health.wait('frames', OK, 'not active')
    health.wait('outputs', OK, 'not configured')
    health.wait('device', OK, 'no network is loaded')
    ids = {status.hardware_id for status in health.newest.values()}
    assert ids == {f'{socket.gethostname()} /imagenet'}


def test_what_was_guessed_about_a_file_is_a_warning(
    spinning: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mirror, 'guesses', ('resize stretch (a guess: usual for mirrors)',))
    node: MirrorNode = spinning(MirrorNode)
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    status = node.diagnostics._fill_engine(DiagnosticStatusWrapper())
    assert status.level == WARN
    assert status.message.startswith('resize stretch (a guess: usual for mirrors); to fix: check')


def test_a_failed_configuration_is_an_error_until_it_succeeds(
    imagenet: Any, graph: Any, health: Health
) -> None:
    assert graph.set_parameters('imagenet', model='nonsense').successful
    assert not graph.transition('imagenet', 'configure')
    health.wait('engine', ERROR, "no model 'nonsense'")
    assert graph.set_parameters('imagenet', model='efficientnet-lite0').successful
    assert graph.transition('imagenet', 'configure')
    health.wait('engine', OK, 'inactive: onnxruntime')
    values = health.values('engine')
    assert 'thread' in values['chosen']
    assert values['state'] == 'inactive'
    assert values['precision'] == 'fp32'
    assert "no model 'nonsense'" in values['last error']
    assert values['last error age'].endswith(' s')


def test_a_new_try_is_no_error_while_it_loads(
    spinning: Callable[..., Any], graph: Any, health: Health
) -> None:
    node: MirrorNode = spinning(MirrorNode)
    health.node = 'mirror'
    node.refuse_network = True
    assert node.trigger_configure() != TransitionCallbackReturn.SUCCESS
    health.wait('engine', ERROR, "no such mirror as 'mirror'")
    node.refuse_network = False
    node.may_open.clear()
    trying = threading.Thread(target=node.trigger_configure)
    trying.start()
    try:
        health.wait('engine', OK, 'polishing 50%')
        assert "no such mirror as 'mirror'" in health.values('engine')['last error']
    finally:
        node.may_open.set()
        trying.join()
    health.wait('engine', OK, 'inactive')


def test_a_clean_up_in_the_middle_of_an_update_breaks_nothing(
    spinning: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    node: MirrorNode = spinning(MirrorNode)
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS

    class Interrupted(DiagnosticStatusWrapper):  # type: ignore[misc]
        def add(self, key: str, value: str) -> None:
            if key == 'backend':
                node.diagnostics.idle()
            super().add(key, value)

    status = node.diagnostics._fill_engine(Interrupted())
    assert 'precision' in {pair.key for pair in status.values}

    node.diagnostics.loading('mirror')

    def interrupted_s() -> float:
        node.diagnostics.idle()
        return time.monotonic()

    monkeypatch.setattr(diagnostics, 'time', SimpleNamespace(monotonic=interrupted_s))
    assert node.diagnostics._fill_engine(DiagnosticStatusWrapper()).message == (
        'loading mirror, 0 s so far'
    )


def test_statuses_have_one_name_and_hardware_id_through_all_states(
    spinning: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    node: MirrorNode = spinning(MirrorNode)
    arrays: list[Any] = []
    updater = node.diagnostics._updater
    monkeypatch.setattr(updater, 'publisher', SimpleNamespace(publish=arrays.append))
    for transition in ('configure', 'activate', 'deactivate', 'activate', 'deactivate', 'cleanup'):
        getattr(node, f'trigger_{transition}')()
        updater.update()
    for array in arrays:
        names = [status.name for status in array.status]
        assert sorted(names) == [
            f'mirror: {part}' for part in ('device', 'engine', 'frames', 'outputs')
        ]
    assert len(arrays) >= 6
    statuses = [status for array in arrays for status in array.status]
    assert {s.hardware_id for s in statuses} == {f'{socket.gethostname()} /mirror'}
    assert not any('starting up' in s.message for s in statuses)


@pytest.mark.rclpy
def test_a_node_of_the_same_name_is_told_while_it_is_there(
    spinning: Callable[..., Any], graph: Any, health: Health
) -> None:
    logged = graph.inbox('/rosout', Log, QoSProfile(depth=50))

    def warnings() -> list[str]:
        return [m.msg for m in logged.messages if ' nodes are named /mirror: ' in m.msg]

    node = spinning(MirrorNode)
    health.node = 'mirror'
    health.wait('engine', OK, 'unconfigured')
    twin = rclpy.create_node('mirror', context=graph.node.context, use_global_arguments=False)
    said = health.wait('engine', WARN, '2 nodes are named /mirror: ')
    assert 'name:=OTHER' in said
    graph.wait_until('the log says so', warnings)
    # Also of a node that says something else on /diagnostics.
    node.diagnostics.loading('mirror')
    health.wait('engine', OK, 'loading mirror')
    node.diagnostics.idle()
    health.wait('engine', WARN, '2 nodes are named /mirror: ')
    twin.destroy_node()
    health.wait('engine', OK, 'unconfigured')
    (once,) = warnings()
    assert once.startswith(said)


@pytest.mark.parametrize(('image_range', 'seen', 'level'), [('full', 6, WARN), ('12', 100, OK)])
def test_an_image_of_few_bits_is_doubted_unless_its_range_is_given(
    active_here: Callable[..., Any],
    graph: Any,
    health: Health,
    make_image: Callable[..., Image],
    image_range: str,
    seen: int,
    level: bytes,
) -> None:
    active_here(MirrorNode, '-p', f'image_range:={image_range}')
    health.node = 'mirror'
    flipped = graph.inbox('/mirror/flipped', Image)
    publisher = graph.image_publisher('/mirror/image_in')
    samples = np.full((4, 6), 1600, np.uint16)

    def answered() -> bool:
        now = graph.node.get_clock().now().to_msg()
        image = make_image(samples, encoding='mono16')
        image.header.stamp = now
        publisher.publish(image)
        time.sleep(0.05)
        return bool(len(flipped))

    graph.wait_until('a result', answered)
    assert set(flipped.messages[0].data) == {seen}
    words = 'set image_range to 12 (bits of the camera)' if level == WARN else ' ms old'
    health.wait('frames', level, words)


@pytest.mark.rclpy
def test_from_silence_to_work_and_back(
    active: Any, graph: Any, health: Health, make_image: Callable[..., Image]
) -> None:
    assert graph.set_parameters('imagenet', image_timeout=1.0).successful
    health.wait('engine', OK, 'active: onnxruntime')
    health.wait('device', OK, 'CPU')
    health.wait('frames', WARN, 'nobody publishes on /imagenet/image_in')
    camera = Camera(graph, make_image)
    camera.timer.cancel()
    health.wait('frames', WARN, 's: /imagenet/image_in has a publisher, but it is silent')
    assert 'nobody publishes on /imagenet/image_in' in active.text()
    assert 'no images: /imagenet/image_in has a publisher, but it is silent' in active.text()
    camera.timer.reset()
    health.wait('frames', OK, 'idle, nobody subscribes to a result')
    assert int(health.values('frames')['not wanted']) > 0
    assert health.values('frames')['done'] == '0'
    classes = graph.inbox('/imagenet/classification', Classification)
    health.wait('frames', OK, ' ms old')
    health.wait('outputs', OK, '1 of ')
    values = health.values('frames')
    # The camera has 10 Hz on a machine that is not busy; test_statistics.py has the rates.
    assert 0 < float(values['fps in']) < 16
    for stage in ('preprocess', 'inference', 'postprocess', 'age'):
        words = values[f'{stage} [ms]'].replace(',', '').split()
        p50, p95, most = (float(words[i]) for i in (1, 3, 5))
        assert 0 <= p50 <= p95 <= most
    assert values['topic'] == '/imagenet/image_in'
    assert len(classes)
    camera.timer.cancel()
    health.wait('frames', WARN, 'no image for')
    # A camera that is slow on purpose.
    assert graph.set_parameters('imagenet', image_timeout=0.0).successful
    health.wait('frames', OK, 'frames/s')
    assert graph.transition('imagenet', 'deactivate')
    health.wait('frames', OK, 'not active')
    health.wait('engine', OK, 'inactive')


def test_lies_and_stamps_are_warned_of_while_they_last(
    active: Any, graph: Any, health: Health, make_image: Callable[..., Image]
) -> None:
    camera = Camera(graph, make_image)
    graph.inbox('/imagenet/classification', Classification)
    health.wait('frames', OK, ' ms old')
    camera.image.encoding = 'klingon16'
    health.wait('frames', WARN, "images cannot be read: encoding 'klingon16'")
    camera.image.encoding = 'rgb8'
    health.wait('frames', OK, ' ms old')
    assert int(health.values('frames')['invalid']) > 0
    assert 'klingon16' in health.values('frames')['last error']
    camera.offset_s = 60.0
    health.wait('frames', WARN, 's in the future when they come')
    camera.offset_s = -60.0
    health.wait('frames', WARN, 'images are 60.')
    camera.now_s, camera.offset_s = lambda: 0.0, 0.0
    health.wait('frames', WARN, 'images have no stamp')
    camera.now_s = time.time
    health.wait('frames', OK, 'frames/s')


@pytest.mark.rclpy
def test_subscribers_that_cannot_be_reached_are_named_until_they_are_gone(
    active: Any, graph: Any, health: Health
) -> None:
    node = graph.node
    late = node.create_subscription(
        Classification, '/imagenet/classification', lambda _: None, LATCHED
    )
    said = health.wait('outputs', WARN, '/tester subscribes to /imagenet/classification asking ')
    assert 'for durability transient local, but volatile is offered' in said
    assert 'qos_overrides./imagenet/classification.publisher.durability' in said
    wrong = node.create_subscription(CompressedImage, '/imagenet/overlay', lambda _: None, 1)
    health.wait('outputs', WARN, '/tester subscribes to /imagenet/overlay with type')
    node.destroy_subscription(late)
    node.destroy_subscription(wrong)
    health.wait('outputs', OK, '0 of ')


@pytest.mark.own_messages
def test_ages_are_of_the_simulated_clock_and_survive_its_jumps(
    active: Any, graph: Any, health: Health, make_image: Callable[..., Image]
) -> None:
    assert graph.set_parameters('imagenet', use_sim_time=True).successful
    camera = Camera(graph, make_image)
    stats = graph.inbox('/imagenet/stats', InferenceStats)
    health.wait('frames', WARN, 'use_sim_time is set, but nobody publishes /clock')
    clock = graph.node.create_publisher(Clock, '/clock', 10)
    began_s, simulated_s = time.monotonic(), 5000.0

    def now_s() -> float:
        return simulated_s + time.monotonic() - began_s

    camera.now_s = now_s
    graph.node.create_timer(0.02, lambda: clock.publish(Clock(clock=stamp_of(now_s()))))
    health.wait('frames', OK, ' ms old')
    for jump_to_s in (100.0, 90_000.0):
        simulated_s, began_s = jump_to_s, time.monotonic()
        times = range(int(jump_to_s), int(jump_to_s) + 60)

        def of_after_the_jump(times: range = times) -> bool:
            return sum(m.header.stamp.sec in times for m in stats.messages) > 5

        graph.wait_until('frames of after the jump', of_after_the_jump)
        health.wait('frames', OK, ' ms old')
        newest = stats.messages[-1]
        # Less than any jump.
        assert -60_000 < newest.age_p50_ms <= newest.age_p95_ms <= newest.age_max_ms < 60_000


@pytest.mark.own_messages
def test_stats_add_up(active: Any, graph: Any, make_image: Callable[..., Image]) -> None:
    stats = graph.inbox('/imagenet/stats', InferenceStats)
    camera = Camera(graph, make_image)
    graph.wait_until('some stats', lambda: len(stats) > 10)
    camera.timer.cancel()
    graph.meet(camera.publisher, lambda stamp: make_image(BLANK, stamp=stamp), stats)
    last = stats.messages[-1]
    ends = last.frames + last.dropped + last.limited + last.unwanted + last.invalid + last.failed
    assert last.received - 1 <= ends <= last.received
    assert last.fps > 0
    assert last.fps_in > 0
    assert 0 < last.age_ms <= last.age_max_ms
    assert 0 < last.age_p50_ms <= last.age_p95_ms <= last.age_max_ms
    assert last.inference_ms > 0
