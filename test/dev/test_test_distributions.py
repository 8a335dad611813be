# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what is run on the other distributions."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import test_distributions as program
from underlay import distribution

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize('place', [*program.NODES, *program.ARITHMETIC, *program.CYCLONE_TESTS])
def test_every_place_is_there(place: str) -> None:
    path, _, function = place.partition('::')
    assert (ROOT / path).exists()
    if function:
        assert f'def {function}(' in (ROOT / path).read_text()


@pytest.mark.parametrize('everything', [False, True])
def test_on_commit_rclpy_and_the_other_numpy_are_tested(
    monkeypatch: pytest.MonkeyPatch, *, everything: bool
) -> None:
    ran: dict[str, list[str]] = {}

    def run(name: str, command: list[str], **variables: str) -> bool:
        ran.setdefault(name, []).append(' '.join([*command, *variables.values()]))
        return True

    environment = SimpleNamespace(folders={'AMENT_PREFIX_PATH': ('/nowhere',)})
    monkeypatch.setattr(program, 'run', run)
    monkeypatch.setattr(distribution, 'find_or_make', lambda *_, **__: ('python', environment))
    for name in distribution.NUMPY:
        assert program.passes(name, None, everything=everything)
    for name, commands in ran.items():
        assert any('test/nodes test/launching' in command for command in commands)
        arithmetic = any('test/tasks test/imaging' in command for command in commands)
        assert arithmetic is (everything or name == 'humble')
        assert any('rclpy and not slow' in command for command in commands) is not everything
    assert program.passes('jazzy', ['test/x.py'], everything=everything)
    assert ran['jazzy'][-1].endswith(' test/x.py')
