# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what is kept of events: whole, within the limits, and readable."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import bags_on_disk as disk
import cv2
import numpy as np
import pytest

from ros_deep_learning.events import keeping, recent_frames
from ros_deep_learning.events.keeping import (
    Job,
    Keeper,
    Limits,
    enforce,
    folder_name,
    kept_folders,
)
from ros_deep_learning.events.kept_results import KeptObjects
from ros_deep_learning.events.recent_frames import RecentFrames, write_bag
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.tasks.detection import Detections

NOW = datetime(2026, 11, 29, 10, 0, 0, 123456, timezone.utc)
MIB = 2**20
PLENTY = Limits(100, 100)


def job(number: int, size: int = 10) -> Job:
    name = folder_name(NOW + timedelta(seconds=number), 'crowd')
    return Job(name, {'number': number}, lambda folder: fill(folder, size))


def fill(folder: Path, size: int) -> None:
    (folder / 'picture.jpg').write_bytes(bytes(size))


def keep(folder: Path, limits: Limits, *jobs: Job) -> list[str]:
    """Keep events one after the other, and return the warnings."""
    told: list[str] = []
    for one in jobs:
        keeper = Keeper(folder, limits, told.append)
        keeper.put(one)
        keeper.close()
    return told


def numbers(folder: Path) -> list[int]:
    return [json.loads((one / 'event.json').read_text())['number'] for one in kept_folders(folder)]


def test_the_name_sorts_by_time() -> None:
    assert folder_name(NOW, 'crowd') == '20261129T100000.123456Z-crowd'
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    assert folder_name(elsewhere, 'crowd') == folder_name(NOW, 'crowd')


def test_the_newest_are_kept(tmp_path: Path) -> None:
    assert keep(tmp_path / 'a' / 'b', Limits(3, 100), *map(job, range(5))) == []
    assert numbers(tmp_path / 'a' / 'b') == [2, 3, 4]


def test_the_disk_has_a_quota(tmp_path: Path) -> None:
    jobs = [job(number, MIB * 3 // 5) for number in range(4)]
    assert keep(tmp_path, Limits(100, 2), *jobs) == []
    assert numbers(tmp_path) == [1, 2, 3]
    (warning,) = keep(tmp_path, Limits(100, 2), job(9, 2 * MIB))
    assert 'it alone is over the quota of 2 MiB' in warning
    assert numbers(tmp_path) == [1, 2, 3]


def test_other_files_of_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / 'holiday').mkdir()
    (tmp_path / 'holiday' / 'beach.jpg').write_bytes(bytes(MIB))
    (tmp_path / folder_name(NOW, 'mine')).mkdir()
    outside = tmp_path.with_name('outside')
    outside.mkdir()
    (outside / 'event.json').write_text('{}')
    (tmp_path / folder_name(NOW, 'linked')).symlink_to(outside)
    keep(tmp_path, PLENTY, job(1))
    assert len(enforce(tmp_path, Limits(0, 0))) == 1
    assert (tmp_path / 'holiday' / 'beach.jpg').exists()
    assert (outside / 'event.json').exists()
    assert len(list(tmp_path.iterdir())) == 3


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / '.part-x').mkdir()
    (tmp_path / '.part-x' / 'picture.jpg').touch()
    keep(tmp_path, PLENTY, job(1))
    assert [one.name for one in tmp_path.iterdir()] == [job(1).name]


def test_two_nodes_may_have_one_folder(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(folder: Path) -> None:
        begun.set()
        assert go_on.wait(10)
        fill(folder, 10)

    told: list[str] = []
    first = Keeper(tmp_path, PLENTY, told.append)
    first.put(Job(job(1).name, {'number': 1}, slow))
    assert begun.wait(10)
    # The second starts and keeps an event, while the first is writing one.
    assert keep(tmp_path, PLENTY, job(2)) == []
    go_on.set()
    first.close()
    assert told == []
    assert numbers(tmp_path) == [1, 2]
    assert len(list(tmp_path.iterdir())) == 2


def test_another_process_may_remove_events_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, PLENTY, *map(job, range(4)))
    found = kept_folders(tmp_path)
    for one in found[:2]:
        shutil.rmtree(one)
    monkeypatch.setattr(keeping, 'kept_folders', lambda _: found)
    enforce(tmp_path, Limits(1, 100))
    monkeypatch.undo()
    assert numbers(tmp_path) == [3]


def test_events_of_a_clock_that_was_wrong_go_first(tmp_path: Path) -> None:
    late = NOW.replace(year=2999)
    wrong = [Job(folder_name(late, f'r{k}'), {'number': -k}, lambda f: fill(f, 1)) for k in (1, 2)]
    assert keep(tmp_path, Limits(2, 100), *wrong, job(3 - 10**8)) == []
    assert numbers(tmp_path) == [3 - 10**8, -2]


def test_an_event_has_the_mode_of_usual_folders(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        keep(tmp_path, PLENTY, job(1))
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / job(1).name).stat().st_mode) == 0o755


