# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""ImageNet: what images show as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import DecodeError, InferenceError
from ..tasks.classification import (
    Classification,
    ClassificationSettings,
    ClassKind,
    classification_from,
    read_probabilities,
)
from ..tasks.times import StageTimes
from .base import NOT_FINITE_FIX, Network
from .fit import only_role
from .image_runner import Passed
from .images import ImageLike
from .proof import check_probabilities


class ImageNet(Network[ClassificationSettings]):
    """Classifies images: the classes that an image most likely shows, each with a score.

    It remembers nothing of the images before; to smooth scores from one to the next, see
    ``Smoother``.

    The role that the card gives the output says what it holds: ``logits``, ``sigmoid_logits`` of
    classes that do not exclude each other, ``probabilities``, or ``scores`` for logits or
    probabilities.

    Examples:
        >>> with ImageNet('efficientnet-lite0') as net:  # doctest: +SKIP
        ...     seen = net.classify(image_rgb, top_k=1)
        ...     [net.labels[k] for k in seen.class_ids]
        ['espresso']
    """

    task = 'classification'
    settings_type = ClassificationSettings

    def _check_card(self) -> None:
        self._role: ClassKind = only_role(self._card, get_args(ClassKind))

    def _count_classes(self, named: tuple[str, ...]) -> int | None:
        shape = self._output_shapes[self._role]
        return None if -1 in shape else max(shape, default=1)

    def _check_answer(self, passed: Passed) -> tuple[str, ...]:
        return check_probabilities(self._probabilities(passed, self._settings))

    def classify(self, image: ImageLike, *, top_k: int | None = None) -> Classification:
        """Classify an image.

        Args:
            image: Shape (H, W, 3), uint8, RGB, or ``Pixels`` of either channel order, which are
                only read; or the path of a picture. For a region of interest, pass that part of
                the array.
            top_k: Most classes, 0 for no limit; None is the settings' own.

        Raises:
            ImageError: The image has another shape or type, or the file is no picture.
            InferenceError: The engine failed on this image, or the network gave NaN or infinity.
            DecodeError: The network's output is not one score a class.
            EngineError: The network is closed.
            SettingsError: ``top_k`` is negative.
        """
        return self.classify_batch([image], top_k=top_k)[0]

    def classify_batch(
        self,
        images: Sequence[ImageLike],
        *,
        top_k: int | None = None,
        settings: ClassificationSettings | None = None,
    ) -> list[Classification]:
        """Classify each of some images, as ``classify`` does.

        Up to ``options.max_batch`` of them run together, where the network's batch is open.

        Args:
            images: As ``classify`` takes them.
            top_k: As ``classify`` takes it.
            settings: For these images; None is the network's own.
        """
        settings = settings or self._settings
        if top_k is not None:
            settings = replace(settings, top_k=top_k)
        return list(self.classify_each(images, settings=settings))

    def classify_each(
        self, images: Iterable[ImageLike], *, settings: ClassificationSettings | None = None
    ) -> Iterator[Classification]:
        """Classify each of some images, and give the result of each when it is there.

        Images are taken as ``DetectNet.detect_each`` takes them.

        Args:
            images: As ``classify`` takes them.
            settings: For these images; None is the network's own.

        Raises:
            DeepLearningError: As ``classify`` raises, behind the results of the images before; no
                results are given after it.
        """
        settings = settings or self._settings
        for passed in self._pass(map(self._runner.pixels, images), settings):
            yield self._read(passed, settings)

    def _read(self, passed: Passed, settings: ClassificationSettings) -> Classification:
        started = perf_counter()
        scores = self._probabilities(passed, settings)
        seen = classification_from(scores, passed.pixels.size_wh, settings, labels=self.labels)
        postprocess_ms = (perf_counter() - started) * 1e3
        # Not by dataclasses.replace, which asks each field for its kind.
        return Classification(
            seen.class_ids,
            seen.scores,
            seen.source_wh,
            seen.probabilities,
            seen.settings,
            seen.labels,
            StageTimes(passed.preprocess_ms, passed.inference_ms, postprocess_ms),
        )

    def _probabilities(
        self, passed: Passed, settings: ClassificationSettings
    ) -> NDArray[np.float32]:
        output = passed.found[self._card.outputs[self._role]]
        scores = read_probabilities(output, self._role, multi_label=settings.multi_label)
        if len(scores) != len(self.labels):
            msg = f'{self._card.name}: {len(scores)} scores for {len(self.labels)} labels'
            raise DecodeError(msg)
        if np.count_nonzero(np.isfinite(scores)) < len(scores):
            msg = f'{self._card.name}: a score is NaN or infinite; {NOT_FINITE_FIX}'
            raise InferenceError(msg)
        return scores
