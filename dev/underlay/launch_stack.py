# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Take the launch stack and the message definitions out of the wheel of launch.txt."""

from __future__ import annotations

import string
import xml.etree.ElementTree as ET
import zipfile
from configparser import ConfigParser
from pathlib import Path, PurePosixPath

from . import UnderlayError, recipe
from .interpreter import environment_python


def unpack(wheel: Path, folder: Path, packages: Path, sources: Path) -> None:
    """Unpack the pure-Python packages and the message definitions.

    Args:
        wheel: The wheel of launch.txt.
        folder: The underlay.
        packages: Its site-packages.
        sources: Where each message package gets a folder, ready for colcon.

    Raises:
        UnderlayError: The wheel lacks one of the packages.
    """
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            target = destination(name, packages, folder / 'share', sources)
            if target is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    wanted = [packages / name for name in recipe.LAUNCH_PACKAGES]
    wanted += [sources / name / 'package.xml' for name in recipe.MESSAGE_PACKAGES]
    lacking = [path.name for path in wanted if not path.exists()]
    if lacking:
        msg = f'{wheel.name} lacks {", ".join(lacking)}'
        raise UnderlayError(msg)
    index = folder / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True, exist_ok=True)
    for package in recipe.LAUNCH_PACKAGES:
        (index / package).touch()
    for package in recipe.MESSAGE_PACKAGES:
        write_message_package(sources / package)


def destination(name: str, packages: Path, share: Path, sources: Path) -> Path | None:
    """Return the path for a member of the wheel, None if it is not needed."""
    if not name.startswith(recipe.LAUNCH_ROOT) or name.endswith('/'):
        return None
    parts = PurePosixPath(name[len(recipe.LAUNCH_ROOT) :]).parts
    if len(parts) < 2 or '..' in parts or '__pycache__' in parts:
        return None
    area, top, rest = parts[0], parts[1], parts[2:]
    if area == 'rclpy':
        package = top.removesuffix('.py').removesuffix('_pytest_entrypoint').partition('-')[0]
        return packages.joinpath(top, *rest) if package in recipe.LAUNCH_PACKAGES else None
    if area == 'share' and top in recipe.LAUNCH_PACKAGES and rest == ('package.xml',):
        return share / top / 'package.xml'
    if area == 'share' and top in recipe.MESSAGE_PACKAGES:
        made = any(word in name for word in ('_Request', '_Response', '_Event'))
        if rest == ('package.xml',) or (name.endswith(('.msg', '.srv')) and not made):
            return sources.joinpath(top, *rest)
    return None


def write_message_package(folder: Path) -> None:
    """Write the CMakeLists.txt of a package of definitions, from its package.xml."""
    manifest = ET.parse(folder / 'package.xml').getroot()
    tags = ('build_depend', 'depend')
    needs = sorted({node.text or '' for tag in tags for node in manifest.iter(tag)})
    template = string.Template(recipe.MESSAGE_PACKAGE.read_text())
    text = template.substitute(name=folder.name, dependencies=' '.join(needs))
    (folder / 'CMakeLists.txt').write_text(text)


def write_console_programs(folder: Path, packages: Path) -> None:
    """Write the programs (ros2, launch_test, ...) that the unpacked packages declare."""
    for declared in packages.glob('*.egg-info/entry_points.txt'):
        if declared.parent.name.partition('-')[0] not in recipe.LAUNCH_PACKAGES:
            continue
        points = ConfigParser(delimiters=('=',))
        points.read_string(declared.read_text())
        for name, target in (
            points.items('console_scripts') if points.has_section('console_scripts') else ()
        ):
            module, _, function = target.partition(':')
            program = folder / 'bin' / name
            program.write_text(
                f'#!{environment_python(folder)}\n'
                f'import sys\n\nfrom {module} import {function}\n\nsys.exit({function}())\n'
            )
            program.chmod(0o755)
