# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""ImageNet: what images show as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import get_args

from ..engines.base import Tensors
from ..errors import DecodeError
from ..imaging.pixels import Pixels
from ..tasks.activation import ScoreKind
from ..tasks.classification import (
    Classification,
    ClassificationSettings,
    classification_from,
    read_probabilities,
)
from ..tasks.smoothing import Smoothing
from .base import Network
from .fit import only_role
from .images import ImageLike, as_pixels


class ImageNet(Network[ClassificationSettings]):
    """Classifies images: the classes that an image most likely shows, each with a score.

    The role that the card gives the output says what it holds: ``logits``, ``probabilities``, or
    ``scores`` for either of them.

    Examples:
        >>> with ImageNet('efficientnet-lite0') as net:  # doctest: +SKIP
        ...     seen = net.classify(image_rgb, top_k=1)
        ...     [net.labels[k] for k in seen.class_ids]
        ['espresso']
    """

    task = 'classification'
    settings_type = ClassificationSettings

    def _check_card(self) -> None:
        self._role: ScoreKind = only_role(self._card, get_args(ScoreKind))
        self._smoothing = Smoothing()

    def _count_classes(self, named: tuple[str, ...]) -> int | None:
        shape = self._output_shapes[self._role]
        return None if -1 in shape else max(shape, default=1)

    def reset_smoothing(self) -> None:
        """Forget the images so far: the next one is another camera's."""
        self._smoothing.reset()

    def classify(self, image: ImageLike, *, top_k: int | None = None) -> Classification:
        """Tell what an image shows.

        Args:
            image: Shape (H, W, 3), uint8, RGB, or ``Pixels`` of either channel order. It is only
                read. For a region of interest, give that part of the array.
            top_k: Most classes, 0 for no limit; None is the settings' own.

        Raises:
            ImageError: The image has another shape or type.
            InferenceError: The engine failed on this image.
            DecodeError: The network's output is not one score a class.
            EngineError: The network is closed.
            SettingsError: ``top_k`` is negative.
        """
        pixels = as_pixels(image)
        return self._seen(pixels, self._runner.run([pixels])[0], top_k, self._smoothing)

    def classify_batch(
        self,
        images: Sequence[ImageLike],
        *,
        top_k: int | None = None,
        smoothings: Sequence[Smoothing] | None = None,
    ) -> list[Classification]:
        """Tell what each of some images shows, as ``classify`` does, smoothed in their order.

        Up to ``options.max_batch`` of them run together, where the network's batch is open.

        Args:
            images: As ``classify`` takes them.
            top_k: As ``classify`` takes it.
            smoothings: The scores so far of the camera that each image is of; None is one camera.
        """
        cameras = smoothings or [self._smoothing] * len(images)
        ran = self._runner.run_each(images, self._runner.run)
        return [
            self._seen(pixels, outputs, top_k, camera)
            for camera, (pixels, outputs) in zip(cameras, ran, strict=True)
        ]

    def _seen(
        self, pixels: Pixels, outputs: Tensors, top_k: int | None, smoothing: Smoothing
    ) -> Classification:
        started = perf_counter()
        settings = self._settings
        if top_k is not None:
            settings = replace(settings, top_k=top_k)
        output = outputs[self._card.outputs[self._role]]
        scores = read_probabilities(output, self._role, multi_label=settings.multi_label)
        if len(scores) != len(self._labels):
            msg = f'{self._card.name}: {len(scores)} scores for {len(self._labels)} labels'
            raise DecodeError(msg)
        if settings.smoothing:
            scores = smoothing.update(scores, settings.smoothing)
        else:
            smoothing.reset()
        seen = classification_from(scores, pixels.size_wh, settings)
        self._runner.count_postprocessing(started)
        return seen
