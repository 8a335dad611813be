# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of a camera's frames on their way to the worker."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from ros_deep_learning.imaging.sample_range import FULL
from ros_deep_learning.nodes.stream import camera as camera_module
from ros_deep_learning.nodes.stream.camera import Camera


def test_a_frame_is_counted_before_the_worker_can_be_done_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receivers: list[Any] = []

    def subscribe(node: Any, topic: str, receive: Any, *_: Any, **__: Any) -> Any:
        receivers.append(receive)
        return SimpleNamespace(
            topic_name=topic, mismatches=list, silence=str, losses_counted_by=str, received_by=str
        )

    monkeypatch.setattr(camera_module, 'ImageSubscription', subscribe)
    clock = SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=10**9))
    node: Any = SimpleNamespace(get_clock=lambda: clock)
    camera = Camera(node, '', None)
    counts: list[tuple[int, int]] = []

    def put(sender: Camera, frame: Any, spare: Any) -> bool:
        assert spare is frame.spare
        # A worker as fast as can be.
        sender.statistics.done()
        counts.append((sender.statistics.snapshot().received, sender.statistics.snapshot().done))
        return len(counts) == 2

    worker: Any = SimpleNamespace(put=put)
    settings = SimpleNamespace(
        max_rate_hz=0.0,
        max_image_pixels=100,
        image_transport='auto',
        input='',
        one_copy=True,
        sample_range=lambda: FULL,
    )
    setup: Any = SimpleNamespace(now=SimpleNamespace(settings=settings))
    camera.subscribe(worker, setup, None)
    frame = SimpleNamespace(arrival_ns=5, age_ms=lambda clock_ns: clock_ns / 1e6, spare=object())
    for _ in range(2):
        receivers[0](frame)
    assert counts == [(1, 1), (2, 2)]
    assert camera.statistics.snapshot().dropped == 1
    assert camera.statistics.snapshot().arrival_age_ms == 1000.0


def camera_that_says(said: list[str]) -> Camera:
    node: Any = SimpleNamespace(
        get_clock=lambda: None,
        context=SimpleNamespace(ok=lambda: True),
        get_logger=lambda: SimpleNamespace(warning=lambda text, **_: said.append(text)),
    )
    return Camera(node, '', None)


def test_a_calibration_that_cannot_be_published_costs_no_result() -> None:
    said: list[str] = []
    camera = camera_that_says(said)
    # Twice as wide as a CameraInfo can say.
    info = CameraInfo(width=2**32 - 1, height=240)
    camera._calibration = SimpleNamespace(at=lambda _: info)  # type: ignore[assignment]

    def publish(_: str, message: Any) -> None:
        if message.width > 2**32 - 1:
            msg = 'out of range'
            raise AssertionError(msg)

    camera.outputs.publish = publish  # type: ignore[method-assign]
    camera.publish_camera_info(Header(), (320, 240), (640, 480))
    assert len(said) == 1
    assert said[0].startswith('no camera_info for this frame')


def test_an_overlay_that_cannot_be_drawn_costs_no_result() -> None:
    said: list[str] = []
    camera = camera_that_says(said)

    def draw() -> Any:
        msg = 'no room for it'
        raise ValueError(msg)

    camera.publish_overlay(draw, 80)
    counts = camera.statistics.snapshot()
    assert (counts.undrawn, counts.failed, counts.failures_in_a_row) == (1, 0, 0)
    assert said == ['no overlay for this frame: no room for it']
