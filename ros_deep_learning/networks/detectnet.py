# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""DetectNet: objects in images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from ..engines.backend import EngineOptions
from ..engines.base import Precision, Tensors
from ..errors import CardError, DecodeError
from ..imaging.pixels import Pixels
from ..models.card import ModelCard
from ..progress import Progress, silent
from ..tasks.decoders.registry import Decoder, find_decoder
from ..tasks.detection import Detections, DetectionSettings, detections_from
from .base import ImageLike, Network, as_pixels, find_network
from .fit import read_labels

if TYPE_CHECKING:
    from ..engines.loader import EngineLoader

_DEFAULT_OPTIONS = EngineOptions()


class DetectNet(Network):
    """Finds objects in images: a box, a class and a score for each.

    >>> with DetectNet('ssd-mobilenet-v2', threshold=0.4) as net:  # doctest: +SKIP
    ...     found = net.detect(image_rgb)
    ...     [net.labels[k] for k in found.class_ids]
    ['person', 'bicycle']
    """

    def __init__(
        self,
        model: str | Path | ModelCard,
        *,
        threshold: float | None = None,
        settings: DetectionSettings | None = None,
        loader: EngineLoader | None = None,
        precision: Precision = 'auto',
        backend: str = 'auto',
        options: EngineOptions = _DEFAULT_OPTIONS,
        progress: Progress = silent,
    ) -> None:
        """Load a detector.

        Args:
            model: A card, a name of the zoo, or the path of a card.
            threshold: Least score, 0..1; None is the settings' own.
            settings: Which candidates become detections; None is the defaults.
            loader: Shares engines between networks; None is the process's default loader.
            precision: What to run in; ``auto`` is the backend's choice.
            backend: A backend's name, or ``auto`` for the best one that can run here.
            options: How the engine is loaded.
            progress: Told of downloads, conversions and builds; may raise to cancel.

        Raises:
            ModelNotFoundError: There is no such card.
            CardError: The card is not a detector's, or does not fit its network or labels.
            SettingsError: The threshold is out of its range.
            DeepLearningError: The network cannot be fetched, converted or loaded.
        """
        card = find_network(model, 'detection')
        self._decoder = _find_decoder(card)
        settings = settings or DetectionSettings()
        self.settings = (
            settings if threshold is None else replace(settings, score_threshold=threshold)
        )
        named = read_labels(card)
        super().__init__(
            card,
            loader=loader,
            precision=precision,
            backend=backend,
            options=options,
            progress=progress,
        )
        try:
            self._name_classes(named, self._decoder.class_count(self._output_shapes))
        except BaseException:
            self.close()
            raise

    @property
    def settings(self) -> DetectionSettings:
        """Which candidates become detections; may be replaced between images."""
        return self._settings

    @settings.setter
    def settings(self, settings: DetectionSettings) -> None:
        self._settings = settings

    def detect(self, image: ImageLike) -> Detections:
        """Find the objects in an image.

        Args:
            image: Shape (H, W, 3), uint8, RGB, or ``Pixels`` of either channel order. It is only
                read.

        Raises:
            ImageError: The image has another shape or type.
            InferenceError: The engine failed on this image.
            DecodeError: The network's outputs are not what its decoder expects.
            EngineError: The network is closed.
        """
        pixels = as_pixels(image)
        return self._found(pixels, self._run(pixels))

    def detect_batch(self, images: Sequence[ImageLike]) -> list[Detections]:
        """Find the objects in each of some images, as ``detect`` does.

        Up to ``options.max_batch`` of them run together, where the network's batch is open.
        """
        return [self._found(pixels, outputs) for pixels, outputs in self._run_each(images)]

    def _found(self, pixels: Pixels, outputs: Tensors) -> Detections:
        from ..tasks.preprocess import placement

        started = perf_counter()
        spec, settings = self._card.input, self._settings
        candidates = self._decoder.decode(
            outputs, self._card.outputs, (spec.width, spec.height), settings.score_threshold
        )
        found = detections_from(candidates, placement(pixels.size_wh, spec), settings)
        if len(found) and found.class_ids.max() >= len(self._labels):
            msg = (
                f'{self._card.name}: the network found class {found.class_ids.max()}, but '
                f'{self._card.labels} has only {len(self._labels)} labels'
            )
            raise DecodeError(msg)
        self._count_postprocessing(started)
        return found


def _find_decoder(card: ModelCard) -> Decoder:
    try:
        decoder = find_decoder(card.decoder or '')
    except DecodeError as err:
        msg = f'{card.name}: decoder: {err}'
        raise CardError(msg) from err
    missing = [role for role in decoder.roles if role not in card.outputs]
    if missing:
        msg = f'{card.name}: outputs: decoder {card.decoder} also needs {", ".join(missing)}'
        raise CardError(msg)
    return decoder
