# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""docs/benchmark.md: its commands without ROS run, on short settings; and what can be wrong."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import bags_on_disk
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.benchmarking import frames, network_run
from ros_deep_learning.cli import rdl
from ros_deep_learning.cli.benchmark import main, program
from ros_deep_learning.cli.benchmark.program import _parser

TEXT = (Path(__file__).parents[2] / 'docs' / 'benchmark.md').read_text()
LINES = [line.partition('  #')[0] for line in re.findall('^rdl benchmark.*', TEXT, re.M)]
SHORT = ['--seconds=0.02', '--most-hz=12', '--offline', '--backend=onnxruntime']


def test_the_commands_of_the_document(
    astronaut: NDArray[np.uint8],
    bikes_clip: Path,
    ssd_onnx: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(network_run, 'LEAST_SENT', 3)
    monkeypatch.setattr(network_run, 'WARM_UP', 1)
    monkeypatch.setattr(frames, '_MOST_FRAMES', 3)
    monkeypatch.setattr(program, '_LEAST_RUNS', 2)
    Path('street.mp4').symlink_to(bikes_clip)
    (recorded,) = bags_on_disk.record(tmp_path / 'bag', [astronaut] * 3).glob('*.mcap')
    recorded.rename('drive.mcap')
    compared = 0
    for line in LINES:
        command, *arguments = shlex.split(line)[1:]
        if arguments[0] == 'compare':
            assert rdl.main([command, *arguments]) == 0
            out = capsys.readouterr().out
            assert re.search(r'^engine, p50 ms +\S+ +\S+ +\S+ +(same|better|worse)$', out, re.M)
            compared += 1
            continue
        assert rdl.main([command, *arguments, *SHORT]) == 0
        out = capsys.readouterr().out
        assert re.search(r'^\*\*\S+\*\*, onnxruntime \S+ fp32 on CPU, \d+x\d+ from ', out, re.M)
        if '-o' in arguments:
            path = Path(arguments[arguments.index('-o') + 1])
            assert json.loads(path.read_text())['backend'].startswith('onnxruntime')
            assert path.with_suffix('.svg').read_text().startswith('<svg')
    assert compared == 1


def test_every_option_is_in_the_document() -> None:
    rows = set(re.findall(r'`(--?[a-z-]+)[^`]*`', TEXT))
    for action in _parser()._actions:
        assert {*action.option_strings, '--help'} & {*rows, '--help'}, action


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['selfie', '-o', 'report.txt'], 'expected a name that ends in .json'),
        (['selfie', '-o', 'nowhere/report.json'], 'there is no folder nowhere'),
        (['selfie', '-o', 'there.json'], 'there.json would be overwritten; give another name'),
        (['selfie', '--input', 'nothing.mp4'], 'no file or folder'),
        (['selfy'], 'selfy'),
        (['compare', 'there.json', 'gone.json'], 'no report of this version'),
        (['compare', 'torn.json', 'torn.json'], 'lacks parts of a report'),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_measured(
    arguments: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('there.json').write_text('{}')
    Path('torn.json').write_text('{"format": 1, "model": "a"}')
    assert main([*arguments, '--offline'] if arguments[0] != 'compare' else arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ''
    assert reason in captured.err
    assert captured.err.startswith('rdl benchmark')


@pytest.mark.parametrize(
    'argument',
    ['--size=640', '--size=0x4', '--size=99999x4', '--rate=10,x', '--rate=0', '--seconds=inf'],
)
def test_arguments_that_are_no_numbers(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match='2'):
        main(['selfie', argument])
    assert 'expected a' in capsys.readouterr().err
