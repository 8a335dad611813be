# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Files in parameters: their values are absolute, so that a dump is valid in every folder."""

from __future__ import annotations

from typing import Any

from ...cards.zoo import CARD_SUFFIXES
from ...paths import user_path
from ...recognition.custom import is_network_file
from .texts import names_text, read_names


def names_file(name: str, value: str) -> bool:
    """Return whether the value of a file parameter is a path: a model may be a name too."""
    return bool(value) and (
        name != 'model' or is_network_file(value) or value.lower().endswith(CARD_SUFFIXES)
    )


def absolute_file(name: str, value: Any) -> Any:
    """Return the value of a file parameter with a path made absolute; others unchanged.

    Raises:
        SettingsError: The text cannot be a path.
    """
    if isinstance(value, str) and names_file(name, value):
        return str(user_path(value).absolute())
    return value


def absolute_folders(value: Any) -> Any:
    """Return the folders of a list, or of its text, as text with absolute paths.

    Raises:
        SettingsError: A text cannot be a path.
    """
    text = names_text(value)
    if not isinstance(text, str):
        return value
    return names_text([str(user_path(folder).absolute()) for folder in read_names(text)])
