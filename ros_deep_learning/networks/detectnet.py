# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""DetectNet: objects in images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from ..engines.backend import EngineOptions
from ..engines.base import Precision, Tensors
from ..engines.on_device import DeviceCandidates, GathersOnDevice
from ..errors import DecodeError, SettingsError
from ..imaging.pixels import Pixels
from ..models.card import ModelCard
from ..progress import Progress, silent
from ..tasks.detection import Detections, DetectionSettings, detections_from
from ..tasks.filters import class_ids_of, filtered
from ..tasks.tiling import Box, crop, merge, placed
from .base import ImageLike, Network, as_pixels, find_network
from .device_boxes import find_box_table, least_score, read_picked
from .fit import read_labels
from .reader import check_decoder, choose_reader
from .tiling import Region, TilingSettings, parts_of, region_box
from .tracking import Tracking, TrackingSettings

if TYPE_CHECKING:
    from ..engines.loader import EngineLoader

_DEFAULT_OPTIONS = EngineOptions()
_Outcome = Tensors | DeviceCandidates


class DetectNet(Network):
    """Finds objects in images: a box, a class and a score for each.

    >>> with DetectNet('ssd-mobilenet-v2', threshold=0.4) as net:  # doctest: +SKIP
    ...     net.tracking = TrackingSettings()
    ...     found = net.detect(image_rgb)
    ...     [net.labels[k] for k in found.class_ids]
    ['person', 'bicycle']
    """

    def __init__(
        self,
        model: str | Path | ModelCard,
        *,
        labels: str | Path | None = None,
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
            labels: File of one label a line in place of the card's; None is the card's own.
            threshold: Least score, 0..1; None is the settings' own.
            settings: Which candidates become detections; None is the defaults.
            loader: Shares engines between networks; None is the process's default loader.
            precision: What to run in; ``auto`` is the backend's choice.
            backend: A backend's name, or ``auto`` for the best one that can run here.
            options: How the engine is loaded; ``max_batch`` is also the most tiles in one run.
            progress: Told of downloads, conversions and builds; may raise to cancel.

        Raises:
            ModelNotFoundError: There is no such card.
            CardError: The card is not a detector's, or does not fit its network or labels; or it
                names no decoder, and the outputs tell none or more than one.
            SettingsError: The threshold is out of its range, or a class is none of the network's.
            DeepLearningError: The network cannot be fetched, converted or loaded.
        """
        card = find_network(model, 'detection', labels, loader=loader, progress=progress)
        check_decoder(card)
        settings = settings or DetectionSettings()
        if threshold is not None:
            settings = replace(settings, score_threshold=threshold)
        named = read_labels(card)
        self._tracking = Tracking()
        self._tiling: TilingSettings | None = None
        self._region: Region | None = None
        super().__init__(
            card,
            loader=loader,
            precision=precision,
            backend=backend,
            options=options,
            progress=progress,
        )
        try:
            self._reader = choose_reader(card, self.info, named or ())
            self._wanted_outputs = frozenset(self._reader.roles.values())
            self._name_classes(named, self._reader.class_count)
            usable = isinstance(self._engine, GathersOnDevice) and self._sizes_input is None
            self._table = find_box_table(self._reader, self.info) if usable else None
            self.settings = settings
        except BaseException:
            self.close()
            raise

    @property
    def decoder(self) -> str:
        """Name of the decoder that reads the network's outputs."""
        return self._reader.name

    @property
    def settings(self) -> DetectionSettings:
        """Which candidates become detections; may be replaced between images.

        Raises:
            SettingsError: When set: a wanted class is none of the network's.
        """
        return self._settings

    @settings.setter
    def settings(self, settings: DetectionSettings) -> None:
        count = len(self._labels)
        for k in settings.only.class_ids or ():
            if not 0 <= k < count:
                msg = f'classes: {self._card.name} has the classes 0 to {count - 1}, not {k}'
                raise SettingsError(msg)
        self._settings = settings

    @property
    def tracking(self) -> TrackingSettings | None:
        """How objects are followed from image to image; None, the default, is not at all.

        May be replaced between images; a change ends all tracks.

        Raises:
            SettingsError: When set: the tracker needs a package that is not installed.
        """
        return self._tracking.settings

    @tracking.setter
    def tracking(self, settings: TrackingSettings | None) -> None:
        self._tracking.settings = settings

    @property
    def tiling(self) -> TilingSettings | None:
        """How images are cut into tiles; None, the default, is not at all."""
        return self._tiling

    @tiling.setter
    def tiling(self, settings: TilingSettings | None) -> None:
        self._tiling = settings

    @property
    def region(self) -> Region | None:
        """The part of images that is looked at: edges x1, y1, x2, y2 as shares 0..1 of the image.

        None, the default, is all of it. Tiles cover the region only.

        Raises:
            SettingsError: When set: there are not four edges of 0 to 1, or they hold nothing.
        """
        return self._region

    @region.setter
    def region(self, shares_xyxy: Region | None) -> None:
        region_box((1, 1), shares_xyxy)
        self._region = shares_xyxy

    def class_ids(self, names: Iterable[str]) -> frozenset[int]:
        """Find classes by their labels, for ``DetectionFilter.class_ids``.

        Raises:
            SettingsError: A name is none of the labels; the message tells those close to it.
        """
        return class_ids_of(tuple(names), self._labels)

    def reset_tracking(self) -> None:
        """End all tracks: the next image is of another scene. Numbers are not used again."""
        self._tracking.reset()

    def detect(self, image: ImageLike, stamp_s: float | None = None) -> Detections:
        """Find the objects in an image.

        Args:
            image: Shape (H, W, 3), uint8, RGB, or ``Pixels`` of either channel order. It is only
                read.
            stamp_s: When it was taken, in seconds of any clock, for tracking; None is unknown.

        Raises:
            ImageError: The image has another shape or type.
            InferenceError: The engine failed on this image.
            DecodeError: The network's outputs are not what its decoder expects.
            EngineError: The network is closed.
            SettingsError: The image would be cut into too many tiles.
        """
        pixels = as_pixels(image)
        inside = self._inside(pixels)
        parts = parts_of(inside.size_wh, self._tiling)
        outputs = self._run_parts([crop(inside, part) for part in parts], self._outcomes)
        return self._found(pixels, parts, outputs, stamp_s)

    def detect_batch(self, images: Sequence[ImageLike]) -> list[Detections]:
        """Find the objects in each of some images, as ``detect`` does, tracked in their order.

        Up to ``options.max_batch`` of them run together, where the network's batch is open. With
        tiling it is the tiles of one image that run together.
        """
        if self._tiling is not None:
            return [self.detect(image) for image in images]
        return [
            self._found(pixels, parts_of(self._inside(pixels).size_wh, None), [outputs], None)
            for pixels, outputs in self._run_each(images, self._outcomes, self._inside)
        ]

    def _outcomes(self, pixels: Sequence[Pixels]) -> Sequence[_Outcome]:
        """Run images together: their candidates if the engine can pick them, else its outputs."""
        table, engine = self._table, self._engine
        if table is None or not isinstance(engine, GathersOnDevice):
            return self._run_batch(pixels)
        least = least_score(table, self.info, self._least_score)
        return self._on_device(
            pixels, lambda: engine.run_candidates(pixels, self._card.input, table, least)
        )

    @property
    def _least_score(self) -> float:
        return self._tracking.least_score(self._settings.score_threshold)

    def _inside(self, pixels: Pixels) -> Pixels:
        return crop(pixels, region_box(pixels.size_wh, self._region))

    def _found(
        self,
        pixels: Pixels,
        parts: Sequence[Box],
        outputs: Sequence[_Outcome],
        stamp_s: float | None,
    ) -> Detections:
        started = perf_counter()
        box = region_box(pixels.size_wh, self._region)
        inside_wh = (box[2] - box[0], box[3] - box[1])
        settings = replace(self._settings, score_threshold=self._least_score)
        found = [
            self._read(outcome, (x2 - x1, y2 - y1), settings)
            for outcome, (x1, y1, x2, y2) in zip(outputs, parts, strict=True)
        ]
        merged = found[0]
        if len(parts) > 1:
            merged = filtered(merge(found, parts, inside_wh, settings), settings.only)
        tracked = self._tracking.update(placed(merged, box, pixels.size_wh), stamp_s)
        self._count_postprocessing(started)
        return tracked

    def _read(
        self, outcome: _Outcome, part_wh: tuple[int, int], settings: DetectionSettings
    ) -> Detections:
        from ..tasks.preprocess import placement

        if isinstance(outcome, DeviceCandidates):
            candidates = read_picked(outcome, self._reader)
        else:
            candidates = self._reader.read(outcome, settings.score_threshold)
        found = detections_from(candidates, placement(part_wh, self._card.input), settings)
        if len(found) and found.class_ids.max() >= len(self._labels):
            msg = (
                f'{self._card.name}: the network found class {found.class_ids.max()}, but '
                f'{self._card.labels or "its metadata"} has only {len(self._labels)} labels'
            )
            raise DecodeError(msg)
        return found
