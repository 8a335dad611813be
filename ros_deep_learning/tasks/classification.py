# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What an image shows as a whole, and how scores become it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import DecodeError, SettingsError
from .activation import activate
from .times import NOT_TIMED, StageTimes

ClassKind = Literal['logits', 'sigmoid_logits', 'probabilities', 'scores']
"""What the output of a classifier holds: a ``ScoreKind``, or ``sigmoid_logits``: logits of classes
that do not exclude each other."""


@dataclass(frozen=True, slots=True)
class ClassificationSettings:
    """Which scores become classes; may change between frames.

    Attributes:
        top_k: Most classes of one image; 0 is no limit.
        score_threshold: Least score, 0..1; 0.01 is jetson-inference's.
        multi_label: Whether several classes can be true of an image (tagging), so that each has
            a probability of its own; usually with ``top_k`` 0 and a threshold of 0.5.

    Raises:
        SettingsError: A value is out of its range.
    """

    top_k: int = 5
    score_threshold: float = 0.01
    multi_label: bool = False

    def __post_init__(self) -> None:
        if self.top_k < 0:
            msg = f'top_k: expected 0 (no limit) or more, got {self.top_k!r}'
            raise SettingsError(msg)
        if not 0.0 <= self.score_threshold <= 1.0:
            msg = f'score_threshold: expected 0 to 1, got {self.score_threshold!r}'
            raise SettingsError(msg)


_USUAL_SETTINGS = ClassificationSettings()


@dataclass(frozen=True, slots=True)
class SeenClass:
    """A class that an image shows.

    Attributes:
        label: Its name.
        class_id: Its number.
        score: 0..1.
    """

    label: str
    class_id: int
    score: float

    def __str__(self) -> str:
        """Describe it in a few words."""
        return f'{self.label} {self.score:.0%}'


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Classification:
    """The classes of one image, best score first; the lower class first where scores are equal.

    Iterate over it for one ``SeenClass`` after the other.

    Attributes:
        class_ids: Shape (K,), int32, index into the labels.
        scores: Shape (K,), float32, 0..1.
        source_wh: Size of the source image in pixels.
        probabilities: Shape (C,), float32, of every class of the network, before the settings
            pick some; None where they are not known.
        settings: What picked the classes.
        labels: Name of each class of the network; empty where only their numbers are known.
        times: What the image cost.
    """

    class_ids: NDArray[np.int32]
    scores: NDArray[np.float32]
    source_wh: tuple[int, int]
    probabilities: NDArray[np.float32] | None = None
    settings: ClassificationSettings = _USUAL_SETTINGS
    labels: tuple[str, ...] = ()
    times: StageTimes = NOT_TIMED

    def __len__(self) -> int:
        """Count the classes."""
        return len(self.scores)

    def __getitem__(self, index: int) -> SeenClass:
        """Return one class by its place."""
        class_id = int(self.class_ids[index])
        label = self.labels[class_id] if self.labels else str(class_id)
        return SeenClass(label, class_id, float(self.scores[index]))

    def __iter__(self) -> Iterator[SeenClass]:
        """Iterate over the classes."""
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        """Describe the result in one line."""
        return f'<Classification: {", ".join(map(str, self)) or "nothing"}>'

    def to_dicts(self) -> list[dict[str, Any]]:
        """List the classes as plain dictionaries, ready for JSON.

        Returns:
            For each class ``label``, ``class_id`` and ``score``.
        """
        return [{'label': one.label, 'class_id': one.class_id, 'score': one.score} for one in self]


def read_probabilities(
    output: NDArray[Any], kind: ClassKind, *, multi_label: bool = False
) -> NDArray[np.float32]:
    """Read one image's probabilities from a classifier's output.

    Args:
        output: One score a class, without batch axis; axes of size 1 do not matter.
        kind: What the scores are.
        multi_label: Whether several classes can be true of an image.

    Returns:
        Shape (C,).

    Raises:
        DecodeError: The output has more than one score a class, none at all, or whole numbers.
    """
    if output.size == 0 or max(output.shape, default=0) != output.size or output.dtype.kind != 'f':
        msg = f'expected one score a class, shape (C,), got {output.dtype} {output.shape}'
        raise DecodeError(msg)
    scores = output.reshape(-1)
    if kind == 'sigmoid_logits':
        return activate(scores, 'logits', exclusive=False)
    return activate(scores, kind, exclusive=not multi_label)


def classification_from(
    probabilities: NDArray[np.float32],
    source_wh: tuple[int, int],
    settings: ClassificationSettings,
    *,
    labels: tuple[str, ...] = (),
    times: StageTimes = NOT_TIMED,
) -> Classification:
    """Pick the classes of an image.

    Args:
        probabilities: Shape (C,), 0..1; those that are NaN or infinite are left out.
        source_wh: Size of the source image in pixels.
        settings: Which to pick.
        labels: Name of each class.
        times: What the image cost.
    """
    # NaN reaches no threshold. Few of many classes do, and only they are looked at further.
    (good,) = np.nonzero(probabilities >= settings.score_threshold)
    scores = probabilities[good].astype(np.float32, copy=False)
    finite = np.isfinite(scores)
    if np.count_nonzero(finite) < len(finite):
        good, scores = good[finite], scores[finite]
    # Rounding may lift a probability above 1.
    scores = np.minimum(scores, np.float32(1.0))
    order = np.argsort(-scores, kind='stable')
    if settings.top_k:
        order = order[: settings.top_k]
    class_ids = good[order].astype(np.int32)
    return Classification(
        class_ids, scores[order], source_wh, probabilities, settings, labels, times
    )
