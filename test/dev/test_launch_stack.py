# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Taking the launch stack out of its wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from underlay import UnderlayError, launch_stack, recipe

P, SHARE, S = Path('/packages'), Path('/share'), Path('/sources')
ROOT = recipe.LAUNCH_ROOT


@pytest.mark.parametrize(
    ('member', 'target'),
    [
        ('rclpy/launch/actions/x.py', P / 'launch/actions/x.py'),
        (
            'rclpy/launch-3.4.11-py3.12.egg-info/PKG-INFO',
            P / 'launch-3.4.11-py3.12.egg-info/PKG-INFO',
        ),
        (
            'rclpy/launch_testing_ros_pytest_entrypoint.py',
            P / 'launch_testing_ros_pytest_entrypoint.py',
        ),
        ('share/launch/package.xml', SHARE / 'launch/package.xml'),
        ('share/vision_msgs/msg/Point2D.msg', S / 'vision_msgs/msg/Point2D.msg'),
        ('share/vision_msgs/package.xml', S / 'vision_msgs/package.xml'),
        (
            'share/composition_interfaces/srv/LoadNode.srv',
            S / 'composition_interfaces/srv/LoadNode.srv',
        ),
        ('share/composition_interfaces/srv/LoadNode_Request.msg', None),
        ('share/vision_msgs/msg/Point2D.idl', None),
        ('share/launch/local_setup.sh', None),
        ('rclpy/rclpy/_rclpy.so', None),
        ('rclpy/launch/__pycache__/x.pyc', None),
        ('rclpy/launch/../../../../etc/x', None),
        ('rclpy/launch/', None),
        ('rclpy', None),
        ('../rclpy/launch/x.py', None),
    ],
)
def test_destination(member: str, target: Path | None) -> None:
    assert launch_stack.destination(ROOT + member, P, SHARE, S) == target


def test_members_outside_the_root_are_left() -> None:
    assert launch_stack.destination('rclpy/launch/x.py', P, SHARE, S) is None
    assert launch_stack.destination('/etc/passwd', P, SHARE, S) is None


def wheel(path: Path, without: str = '') -> Path:
    with zipfile.ZipFile(path, 'w') as archive:
        for name in recipe.LAUNCH_PACKAGES:
            if name != without:
                archive.writestr(f'{ROOT}rclpy/{name}/__init__.py', f'NAME = {name!r}\n')
                archive.writestr(f'{ROOT}share/{name}/package.xml', '<package/>')
        for name, kind in (('vision_msgs', 'msg'), ('composition_interfaces', 'srv')):
            manifest = '<package><build_depend>std_msgs</build_depend><depend>b</depend></package>'
            archive.writestr(f'{ROOT}share/{name}/package.xml', manifest)
            archive.writestr(f'{ROOT}share/{name}/{kind}/X.{kind}', '')
    return path


def test_unpack(tmp_path: Path) -> None:
    folder, packages, sources = tmp_path / 'u', tmp_path / 'u/lib/site-packages', tmp_path / 'src'
    launch_stack.unpack(wheel(tmp_path / 'x.whl'), folder, packages, sources)
    assert (packages / 'launch_ros' / '__init__.py').read_text() == "NAME = 'launch_ros'\n"
    assert (folder / 'share/ament_index/resource_index/packages/launch_ros').is_file()
    text = (sources / 'vision_msgs' / 'CMakeLists.txt').read_text()
    assert 'project(vision_msgs)' in text
    assert (
        'rosidl_generate_interfaces(${PROJECT_NAME} ${interfaces} DEPENDENCIES b std_msgs)' in text
    )


def test_a_wheel_that_lacks_a_package(tmp_path: Path) -> None:
    torn = wheel(tmp_path / 'x.whl', without='launch_ros')
    with pytest.raises(UnderlayError, match=r'x\.whl lacks launch_ros'):
        launch_stack.unpack(torn, tmp_path / 'u', tmp_path / 'p', tmp_path / 's')


def test_console_programs_run_what_the_package_declares(tmp_path: Path) -> None:
    packages = tmp_path / 'packages'
    for name, function in (('ros2cli', 'cli:main'), ('stranger', 'x:main')):
        info = packages / f'{name}-1-py3.12.egg-info'
        info.mkdir(parents=True)
        (info / 'entry_points.txt').write_text(
            f'[console_scripts]\n{name}_p = {name}.{function}\n'
        )
    (packages / 'launch-1-py3.12.egg-info').mkdir()
    (packages / 'launch-1-py3.12.egg-info' / 'entry_points.txt').write_text('[other]\na = b:c\n')
    (packages / 'ros2cli').mkdir()
    (packages / 'ros2cli' / 'cli.py').write_text('def main():\n    return 7\n')
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin' / 'python3').symlink_to(sys.executable)
    launch_stack.write_console_programs(tmp_path, packages)
    assert sorted(path.name for path in (tmp_path / 'bin').iterdir()) == ['python3', 'ros2cli_p']
    program = tmp_path / 'bin' / 'ros2cli_p'
    status = subprocess.run([program], env={'PYTHONPATH': str(packages)}, check=False).returncode
    assert status == 7
