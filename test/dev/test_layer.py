# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What only the tests need: laid into an underlay once, wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from underlay import UnderlayError, layer, recipe, sourced
from underlay.choice import Underlay
from underlay.environment import Environment
from underlay.folder import file_lock

DIGEST = recipe.digest(recipe.layer_files())


@pytest.fixture
def underlay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Underlay]:
    """Make an underlay whose Python notes what it is asked to do, and then does as the body."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))

    def make(body: str, *, from_pypi: bool = True) -> Underlay:
        folder = tmp_path / 'underlay'
        python = folder / 'bin' / 'python3'
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n{body}\n')
        python.chmod(0o755)
        return Underlay(folder, Environment(), from_pypi=from_pypi)

    return make


def asked(tmp_path: Path) -> list[str]:
    return (tmp_path / 'asked').read_text().splitlines()


def test_it_is_laid_once(tmp_path: Path, underlay, capsys: pytest.CaptureFixture[str]) -> None:
    made = underlay('exit 0')
    layer.lay(made)
    assert layer.followed(made.folder) == DIGEST
    assert len(capsys.readouterr().err.splitlines()) == 2
    layer.lay(made)
    (command,) = asked(tmp_path)
    assert command.startswith('-m pip install ')
    # Nothing is said the second time, and what the underlay has is not installed again.
    assert capsys.readouterr().err == ''
    names = {
        recipe.distribution_name(line)
        for line in (made.folder / 'tests.txt').read_text().splitlines()
    }
    assert {'ruff', 'scipy', 'tensorrt-rtx-cu13', 'nvidia-cuda-nvcc'} <= names
    assert not names & {'numpy', 'pytest', 'onnxruntime'}


def test_another_recipe_is_followed_anew(tmp_path: Path, underlay) -> None:
    made = underlay('exit 0')
    (made.folder / layer.NOTE).write_text('an older one')
    layer.lay(made)
    assert len(asked(tmp_path)) == 1
    assert layer.followed(made.folder) == DIGEST


def test_a_failure_is_one_line_and_leaves_no_note(underlay) -> None:
    made = underlay('echo "ERROR: No matching distribution found for x==1"; exit 1')
    (made.folder / layer.NOTE).write_text('an older one')
    with pytest.raises(UnderlayError, match=r'tests: .*found for x==1') as caught:
        layer.lay(made)
    assert '\n' not in str(caught.value)
    assert layer.followed(made.folder) is None


def test_two_at_once_lay_it_once(tmp_path: Path, underlay, monkeypatch) -> None:
    made = underlay('exit 0')
    lock = made.folder.with_name(made.folder.name + '.lock')

    def other_run_ends(_: str) -> None:
        (made.folder / layer.NOTE).write_text(DIGEST)
        held.__exit__(None, None, None)

    monkeypatch.setattr(layer.Runner, 'say', lambda _, text: other_run_ends(text))
    held = file_lock(lock, lambda: None)
    held.__enter__()
    layer.lay(made)
    assert not (tmp_path / 'asked').exists()


def test_a_cache_that_cannot_be_written(underlay) -> None:
    made = underlay('exit 0')
    (made.folder / layer.NOTE).mkdir()
    with pytest.raises(UnderlayError, match='set XDG_CACHE_HOME'):
        layer.lay(made)


def test_records_of_a_broken_off_pip_are_removed(tmp_path: Path) -> None:
    layer.remove_half_installed(tmp_path)
    packages = tmp_path / 'lib' / 'python3.11' / 'site-packages'
    for name in ('whole-1.dist-info', 'half-1.dist-info', 'launch-3.egg-info', 'half'):
        (packages / name).mkdir(parents=True)
    (packages / 'whole-1.dist-info' / 'RECORD').touch()
    layer.remove_half_installed(tmp_path)
    kept = sorted(path.name for path in packages.iterdir())
    assert kept == ['half', 'launch-3.egg-info', 'whole-1.dist-info']


def test_over_a_distribution_what_it_has_is_left(underlay, monkeypatch) -> None:
    made = underlay('exit 0', from_pypi=False)
    calls = []
    monkeypatch.setattr(sourced, 'install', lambda *given: calls.append(given[:4]))
    layer.lay(made)
    needs = recipe.read_needs(recipe.TEST_NEEDS.read_text())
    assert calls == [('tests', made.folder, needs, recipe.TEST_PINS)]
    assert recipe.Need('scipy', 'scipy') in needs
    assert layer.followed(made.folder) == DIGEST


def test_over_a_distribution_a_part_of_it_may_do(underlay, monkeypatch) -> None:
    made = underlay('exit 0', from_pypi=False)
    calls = []
    monkeypatch.setattr(sourced, 'install', lambda *given: calls.append(given[2]))
    layer.lay(made, recipe.NODE_TESTS)
    layer.lay(made, recipe.NODE_TESTS)
    (needs,) = calls
    names = {recipe.distribution_name(need.requirement) for need in needs}
    assert names == {*recipe.NODE_TESTS}
    # The whole of it is another recipe.
    layer.lay(made)
    assert len(calls) == 2
