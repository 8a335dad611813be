# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/fleet.md, as a user types them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from fleet_of_bags import record_fleet, save_pictures, write_stripes
from numpy.typing import NDArray

from ros_deep_learning.bags import annotation
from ros_deep_learning.cli import rdl
from ros_deep_learning.datasets.opening import open_dataset

TEXT = (Path(__file__).parents[2] / 'docs' / 'fleet.md').read_text()
COMMANDS = re.findall(r'^(rdl .*)$', TEXT, re.M)
ANNOTATE = 'annotate-bag --node=segnet:selfie'
HERE = [command for command in COMMANDS if '--ray' not in command]


@pytest.fixture
def fleet(tmp_path: Path, astronaut: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    record_fleet(tmp_path / 'bags', 3)
    save_pictures(tmp_path, astronaut)
    return tmp_path


def typed(command: str) -> list[str]:
    """Split a command as a shell does, with its patterns."""
    quoted = {word.strip("'") for word in re.findall(r"'[^']*'", command)}
    words: list[str] = []
    for word in shlex.split(command)[1:]:
        found = [] if word in quoted else sorted(map(str, Path().glob(word)))
        words += found or [word]
    return words


def test_the_document_has_a_command_of_each_program() -> None:
    programs = ['annotate-bag', 'bag-to-dataset', 'autolabel', 'evaluate']
    assert [command.split()[1] for command in HERE] == programs


@pytest.mark.parametrize('command', HERE)
def test_a_command_runs_and_goes_on(
    command: str, fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = typed(command)
    name = next(word for word in ('annotated', 'cats', 'labelled', 'reports') if word in words)
    output = fleet / name
    assert rdl.main(words) == 0
    count = 3 if 'bags' in command else 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == (
        f'wrote {output}: {count} outputs, 0 were there, 0 failed; manifest.json has their '
        'checksums'
    )
    if name == 'annotated':
        expected = TEXT.split('```')[3].strip().splitlines()
        assert lines[-4:-1] == expected[:3]
    first = (output / 'manifest.json').read_bytes()
    content = json.loads(first)
    assert len(content['outputs']) == count
    assert all((output / one['path']).is_file() for o in content['outputs'] for one in o['files'])
    assert rdl.main(words) == 0
    assert f'0 outputs, {count} were there, 0 failed' in capsys.readouterr().out
    assert (output / 'manifest.json').read_bytes() == first


def test_the_outputs_are_data_sets_and_reports(fleet: Path) -> None:
    for command in HERE[1:]:
        assert rdl.main(typed(command)) == 0
    assert open_dataset('cats/robot2_drive').task == 'classification'
    assert open_dataset('labelled/two', split=None).task == 'segmentation'
    results = json.loads(Path('reports/one/results.json').read_text())
    assert 0.3 < results['runs'][0]['metrics']['mIoU'] < 1
    assert Path('reports/two/report.html').is_file()


def test_a_bag_that_was_begun_goes_on_within(
    fleet: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_stripes(fleet)
    record_fleet(fleet / 'long', 2, images=8, size_wh=(640, 480))
    words = ['--node=imagenet:stripes.yaml', '--backend=onnxruntime', '--max-batch=1']
    command = ['annotate-bag', 'long/*/drive.mcap', 'begun', *words]
    run = annotation.BagAnnotation._run
    frames: list[int] = []

    def counted(self, piece, tally):
        frames.append(len(piece.images))
        if sum(frames) == 14:
            raise KeyboardInterrupt
        return run(self, piece, tally)

    with monkeypatch.context() as ended:
        ended.setattr(annotation.BagAnnotation, '_run', counted)
        assert rdl.main(command) == 130
    assert 'interrupted; the same command goes on' in capsys.readouterr().err
    assert [path.name for path in Path('begun').glob('*.mcap')] == ['robot1_drive.mcap']
    frames.clear()
    frames.append(100)
    monkeypatch.setattr(annotation.BagAnnotation, '_run', counted)
    assert rdl.main(command) == 0
    assert sum(frames[1:]) < 8
    assert rdl.main([*command[:2], 'fresh', *command[3:]]) == 0
    names = ['robot1_drive.mcap', 'robot2_drive.mcap', 'manifest.json']
    for name in names:
        assert Path('begun', name).read_bytes() == Path('fresh', name).read_bytes()
    assert not Path('begun/.parts').exists()


@pytest.mark.parametrize(
    ('command', 'reason'),
    [
        (f'{ANNOTATE} none/* out', 'no file or folder matches none/*'),
        (f'{ANNOTATE} bags/* bags/robot1/drive.mcap', 'is a file; to fix: name a folder'),
        (f'{ANNOTATE} bags/* new.mcap', 'new.mcap would be a folder'),
        (f'{ANNOTATE} --ray bags/robot1 bags/robot2 out', 'to fix: --ray behind all inputs'),
        (f'{ANNOTATE} bags/robot1 out --ray-actors 2', '--ray-actors needs --ray'),
        ('autolabel photos/one photos/two --model selfie', 'to fix: -o FOLDER'),
        ('evaluate selfie sets/* --at-least mIoU=1', 'folder for their reports (-o FOLDER)'),
        ('evaluate selfie sets/* -o s3x://there', 's3x://there'),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_said(
    command: str, reason: str, fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(fleet.rglob('*'))
    assert rdl.main(shlex.split(command)) == 1
    assert reason in capsys.readouterr().err
    assert sorted(fleet.rglob('*')) == before


def test_a_broken_bag_is_reported_and_the_others_are_done(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (fleet / 'bags' / 'robot2' / 'drive.mcap').write_bytes(b'no bag')
    words = typed(HERE[0])
    assert rdl.main(words) == 1
    captured = capsys.readouterr()
    assert '2 outputs, 0 were there, 1 failed' in captured.out
    assert f'rdl annotate-bag: {fleet}/bags/robot2/drive.mcap: ' in captured.err
    content = json.loads((fleet / 'annotated' / 'manifest.json').read_text())
    assert list(content['failed']) == [str(fleet / 'bags' / 'robot2' / 'drive.mcap')]
