# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The lines of docs/from-jetson-inference.md: run, except those with a camera, which are read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ros_deep_learning.cli import detectnet, imagenet, segnet, vision_arguments
from ros_deep_learning.cli.frames.inputs import split_paths
from ros_deep_learning.cli.old_names import video_viewer
from ros_deep_learning.recognition.choice import choose_card

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / 'docs' / 'from-jetson-inference.md').read_text()
ROWS = re.findall(r'^\| `([^`]+)` \| `([^`]+)` \|$', PAGE, re.M)
PROGRAMS: dict[str, Any] = {
    'imagenet': imagenet,
    'detectnet': detectnet,
    'segnet': segnet,
    'video-viewer': video_viewer,
}
HERE = [here for _, here in ROWS if here.split()[0] in PROGRAMS]
LAUNCHED = [here for _, here in ROWS if here.startswith('ros2 launch')]
CAMERA = re.compile(r' (/dev/video|csi://|rtp://@|webrtc://@)')
STAND_INS = {
    'classification': 'efficientnet-lite0',
    'detection': 'ssd-mobilenet-v2',
    'segmentation': 'selfie',
}


@pytest.fixture
def small_networks(monkeypatch: pytest.MonkeyPatch, ssd_onnx: Path) -> None:
    """Let a network that is at hand take the place of the one that a line names."""

    def chosen(model: Any, task: Any, hints: Any) -> Any:
        assert choose_card(model, task, hints).task == task
        return choose_card(STAND_INS[task])

    monkeypatch.setattr(vision_arguments, 'choose_card', chosen)


def make_input(name: str, picture: Any) -> None:
    """Write what a line reads: a picture, several of a pattern, a folder of them, or a video."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in ('.mp4', '.mkv'):
        writer = cv2.VideoWriter(name, cv2.VideoWriter.fourcc(*'mp4v'), 25, (640, 272))
        for _ in range(2):
            writer.write(picture)
        writer.release()
        return
    folder_or_names = [name.replace('*', str(k)) for k in range(2)] if '*' in name else [name]
    if not path.suffix:
        path.mkdir()
        folder_or_names = [f'{name}/{k}.jpg' for k in range(2)]
    for each in folder_or_names:
        assert cv2.imwrite(each, picture)


def test_the_page_has_lines_of_every_program() -> None:
    assert len(HERE) >= 22
    assert len(LAUNCHED) >= 9
    known = {*PROGRAMS, 'ros2'}
    assert {here.split()[0] for _, here in ROWS} == known


@pytest.mark.parametrize('line', [line for line in HERE if not CAMERA.search(line)])
def test_a_line_runs(
    line: str,
    small_networks: None,
    bikes_frames: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(line)
    source, *targets = (word for word in arguments if not word.startswith('--'))
    make_input(source, np.ascontiguousarray(bikes_frames[0][..., ::-1]))
    if not targets:
        # A window, of which there is none here.
        arguments += ['--headless', '--limit=5']
    assert PROGRAMS[program].main(arguments) == 0, capsys.readouterr().err
    if not targets:
        return
    (target,) = targets
    path = Path(target)
    written = (
        list(path.iterdir())
        if path.is_dir()
        else list(path.parent.glob(path.name.replace('%i', '?')))
    )
    several = '*' in source or not Path(source).suffix
    assert len(written) == (2 if several else 1)
    capture = cv2.VideoCapture(str(written[0]))
    assert capture.read()[1].shape == (272, 640, 3)


@pytest.mark.parametrize('line', [line for line in HERE if CAMERA.search(line)])
def test_a_line_with_a_camera_is_understood(line: str) -> None:
    program, *arguments = shlex.split(line)
    read = PROGRAMS[program]._parser().parse_args(arguments)
    if program == 'video-viewer':
        source = read.source
    else:
        (source,), _ = split_paths(read.paths, read.output)
    assert CAMERA.match(f' {source}')


@pytest.mark.parametrize('line', LAUNCHED)
def test_a_launch_line_names_files_and_arguments_that_exist(line: str) -> None:
    _, _, package, file, *arguments = shlex.split(line)
    assert package == 'ros_deep_learning'
    assert (ROOT / 'launch' / file).is_file()
    pages = ('launch.md', 'parameters.md')
    documented = ''.join((ROOT / 'docs' / page).read_text() for page in pages)
    for argument in arguments:
        name = argument.partition(':=')[0]
        assert f'`{name}`' in documented or f'`{name}:=' in documented, name


def test_python_imports_of_the_page_exist() -> None:
    (names,) = re.findall(r'`from ros_deep_learning\.jetson import ([^`]+)`', PAGE)
    from ros_deep_learning import jetson

    assert all(hasattr(jetson, name) for name in names.split(', '))
