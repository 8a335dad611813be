# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A program that shows its frames in a window, with a stand-in of OpenCV's windows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.cli import imagenet
from ros_deep_learning.video.screens import WindowSink, is_screen, open_screen

FRAME = np.zeros((48, 64, 3), np.uint8)


class Screen:
    """What was done with OpenCV's windows."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.shown: list[NDArray[np.uint8]] = []
        self.ended: list[str] = []
        self.keys: list[int] = []
        patch.setenv('DISPLAY', ':0')
        patch.setattr(cv2, 'getBuildInformation', lambda: '  GUI:   GTK3')
        patch.setattr(cv2, 'namedWindow', lambda *_: None)
        patch.setattr(cv2, 'resizeWindow', lambda *_: None)
        patch.setattr(cv2, 'imshow', lambda _, frame: self.shown.append(frame))
        patch.setattr(cv2, 'waitKey', lambda _: self.keys.pop(0) if self.keys else -1)
        patch.setattr(cv2, 'getWindowProperty', lambda *_: 1.0)
        patch.setattr(cv2, 'destroyWindow', self.ended.append)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    return Screen(monkeypatch)


def test_frames_are_shown_until_a_key_closes_it(screen: Screen) -> None:
    assert is_screen('display://0')
    sink = open_screen('display://0')
    assert isinstance(sink, WindowSink)
    sink.write(FRAME)
    assert not sink.closed
    screen.keys = [ord('q')]
    sink.write(FRAME)
    sink.write(FRAME)
    assert sink.closed
    assert len(screen.shown) == 3
    sink.close()
    sink.close()
    assert screen.ended == ['ros_deep_learning']


def test_a_program_ends_with_its_window(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    screen.keys = [-1, ord('q')]
    assert imagenet.main(['pattern://ball', 'display://0', '--backend=onnxruntime']) == 0
    assert len(screen.shown) == 2
    assert capsys.readouterr().out.splitlines()[-1].startswith('2 frames in ')


def test_a_program_without_a_screen_names_the_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    assert imagenet.main(['pattern://ball', 'display://0']) == 1
    said = capsys.readouterr().err
    assert said.count('\n') == 1
    assert said.startswith('imagenet: no screen to open a window on: ')
    assert 'http://@:8080' in said
