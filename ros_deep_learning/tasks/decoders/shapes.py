# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What shapes a decoder's tensors have, told as patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from ...errors import DecodeError

Pattern = tuple[int | str, ...]
"""One entry an axis: a size, or a letter with a factor or an offset (``A``, ``4*C``, ``5+C``).

A letter stands for the same size wherever it occurs, 1 or more; ``C`` counts classes. Rows of
candidates (``A``, ``N``, ``Q``) may be none.
"""

ROW_LETTERS = 'ANQ'

_ENTRY = re.compile(r'(?:(\d+)([*+]))?([A-Z])')


def bind(
    shapes: Mapping[str, tuple[int, ...]], patterns: Mapping[str, Pattern]
) -> dict[str, int] | None:
    """Find the sizes that the letters stand for, or None where the shapes do not fit.

    Args:
        shapes: By role, -1 where an axis is open; roles without a pattern are passed over.
        patterns: By role, all of which are wanted.
    """
    sizes: dict[str, int] = {}
    for role, pattern in patterns.items():
        shape = shapes.get(role)
        if shape is None or len(shape) != len(pattern):
            return None
        for size, entry in zip(shape, pattern, strict=True):
            if size >= 0 and not _bind_axis(size, entry, sizes):
                return None
    return sizes


def take(
    decoder: str,
    patterns: Mapping[str, Pattern],
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
) -> tuple[NDArray[Any], ...]:
    """Take a decoder's tensors, in the order of its patterns.

    Args:
        decoder: Its name, for the message.
        patterns: By role.
        outputs: Arrays by tensor name.
        roles: Tensor names by role.

    Raises:
        DecodeError: A tensor is missing or does not fit; the message has each tensor's shape
            and what is wanted.
    """
    found = {
        role: outputs[name] for role, name in roles.items() if role in patterns and name in outputs
    }
    if bind({role: array.shape for role, array in found.items()}, patterns) is None:
        wanted = ', '.join(f'{role} {_text(pattern)}' for role, pattern in patterns.items())
        given = ', '.join(
            f'{role} = {roles[role]!r} {_text(found[role].shape)}'
            if role in found
            else f'no {role}'
            for role in patterns
        )
        msg = f'decoder {decoder} expects {wanted}; the network gives {given}'
        raise DecodeError(msg)
    return tuple(found[role] for role in patterns)


def class_count(
    shapes: Mapping[str, tuple[int, ...]], *, patterns: Mapping[str, Pattern]
) -> int | None:
    """Read the number of classes, the letter ``C``; None where it is open or does not occur."""
    return (bind(shapes, patterns) or {}).get('C')


def _bind_axis(size: int, entry: int | str, sizes: dict[str, int]) -> bool:
    if isinstance(entry, int):
        return size == entry
    match = _ENTRY.fullmatch(entry)
    assert match is not None
    number, sign, letter = int(match[1] or 0), match[2], match[3]
    if sign == '*':
        if size % number:
            return False
        size //= number
    else:
        size -= number
    least = 0 if letter in ROW_LETTERS else 1
    return size >= least and sizes.setdefault(letter, size) == size


def _text(shape: tuple[int | str, ...]) -> str:
    return f'({", ".join(map(str, shape))}{"," if len(shape) == 1 else ""})'
