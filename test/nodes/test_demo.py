# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo, as `make demo` runs it: a real video through a real graph."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ros_deep_learning.video.album import COLUMNS, ROWS, Album


def test_an_album_of_nothing_writes_nothing(tmp_path: Path) -> None:
    album = Album(tmp_path / 'out', 25.0)
    album.close()
    assert album.paths == []
    assert not (tmp_path / 'out').exists()


def test_an_album_keeps_time_by_repeating_dropped_frames(tmp_path: Path) -> None:
    album = Album(tmp_path, 10.0)
    for index in (0, 1, 4, 5):
        frame = np.full((48, 64, 3), 40 * index, np.uint8)
        album.add(frame, index * 100_000_000, [('person', 0.9)])
    album.close()
    capture = cv2.VideoCapture(str(tmp_path / 'annotated.mp4'))
    levels = []
    while (read := capture.read())[0]:
        levels.append(int(read[1].mean().round() // 36))
    assert levels == [0, 1, 1, 1, 4, 5]
    assert cv2.imread(str(tmp_path / 'contact_sheet.png')).shape[1] == 3 * 480


def test_an_album_of_mixed_sizes_shows_each_frame_whole(tmp_path: Path) -> None:
    album = Album(tmp_path, 10.0)
    sizes_wh = [(640, 480), (480, 640), (640, 360), (2000, 2), (2, 2000)]
    for index, (width, height) in enumerate(sizes_wh):
        frame = np.full((height, width, 3), 50 + 40 * index, np.uint8)
        album.add(frame, index * 500_000_000, [])
    album.close()
    sheet = cv2.imread(str(tmp_path / 'contact_sheet.png'))
    assert sheet.shape == (480 + 480, 3 * 480, 3)
    areas = [360 * 480, 360 * 480, 480 * 270, 480, 480]
    assert [int((sheet[..., 0] == 50 + 40 * k).sum()) for k in range(5)] == areas


def test_an_album_keeps_the_best_frames_alone_whatever_the_stamps(tmp_path: Path) -> None:
    album = Album(tmp_path, 10.0)
    for index in range(40):
        frame = np.full((48, 64, 3), 6 * index, np.uint8)
        album.add(frame, index * 3_600_000_000_000, [('person', index / 40)])
    assert len(album._best) == COLUMNS * ROWS
    assert min(worth for worth, _ in album._best.values()) == 1 + (40 - COLUMNS * ROWS) / 4000


@pytest.mark.usefixtures('ros_domain', 'ssd_onnx', 'bikes_clip')
def test_the_demo_finds_people_cars_and_bicycles(tmp_path: Path) -> None:
    output = tmp_path / 'demo_output'
    command = [sys.executable, '-m', 'ros_deep_learning.nodes.demo', '--output', str(output)]
    done = subprocess.run(
        command, timeout=240, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, done.stdout
    assert 'Traceback' not in done.stdout
    last = done.stdout.splitlines()[-1]
    assert re.match(r'to see it live in a browser: .*detectnet .*\.mp4 http://@:8080$', last)
    for label in ('person', 'car', 'bicycle'):
        assert re.search(rf'^  {label} +in +\d+ boxes, best score 0\.[5-9]', done.stdout, re.M)
        assert re.search(rf'frame .* fps .*{label} 0\.\d\d \[\d+ \d+ \d+ \d+\]', done.stdout)
    frames = int(re.search(r'^(\d+) frames in [\d.]+ s: [\d.]+ frames/s', done.stdout, re.M)[1])
    assert frames > 10
    capture = cv2.VideoCapture(str(output / 'annotated.mp4'))
    # What a busy machine has dropped is repeated, but for the last of them.
    assert 150 < capture.get(cv2.CAP_PROP_FRAME_COUNT) <= 265
    assert cv2.imread(str(output / 'contact_sheet.png')).size > 500_000


@pytest.mark.usefixtures('ros_domain', 'bikes_clip')
def test_a_network_that_cannot_be_loaded_ends_the_demo_at_once(tmp_path: Path) -> None:
    command = [sys.executable, '-m', 'ros_deep_learning.nodes.demo', '--output', str(tmp_path)]
    done = subprocess.run(
        [*command, '--model', 'efficientnet-lite0'],
        timeout=60,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 1
    assert 'efficientnet-lite0 is made for classification, not for detection' in done.stdout
    assert list(tmp_path.iterdir()) == []
