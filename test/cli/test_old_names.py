# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The camera programs of jetson-inference, and its classes where nothing can be downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import pytest

from ros_deep_learning import jetson
from ros_deep_learning.cli.old_names import cameras, video_viewer
from ros_deep_learning.errors import FetchError


@pytest.mark.parametrize(
    ('given', 'read'),
    [
        ([], ['/dev/video0']),
        (['--camera=/dev/video1', 'out.mp4'], ['/dev/video1', 'out.mp4']),
        (['--network=x', '--camera', '1'], ['csi://1', '--network=x']),
        (['--camera=v4l2:///dev/video2', '--headless'], ['v4l2:///dev/video2', '--headless']),
        (['--help'], ['--help']),
    ],
)
def test_the_camera_is_the_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: list[str], read: list[str]
) -> None:
    monkeypatch.setattr(cameras, 'JETSON', tmp_path / 'none')
    assert cameras.with_camera(given) == read
    monkeypatch.setattr(cameras, 'JETSON', tmp_path)
    assert cameras.with_camera([]) == ['csi://0']


def test_a_camera_program_says_that_there_is_no_camera(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = tmp_path / 'video9'
    arguments = [f'--camera=v4l2://{away}', '--backend=onnxruntime', '--stats', '--alpha=90']
    assert cameras.segnet_camera(arguments) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f'segnet: no camera at {away}; ')


@pytest.mark.parametrize(
    ('network', 'hint'),
    [
        (jetson.imageNet, "imageNet('efficientnet-lite0')"),
        (jetson.segNet, "segNet('selfie')"),
    ],
)
def test_a_default_that_cannot_be_downloaded_names_what_is_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, network: Any, hint: str
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path))
    monkeypatch.setenv('ROS_DEEP_LEARNING_OFFLINE', '1')
    with pytest.raises(FetchError) as caught:
        network()
    assert hint in str(caught.value).partition('here without a download: ')[2]


def test_video_viewer_writes_what_it_reads(
    bikes_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / 'out.mp4'
    assert video_viewer.main([str(bikes_clip), str(output), '--limit=5']) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f'{output}: 5 frames in ')
    shown, source = cv2.VideoCapture(str(output)), cv2.VideoCapture(str(bikes_clip))
    for _ in range(5):
        assert abs(shown.read()[1].astype(int) - source.read()[1]).mean() < 6
    assert not shown.read()[0]
    assert video_viewer.main([str(bikes_clip), str(output)]) == 1
    assert ' is there already: add --force' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('option', 'reason'),
    [
        ('--limit=-3', "expected 1 or more, got '-3'"),
        ('--limit=0', "expected 1 or more, got '0'"),
        ('--output_save=x.mp4', 'give the file as the output'),
    ],
)
def test_video_viewer_says_what_to_do_instead(
    capsys: pytest.CaptureFixture[str], option: str, reason: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        video_viewer.main(['in.mp4', 'out.mp4', option])
    assert caught.value.code == 2
    assert reason in capsys.readouterr().err
