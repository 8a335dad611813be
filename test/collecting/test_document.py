# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""docs/collect.md: its commands run."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.cli import rdl
from ros_deep_learning.cli.collect import program
from ros_deep_learning.collecting.layouts import task_of
from ros_deep_learning.nodes.parameters.collect_settings import CollectSettings
from ros_deep_learning.nodes.parameters.typed_arguments import parameter_kinds

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / 'docs' / 'collect.md').read_text()
BLOCKS = re.findall('```sh\n(.*?)```', TEXT, re.S)


@pytest.mark.usefixtures('ssd_onnx')
def test_the_commands_run(
    astronaut: NDArray[np.uint8],
    bikes_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    capture = cv2.VideoCapture(str(bikes_clip))
    writer = cv2.VideoWriter('street.avi', cv2.VideoWriter.fourcc(*'MJPG'), 25, (320, 180))
    for _ in range(3):
        writer.write(cv2.resize(capture.read()[1], (320, 180)))
    writer.release()
    Path('photos').mkdir()
    cv2.imwrite('photos/a.png', astronaut[..., ::-1])
    for command in BLOCKS[1].splitlines():
        # No camera is here, and two seconds are long for a test.
        there = command.replace('/dev/video0', 'pattern://ball').replace(
            'street.mp4', 'street.avi'
        )
        if 'collect' in there:
            there = there.replace('--every 2', '--every 0.05')
            there = re.sub(' --count 100|$', ' --count 1', there, count=1)
        assert rdl.main(shlex.split(there)[1:]) == 0, command
    assert shutil.which('rdl')
    assert Path('people/masks').is_dir()
    assert list(Path('cats/images').rglob('*.jpg'))
    assert not list(Path('cats/unlabelled').iterdir())


@pytest.mark.usefixtures('ssd_onnx')
def test_the_page_opens(
    astronaut: NDArray[np.uint8],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('photos').mkdir()
    cv2.imwrite('photos/a.png', astronaut[..., ::-1])
    # The person ends each at once.
    monkeypatch.setattr(program, '_serve', interrupt)
    for command in BLOCKS[0].splitlines():
        there = command.replace('/dev/video0', 'pattern://ball')
        assert rdl.main([*shlex.split(there)[1:], '--address', 'http://@:0']) == 0, command
        printed = capsys.readouterr().out
        assert re.match(r'open http://localhost:\d+/ in a browser; Ctrl-C ends\n', printed)
    assert printed.splitlines()[-1] == '0 pictures in cats, 0 wait for a label'
    assert (task_of(Path('cats')), task_of(Path('faces'))) == ('detection', 'classification')
    assert rdl.main(['collect', 'photos', 'new']) == 1
    assert 'new has no classes yet; to fix: --classes cat,dog' in capsys.readouterr().err
    assert not Path('new').exists()


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_parameters_exist() -> None:
    words = shlex.split(BLOCKS[2].splitlines()[0])
    given = [word.partition(':=')[0] for word in words if ':=' in word]
    assert len(given) == 3
    assert set(given) <= set(parameter_kinds([CollectSettings]))
