# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Check the parameter file of a launch before a node is started with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from types import NoneType
from typing import Any

from ..cards.foreign_files import parse_foreign
from ..errors import SettingsError
from ..nodes.parameters.known_names import known_names, unknown_names
from ..paths import user_path


def check_params_file(path: str, nodes: Mapping[str, type[Any]]) -> None:
    """Raise SettingsError if a launch cannot use a parameter file.

    Sections of nodes that the launch does not start are ignored, since a robot may have one file
    for all of its nodes.

    Args:
        path: The file.
        nodes: The settings dataclass of each node of the launch, by the node's name.

    Raises:
        SettingsError: The file cannot be read, is not a parameter file, has no section for the
            nodes, or a parameter that none of them has.
    """
    sections = list(_sections(_read(path)))
    if not sections:
        msg = f'params_file {path}: no ros__parameters in it; {_form(nodes)}'
        raise SettingsError(msg)
    matched = False
    for section, values in sections:
        names = [name for name in nodes if fnmatchcase(name, section.rsplit('/', 1)[-1])]
        matched = matched or bool(names)
        known = known_names(nodes[name] for name in names)
        for key, hint in unknown_names(map(str, values), known).items() if names else ():
            owners = ', '.join(names)
            msg = f'params_file {path}: {owners} has no parameter {key!r}{hint}'
            raise SettingsError(msg)
    if not matched:
        found = ', '.join(section for section, _ in sections)
        msg = f'params_file {path}: sections are for {found}; {_form(nodes)}'
        raise SettingsError(msg)


def _read(path: str) -> Any:
    try:
        return parse_foreign(user_path(path).read_text())
    except OSError as err:
        msg = f'params_file {path}: {err.strerror}'
        raise SettingsError(msg) from err
    except ValueError as err:
        msg = f'params_file {path} is not YAML: {err}'
        raise SettingsError(msg) from err


def _sections(document: Any, path: str = '') -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the node name and the parameters of each ``ros__parameters``, at any depth."""
    if not isinstance(document, dict):
        return
    for key, value in document.items():
        if key == 'ros__parameters' and isinstance(value, (dict, NoneType)):
            yield path, value or {}
        else:
            yield from _sections(value, f'{path}/{str(key).strip("/")}')


def _form(nodes: Mapping[str, Any]) -> str:
    return f'expected /**: or {", ".join(nodes)}:, with ros__parameters: below it'
