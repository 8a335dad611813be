# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Choose between the sourced distribution and a ROS made from PyPI."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import UnderlayError, pypi, recipe, sourced
from .environment import Environment
from .folder import cache_root, made_once, read_complete
from .interpreter import environment_python, inspect
from .machine import missing_compilers, missing_python_parts, require
from .runner import Runner


@dataclass(frozen=True, slots=True)
class Underlay:
    """A ROS 2 to build on."""

    folder: Path
    environment: Environment
    """Everything to source before an overlay."""
    from_pypi: bool

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return environment_python(self.folder)


def find_or_make(python: str | None, *, apt: bool) -> Underlay:
    """Return the underlay for this machine, making it in the cache on the first call.

    Raises:
        UnderlayError: It cannot be made; the line names the fix.
    """
    interpreter = inspect(python)
    distribution = sourced.find(os.environ)
    version = '.'.join(map(str, interpreter.version))
    facts = [version, interpreter.machine, interpreter.executable]
    if distribution:
        files = [recipe.PYTHON_NEEDS, recipe.PYTHON_PINS]
        # The last prefix is the distribution's own; the workspaces before it change.
        root = distribution.snapshot.folders['AMENT_PREFIX_PATH'][-1]
        key = recipe.digest(files, *facts, *interpreter.packages, distribution.name, root)
        name = distribution.name
    else:
        key = recipe.digest(recipe.recipe_files(), *facts)
        name = 'pypi'
    folder = cache_root() / f'{name}-{interpreter.short}-{key}'
    if any(character.isspace() for character in str(folder)):
        msg = f'{folder} has a space in it, and programs there cannot start: set XDG_CACHE_HOME'
        raise UnderlayError(msg)
    runner = Runner(cache_root() / 'logs' / folder.name)
    environment = read_complete(folder)
    if environment is None:
        absent = missing_python_parts(interpreter, headers=True) + missing_compilers(os.environ)
        if distribution:
            absent = missing_python_parts(interpreter, headers=False)
            absent += sourced.check(distribution, interpreter)
            make = partial(sourced.make, folder, distribution, interpreter, runner)
        else:
            make = partial(pypi.make, folder, interpreter, runner)
        require(absent, install=apt, say=runner.say)
        waiting = partial(runner.say, f'another run is making {folder}: waiting for it')
        environment = made_once(folder, make, waiting)
        runner.say(f'the underlay is ready: {folder}')
    if distribution:
        environment = environment.over(distribution.snapshot)
    return Underlay(folder, environment, from_pypi=distribution is None)
