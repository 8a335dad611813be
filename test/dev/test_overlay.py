# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Building this package on an underlay: what is looked at before and after colcon."""

from __future__ import annotations

from pathlib import Path

import pytest
from underlay import UnderlayError, overlay
from underlay.choice import Underlay
from underlay.environment import Environment


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('#!/bin/sh\n')
    path.chmod(0o755)
    return path


def underlay(folder: Path, *, from_pypi: bool) -> Underlay:
    return Underlay(folder, Environment(), from_pypi=from_pypi)


def test_a_build_on_the_same_underlay_is_kept(tmp_path: Path) -> None:
    overlay.forget_other_underlay(tmp_path, 'one')
    kept = program(tmp_path / 'build' / 'kept')
    overlay.forget_other_underlay(tmp_path, 'one')
    assert kept.exists()


def test_a_build_on_another_underlay_is_removed(tmp_path: Path) -> None:
    overlay.forget_other_underlay(tmp_path, 'one')
    for name in ('build/x', 'install/y', 'log/z', 'env.sh'):
        program(tmp_path / name)
    overlay.forget_other_underlay(tmp_path, 'two')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['built_on', 'log']


def test_links_to_removed_files_are_removed(tmp_path: Path) -> None:
    overlay.forget_removed_files(tmp_path / 'not_there')
    source = program(tmp_path / 'source')
    install = tmp_path / 'install' / 'deep'
    install.mkdir(parents=True)
    (install / 'kept').symlink_to(source)
    (install / 'gone').symlink_to(tmp_path / 'removed')
    overlay.forget_removed_files(tmp_path / 'install')
    assert [path.name for path in install.iterdir()] == ['kept']


@pytest.mark.parametrize(
    'packages',
    ['lib/python3.11/site-packages', 'local/lib/python3.12/dist-packages'],
)
def test_the_environment_of_the_built_package(tmp_path: Path, packages: str) -> None:
    program(tmp_path / packages / 'ros_deep_learning' / '__init__.py')
    found = overlay.describe(tmp_path)
    assert found.folders['PYTHONPATH'] == (str(tmp_path / packages),)
    assert found.folders['AMENT_PREFIX_PATH'] == (str(tmp_path),)
    assert found.folders['PATH'] == (str(tmp_path / 'bin'),)


def test_a_build_that_installed_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnderlayError, match='no Python package ros_deep_learning in'):
        overlay.describe(tmp_path)


def test_tools_on_a_distribution(tmp_path: Path) -> None:
    distribution = underlay(tmp_path, from_pypi=False)
    environment = {'PATH': str(tmp_path / 'bin')}
    names = [item.package for item in overlay.missing_tools(distribution, environment)]
    assert names == ['cmake', 'make']
    program(tmp_path / 'bin' / 'cmake')
    program(tmp_path / 'bin' / 'ninja')
    assert overlay.missing_tools(distribution, environment) == []


def test_tools_on_an_underlay_from_pypi(tmp_path: Path) -> None:
    made = underlay(tmp_path, from_pypi=True)
    names = [item.package for item in overlay.missing_tools(made, {'PATH': str(tmp_path)})]
    assert names == ['gcc', 'g++']


def test_cpp_messages_only_where_cpp_nodes_may_be(tmp_path: Path) -> None:
    environment = {'PATH': str(tmp_path / 'bin')}
    with pytest.raises(UnderlayError, match='no colcon in'):
        overlay.colcon(tmp_path, tmp_path, underlay(tmp_path, from_pypi=True), environment)
    program(tmp_path / 'bin' / 'colcon')
    for from_pypi, expected in ((True, 'OFF'), (False, 'ON')):
        command = overlay.colcon(
            tmp_path, tmp_path, underlay(tmp_path, from_pypi=from_pypi), environment
        )
        assert f'-DROS_DEEP_LEARNING_CPP={expected}' in command
        assert '-GNinja' not in command
    program(tmp_path / 'bin' / 'ninja')
    assert '-GNinja' in overlay.colcon(
        tmp_path, tmp_path, underlay(tmp_path, from_pypi=True), environment
    )
