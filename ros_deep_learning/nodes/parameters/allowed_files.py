# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Which files a parameter may name after the start: everybody on the graph can set it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...cards.zoo import user_folder, zoo_folder
from ...errors import SettingsError
from ...paths import user_path
from .file_names import absolute_file, names_file
from .parameter_table import ParameterTable, rule_of


class AllowedFiles:
    """The files that parameters named at the start, and those below some folders.

    Otherwise every participant of the graph could have a node read any file of its user, and read
    it in the labels that the node publishes.

    Args:
        table: The node's parameters.
        settings: Their values at the start.
        folders: Folders below which files may be named too. The folders of the package's and the
            user's own networks are always among them.
    """

    def __init__(
        self, table: ParameterTable[Any], settings: Any, folders: Iterable[str] = ()
    ) -> None:
        self._names = [name for name, field in table.fields.items() if rule_of(field).file]
        self._first = {name: absolute_file(name, getattr(settings, name)) for name in self._names}
        named = [user_path(folder) for folder in folders]
        self._folders = [path.resolve() for path in (*named, user_folder(), zoo_folder())]

    def check(self, changes: Mapping[str, Any]) -> None:
        """Check a change; no file that it names is opened.

        Raises:
            SettingsError: A parameter names a file that is none of the allowed ones.
        """
        for name in self._names:
            if name in changes and absolute_file(name, changes[name]) != self._first[name]:
                self._check_file(name, changes[name])

    def _check_file(self, name: str, value: Any) -> None:
        if not isinstance(value, str) or not names_file(name, value):
            return
        path = user_path(value).resolve()
        if not any(folder in path.parents for folder in self._folders):
            msg = (
                f'parameter {name}: while the node runs, it can only name files below '
                f'model_folders and below {user_folder()}; to fix: start the node with '
                f'{name}:={value}, or with model_folders:={user_path(value).absolute().parent}'
            )
            raise SettingsError(msg)
