# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a person should know about a picture, or about a data set, before it is trained on."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError
from .folder import CollectedFolder
from .measures import (
    BLURRED,
    CHANGED,
    NEARLY_EQUAL,
    HashIndex,
    changed_share,
    difference_hash,
    sharpness,
)
from .naming import decode_picture

FEW = 20
"""Pictures of a class below which more are asked for."""
_NAMED = 4


def set_notes(classes: Sequence[str], counts: Mapping[str, Counter[int]]) -> list[str]:
    """Return what is missing in a data set, one line each.

    Args:
        classes: Name of each class.
        counts: As ``CollectedFolder.counts`` gives them.
    """
    notes = []
    train = counts['train']
    few = [f'{name} {train[k]}' for k, name in enumerate(classes) if train[k] < FEW]
    if few:
        more = f' and {len(few) - _NAMED} more' if len(few) > _NAMED else ''
        notes.append(f'Fewer than {FEW} pictures in train: {", ".join(few[:_NAMED])}{more}')
    absent = [name for k, name in enumerate(classes) if not counts['val'][k]]
    if train[-1] >= FEW and absent:
        if counts['val'][-1]:
            notes.append(f'Nothing in val: {", ".join(absent[:_NAMED])}')
        else:
            notes.append('No picture in val: a fifth of train will be held out')
    return notes


class PictureNotes:
    """Says whether a picture is blurred, or nearly equal to one of a data set.

    Args:
        folder: The data set.
    """

    def __init__(self, folder: CollectedFolder) -> None:
        self._folder, self._index = folder, HashIndex()
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def learn(self) -> None:
        """Read the pictures that have come since the last call."""
        top = self._folder.top
        for entry in self._folder.entries():
            with self._lock:
                if entry in self._known:
                    continue
                # Not by the folder, which would look for each among all of them.
                try:
                    bits = difference_hash(decode_picture((top / entry).read_bytes()))
                except (OSError, DatasetError):
                    continue
                self._known.add(entry)
                self._index.add(entry, bits)

    def of(self, frame_bgr: NDArray[np.uint8], own: str = '') -> list[str]:
        """Return what is wrong with a picture, one line each.

        Args:
            frame_bgr: Shape (H, W, 3), uint8.
            own: Its name in the data set; empty if it is not in it.
        """
        notes = []
        if sharpness(frame_bgr) < BLURRED:
            notes.append('Blurred')
        there = [entry for entry in self._folder.entries() if entry != own]
        with self._lock:
            name, distance = self._index.nearest(difference_hash(frame_bgr), there)
        if distance <= NEARLY_EQUAL:
            try:
                other = decode_picture(self._folder.read(name))
            except DatasetError:
                return notes
            # The hash alone finds equal a small thing that moves before a still camera.
            if changed_share(other, frame_bgr) < CHANGED:
                notes.append(f'Nearly equal to {name}')
        return notes
