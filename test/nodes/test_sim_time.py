# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Nodes on a simulated clock that stands still, jumps forth and jumps back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from ros_deep_learning.nodes.messages.inference_stats import InferenceStats


@pytest.fixture
def set_clock(graph: Any) -> Callable[[float], None]:
    publisher = graph.node.create_publisher(Clock, '/clock', 10)

    def set_to(seconds: float) -> None:
        message = Clock()
        message.clock.sec = int(seconds)
        message.clock.nanosec = int(seconds % 1 * 1e9)
        publisher.publish(message)

    return set_to


@pytest.mark.rclpy
def test_a_node_starts_and_answers_on_a_clock_that_nobody_turns(
    start: Callable[..., Any], graph: Any, make_image: Callable[..., Image], astronaut: np.ndarray
) -> None:
    program = start('segnet', '--ros-args', '-p', 'use_sim_time:=true', '-p', 'autostart:=true')
    overlays = graph.inbox('/segnet/overlay', Image)
    publisher = graph.image_publisher('/segnet/image_in')
    sent = make_image(astronaut, stamp=5)
    assert graph.ask(publisher, sent, overlays).header == sent.header
    assert program.stop() == 0
    assert 'Traceback' not in program.text()


def test_tracks_and_results_outlive_jumps_of_the_clock(
    start: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
    ssd_onnx: Path,
    set_clock: Callable[[float], None],
) -> None:
    program = start(
        'detectnet', '--ros-args', '-p', 'use_sim_time:=true', '-p', 'autostart:=true',
        '-p', 'tracking:=iou',
    )  # fmt: skip
    detections = graph.inbox('/detectnet/detections', Detection2DArray)
    stats = graph.own_inbox('/detectnet/stats', InferenceStats)
    publisher = graph.image_publisher('/detectnet/image_in')
    # A bag that is played, then started over, then one of a year later.
    for stamp in (1000, 1001, 1002, 1003, 10, 11, 12, 13, 31_536_000, 31_536_001, 5):
        set_clock(stamp + 0.25)
        sent = make_image(astronaut, stamp=stamp)
        answer = graph.ask(publisher, sent, detections)
        assert answer.header == sent.header
        names = [d.results[0].hypothesis.class_id for d in answer.detections]
        assert 'person' in names, stamp
    assert graph.state('detectnet') == 'active'
    assert stats is None or stats.messages
    assert program.stop() == 0
    assert not [word for word in ('Traceback', 'ERROR') if word in program.text()]


def test_no_frame_of_a_file_passes_for_another_on_a_clock_that_stands_still(
    start: Callable[..., Any], graph: Any, pictures: Path
) -> None:
    images = graph.inbox('/video_source/raw', Image)
    written = graph.node.create_publisher(Header, '/recorder/written', 5)
    program = start(
        'video_source', '--ros-args', '-p', f'resource:={pictures}', '-p', 'framerate:=100.0',
        '-p', 'loop:=1', '-p', 'use_sim_time:=true', '-p', 'wait_for_output:=/recorder',
    )  # fmt: skip
    for count in range(1, 7):
        graph.wait_until('a frame', lambda count=count: len(images) >= count)
        # Longer than the frames of the file are apart.
        time.sleep(0.1)
        assert len(images) == count
        written.publish(images.messages[-1].header)
    assert program.process.wait(60) == 0
    stamps = [(m.header.stamp.sec, m.header.stamp.nanosec) for m in images.messages]
    assert stamps == [(0, count) for count in range(1, 7)]


@pytest.mark.rclpy
def test_a_source_plays_and_stamps_by_a_clock_that_stands_still(
    start: Callable[..., Any], graph: Any, pictures: Path, set_clock: Callable[[float], None]
) -> None:
    images = graph.inbox('/video_source/raw', Image)
    start(
        'video_source', '--ros-args', '-p', f'resource:={pictures}', '-p', 'framerate:=20.0',
        '-p', 'loop:=-1', '-p', 'use_sim_time:=true',
    )  # fmt: skip

    def stamped(seconds: int) -> bool:
        set_clock(seconds)
        return any(m.header.stamp.sec == seconds for m in images.messages)

    graph.wait_until('the first time', lambda: stamped(70))
    graph.wait_until('an earlier one', lambda: stamped(7))
