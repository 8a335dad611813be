# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The variables of an environment, as a shell sources them and as a subprocess gets them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

MARK = 'ROS_DEEP_LEARNING_UNDERLAY'
"""Set by an underlay made here, so that it is not mistaken for a distribution."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Variables to set, and folders to put in front of list variables such as PATH."""

    values: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def over(self, below: Environment) -> Environment:
        """Return both environments merged: these values win, these folders come first."""
        names = dict.fromkeys([*self.folders, *below.folders])
        return Environment(
            {**below.values, **self.values},
            {
                name: tuple(
                    dict.fromkeys((*self.folders.get(name, ()), *below.folders.get(name, ())))
                )
                for name in names
            },
        )

    def applied(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of a subprocess after this is sourced in `environ`."""
        result = {**environ, **self.values}
        for name, folders in self.folders.items():
            kept = [part for part in environ.get(name, '').split(os.pathsep) if part]
            result[name] = os.pathsep.join(
                [*folders, *(part for part in kept if part not in folders)]
            )
        return result

    def script(self, title: str) -> str:
        """Return the text of the file to source, in POSIX shell."""
        lines = [f'# {title}; to be sourced by a POSIX shell: . THIS_FILE']
        lines += [f'export {name}={shlex.quote(value)}' for name, value in self.values.items()]
        for name, folders in self.folders.items():
            # An empty part of a path list means the current folder: ${X:+:$X} never leaves one.
            joined = shlex.quote(os.pathsep.join(folders))
            lines.append(f'export {name}={joined}"${{{name}:+:${name}}}"')
        return '\n'.join(lines) + '\n'

    def to_json(self) -> dict[str, dict[str, str | list[str]]]:
        """Return the plain form that `from_json` reads."""
        return {
            'values': dict(self.values),
            'folders': {name: list(folders) for name, folders in self.folders.items()},
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Mapping[str, str | list[str]]]) -> Environment:
        """Create an environment from the form that `to_json` returns."""
        return cls(
            {name: str(value) for name, value in plain['values'].items()},
            {name: tuple(folders) for name, folders in plain['folders'].items()},
        )


def without_ros(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those of another ROS, Python or pip target."""
    dropped = {
        'AMENT_PREFIX_PATH',
        'CMAKE_PREFIX_PATH',
        'COLCON_PREFIX_PATH',
        'PIP_TARGET',
        'PIP_USER',
        'PYTHONHOME',
        'PYTHONPATH',
        'VIRTUAL_ENV',
        MARK,
    }
    return {name: value for name, value in environ.items() if name not in dropped}


def source(environment: Environment) -> None:
    """Set an environment in this process, in place of any other ROS."""
    variables = environment.applied(without_ros(os.environ))
    os.environ.clear()
    os.environ.update(variables)
