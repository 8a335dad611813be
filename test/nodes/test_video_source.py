# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The video_source node as a real process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sensor_msgs.msg import Image


def test_every_frame_arrives_then_the_process_ends(
    start: Callable[..., Any], graph: Any, pictures: Path
) -> None:
    images = graph.inbox('/video_source/raw', Image)
    program = start(
        'video_source', '--ros-args',
        '-p', f'resource:={pictures}', '-p', 'framerate:=20.0', '-p', 'loop:=1',
        '-p', 'wait_for_subscriber:=true', '-p', 'frame_id:=left',
    )  # fmt: skip
    graph.wait_until('six frames', lambda: len(images) == 6)
    assert [m.data[0] for m in images.messages] == [0, 10, 20, 0, 10, 20]
    assert {(m.encoding, m.width, m.height, m.step) for m in images.messages} == {
        ('bgr8', 48, 32, 144)
    }
    assert {m.header.frame_id for m in images.messages} == {'left'}
    stamps = [(m.header.stamp.sec, m.header.stamp.nanosec) for m in images.messages]
    assert stamps == sorted(stamps)
    assert stamps[0][0] > 0
    assert program.process.wait(30) == 0
    assert 'the end, after 6 frames' in program.text()


def test_a_missing_resource_is_one_line_and_exit_code_1(start: Callable[..., Any]) -> None:
    program = start('video_source', '--ros-args', '-p', 'resource:=/no/such.mp4')
    assert program.process.wait(30) == 1
    assert "error: no file or folder '/no/such.mp4'" in program.text()
    assert 'Traceback' not in program.text()
