# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every `rdl models add` of docs/models.md, typed as it is printed there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from exporter_files import EXPORTERS

from ros_deep_learning import DetectNet, ImageNet, SegNet
from ros_deep_learning.cli import rdl

DOCUMENT = (Path(__file__).parents[2] / 'docs' / 'models.md').read_text()
NETWORKS = {'detectnet': DetectNet, 'imagenet': ImageNet, 'segnet': SegNet}


def documented() -> dict[str, tuple[str, str]]:
    """Return the first command and the nodes of each exporter."""
    table = DOCUMENT[DOCUMENT.index('| exporter | first command |') :].partition('\n\n')[0]
    cells = [line.strip('| ').split(' | ') for line in table.splitlines()[2:]]
    return {row[0]: (row[1].strip('`'), row[2]) for row in cells}


def test_each_exporter_has_a_file() -> None:
    assert list(EXPORTERS) == list(documented())


@pytest.mark.parametrize('exporter', EXPORTERS)
def test_the_first_command_adds_a_network_that_runs(
    exporter: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(tmp_path / 'own'))
    monkeypatch.chdir(tmp_path)
    EXPORTERS[exporter](tmp_path)
    command, nodes = documented()[exporter]
    program, *arguments = shlex.split(command)
    assert program == 'rdl'
    assert rdl.main(arguments) == 0, capsys.readouterr().err
    following = capsys.readouterr().out.splitlines()[-1]
    match = re.match(r'next: (\w+) --network=mine PICTURE, or ros2 launch', following)
    assert match is not None
    assert f'`{match[1]}`' in nodes
    with NETWORKS[match[1]]('mine') as net:
        net.warm_up()
        if (tmp_path / 'labels.txt').is_file():
            assert set((tmp_path / 'labels.txt').read_text().splitlines()) <= set(net.labels)
        if match[1] == 'detectnet' and exporter != 'DIGITS':
            found = net.detect(np.zeros((240, 320, 3), np.uint8))
            assert len(found)
