# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What a detector found in an image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .boxes import all_finite, finite
from .times import NOT_TIMED, StageTimes

_LISTED = 8
"""Objects that the text of a result lists."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes as a decoder reads them, before suppression.

    Attributes:
        boxes_xyxy: Shape (N, 4), float32, pixel edges in the network's input.
        scores: Shape (N,), float32, 0..1, all at or above the threshold.
        class_ids: Shape (N,), int32, index into the labels.
        broken: Number of others, left out because their score or an edge is NaN or infinite.
    """

    boxes_xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    broken: int = 0


def as_candidates(
    boxes_xyxy: NDArray[Any], scores: NDArray[Any], class_ids: NDArray[Any]
) -> Candidates:
    """Make candidates of equally many boxes, scores and classes.

    What is NaN or infinite is left out and counted.

    Args:
        boxes_xyxy: Shape (N, 4), pixel edges in the network's input.
        scores: Shape (N,).
        class_ids: Shape (N,), whole numbers.
    """
    if not boxes_xyxy.dtype == scores.dtype == np.float32:
        with np.errstate(over='ignore', invalid='ignore'):
            boxes_xyxy, scores = boxes_xyxy.astype(np.float32), scores.astype(np.float32)
    if all_finite(boxes_xyxy, scores):
        return Candidates(boxes_xyxy, scores, class_ids.astype(np.int32))
    good = finite(boxes_xyxy, scores)
    broken = len(good) - int(np.count_nonzero(good))
    return Candidates(boxes_xyxy[good], scores[good], class_ids[good].astype(np.int32), broken)


@dataclass(frozen=True, slots=True)
class Detection:
    """One object.

    Attributes:
        label: Name of its class.
        class_id: Number of its class.
        score: 0..1.
        box_xyxy: Left, top, right and bottom edge in pixels of the source image.
        track_id: Number of its track; None where it has none.
    """

    label: str
    class_id: int
    score: float
    box_xyxy: tuple[float, float, float, float]
    track_id: int | None = None

    def __str__(self) -> str:
        """Describe it in one line."""
        x1, y1, x2, y2 = self.box_xyxy
        track = '' if self.track_id is None else f' #{self.track_id}'
        return f'{self.label}{track} {self.score:.0%} at ({x1:.0f}, {y1:.0f}, {x2:.0f}, {y2:.0f})'


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Detections:
    """Objects found in one image, best score first unless the settings order them otherwise.

    Iterate over it for one ``Detection`` after the other.

    Attributes:
        boxes_xyxy: Shape (N, 4), float32, pixel edges in the source image, inside it.
        scores: Shape (N,), float32, 0..1.
        class_ids: Shape (N,), int32, index into the labels.
        source_wh: Size of the source image in pixels.
        track_ids: Shape (N,), int64, number of each object's track, -1 where it has none yet;
            None where objects are not tracked.
        labels: Name of each class of the network; empty where only their numbers are known.
        times: What the image cost.
    """

    boxes_xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    source_wh: tuple[int, int]
    track_ids: NDArray[np.int64] | None = None
    labels: tuple[str, ...] = ()
    times: StageTimes = NOT_TIMED

    def __len__(self) -> int:
        """Count the objects."""
        return len(self.scores)

    def __getitem__(self, index: int) -> Detection:
        """Return one object by its place."""
        class_id = int(self.class_ids[index])
        x1, y1, x2, y2 = self.boxes_xyxy[index].tolist()
        track = -1 if self.track_ids is None else int(self.track_ids[index])
        return Detection(
            label=self.labels[class_id] if self.labels else str(class_id),
            class_id=class_id,
            score=float(self.scores[index]),
            box_xyxy=(x1, y1, x2, y2),
            track_id=None if track < 0 else track,
        )

    def __iter__(self) -> Iterator[Detection]:
        """Iterate over the objects."""
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        """Describe the result in one line, with its first objects."""
        width, height = self.source_wh
        listed = [str(self[index]) for index in range(min(len(self), _LISTED))]
        if len(self) > _LISTED:
            listed.append(f'and {len(self) - _LISTED} more')
        end = f': {"; ".join(listed)}' if listed else ''
        objects = 'object' if len(self) == 1 else 'objects'
        return f'<Detections: {len(self)} {objects} in {width}x{height}{end}>'

    def take(self, index: NDArray[Any]) -> Detections:
        """Take some of the objects, in the order of an index array."""
        return replace(
            self,
            boxes_xyxy=self.boxes_xyxy[index],
            scores=self.scores[index],
            class_ids=self.class_ids[index],
            track_ids=None if self.track_ids is None else self.track_ids[index],
        )

    def to_dicts(self) -> list[dict[str, Any]]:
        """List the objects as plain dictionaries, ready for JSON.

        Returns:
            For each object ``label``, ``class_id``, ``score``, ``box_xyxy`` as a list of four
            numbers, and ``track_id``, which is None without a track.
        """
        return [
            {
                'label': one.label,
                'class_id': one.class_id,
                'score': one.score,
                'box_xyxy': list(one.box_xyxy),
                'track_id': one.track_id,
            }
            for one in self
        ]
