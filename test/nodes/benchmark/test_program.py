# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of a whole graph, as docs/benchmark.md has it, on short settings."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from ros_deep_learning.nodes.benchmark import measured_graph
from ros_deep_learning.nodes.benchmark.program import PROG, _parser, main

TEXT = (Path(__file__).parents[3] / 'docs' / 'benchmark.md').read_text()
LINES = [line.partition('  #')[0] for line in re.findall(f'^{PROG}.*', TEXT, re.M)]


@pytest.mark.usefixtures('ros_domain')
def test_the_command_of_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(measured_graph, 'LEAST_SENT', 5)
    (line,) = LINES
    arguments = shlex.split(line)[len(PROG.split()) :]
    cut = arguments.index('--ros-args')
    short = ['--seconds=0.02', '--most-hz=12', '--backend=onnxruntime', '--offline']
    assert main([*arguments[:cut], *short, *arguments[cut:]]) == 0
    out = capfd.readouterr().out
    # Precision and device are told by a message that some builds do not have.
    assert re.search(r'^\*\*\S+\*\*, onnxruntime .* on (CPU|-), \d+x\d+ from ', out, re.M)
    report = json.loads((tmp_path / 'robot.json').read_text())
    assert report['program'] == PROG
    assert report['machine']['rmw']
    (first, *_) = report['searched']
    assert first['sent'] == 5
    # That of the node.
    assert first['usage']['memory_mb'] > 50


@pytest.mark.usefixtures('ros_domain')
@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--input', 'nothing.mp4'], "no file or folder 'nothing.mp4'"),
        (['--ros-args', '-p', 'no_number:=1', '-p', 'top_k:=x'], 'the node has ended with exit'),
    ],
)
def test_a_process_that_cannot_start_says_why(
    arguments: list[str], reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(['efficientnet-lite0', '--offline', *arguments]) == 1
    assert reason in capfd.readouterr().err


def test_its_options_are_in_the_document() -> None:
    rows = set(re.findall(r'`(--?[a-z-]+)[^`]*`', TEXT))
    for action in _parser()._actions:
        assert {*action.option_strings, '--help'} & {*rows, '--help'}, action
