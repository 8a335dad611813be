# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Pick images of a bag for labelling, and write them as pictures."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.dataset import LabelledBoxes, Sample
from ..errors import BagError, ImageError, InferenceError
from ..imaging.pixels import Pixels
from ..pictures.jpeg_png import read_header
from ..pictures.picture_files import encode_image
from ..tasks.classification import Classification
from ..tasks.detection import Detections
from .annotators import Annotator
from .cameras import read_image
from .frame_choice import FrameChoice, scores_of
from .items import BagItem, BagMessage
from .message_types import COMPRESSED_IMAGE, read_message
from .windows import one_ahead


@dataclass(frozen=True, slots=True)
class Picked:
    """An image that was picked.

    Attributes:
        message: Its message.
        pixels: Its pixels.
        found: What the network found; None without one.
    """

    message: BagMessage
    pixels: Pixels
    found: Any = None


@dataclass(slots=True)
class Picker:
    """Picks images.

    Attributes:
        topics: The image topics.
        choice: What passes by itself.
        annotator: A network that looks at what has passed; None is no network.
        unsure: Only images with a score between these two are picked; None is all.
        seen: Images that came.
        failed: Images that could not be read or run, by topic and reason.
    """

    topics: frozenset[str]
    choice: FrameChoice
    annotator: Annotator | None = None
    unsure: tuple[float, float] | None = None
    seen: int = 0
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def pick(self, items: Iterable[BagItem]) -> Iterator[Picked]:
        """Yield the images that are picked, in the order of recording."""
        passed = one_ahead(self._passed(items))
        if self.annotator is None:
            yield from passed
            return
        batch: list[Picked] = []
        for one in passed:
            batch.append(one)
            if len(batch) == self.annotator.network.max_batch:
                yield from self._unsure(self.annotator, batch)
                batch = []
        if batch:
            yield from self._unsure(self.annotator, batch)

    def _passed(self, items: Iterable[BagItem]) -> Iterator[Picked]:
        for item in items:
            if not isinstance(item, BagMessage) or item.topic.name not in self.topics:
                continue
            topic = item.topic.name
            self.seen += 1
            if not self.choice.is_due(topic):
                continue
            try:
                _, pixels = read_image(item)
            except ImageError as err:
                self.failed[topic, str(err)] += 1
                continue
            if self.choice.wants(topic, pixels, item.log_time_ns):
                yield Picked(item, pixels)

    def _unsure(self, annotator: Annotator, batch: list[Picked]) -> Iterator[Picked]:
        results = annotator.annotate([one.pixels for one in batch])
        for one, found in zip(batch, results, strict=True):
            if isinstance(found, InferenceError):
                self.failed[one.message.topic.name, str(found)] += 1
                continue
            low, high = self.unsure or (0.0, 1.0)
            if self.unsure is None or any(low <= score <= high for score in scores_of(found)):
                yield Picked(one.message, one.pixels, found)


class PictureFolder:
    """Writes picked images as pictures, and a table of where they come from.

    Args:
        folder: An empty folder.
        threshold: Least score of a box that becomes a label.

    Attributes:
        samples: The pictures with what the network found as their labels, where there was one.
    """

    def __init__(self, folder: Path, threshold: float = 0.0) -> None:
        self.folder = folder
        self.samples: list[Sample] = []
        self._threshold = threshold
        self._rows: list[tuple[str, str, int]] = []
        self._names: Counter[str] = Counter()

    def add(self, picked: Picked) -> None:
        """Write a picture.

        Raises:
            OSError: It cannot be written.
        """
        topic = picked.message.topic.name
        name = f'{topic.strip("/").replace("/", "_")}_{picked.message.log_time_ns}'
        self._names[name] += 1
        if self._names[name] > 1:
            name = f'{name}_{self._names[name]}'
        suffix, content = _picture(picked)
        path = self.folder / f'{name}{suffix}'
        path.write_bytes(content)
        self._rows.append((path.name, topic, picked.message.log_time_ns))
        self.samples.append(self._sample(path, picked.found))

    def write_table(self, path: Path) -> None:
        """Write where each picture comes from, as CSV.

        Raises:
            OSError: It cannot be written.
        """
        with path.open('w', newline='', encoding='utf-8') as stream:
            table = csv.writer(stream, lineterminator='\n')
            table.writerow(('picture', 'topic', 'time_ns'))
            table.writerows(self._rows)

    def _sample(self, path: Path, found: Any) -> Sample:
        if isinstance(found, Detections):
            sure = found.take(np.flatnonzero(found.scores >= self._threshold))
            count = len(sure)
            boxes = LabelledBoxes(
                sure.boxes_xyxy.astype(np.float64),
                sure.class_ids.astype(np.int64),
                np.zeros(count, np.bool_),
                np.full(count, np.nan),
            )
            return Sample(path, boxes=boxes)
        if isinstance(found, Classification):
            assert found.probabilities is not None
            return Sample(path, class_id=int(found.probabilities.argmax()))
        if found is None:
            return Sample(path)
        mask = self.folder / f'{path.stem}.mask'
        mask.write_bytes(encode_image(found.class_mask, 'png'))
        return Sample(path, mask=mask)


def pick_bag(
    picker: Picker,
    items: Iterable[BagItem],
    folder: PictureFolder,
    report: Callable[[], None],
    limit: int | None = None,
) -> None:
    """Write what is picked.

    Args:
        picker: What is picked.
        items: All that the bag holds.
        folder: Where pictures are written to.
        report: Called after each; may raise to cancel.
        limit: Most pictures; None is any number.

    Raises:
        BagError: Nothing was picked.
        OSError: A picture cannot be written.
    """
    for one in picker.pick(items):
        folder.add(one)
        report()
        if len(folder.samples) == limit:
            break
    if not folder.samples:
        why = '; '.join(reason for _, reason in list(picker.failed)[:3])
        msg = f'none of {picker.seen} images was picked{f": {why}" if why else ""}'
        raise BagError(msg)


def _picture(picked: Picked) -> tuple[str, bytes]:
    """Return ending and content: those of a compressed image as they are, others as PNG."""
    if picked.message.topic.type == COMPRESSED_IMAGE and picked.pixels.order == 'bgr':
        content = read_message(picked.message)
        if 'bayer' not in content.format:
            kind = read_header(content.data, content.format).kind
            return {'jpeg': '.jpg', 'png': '.png'}[kind], bytes(content.data)
    return '.png', encode_image(picked.pixels.as_order('bgr'), 'png')
