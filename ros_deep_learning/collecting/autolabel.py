# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Label many pictures by a network."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DatasetError, SettingsError
from ..imaging.palettes import UNLABELLED
from ..progress import Progress, silent
from ..text import disk_cause
from .folder import CollectedFolder, place_of
from .label import Label
from .naming import decode_picture, name_of_file, name_of_waiting
from .suggestions import Suggester


@dataclass(slots=True)
class Autolabelled:
    """What became of the pictures.

    Attributes:
        labelled: How many were written.
        empty: How many of them have no object or class.
        there: How many the data set had already, by an earlier run.
        left_out: Each other one, and why.
    """

    labelled: int = 0
    empty: int = 0
    there: int = 0
    left_out: list[str] = field(default_factory=list)


def autolabel(
    data: CollectedFolder,
    pictures: Sequence[Path],
    suggester: Suggester,
    val_share: float,
    progress: Progress = silent,
) -> Autolabelled:
    """Write pictures with labels of a network into a data set.

    Those that wait in the data set are moved, others are copied. Their split follows from their
    content, so that equal pictures are in one.

    Args:
        data: The data set.
        pictures: The files.
        suggester: The network.
        val_share: Share 0..1 of the pictures for validation.
        progress: Told how far it is; may raise to cancel.

    Raises:
        SettingsError: The share is none.
        DeepLearningError: The network fails, or the folder cannot be written.
    """
    if not 0 <= val_share < 1:
        msg = f'val: expected a share from 0 to below 1, got {val_share:g}'
        raise SettingsError(msg)
    done = Autolabelled()
    there = {Path(entry).name for entry in data.entries()}
    stems = {Path(name).stem for name in there}
    waiting = {place_of(path) for path in data.waiting()}
    own = data.own_files() - waiting
    for index, picture in enumerate(pictures):
        progress('labelling', index / len(pictures))
        if place_of(picture) in own:
            done.there += 1
            continue
        try:
            content = picture.read_bytes()
            frame = decode_picture(content)
        except OSError as err:
            done.left_out.append(f'{picture}: {disk_cause(err)}')
            continue
        except DatasetError as err:
            done.left_out.append(f'{picture}: {err}')
            continue
        waits = place_of(picture) in waiting
        if waits:
            name = name_of_waiting(picture, content, stems)
        else:
            name = name_of_file(picture, content)
        if name in there:
            done.there += 1
            continue
        label = suggester.suggest(frame)
        if label is None:
            done.left_out.append(f'{picture}: {suggester.name} is sure of no class')
            continue
        known = set(data.classes)
        label = _with_classes_of(data, label, suggester)
        # The first picture of a class is to train with.
        is_new = not known.issuperset(data.classes)
        split = 'val' if _share_of(content) < val_share and not is_new else 'train'
        if waits:
            data.take(picture, label, split, name)
        else:
            data.add(name, content, label, split)
        there.add(name)
        stems.add(Path(name).stem)
        done.labelled += 1
        done.empty += not label.class_ids()
    progress('labelling', 1.0)
    return done


def _with_classes_of(data: CollectedFolder, label: Label, suggester: Suggester) -> Label:
    """Append the classes of a label to the data set, and return it with their numbers there."""
    names = suggester.classes
    data.extend([names[k] for k in label.class_ids()])
    number = {name: k for k, name in enumerate(data.classes)}
    return label.renumbered([number.get(name, UNLABELLED) for name in names])


def _share_of(content: bytes) -> float:
    """Return a number 0..1 that is as good as random, and the same for the same picture."""
    return int.from_bytes(hashlib.sha256(content).digest()[8:12], 'big') / 2**32
