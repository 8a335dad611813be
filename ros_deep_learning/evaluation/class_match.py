# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Match the classes of a network with those of a data set, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError, SettingsError

NOT_JUDGED = frozenset(('void', 'unlabeled', 'unlabelled', 'ignore'))
"""Names of a class of pixels that people did not label."""

_LISTED = 6


@dataclass(frozen=True, slots=True, eq=False)
class ClassMatch:
    """Which class of a network is which of a data set.

    Attributes:
        classes: Name of each class of the data set.
        labels: Name of each class of the network.
        to_dataset: Shape (network's classes,), int64: class of the data set, or -1.
    """

    classes: tuple[str, ...]
    labels: tuple[str, ...]
    to_dataset: NDArray[np.int64]

    @property
    def missing(self) -> tuple[int, ...]:
        """The data set's classes that the network does not have."""
        return tuple(k for k in range(len(self.classes)) if k not in self.to_dataset)

    @property
    def shared(self) -> frozenset[int]:
        """The network's classes that the data set has."""
        return frozenset(np.flatnonzero(self.to_dataset >= 0).tolist())

    def notes(self, *, common_only: bool) -> list[str]:
        """Return lines on the classes of one side that the other lacks."""
        lines = []
        if self.missing:
            names = listed([self.classes[k] for k in self.missing])
            effect = (
                'left out (--common-classes)'
                if common_only
                else 'counted as never found; --common-classes leaves them out'
            )
            lines.append(
                f'the network lacks {len(self.missing)} of {len(self.classes)} classes of the '
                f'data set: {names}; {effect}'
            )
        if extra := [self.labels[k] for k in np.flatnonzero(self.to_dataset < 0)]:
            lines.append(
                f'the data set lacks {len(extra)} of {len(self.labels)} classes of the network: '
                f'{listed(extra)}'
            )
        return lines


def listed(names: Sequence[str]) -> str:
    """Return the first names and how many more there are."""
    more = f' and {len(names) - _LISTED} more' if len(names) > _LISTED else ''
    # Of synonyms, the first.
    return ', '.join(name.partition(',')[0] for name in names[:_LISTED]) + more


def match_classes(
    classes: Sequence[str], labels: Sequence[str], renamed: Mapping[str, str] | None = None
) -> ClassMatch:
    """Match classes by name, without regard to case, ``_``, ``-`` and spaces.

    A label such as ``tench, Tinca tinca`` also has the name before its first comma. Classes that
    have only numbers are matched by number, the lowest with the first label, if both sides have
    as many.

    Args:
        classes: Of the data set.
        labels: Of the network.
        renamed: Label of the network for a class of the data set, where they differ.

    Raises:
        DatasetError: No class is in both.
        SettingsError: A key or value of ``renamed`` is not a class.
    """
    by_name: dict[str, int] = {}
    for short in (False, True):
        for index, name in enumerate(classes):
            by_name.setdefault(_key(name, short=short), index)
    matched = [
        by_name.get(_key(label), by_name.get(_key(label, short=True), -1)) for label in labels
    ]
    are_numbers = all(name.isdecimal() for name in classes) or all(
        label.isdecimal() for label in labels
    )
    if tuple(map(_key, classes)) == tuple(map(_key, labels)):
        # In the same order, so that doubled names do not matter.
        matched = list(range(len(labels)))
    elif are_numbers and len(classes) == len(labels):
        for label, index in zip(_by_number(labels), _by_number(classes), strict=True):
            matched[label] = index
    for ours, theirs in (renamed or {}).items():
        if ours not in classes or theirs not in labels:
            side, name = ('data set', ours) if ours not in classes else ('network', theirs)
            msg = f'--rename {ours}={theirs}: the {side} has no class {name!r}'
            raise SettingsError(msg)
        matched[labels.index(theirs)] = classes.index(ours)
    if not any(index >= 0 for index in matched):
        msg = (
            f'no class of the data set ({listed(classes)}) has a name of the network '
            f'({listed(labels)}); to fix: --rename CLASS=LABEL, or --labels FILE'
        )
        raise DatasetError(msg)
    return ClassMatch(tuple(classes), tuple(labels), np.array(matched, np.int64))


def _by_number(names: Sequence[str]) -> list[int]:
    """Return the indices of names by their numbers; in their order if one is no number.

    Folders are sorted as texts, where 10 comes before 2.
    """
    if not all(name.isdecimal() for name in names):
        return list(range(len(names)))
    return sorted(range(len(names)), key=lambda index: int(names[index]))


def _key(name: str, *, short: bool = False) -> str:
    if short:
        name = name.partition(',')[0]
    return ' '.join(name.casefold().replace('_', ' ').replace('-', ' ').split())
