# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The Python interpreter an underlay is made for."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import UnderlayError
from .facts import facts
from .recipe import HERE, NEWEST_PYTHON, OLDEST_PYTHON


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Facts about one Python, as reported by facts.py."""

    executable: str
    """Outside of any virtual environment; new environments are made from it."""
    asked: str
    """The path that the user gave, which may be in a virtual environment."""
    implementation: str
    version: tuple[int, int, int]
    machine: str
    include: str
    has_venv: bool
    packages: tuple[str, ...]
    """Package folders of the virtual environment of `asked`; empty if there is none."""

    @property
    def short(self) -> str:
        """Return the version as used in folder names, such as 3.11."""
        return f'{self.version[0]}.{self.version[1]}'


def inspect(python: str | None) -> Interpreter:
    """Collect the facts about a Python (None: the one that runs this).

    Raises:
        UnderlayError: It does not run, or is no CPython of a supported version on Linux.
    """
    if python is None:
        answer = facts()
    else:
        try:
            process = subprocess.run(
                [python, str(HERE / 'facts.py')], capture_output=True, check=True, text=True
            )
            answer = json.loads(process.stdout)
        except (OSError, subprocess.CalledProcessError, ValueError) as err:
            msg = f'{python} does not run as a Python 3; name one with --python PATH'
            raise UnderlayError(msg) from err
    found = Interpreter(
        **{
            **answer,
            'version': tuple(answer['version']),
            'packages': tuple(answer['packages']),
        }
    )
    check(found)
    return found


def check(found: Interpreter) -> None:
    """Raise an error for an interpreter that is not supported.

    Raises:
        UnderlayError: Not CPython, too old or too new, or not Linux.
    """
    oldest, newest = ('.'.join(map(str, v)) for v in (OLDEST_PYTHON, NEWEST_PYTHON))
    wanted = f'CPython {oldest} to {newest} is needed; name one with --python PATH'
    if (
        found.implementation != 'CPython'
        or not OLDEST_PYTHON <= found.version[:2] <= NEWEST_PYTHON
    ):
        msg = f'{found.asked} is {found.implementation} {found.short}, but {wanted}'
        raise UnderlayError(msg)
    if not found.machine.startswith('linux'):
        msg = f'ROS nodes are built on Linux only, and this is {found.machine}'
        raise UnderlayError(msg)


def environment_python(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return folder / 'bin' / 'python3'
