# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Classes by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from ..errors import SettingsError


def class_ids_of(names: Iterable[str], labels: Sequence[str]) -> frozenset[int]:
    """Find classes by their names, whatever the case of the letters.

    A name that several classes share stands for all of them, and so does a synonym, such as
    ``tabby`` of the label ``tabby, tabby cat``, unless it is a label itself.

    Raises:
        SettingsError: A name is none of the labels; the message lists those close to it.
    """
    by_name: dict[str, set[int]] = {}
    by_synonym: dict[str, set[int]] = {}
    for k, label in enumerate(labels):
        by_name.setdefault(label.casefold(), set()).add(k)
        for synonym in label.casefold().split(','):
            by_synonym.setdefault(synonym.strip(), set()).add(k)
    known = by_synonym | by_name
    found: set[int] = set()
    for name in names:
        if name.casefold() not in known:
            close = get_close_matches(name.casefold(), known, n=3)
            hint = f'; close to it: {", ".join(close)}' if close else ''
            msg = f'classes: {name!r} is none of the {len(labels)} labels{hint}'
            raise SettingsError(msg)
        found |= known[name.casefold()]
    return frozenset(found)
