# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every option of every program stands in a document; those that no other test types, typed."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.cli import detectnet, imagenet, rdl, segnet
from ros_deep_learning.cli.old_names import video_viewer

ROOT = Path(__file__).parents[2]
MODELS = 'list show download verify path add inspect export-server pack unpack'
SUBCOMMANDS = {
    'models': MODELS.split(),
    'dataset': ['check', 'show', 'convert', 'split'],
    'engines': ['list', 'verify', 'prune'],
}
HELPS = [
    (name, *sub)
    for name in rdl.COMMANDS
    for sub in [(), *((s,) for s in SUBCOMMANDS.get(name, ()))]
]
OPTION = re.compile(r'(?<![\w-])--[a-z0-9][a-z0-9_-]*')


@pytest.fixture(scope='module')
def documents() -> set[str]:
    pages = [ROOT / 'README.md', *(ROOT / 'docs').glob('*.md')]
    return {word for page in pages for word in OPTION.findall(page.read_text().lower())}


def options_of(
    program: object, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> set[str]:
    with pytest.raises(SystemExit, match='0'):
        program.main([*arguments, '--help'])
    return set(OPTION.findall(capsys.readouterr().out.lower())) - {'--help', '--version'}


@pytest.mark.parametrize('command', HELPS, ids=' '.join)
def test_each_option_is_in_a_document(
    command: tuple[str, ...], documents: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert options_of(rdl, list(command), capsys) <= documents


def test_each_option_of_the_viewer_is_in_a_document(
    documents: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert options_of(video_viewer, [], capsys) <= documents


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(program: object, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert program.main([*arguments, '--backend=onnxruntime']) == 0
    return capsys.readouterr().out


def test_files_of_labels_and_colors_by_their_old_names(
    here: Path, coffee: NDArray[np.uint8], capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite('coffee.png', coffee[..., ::-1])
    Path('labels.txt').write_text('one\ntwo\n')
    Path('colors.txt').write_text('0 0 0\n0 255 0\n')
    arguments = ['coffee.png', 'mask.png', '--network=selfie', '--visualize=mask']
    text = printed(
        segnet, capsys, *arguments, '--class-labels=labels.txt', '--class-colors=colors.txt'
    )
    assert '%  one' in text
    assert set(np.unique(cv2.imread('mask.png')[..., 2])) == {0}


def test_a_tensor_that_can_be_either_output_is_a_question(
    here: Path, coffee: NDArray[np.uint8], capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite('coffee.png', coffee[..., ::-1])
    assert detectnet.main(['coffee.png', '--output-blob=scores', '--mean-pixel=10']) == 1
    with pytest.raises(SystemExit, match='2'):
        detectnet.main(['coffee.png', '--mean-pixel=nan'])
    text = capsys.readouterr().err
    assert 'which output of ssd-mobilenet-v2 the tensor scores is stays open' in text
    assert '--output-cvg and --output-bbox' in text


def test_scores_of_several_classes_do_not_add_up_to_one(
    here: Path, coffee: NDArray[np.uint8], capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite('coffee.png', coffee[..., ::-1])
    several = printed(imagenet, capsys, 'coffee.png', 'out.png', '--multi-label', '--topk=3')
    assert sum(map(float, re.findall(r' ([\d.]+)%  ', several))) > 200


def test_smoothed_scores_keep_the_class_for_a_frame(
    here: Path, coffee: NDArray[np.uint8], capsys: pytest.CaptureFixture[str]
) -> None:
    height, width = coffee.shape[:2]
    video = cv2.VideoWriter('in.avi', cv2.VideoWriter_fourcc(*'MJPG'), 10, (width, height))
    for frame in (coffee[..., ::-1], np.zeros_like(coffee)):
        video.write(frame)
    video.release()
    last = []
    for smoothing in ('0', '0.1'):
        text = printed(
            imagenet, capsys, 'in.avi', 'out.avi', '--force', f'--smoothing={smoothing}'
        )
        last.append(re.findall(r'%  .*class (\d+)', text)[-1])
    assert last[0] != '967'
    assert last[1] == '967'


def test_a_video_of_a_height_and_a_bit_rate(
    here: Path, bikes_clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = []
    for rate in (50_000, 2_000_000):
        arguments = ['--limit=20', '--input-height=180', f'--output-bitrate={rate}', '--force']
        assert video_viewer.main([str(bikes_clip), 'out.mp4', *arguments]) == 0
        sizes.append(Path('out.mp4').stat().st_size)
    capture = cv2.VideoCapture('out.mp4')
    assert capture.get(cv2.CAP_PROP_FRAME_HEIGHT) == 180
    assert sizes[0] * 2 < sizes[1]
