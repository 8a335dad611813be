# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A picture of every box that detectnet finds, in a folder of its class."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import SettingsError
from ...paths import user_path
from ...text import disk_cause
from ...video.sinks import write_picture
from .results import Rows

_NO_FILE_NAME = re.compile(r'[^\w .+-]')


class Crops:
    """Writes the part of a frame that is in a box, without what is drawn on the frame.

    Args:
        folder: Folder of the folders; created with the first crop. None writes nothing.
        force: Whether files that are there already are overwritten.

    Raises:
        SettingsError: The folder cannot be used, or has something in it already.
    """

    def __init__(self, folder: Path | None, *, force: bool) -> None:
        folder = None if folder is None else user_path(folder)
        self._folder, self._written = folder, set[Path]()
        try:
            taken = folder is not None and folder.exists() and any(folder.iterdir())
        except OSError as err:
            msg = f'--save-crops: {folder}: {disk_cause(err)}; give a folder'
            raise SettingsError(msg) from err
        if taken and not force:
            msg = f'--save-crops: {folder} is not empty; add --force to write into it'
            raise SettingsError(msg)

    def add(self, stem: str, index: int, frame_bgr: NDArray[np.uint8], rows: Rows) -> None:
        """Write the crops of a frame as ``CLASS/STEM-FRAME-NUMBER.jpg``.

        Args:
            stem: Name of the picture or video without its suffix.
            index: Place of the frame, counted from 0.
            frame_bgr: Shape (H, W, 3), uint8.
            rows: The detections, with ``box_xyxy`` in pixels; numbered in this order.

        Raises:
            SettingsError: A crop of this run has the same name, or a folder cannot be made.
            ImageError: A crop cannot be written.
        """
        if self._folder is None:
            return
        for number, row in enumerate(rows):
            crop = cropped(frame_bgr, row['box_xyxy'])
            if not crop.size:
                continue
            folder = self._folder / class_folder(row['label'], row['class_id'])
            path = folder / f'{stem}-{index:06d}-{number:02d}.jpg'
            if path in self._written:
                msg = f'--save-crops: two inputs are called {stem}; give each in its own command'
                raise SettingsError(msg)
            self._written.add(path)
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as err:
                msg = f'cannot make the folder {folder}: {disk_cause(err)}'
                raise SettingsError(msg) from err
            write_picture(path, crop)


def cropped(frame: NDArray[np.uint8], box_xyxy: Sequence[float]) -> NDArray[np.uint8]:
    """Return the pixels of a frame that a box touches, a view of shape (h, w, 3).

    Args:
        frame: Shape (H, W, 3), uint8.
        box_xyxy: Left, top, right and bottom edge in pixels; what is outside is left out.
    """
    x1, y1, x2, y2 = box_xyxy
    left, top = max(0, math.floor(x1)), max(0, math.floor(y1))
    return frame[top : max(top, math.ceil(y2)), left : max(left, math.ceil(x2))]


def class_folder(label: str, class_id: int) -> str:
    """Return the folder of a class: its label as every file system takes it."""
    # ImageNet's labels list synonyms.
    name = _NO_FILE_NAME.sub('_', label.partition(',')[0]).strip(' .')
    return name or f'class-{class_id}'
