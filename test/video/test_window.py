# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the errors of a window; a real one needs a screen and another OpenCV."""

from __future__ import annotations

import cv2
import pytest

from ros_deep_learning.errors import ImageError
from ros_deep_learning.video.window import Window


def test_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    with pytest.raises(ImageError, match=r'no screen to open a window on: .* http://@:8080'):
        Window('camera')


def test_with_an_opencv_that_has_no_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(cv2.error):
        cv2.namedWindow('x')
    monkeypatch.setenv('DISPLAY', ':0')
    with pytest.raises(ImageError, match=r'no windows .opencv-python-headless.; to fix: install'):
        Window('camera')
