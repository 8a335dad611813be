# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The type check asks for the NumPy it was written for."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import type_check
from underlay import recipe


def test_another_numpy_is_said_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(np, '__version__', '1.26.4')
    assert type_check.main() == 0
    assert capsys.readouterr().out.startswith('types: not checked with NumPy 1.26;')


@pytest.mark.parametrize('status', [0, 1])
def test_the_status_of_mypy_is_ours(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    commands = []

    def run(command: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        commands.append((command, check))
        return subprocess.CompletedProcess(command, status)

    monkeypatch.setattr(np, '__version__', f'{type_check.CHECKED_WITH}.9')
    monkeypatch.setattr(type_check.subprocess, 'run', run)
    assert type_check.main() == status
    assert commands == [([sys.executable, '-m', 'mypy'], False)]


def test_the_lock_has_that_numpy() -> None:
    pins = recipe.PYTHON_PINS.read_text()
    assert f'numpy=={type_check.CHECKED_WITH}.' in pins
