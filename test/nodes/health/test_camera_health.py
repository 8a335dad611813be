# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of how a camera's counts are judged; the graph and the clock are stand-ins."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from diagnostic_updater import DiagnosticStatusWrapper

from ros_deep_learning.nodes.health import statistics
from ros_deep_learning.nodes.health.camera_health import CameraHealth, WatchedCamera
from ros_deep_learning.nodes.health.statistics import FrameStatistics, FrameTimes

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


class Bench:
    """A camera's health on a bench: what it is told, and what it says."""

    def __init__(self) -> None:
        self.unheard: list[str] = []
        self.clock_ns = 10**18
        self.statistics = FrameStatistics()
        clock = SimpleNamespace(
            ros_time_is_active=True, now=lambda: SimpleNamespace(nanoseconds=self.clock_ns)
        )
        self.timeout_s = 5.0
        self.logged: list[str] = []
        self.reason = 'nobody publishes on /camera'
        self.doubt = ''
        camera = WatchedCamera(
            '',
            self.statistics,
            topic=lambda: '/camera',
            mismatches=lambda: self.unheard,
            silence=lambda: self.reason,
            losses_counted_by=lambda: 'numbers',
            received_by=lambda: 'one copy',
            doubt=lambda: self.doubt,
        )
        log = SimpleNamespace(warning=self.logged.append)
        self.health = CameraHealth(camera, clock, lambda: self.timeout_s, log)

    def ask(self) -> tuple[bytes, str]:
        status = self.health.fill(DiagnosticStatusWrapper())
        return status.level, status.message

    def receive(self, count: int = 1, *, replaced: bool = False, age_ms: float | None = 9) -> None:
        for _ in range(count):
            self.statistics.received(age_ms)
            if replaced:
                self.statistics.dropped()

    def finish(self, count: int = 1) -> None:
        for _ in range(count):
            arrival_ns = statistics.time.monotonic_ns()
            self.statistics.done(FrameTimes(1, 2, 3, 33.0, arrival_ns))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_camera_that_has_just_begun_is_waited_for(bench: Bench) -> None:
    assert bench.ask() == (OK, 'waits for images on /camera')


def test_work_is_told_with_rates_and_age(bench: Bench) -> None:
    bench.receive(20, replaced=True)
    bench.finish(10)
    assert bench.ask() == (OK, '5.0 of 10.0 frames/s, 33 ms old')


def test_inference_that_fails_is_an_error_until_it_succeeds(bench: Bench) -> None:
    bench.receive(2)
    bench.finish()
    bench.statistics.failed('out of memory')
    for _ in range(2):
        assert bench.ask() == (ERROR, 'inference fails (1): out of memory')
    bench.receive()
    bench.finish()
    assert bench.ask()[0] == OK
    # One between two that succeed is told once.
    bench.statistics.failed('a spark')
    bench.finish()
    assert bench.ask() == (ERROR, 'inference fails (1): a spark')
    assert bench.ask()[0] == OK


def test_silence_is_a_warning_from_the_timeout_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.receive()
    now_s = statistics.time.monotonic()
    monkeypatch.setattr(statistics.time, 'monotonic', lambda: now_s + 4)
    assert bench.ask()[0] == OK
    monkeypatch.setattr(statistics.time, 'monotonic', lambda: now_s + 6)
    assert bench.ask() == (WARN, 'no image for 6 s: nobody publishes on /camera')
    # Why it is silent says more than that it is.
    bench.unheard = ['/driver does not match']
    assert bench.ask() == (WARN, '/driver does not match')
    bench.unheard = []
    bench.timeout_s = 0.0
    assert bench.ask()[0] == OK


def test_each_reason_for_silence_is_logged_once_a_minute(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    began_s = statistics.time.monotonic()

    def logged_after(seconds: float) -> list[str]:
        monkeypatch.setattr(statistics.time, 'monotonic', lambda: began_s + seconds)
        bench.logged.clear()
        bench.ask()
        return list(bench.logged)

    nobody = 'no images: nobody publishes on /camera'
    assert logged_after(4) == []
    assert logged_after(6) == [nobody]
    assert logged_after(7) == logged_after(65) == []
    assert logged_after(67) == [nobody]
    # The next cause is told at once, and all of its publishers in one warning.
    bench.unheard = ['/left does not match', '/right does not match']
    assert logged_after(68) == ['/left does not match; /right does not match']
    bench.unheard = []
    assert logged_after(69) == []


def test_images_that_are_unlikely_are_a_warning_in_both_places(bench: Bench) -> None:
    bench.receive()
    bench.finish()
    bench.doubt = 'they look like a depth image'
    said = 'the images of /camera may be wrong: they look like a depth image'
    assert [bench.ask(), bench.ask()] == [(WARN, said)] * 2
    assert bench.logged == [said]
    bench.doubt = ''
    assert bench.ask()[0] == OK


def test_frames_that_nearly_all_get_lost_are_a_warning(bench: Bench) -> None:
    bench.receive(30, replaced=True)
    bench.finish()
    level, text = bench.ask()
    assert level == WARN
    assert text.startswith('only 0.5 of 15.0 frames/s are processed')


def test_frames_that_nobody_wants_are_no_fault(bench: Bench) -> None:
    bench.receive(30)
    for _ in range(30):
        bench.statistics.unwanted()
    assert bench.ask() == (OK, 'idle, nobody subscribes to a result; 15.0 frames/s come')


@pytest.mark.parametrize(
    ('age_ms', 'text'),
    [
        (-101.0, 'images are 0.1 s in the future when they come'),
        (10_001.0, 'images are 10.0 s old when they come'),
        (None, 'images have no stamp'),
    ],
)
def test_stamps_that_cannot_be_right_are_a_warning(
    bench: Bench, age_ms: float | None, text: str
) -> None:
    bench.receive(age_ms=age_ms)
    level, said = bench.ask()
    assert (level, said[: len(text)]) == (WARN, text)
    bench.receive(age_ms=-99.0)
    assert bench.ask()[0] == OK


def test_a_simulated_clock_that_stands_at_zero_is_the_cause_of_odd_ages(bench: Bench) -> None:
    bench.clock_ns = 0
    bench.receive(age_ms=-1e12)
    assert bench.ask() == (WARN, 'use_sim_time is set, but nobody publishes /clock')


def test_dropping_of_what_nobody_wants_or_over_the_limit_is_no_fault(bench: Bench) -> None:
    bench.receive(15, replaced=True)
    bench.receive(15)
    bench.statistics.unwanted()
    level, text = bench.ask()
    assert level == OK
    assert 'nobody subscribes' in text
    for _ in range(27):
        bench.statistics.received(9, limited=True)
    bench.receive(2)
    bench.receive(1, replaced=True)
    bench.finish(2)
    assert bench.ask()[0] == OK


def test_images_that_are_lost_on_the_way_are_counted_and_told_if_they_are_many(
    bench: Bench,
) -> None:
    bench.receive(3)
    bench.finish(3)
    bench.statistics.lost(3)
    assert bench.ask()[0] == OK
    assert bench.statistics.snapshot().lost == 3
    bench.receive(1)
    bench.finish(1)
    bench.statistics.lost(2)
    level, text = bench.ask()
    assert level == WARN
    assert '2 images were lost on the way and 1 arrived: use compressed images' in text
    bench.receive()
    bench.finish()
    assert bench.ask()[0] == OK
