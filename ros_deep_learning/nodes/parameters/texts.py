# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Lists in parameters: as text they can be given in a file, at launch and on the command line."""

from __future__ import annotations

from array import array
from contextlib import suppress
from typing import Any

import yaml

from ...errors import SettingsError
from ...tasks.parts import Region, region_box

_MOST_CHARACTERS = 2**16


def read_names(text: str) -> tuple[str, ...]:
    """Read names separated by commas, or by semicolons if there is one.

    A list as YAML writes it, such as ``[front, rear]``, is read too: launch arguments and
    ``ros2 param set`` pass it on as text.
    """
    # Other programs set parameters too, and PyYAML takes a second for so much.
    if text.strip().startswith('[') and len(text) <= _MOST_CHARACTERS:
        with suppress(yaml.YAMLError, RecursionError):
            # Without types, so that a name may look like a number.
            names = yaml.load(text, yaml.BaseLoader)  # noqa: S506  makes nothing but text
            if isinstance(names, list) and all(isinstance(name, str) for name in names):
                return tuple(filter(None, (name.strip() for name in names)))
    parts = text.split(';' if ';' in text else ',')
    return tuple(filter(None, (part.strip() for part in parts)))


def names_text(value: Any) -> Any:
    """Return a list of names, or a number, as text for ``read_names``; return others unchanged.

    An empty list may have any type, or no value at all, depending on parameter file and rclpy.
    """
    if value is None:
        return ''
    if isinstance(value, (list, tuple, array)) and all(
        type(v) in (str, int, float) for v in value
    ):
        names = [str(each) for each in value]
        separator = ';' if any(',' in name for name in names) else ','
        return separator.join(names)
    if type(value) in (int, float):
        return str(value)
    return value


def read_region(text: str) -> Region | None:
    """Read a region of interest such as ``0.25, 0.5, 0.75, 1.0``.

    Args:
        text: Left, top, right and bottom edge as shares 0..1 of the image's width and height;
            empty is the whole image.

    Returns:
        The edges; None for the whole image.

    Raises:
        SettingsError: The text is malformed.
    """
    parts = read_names(text)
    if not parts:
        return None
    try:
        x1, y1, x2, y2 = map(float, parts)
        region_box((1, 1), (x1, y1, x2, y2))
    except (ValueError, SettingsError) as err:
        msg = (
            f'region is {text!r}, but must be empty or the left, top, right and bottom edge as '
            'shares of the image, such as 0.25,0.5,0.75,1.0'
        )
        raise SettingsError(msg) from err
    return x1, y1, x2, y2
