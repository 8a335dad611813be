# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read labels from text that has the number of each class: label maps of TensorFlow, lists."""

from __future__ import annotations

import re
from collections.abc import Mapping

MOST_NUMBERS = 100_000
"""Highest number of a class, which bounds the list that is made of numbers with holes."""

_ITEM = re.compile(r'item\s*:?\s*\{([^{}]*)\}')
_ID = re.compile(r'\bid\s*:\s*([0-9]{1,9})\b')
_NAMES = tuple(
    re.compile(rf'\b{key}\s*:\s*(?:"([^"\n]*)"|\'([^\'\n]*)\')')
    for key in ('display_name', 'name')
)
_NUMBERED = re.compile(r'([0-9]{1,9})(?:\s*[:,]\s*|\s+)(\S.*)')


def labels_by_number(by_number: Mapping[int, str], first: str = '0') -> tuple[str, ...]:
    """Return a label for each number from 0 on; those that are left out get their number.

    Args:
        by_number: Names of classes.
        first: The label of number 0, if it is left out.

    Returns:
        The labels; empty if there are none, or if a number is out of range.
    """
    if not by_number or min(by_number) < 0 or max(by_number) >= MOST_NUMBERS:
        return ()
    return tuple({0: first, **by_number}.get(k, str(k)) for k in range(max(by_number) + 1))


def labels_of_map(text: str) -> tuple[str, ...]:
    """Read a label map of TensorFlow's Object Detection API (``label_map.pbtxt``).

    The ``display_name`` comes before the ``name``, which in COCO's is a code. Number 0 is the
    background.

    Returns:
        A label for each number from 0 on; empty if the text is no label map.
    """
    by_number = {}
    for (item,) in (match.groups() for match in _ITEM.finditer(text)):
        number = _ID.search(item)
        name = next((found for key in _NAMES if (found := key.search(item))), None)
        if number is None or name is None:
            return ()
        by_number[int(number[1])] = (name[1] or name[2] or '').strip()
    return labels_by_number(by_number, 'background')


def labels_of_numbered_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Read lines such as ``0  person``, as in ``coco_labels.txt`` of Coral.

    Only numbers that begin with 0 and rise are taken for these: ``1 euro`` is a label.

    Returns:
        A label for each number; empty if a line has none.
    """
    found = [_NUMBERED.fullmatch(line) for line in lines]
    pairs = [(int(match[1]), match[2]) for match in found if match]
    numbers = [number for number, _ in pairs]
    if len(pairs) < len(lines) or numbers[:1] != [0] or numbers != sorted(set(numbers)):
        return ()
    return labels_by_number(dict(pairs))
