# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""docs/programs.md: its commands run, and it has every option."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.cli import detectnet, imagenet, segnet
from ros_deep_learning.cli.old_names import video_viewer

TEXT = (Path(__file__).parents[2] / 'docs' / 'programs.md').read_text()
COMMANDS = ''.join(re.findall('```sh\n(.*?)```', TEXT, re.S)).splitlines()
PROGRAMS: dict[str, Any] = {'imagenet': imagenet, 'detectnet': detectnet, 'segnet': segnet}


@pytest.mark.parametrize('command', COMMANDS)
def test_a_command_runs(
    command: str,
    astronaut: NDArray[np.uint8],
    bikes_clip: Path,
    ssd_onnx: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('photos').mkdir()
    cv2.imwrite('street.jpg', astronaut[..., ::-1])
    shutil.copy('street.jpg', 'photos/a.jpg')
    if 'bikes' in command:
        Path('bikes.mp4').symlink_to(bikes_clip)
    program, *arguments = shlex.split(command)
    if program == 'video-viewer':
        assert video_viewer.main(arguments) == 0
        assert cv2.VideoCapture(arguments[-1]).read()[1].shape == (272, 640, 3)
        return
    before = set(tmp_path.rglob('*'))
    assert PROGRAMS[program].main([*arguments, '--backend=onnxruntime']) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    if '--benchmark' in arguments:
        assert ' runs on 320x320 ' in last
        return
    assert re.match(r'(wrote \S+( \((h264|vp9)\))?: )?\d+ frames? in [\d.]+ s \(\S+ fps\)', last)
    written = [p for p in tmp_path.rglob('*') if p not in before and p.suffix != '.csv']
    assert last.startswith('wrote ') == bool(written)


def test_every_block_is_run() -> None:
    assert len(COMMANDS) > 12
    assert {shlex.split(command)[0] for command in COMMANDS} == {*PROGRAMS, 'video-viewer'}


@pytest.mark.parametrize('name', PROGRAMS)
def test_every_option_is_told_and_no_other(name: str) -> None:
    parser = PROGRAMS[name]._parser()
    options = {option for action in parser._actions for option in action.option_strings}
    told = {
        option
        for title in ('all programs', name)
        for row in re.search(rf'\| {title} \|.*?(?=\n\n|\Z)', TEXT, re.S)[0].splitlines()[2:]  # type: ignore[index]
        for option in re.findall('`(--?[a-zA-Z-]+)`', row)
    }
    assert told <= options
    missing = [
        action.option_strings
        for action in parser._actions
        if action.option_strings and not told & set(action.option_strings)
    ]
    assert missing == [['-h', '--help']]
