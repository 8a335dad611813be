# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where pictures and labels of a task lie in a data set that is being collected.

These are formats of ``datasets/``, so that ``rdl train`` takes the folder at any time. Each has
a file or two a picture and none that all pictures share, but the names of the classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..cards.card import Task
from ..cards.labels import labels_in_configuration
from ..datasets.dataset import Problem
from ..datasets.listing import folders_in, pictures_below, read_class_names, read_data
from ..datasets.mask_files import encode_mask, read_mask
from ..datasets.opening import open_dataset
from ..datasets.yolo import box_line, label_of, listed_boxes, polygon_lines, read_boxes
from ..errors import DatasetError
from ..text import printable
from .label import DrawnBox, Label

SPLITS = ('train', 'val', 'test')


class Layout(ABC):
    """The files of a data set for one task.

    Args:
        top: Its folder.
    """

    task: ClassVar[Task]
    pictures: ClassVar[str]
    """Folder of the pictures' splits, below ``top``."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def pictures_of(self, split: str) -> list[Path]:
        """List the pictures of a split, by path."""
        return pictures_below(self.top / self.pictures / split)

    def split_of(self, picture: Path) -> str:
        """Return the split that a picture lies in."""
        return picture.relative_to(self.top / self.pictures).parts[0]

    def folder_for(self, split: str, classes: Sequence[str], label: Label) -> Path:
        """Return the folder of a picture with a label."""
        del classes, label
        return self.top / self.pictures / split

    @abstractmethod
    def label_path(self, picture: Path) -> Path | None:
        """Return the path of a picture's label; None if the folder says it all."""

    @abstractmethod
    def encode(self, label: Label) -> bytes:
        """Return the content of a label file."""

    @abstractmethod
    def decode(self, picture: Path, classes: Sequence[str]) -> Label:
        """Read the label of a picture.

        Raises:
            DatasetError: It cannot be read.
        """

    def left_out(self, picture: Path, classes: Sequence[str]) -> list[str]:
        """Return what a label file has that ``decode`` leaves out, one line each."""
        del picture, classes
        return []

    @abstractmethod
    def read_classes(self) -> tuple[str, ...]:
        """Read the names of the classes; empty if there are none yet."""

    @abstractmethod
    def head(self, classes: Sequence[str], splits: Sequence[str]) -> tuple[Path, bytes] | None:
        """Return path and content of the file with the classes and the splits with pictures."""


class BoxLayout(Layout):
    """Boxes as YOLO has them: images/train/NAME.jpg and labels/train/NAME.txt, data.yaml."""

    task = 'detection'
    pictures = 'images'

    def label_path(self, picture: Path) -> Path:
        """Return the path of the text file with the boxes."""
        return label_of(picture)

    def encode(self, label: Label) -> bytes:
        """Return a line a box."""
        assert label.boxes is not None
        return ''.join(box_line(box.class_id, box.box_xyxy) for box in label.boxes).encode()

    def decode(self, picture: Path, classes: Sequence[str]) -> Label:
        """Read the boxes; those that are broken are left out."""
        problems: list[Problem] = []
        found = read_boxes(label_of(picture), len(classes), problems)
        rows = zip(found.class_ids.tolist(), found.boxes_xyxy.tolist(), strict=True)
        return Label(boxes=tuple(DrawnBox(k, (x1, y1, x2, y2)) for k, (x1, y1, x2, y2) in rows))

    def left_out(self, picture: Path, classes: Sequence[str]) -> list[str]:
        """Return what the text file has beside boxes, one line each."""
        problems: list[Problem] = []
        read_boxes(label_of(picture), len(classes), problems)
        lost = [printable(one.text) for one in problems if one.kind != 'empty label']
        with suppress(DatasetError):
            lines = polygon_lines(label_of(picture))
            lost += [f'line {line}: the corners of a polygon, but not its box' for line in lines]
        return lost

    def read_classes(self) -> tuple[str, ...]:
        """Read data.yaml.

        Raises:
            DatasetError: It names pictures elsewhere, or no classes.
        """
        path = self.top / 'data.yaml'
        if not path.is_file():
            return ()
        content = read_data(path)
        names = content.get('names') if isinstance(content, dict) else None
        classes = labels_in_configuration({'names': names})
        own = {split: f'images/{split}' for split in SPLITS}
        if not classes or any(content.get(key, own[key]) != own[key] for key in SPLITS):
            msg = (
                f'{path} has no classes, or pictures in other folders than images/train; to fix: '
                f'rdl dataset convert {self.top} NEW_FOLDER --to yolo'
            )
            raise DatasetError(msg)
        return classes

    def head(self, classes: Sequence[str], splits: Sequence[str]) -> tuple[Path, bytes]:
        """Return data.yaml."""
        import yaml

        content: dict[str, Any] = {'path': '.', **{split: f'images/{split}' for split in splits}}
        content['names'] = dict(enumerate(classes))
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        return self.top / 'data.yaml', text.encode()


