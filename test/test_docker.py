# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The container images as far as they can be checked without an engine that builds them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / 'docker'
SCRIPTS = sorted(FOLDER.glob('*.sh'))
DOCKERFILES = sorted(FOLDER.glob('Dockerfile*'))


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    lines = [line for line in dockerfile.read_text().splitlines() if line and line[0] != '#']
    return [(name, rest) for name, _, rest in (line.partition(' ') for line in lines)]


@pytest.mark.parametrize('script', SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_programs(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith('#!/usr/bin/env bash\n')
    subprocess.run(['bash', '-n', script], check=True)


@pytest.mark.parametrize('dockerfile', DOCKERFILES, ids=lambda path: path.name)
def test_steps_are_scripts_that_exist(dockerfile: Path) -> None:
    steps = instructions(dockerfile)
    arguments = {rest.partition('=')[0] for name, rest in steps if name == 'ARG'}
    assert arguments == {'BASE', 'ROS', 'GPU'}
    run = [rest.split() for name, rest in steps if name == 'RUN']
    assert [command[0] for command in run] == [
        'docker/system.sh',
        'docker/ros.sh',
        'docker/package.sh',
        'docker/gpu.sh',
    ]
    used = set(re.findall(r'\$\{(\w+)\}', dockerfile.read_text()))
    assert used == arguments
    entry = dict(steps)['ENTRYPOINT'].strip('[]"')
    assert (FOLDER / Path(entry).name) in SCRIPTS
    assert Path(entry).parents[1] == Path(dict(steps)['WORKDIR'])


@pytest.mark.parametrize(
    ('command', 'code', 'text'),
    [
        (('ros.sh', 'pypi'), 0, ''),
        (('gpu.sh', 'no'), 0, ''),
        (('ros.sh', 'source'), 2, 'ros.sh: expected pypi or apt, got source'),
        (('gpu.sh', 'maybe'), 2, 'gpu.sh: expected yes or no, got maybe'),
    ],
)
def test_arguments(command: tuple[str, str], code: int, text: str) -> None:
    done = subprocess.run(
        [FOLDER / command[0], command[1]], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (code, text)


def test_defaults_are_those_of_the_document() -> None:
    page = (ROOT / 'docs' / 'docker.md').read_text()
    for name in ('BASE', 'ROS', 'GPU'):
        (row,) = re.findall(rf'^\| `{name}` \| `(.+)` \| `(.+)` \|', page, re.M)
        values = [
            dict(rest.split('=', 1) for key, rest in instructions(path) if key == 'ARG')[name]
            for path in DOCKERFILES
        ]
        assert list(row) == values
