# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of a network in this process while a camera sends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import bags_on_disk
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.benchmarking.frames import Input, open_input, sent_frames
from ros_deep_learning.benchmarking.network_run import run_at, time_frames
from ros_deep_learning.benchmarking.plan import Plan, carry_out
from ros_deep_learning.errors import ImageError
from ros_deep_learning.tasks.times import StageTimes

GREY = np.full((4, 6, 3), 100, np.uint8)


def infer(frame: NDArray[np.uint8]) -> StageTimes:
    assert frame.shape == GREY.shape
    return StageTimes(1.0, 2.0, 4.0)


def test_calls_are_timed_after_some_to_warm_up() -> None:
    seen: list[int] = []

    def note(frame: NDArray[np.uint8]) -> StageTimes:
        seen.append(int(frame[0, 0, 0]))
        return StageTimes(1.0, 2.0, 3.0)

    times = time_frames(note, [GREY, GREY + 1], 6)
    assert len(times) == 6
    assert len(seen) == 11
    assert set(seen) == {100, 101}
    assert all(ms >= 0 and stages == StageTimes(1.0, 2.0, 3.0) for ms, stages in times)


def test_a_network_that_costs_nothing_loses_nothing_of_a_low_rate() -> None:
    one = run_at(infer, Input('grey', [GREY]), 200.0, 0.1)
    assert one.sent == 25
    assert one.answered >= 1
    assert one.work_ms is not None
    assert one.work_ms.p50 == 7.0
    assert one.latency_ms is not None
    assert one.latency_ms.count == one.answered
    assert one.usage.memory_mb is not None


def test_a_frame_that_a_newer_one_replaces_is_lost() -> None:
    """The network waits in its first frame until all others were sent."""
    last = threading.Event()
    taken: list[int] = []

    class Camera:
        live = True
        rate_hz = 1.0

        def frames(self) -> Iterator[NDArray[np.uint8]]:
            first = threading.Event()
            for number in range(10):
                yield np.full_like(GREY, number)
                if number == 0:
                    begun.wait(10)
            last.set()
            first.set()

    begun = threading.Event()

    def wait(frame: NDArray[np.uint8]) -> StageTimes:
        taken.append(int(frame[0, 0, 0]))
        begun.set()
        assert last.wait(10)
        return StageTimes()

    one = run_at(wait, Input('camera', [GREY], Camera()), None, 10.0)
    assert taken == [0, 9]
    assert (one.rate_hz, one.sent, one.answered) == (None, 10, 2)
    assert one.lost_share == pytest.approx(0.8)


def test_a_camera_that_fails_ends_the_trial() -> None:
    class Camera:
        live = True
        rate_hz = 1.0

        def frames(self) -> Iterator[NDArray[np.uint8]]:
            yield GREY
            msg = 'unplugged'
            raise ImageError(msg)

    with pytest.raises(ImageError, match='unplugged'):
        run_at(infer, Input('camera', [GREY], Camera()), None, 10.0)


def test_a_camera_is_stopped_after_its_time() -> None:
    class Camera:
        live = True
        rate_hz = 1.0

        def frames(self) -> Iterator[NDArray[np.uint8]]:
            return (GREY for _ in count())

    frames = sent_frames(Input('camera', [GREY], Camera(), (3, 2)), None, 0.01, 1)
    assert {frame.shape for frame in islice(frames, 100_000)} == {(2, 3, 3)}
    said: list[str] = []
    given = Input('camera', [GREY], Camera())
    measured = carry_out(
        Plan(0.001), lambda r, s: run_at(infer, given, r, s), said.append, own_rate=True
    )
    assert (measured.best, measured.searched) == (None, ())
    assert len(measured.fixed) == len(said) == 1
    assert said[0].startswith('own rate: ')


def test_only_a_camera_has_a_rate_of_its_own() -> None:
    with pytest.raises(ImageError, match='grey is no camera'):
        next(sent_frames(Input('grey', [GREY]), None, 1.0, 1))


@pytest.mark.parametrize(
    ('resource', 'size_wh', 'expected'),
    [
        ('pattern://bars', None, (640, 480)),
        ('pattern://ball', (64, 48), (64, 48)),
        ('pictures', None, (30, 20)),
        ('pictures', (16, 8), (16, 8)),
    ],
)
def test_frames_are_held_in_one_size(
    resource: str, size_wh: tuple[int, int] | None, expected: tuple[int, int], tmp_path: Path
) -> None:
    if resource == 'pictures':
        for number, wh in enumerate([(30, 20), (50, 70), (30, 20)]):
            picture = np.full((wh[1], wh[0], 3), 50, np.uint8)
            assert cv2.imwrite(str(tmp_path / f'{number}.png'), picture)
        resource = str(tmp_path)
    given = open_input(resource, size_wh)
    assert given.camera is None
    assert given.frame_wh == expected
    assert {frame.shape[1::-1] for frame in given.frames} == {expected}
    assert len(given.frames) == (3 if resource == str(tmp_path) else 100)


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
@pytest.mark.parametrize('part', ['folder', 'file'])
def test_the_frames_of_a_bag_are_its_images(storage: str, part: str, tmp_path: Path) -> None:
    images = [np.full((4, 6, 3), (10 * number, 100, 200), np.uint8) for number in range(3)]
    path = bags_on_disk.record(tmp_path / 'bag', images, storage=storage)
    if part == 'file':
        (path,) = (one for one in path.iterdir() if one.suffix != '.yaml')
    given = open_input(str(path))
    assert given.camera is None
    assert [frame[0, 0].tolist() for frame in given.frames] == [
        [200, 100, 10 * number] for number in range(3)
    ]


def test_what_is_no_input_is_refused() -> None:
    with pytest.raises(ImageError, match='no file or folder'):
        open_input('nothing.mp4')
