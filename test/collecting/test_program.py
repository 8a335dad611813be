# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""rdl collect: what it does where the camera goes away, the disk is full or an option is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_deep_learning.cli import rdl
from ros_deep_learning.cli.collect import program
from ros_deep_learning.collecting.folder import CollectedFolder
from ros_deep_learning.collecting.page.page import CollectPage
from ros_deep_learning.errors import CameraError, DatasetError

FRAME = np.full((6, 8, 3), 90, np.uint8)


class Camera:
    """A camera that is unplugged after each frame, twice; then the person ends the program."""

    live, rate_hz = True, 30.0

    def __init__(self) -> None:
        self._opened = 0

    def frames(self) -> Iterator[np.ndarray]:
        self._opened += 1
        if self._opened > 2:
            raise KeyboardInterrupt
        yield FRAME + self._opened * 100
        msg = 'the camera is gone'
        raise CameraError(msg)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    frames: list[Any] = []
    monkeypatch.setattr(program, 'open_frames', lambda *_: Camera())
    monkeypatch.setattr(CollectPage, 'show', lambda _, frame: frames.append(frame))
    return frames


def test_the_page_stays_while_a_camera_is_away(
    shown: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Without a page it waits so long.
    monkeypatch.setattr(program, '_PATIENCE_S', 0.0)
    command = ['collect', 'camera', str(tmp_path), '--classes', 'cat', '--address', 'http://@:0']
    assert rdl.main(command) == 0
    assert len(shown) == 2
    assert capsys.readouterr().err.count('the camera is gone; waiting for it') == 1
    assert rdl.main([*command[:5], '--headless']) == 1


def test_the_page_stays_on_a_full_disk(
    shown: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def keep(*_: object) -> None:
        msg = 'cannot write: No space left on device'
        raise DatasetError(msg)

    monkeypatch.setattr(CollectedFolder, 'keep', keep)
    command = ['collect', 'camera', str(tmp_path), '--classes', 'cat', '--address', 'http://@:0']
    assert rdl.main([*command, '--every', '0.01']) == 1
    assert len(shown) == 2
    assert 'left out a picture: cannot write: No space left' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ('--threshold 0.5', '--threshold is that of --suggest'),
        ('--model net', '--model is the network of --unsure'),
        ('--count 3', '--count needs --headless'),
        ('--count 0 --headless', '--count: expected 1 or more, got 0'),
        ('--suggest net --headless', '--suggest draws labels on the page'),
    ],
)
def test_an_option_without_effect_is_refused(
    options: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match='2'):
        rdl.main(['collect', 'a.mp4', str(tmp_path / 'new'), *options.split()])
    assert words in capsys.readouterr().err
    assert not (tmp_path / 'new').exists()
