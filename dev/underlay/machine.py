# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a build needs from the operating system, and how to install it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import UnderlayError
from .folder import cache_root, folder_lock
from .interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is missing, and the Debian or Ubuntu package that contains it."""

    thing: str
    package: str


def missing_compilers(environ: Mapping[str, str]) -> list[Missing]:
    """List the compilers that CMake would not find (CC and CXX count, as they do for CMake)."""
    absent = []
    for variable, names, package in (
        ('CC', ('cc', 'gcc', 'clang'), 'gcc'),
        ('CXX', ('c++', 'g++', 'clang++'), 'g++'),
    ):
        named = shlex.split(environ.get(variable, ''))[:1]
        if not any(shutil.which(name, path=environ.get('PATH')) for name in named or names):
            kind = 'C' if variable == 'CC' else 'C++'
            where = f' ({variable}={named[0]})' if named else ''
            absent.append(Missing(f'a {kind} compiler{where}', package))
    return absent


def missing_python_parts(python: Interpreter, *, headers: bool) -> list[Missing]:
    """List what is missing of what Debian packages apart: the venv module and the C headers."""
    absent = []
    if not python.has_venv:
        absent.append(Missing(f'the venv module of {python.asked}', f'python{python.short}-venv'))
    if headers and not Path(python.include, 'Python.h').is_file():
        absent.append(Missing(f'the C headers of {python.asked}', f'python{python.short}-dev'))
    return absent


def require(absent: Iterable[Missing], *, install: bool, say: Callable[[str], None]) -> None:
    """Install what is missing if allowed and root, else raise an error with the command.

    Raises:
        UnderlayError: Something is missing; the line names the command that installs it.
    """
    listed = list(absent)
    if not listed:
        return
    packages = sorted({item.package for item in listed})
    things = ' and '.join(item.thing for item in listed)
    if install and os.geteuid() == 0 and shutil.which('apt-get'):
        # apt-get fails at once where another one runs.
        waiting = partial(say, 'another run installs packages: waiting for it')
        with folder_lock(cache_root() / 'apt', waiting):
            say(f'{things} missing: apt-get install {" ".join(packages)}')
            if _apt(['update', '-qq']) and _apt(
                ['install', '-qq', '--no-install-recommends', *packages]
            ):
                return
        msg = f'apt-get could not install {" ".join(packages)}; see its lines above'
        raise UnderlayError(msg)
    msg = f'{things} missing: sudo apt-get install {" ".join(packages)}'
    raise UnderlayError(msg)


def _apt(arguments: list[str]) -> bool:
    environment = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    return (
        subprocess.run(['apt-get', '-y', *arguments], env=environment, check=False).returncode == 0
    )