class MaskLayout(Layout):
    """A mask a picture: images/train/NAME.jpg and masks/train/NAME.png, classes.txt."""

    task = 'segmentation'
    pictures = 'images'

    def label_path(self, picture: Path) -> Path:
        """Return the path of the mask."""
        inner = picture.relative_to(self.top / self.pictures)
        return (self.top / 'masks' / inner).with_suffix('.png')

    def encode(self, label: Label) -> bytes:
        """Return a grey PNG of the class numbers."""
        assert label.mask is not None
        return encode_mask(label.mask)

    def decode(self, picture: Path, classes: Sequence[str]) -> Label:
        """Read the mask."""
        del classes
        mask: NDArray[np.uint8] = read_mask(self.label_path(picture))
        return Label(mask=mask)

    def read_classes(self) -> tuple[str, ...]:
        """Read classes.txt."""
        return read_class_names(self.top) if self.top.is_dir() else ()

    def head(self, classes: Sequence[str], splits: Sequence[str]) -> tuple[Path, bytes]:
        """Return classes.txt."""
        del splits
        return self.top / 'classes.txt', ''.join(f'{name}\n' for name in classes).encode()


class ClassLayout(Layout):
    """A folder a class: train/CLASS/NAME.jpg."""

    task = 'classification'
    pictures = '.'

    def pictures_of(self, split: str) -> list[Path]:
        """List the pictures of a split, by path; one beside the folders has no class."""
        return [p for folder in folders_in(self.top / split) for p in pictures_below(folder)]

    def folder_for(self, split: str, classes: Sequence[str], label: Label) -> Path:
        """Return the folder of the class."""
        assert label.class_id is not None
        return self.top / split / classes[label.class_id]

    def label_path(self, picture: Path) -> None:
        """Return None."""

    def encode(self, label: Label) -> bytes:
        """Return nothing."""
        del label
        return b''

    def decode(self, picture: Path, classes: Sequence[str]) -> Label:
        """Read the name of the folder."""
        name = picture.relative_to(self.top).parts[1]
        if name not in classes:
            msg = f'{picture}: {name!r} is no class of the data set'
            raise DatasetError(msg)
        return Label(class_id=classes.index(name))

    def read_classes(self) -> tuple[str, ...]:
        """List the folders of all splits, by name."""
        names = {path.name for split in SPLITS for path in folders_in(self.top / split)}
        return tuple(sorted(names))

    def head(self, classes: Sequence[str], splits: Sequence[str]) -> None:
        """Create the folder of each class, so that all splits have the same classes."""
        for split in {SPLITS[0], *splits}:
            for name in classes:
                (self.top / split / name).mkdir(parents=True, exist_ok=True)


LAYOUTS: dict[Task, type[Layout]] = {
    'detection': BoxLayout,
    'segmentation': MaskLayout,
    'classification': ClassLayout,
}


def task_of(top: Path) -> Task | None:
    """Return what a folder that is being collected is for; None if it says nothing yet.

    Raises:
        DatasetError: It is a data set of another layout, which would be spoilt.
    """
    if (top / 'data.yaml').is_file():
        return 'detection'
    # Of YOLO's labels there may be such a list, too.
    if (top / 'classes.txt').is_file() and not listed_boxes(top):
        return 'segmentation'
    if any(folders_in(top / split) for split in SPLITS):
        return 'classification'
    if top.is_dir():
        _refuse_foreign(top)
    return None


def _refuse_foreign(top: Path) -> None:
    try:
        other = open_dataset(top)
    except DatasetError:
        return
    usual = ' without data.yaml' if other.format == 'yolo' else ''
    msg = (
        f'{top} is a data set in the format {other.format}{usual}; to fix: give another folder, '
        f'or rdl dataset convert {top} NEW_FOLDER --to yolo'
    )
    raise DatasetError(msg)
