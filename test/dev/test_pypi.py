# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The steps of an underlay from PyPI that need no network."""

from __future__ import annotations

from pathlib import Path

from underlay import pypi
from underlay.environment import MARK
from underlay.interpreter import Interpreter

PYTHON = Interpreter(
    executable='/usr/bin/python3',
    asked='/usr/bin/python3',
    implementation='CPython',
    version=(3, 11, 2),
    machine='linux-x86_64',
    include=r'/usr/include/\g<0>python3.11',
    has_venv=True,
    packages=(),
)


def test_paths_of_the_build_machine_are_replaced(tmp_path: Path) -> None:
    export = tmp_path / 'share' / 'std_msgs' / 'cmake' / 'xExport.cmake'
    export.parent.mkdir(parents=True)
    built = '/opt/python/cp311-cp311'
    export.write_text(
        f'INCLUDES "{built}/include/python3.11;'
        f'{built}/lib/python3.11/site-packages/numpy/_core/include"\n"/opt/python-like/include"\n'
    )
    other = export.with_name('other.txt')
    other.write_text(f'{built}/include/python3.11')
    pypi.correct_cmake_paths(tmp_path, PYTHON)
    numpy = tmp_path / 'lib/python3.11/site-packages/numpy/_core/include'
    assert (
        export.read_text() == f'INCLUDES "{PYTHON.include};{numpy}"\n"/opt/python-like/include"\n'
    )
    assert other.read_text() == f'{built}/include/python3.11'


def test_an_underlay_without_share_has_nothing_to_replace(tmp_path: Path) -> None:
    pypi.correct_cmake_paths(tmp_path, PYTHON)
    assert list(tmp_path.iterdir()) == []


def test_the_environment_names_the_libraries_of_the_wheels_in_order(tmp_path: Path) -> None:
    packages = tmp_path / 'lib' / 'python3.11' / 'site-packages'
    for name in ('ros_rcl.libs', 'ros_fastdds.libs', 'numpy.libs'):
        (packages / name).mkdir(parents=True)
    found = pypi.describe(tmp_path, PYTHON)
    assert found.values['ROS_DISTRO'] == 'kilted'
    assert found.values[MARK] == str(tmp_path)
    assert found.folders['LD_LIBRARY_PATH'] == (
        str(tmp_path / 'lib'),
        str(packages / 'ros_fastdds.libs'),
        str(packages / 'ros_rcl.libs'),
    )
    assert found.folders['PATH'] == (str(tmp_path / 'bin'),)
