# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""One person at the page: the picture in hand, and what is done with it.

Methods of ``Person`` run in the thread of the page's work, one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DatasetError
from ..folder import CollectedFolder
from ..history import History
from ..label import Label, label_from_json
from ..layouts import SPLITS
from ..naming import decode_picture, encode_picture, new_name
from ..notes import PictureNotes
from ..queue import Queue, Waiting
from ..suggestions import Suggester

_MOST_OF_A_NOTE = 300
_OF_BROWSERS = ('.jpg', '.jpeg', '.png', '.webp', '.bmp')


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """The picture in hand.

    Attributes:
        name: Its name.
        data: Its file.
        frame_bgr: Its pixels, shape (H, W, 3), uint8.
        label: What is known of it, or suggested; None for nothing.
        split: Where it is; empty if it is not in the data set yet.
        waiting: Where it has waited; None if it did not.
        entry: Its place in the data set; empty if it has none.
        notes: What is wrong with it.
    """

    name: str
    data: bytes
    frame_bgr: NDArray[np.uint8]
    label: Label | None = None
    split: str = ''
    waiting: Waiting | None = None
    entry: str = ''
    notes: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return what the page is told about it."""
        height, width = self.frame_bgr.shape[:2]
        return {
            'name': self.name,
            'size_wh': [width, height],
            'label': None if self.label is None else self.label.to_json(),
            'split': self.split,
            'entry': self.entry,
            'notes': list(self.notes),
        }

    def for_browser(self) -> bytes:
        """Return its file, or a JPEG where browsers do not show such a file."""
        is_shown = self.name.lower().endswith(_OF_BROWSERS)
        return self.data if is_shown else encode_picture(self.frame_bgr)


class Person:
    """Labels pictures.

    Args:
        folder: The data set.
        queue: The pictures that wait.
        notes: Judges pictures.
        suggester: Draws first labels; None for nobody.

    Attributes:
        work: The picture in hand; None while the live picture is watched.
        history: What this person has changed.
    """

    def __init__(
        self,
        folder: CollectedFolder,
        queue: Queue,
        notes: PictureNotes,
        suggester: Suggester | None,
    ) -> None:
        self.work: Work | None = None
        self.history = History(folder)
        self._folder, self._queue = folder, queue
        self._notes, self._suggester = notes, suggester

    def hold(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Take a frame of the camera in hand, shape (H, W, 3), uint8."""
        data = encode_picture(frame_bgr)
        # What is judged is what is written.
        frame_bgr = decode_picture(data)
        notes = tuple(self._notes.of(frame_bgr))
        self.work = Work(new_name(), data, frame_bgr, self._suggest(frame_bgr), notes=notes)

    def open_waiting(self, others: list[Work | None]) -> None:
        """Take the next picture that waits, unless somebody else has it in hand; it may be none.

        Raises:
            DeepLearningError: It is no picture, or the network of the suggestions has failed.
        """
        taken = {work.waiting.path for work in others if work is not None and work.waiting}
        self.work = None
        waiting = self._queue.next(taken)
        if waiting is None:
            return
        try:
            frame = decode_picture(waiting.data)
        except DatasetError as err:
            self._queue.leave_out(waiting.path)
            msg = f'{waiting.path}: {err}; left out'
            raise DatasetError(msg) from err
        notes = tuple(self._notes.of(frame))
        label = self._suggest(frame)
        self.work = Work(waiting.name, waiting.data, frame, label, '', waiting, notes=notes)

    def open_entry(self, entry: str) -> None:
        """Take a picture of the data set in hand.

        Raises:
            DatasetError: It is gone, or broken.
        """
        data, label = self._folder.read(entry), self._folder.label(entry)
        frame, split = decode_picture(data), self._folder.split_of(entry)
        notes = tuple(self._notes.of(frame, entry))
        if lost := self._folder.left_out(entry):
            notes += (f'Saving removes from its label: {"; ".join(lost)[:_MOST_OF_A_NOTE]}',)
        self.work = Work(entry, data, frame, label, split, None, entry, notes)

    def expect(self, name: Any) -> None:
        """Raise DatasetError if the picture in hand has another name.

        A key that is pressed twice reaches the next picture, which nobody has seen.
        """
        if self._in_hand().name != name:
            msg = f'{str(name)[:200]} is not in hand any more'
            raise DatasetError(msg)

    def save(self, given: Any, split: Any) -> None:
        """Write the picture in hand with a label, as the page sends it.

        Raises:
            DatasetError: There is none, the label is none, or it cannot be written.
        """
        work = self._in_hand()
        height, width = work.frame_bgr.shape[:2]
        folder = self._folder
        label = label_from_json(given, folder.task, len(folder.classes), (width, height))
        if split not in SPLITS:
            msg = f'no split {str(split)[:20]!r}'
            raise DatasetError(msg)
        if work.entry:
            self.history.change(work.entry, label, split)
        elif work.waiting is not None and work.waiting.is_inside:
            self.history.take(work.waiting.path, label, split, work.name)
        else:
            self.history.add(work.name, work.data, label, split)
        self.work = None
        self._notes.learn()

    def remove(self) -> None:
        """Remove the picture in hand from the data set, or from those that wait.

        Raises:
            DatasetError: There is none, or it is gone already.
        """
        work = self._in_hand()
        if work.entry:
            self.history.remove(work.entry)
        elif work.waiting is not None and work.waiting.is_inside:
            self.history.discard(work.waiting.path)
        elif work.waiting is not None:
            self._queue.leave_out(work.waiting.path)
        self.work = None

    def _in_hand(self) -> Work:
        if self.work is None:
            msg = 'no picture is in hand'
            raise DatasetError(msg)
        return self.work

    def _suggest(self, frame_bgr: NDArray[np.uint8]) -> Label | None:
        return None if self._suggester is None else self._suggester.suggest(frame_bgr)
