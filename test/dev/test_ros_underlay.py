# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The tool as a user runs it: one line for an error, one line to source."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from underlay import recipe
from underlay.environment import MARK, Environment
from underlay.folder import MARKER
from underlay.interpreter import inspect

TOOLS = Path(__file__).resolve().parents[2] / 'dev'
TOOL = TOOLS / 'ros_underlay.py'


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in {'AMENT_PREFIX_PATH', 'CC', 'CXX', 'ROS_DISTRO', MARK}
    }
    return subprocess.run(
        [sys.executable, str(TOOL), *arguments],
        env={**environ, **variables},
        capture_output=True,
        check=False,
        text=True,
    )


def test_a_finished_underlay_is_named_at_once(tmp_path: Path) -> None:
    here = inspect(None)
    facts = ('.'.join(map(str, here.version)), here.machine, here.executable)
    key = recipe.digest(recipe.recipe_files(), *facts)
    folder = tmp_path / 'ros_deep_learning' / 'underlay' / f'pypi-{here.short}-{key}'
    (folder / 'bin').mkdir(parents=True)
    (folder / 'bin' / 'python3').symlink_to(sys.executable)
    (folder / MARKER).write_text(json.dumps(Environment().to_json()))
    # No compiler is needed any more, and nothing is said but the line.
    done = run(XDG_CACHE_HOME=str(tmp_path), PATH='/nowhere')
    assert (done.returncode, done.stdout, done.stderr) == (0, f'. {folder}/env.sh\n', '')


def test_no_compiler(tmp_path: Path) -> None:
    done = run(XDG_CACHE_HOME=str(tmp_path), PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == (
        'error: a C compiler and a C++ compiler missing: sudo apt-get install g++ gcc\n'
    )
    assert done.stdout == ''
    assert list(tmp_path.iterdir()) == []


def test_a_cache_with_a_space_in_its_path(tmp_path: Path) -> None:
    done = run(XDG_CACHE_HOME=str(tmp_path / 'my cache'))
    assert done.returncode == 1
    assert done.stderr.endswith('cannot start: set XDG_CACHE_HOME\n')
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_python(tmp_path: Path) -> None:
    done = run('--python', '/no/python', XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == (
        'error: /no/python does not run as a Python 3; name one with --python PATH\n'
    )
    assert list(tmp_path.iterdir()) == []


def test_a_sourced_distribution_that_this_python_cannot_use(tmp_path: Path) -> None:
    broken = tmp_path / 'rclpy.py'
    broken.write_text('raise ImportError("made for another Python")\n')
    done = run(
        XDG_CACHE_HOME=str(tmp_path / 'cache'),
        ROS_DISTRO='jazzy',
        AMENT_PREFIX_PATH='/opt/ros/jazzy',
        PYTHONPATH=str(tmp_path),
    )
    assert done.returncode == 1
    assert done.stderr.startswith('error: ROS 2 jazzy is sourced, but ')
    assert done.stderr.count('\n') == 1
    assert not (tmp_path / 'cache').exists()


def test_a_python_too_old_to_read_the_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'version_info', (3, 8, 18))
    with pytest.raises(SystemExit, match=r'error: Python 3\.10 or newer is needed'):
        runpy.run_path(str(TOOL), run_name='__main__')
