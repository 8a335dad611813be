# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Parse YAML and JSON that other programs wrote."""

from __future__ import annotations

import json
from typing import Any

from ..text import one_line


def parse_foreign(text: str, *, is_json: bool = False) -> Any:
    """Parse a text to plain data.

    Args:
        text: YAML without aliases, or JSON.
        is_json: Whether it is JSON.

    Raises:
        ValueError: It is neither; the message is one line.
    """
    import yaml

    from .plain_yaml import PlainLoader

    try:
        if is_json:
            return json.loads(text)
        return yaml.load(text, PlainLoader)  # noqa: S506 - a SafeLoader, made stricter
    # PyYAML's constructors of scalars raise whatever a malformed text makes them.
    except (
        yaml.YAMLError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        RecursionError,
    ) as err:
        raise ValueError(one_line(err)) from err
