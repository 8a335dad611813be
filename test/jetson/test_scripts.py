# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Scripts for jetson-inference run on real pictures, with nothing but their imports changed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import jetson_scripts as scripts
import numpy as np
import pytest

Run = Callable[..., list[str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_script(code: str, *arguments: object) -> list[str]:
        monkeypatch.setattr(sys, 'argv', ['script.py', *map(str, arguments)])
        exec(compile(code, 'script.py', 'exec'), {'__name__': '__main__'})
        return capsys.readouterr().out.splitlines()

    return run_script


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str, Any], Path]:
    def save_picture(name: str, picture_rgb: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        assert cv2.imwrite(str(path), picture_rgb[..., ::-1])
        return path

    return save_picture


def test_recognition(run: Run, save: Any, coffee: Any) -> None:
    picture = save('coffee.png', coffee)
    (line,) = run(scripts.RECOGNITION, picture, '--network=efficientnet-lite0')
    assert line.startswith('espresso class #967 9')


def test_recognition_as_in_2019(run: Run, save: Any, coffee: Any) -> None:
    picture = save('coffee.png', coffee)
    (line,) = run(scripts.RECOGNITION_OF_2019, picture, 'efficientnet-lite0')
    assert line == 'espresso 600 400'


def test_detection_in_a_folder(
    run: Run, save: Any, astronaut: Any, chelsea: Any, tmp_path: Path, ssd_onnx: Path
) -> None:
    save('in/1.png', astronaut)
    save('in/2.png', chelsea)
    lines = run(scripts.DETECTION, tmp_path / 'in', tmp_path / 'out', '--overlay=box,labels')
    heads = [line for line in lines if line.startswith('detected')]
    assert len(heads) == 2
    assert heads[1].endswith('in 451x300 rgb8')
    assert {line.split()[0] for line in lines} >= {'person', 'cat'}
    drawn = [cv2.imread(str(path)) for path in sorted((tmp_path / 'out').iterdir())]
    assert len(drawn) == 2
    assert (drawn[1].shape == np.array(chelsea.shape)).all()
    # JPEG changes a pixel by less than the colour of a box does.
    assert (abs(drawn[1].astype(int) - chelsea[..., ::-1]) > 40).any(axis=-1).mean() > 0.3


def test_the_command_line_wins(run: Run, save: Any, chelsea: Any, ssd_onnx: Path) -> None:
    lines = run(scripts.DETECTION, save('a.png', chelsea), '--confidence=0.99', '--headless')
    assert lines == ['detected 0 objects in 451x300 rgb8']


def test_segmentation(run: Run, save: Any, astronaut: Any, tmp_path: Path) -> None:
    output = tmp_path / 'out.png'
    lines = run(scripts.SEGMENTATION, save('a.png', astronaut), output, '--network=selfie')
    shares = [float(line.split()[-1]) for line in lines]
    assert [line.split()[1] for line in lines] == ['background', 'person']
    assert sum(shares) == pytest.approx(1)
    assert 0.3 < shares[1] < 0.7
    both = cv2.imread(str(output))[..., ::-1]
    assert both.shape == (512, 768, 3)
    mask = both[:256, 512:]
    assert (mask[60:90, 105:120] == mask[75, 110]).all()  # her face has one colour
    assert (mask[75, 110] != mask[5, 5]).any()  # the flag has another
    assert not both[256:, 512:].any()
    assert (both[:, :512] != astronaut).any(axis=-1)[100:200, 200:250].all()