def test_a_full_disk_costs_that_event_alone(tmp_path: Path) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    bad = Job(folder_name(NOW, 'bad'), {}, full)
    (warning,) = keep(tmp_path, PLENTY, job(1), bad, job(2))
    assert 'no space left on the disk' in warning
    assert numbers(tmp_path) == [1, 2]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_slow_disk_holds_nobody_up(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: Path) -> None:
        begun.set()
        assert go_on.wait(10)

    told: list[str] = []
    keeper = Keeper(tmp_path, PLENTY, told.append)
    assert keeper.put(Job(folder_name(NOW, 'slow'), {'number': 0}, slow))
    assert begun.wait(10)
    put = [keeper.put(job(number)) for number in range(1, 7)]
    assert [one is None for one in put] == [False] * 4 + [True] * 2
    assert len(told) == 2
    go_on.set()
    keeper.close()
    assert numbers(tmp_path) == [0, 1, 2, 3, 4]


def test_two_nodes_remove_the_oldest_at_once(tmp_path: Path) -> None:
    told: list[str] = []
    keepers = [Keeper(tmp_path, Limits(2, 100), told.append) for _ in range(2)]
    for number in range(40):
        while keepers[number % 2]._jobs.full():
            threading.Event().wait(0.001)
        keepers[number % 2].put(job(number))
    for keeper in keepers:
        keeper.close()
    assert told == []
    assert 1 <= len(numbers(tmp_path)) <= 2
    assert {one.name for one in tmp_path.iterdir()} == {one.name for one in kept_folders(tmp_path)}


def found(number: int) -> Detections:
    return Detections(
        np.array([[number, 1, 20, 15]], np.float32),
        np.array([0.75], np.float32),
        np.array([1], np.int32),
        (48, 32),
    )


def held(arrivals_s: list[float], seconds: float = 2.0) -> RecentFrames:
    recent = RecentFrames(seconds, KeptObjects())
    for number, arrival_s in enumerate(arrivals_s):
        picture = np.full((32, 48, 3), (10 * number, 100, 200), np.uint8)
        arrival_ns = round(arrival_s * 1e9)
        picture_rgb, names = Pixels(picture, 'rgb'), ('a', 'person')
        recent.add(arrival_ns, arrival_ns - 7, 'camera', picture_rgb, found(number), names)
    return recent


@pytest.mark.parametrize(
    ('arrivals_s', 'kept'),
    [
        ([], []),
        ([1.0, 1.05, 1.1, 1.5], [0, 2, 3]),
        ([1.0, 2.0, 3.0, 3.5, 5.25], [3, 4]),
        # The clock jumps back.
        ([100.0, 101.0, 5.0, 6.0], [2, 3]),
    ],
)
def test_the_last_seconds_are_held(arrivals_s: list[float], kept: list[int]) -> None:
    recent = held(arrivals_s)
    assert [int(one.result.boxes_xyxy[0, 0]) for one in recent.held()] == kept


def test_nothing_is_made_of_a_frame_that_comes_too_soon() -> None:
    class Counting(KeptObjects):
        made = 0

        def held(self, result: Detections) -> Detections:
            self.made += 1
            return result

    kind = Counting()
    recent = RecentFrames(10.0, kind)
    picture = Pixels(np.zeros((32, 48, 3), np.uint8), 'rgb')
    for milliseconds in range(0, 1000, 20):
        recent.add(milliseconds * 10**6, 1, 'camera', picture, found(1))
    assert kind.made == len(recent.held()) == 10


def test_names_of_frames_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_frames, '_MOST_BYTES', 2**20)
    recent = RecentFrames(10.0, KeptObjects())
    picture = Pixels(np.zeros((32, 48, 3), np.uint8), 'rgb')
    for second in range(4):
        recent.add(second * 10**9, 1, 'x' * 2**19, picture, found(1))
    assert len(recent.held()) == 1
    recent.add(4 * 10**9, 1, 'x' * 2**20, picture, found(1))
    assert recent.held() == ()


def test_a_bag_is_read_by_another_library(tmp_path: Path) -> None:
    path = tmp_path / 'bag'
    frames = held([1.0, 2.0, 3.0]).held()
    write_bag(path, frames, '/detectnet/front', KeptObjects())
    assert [(topic, time_ns) for topic, time_ns, _ in disk.read(path)] == [
        (f'/detectnet/front/{name}', second * 10**9)
        for second in (1, 2, 3)
        for name in ('image/compressed', 'detections')
    ]
    images = disk.of_topic(path, '/detectnet/front/image/compressed')
    assert [(one.header.stamp.sec, one.header.frame_id) for one in images] == [
        (0, 'camera'),
        (1, 'camera'),
        (2, 'camera'),
    ]
    picture = cv2.imdecode(np.frombuffer(bytes(images[2].data), np.uint8), cv2.IMREAD_COLOR)
    assert picture[5, 5].tolist() == pytest.approx([200, 100, 20], abs=4)
    (detection,) = disk.of_topic(path, '/detectnet/front/detections')[1].detections
    assert detection.results[0].hypothesis.class_id == 'person'
    assert detection.results[0].hypothesis.score == 0.75
    assert (detection.bbox.center.position.x, detection.bbox.size_x) == (10.5, 19.0)
