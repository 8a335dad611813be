# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""DetectNet: objects in images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import perf_counter

from ..engines.base import Tensors
from ..engines.on_device import DeviceCandidates, GathersOnDevice
from ..errors import DecodeError, SettingsError
from ..imaging.pixels import Pixels
from ..tasks.detection import Detections, DetectionSettings, detections_from
from ..tasks.filters import class_ids_of, filtered
from ..tasks.tiling import Box, crop, merge, placed
from .base import Network
from .device.device_boxes import find_box_table, least_score, read_picked
from .images import ImageLike, as_pixels
from .reader import check_decoder, choose_reader
from .tiling import Region, TilingSettings, parts_of, region_box
from .tracking import Tracking, TrackingSettings

_Outcome = Tensors | DeviceCandidates


class DetectNet(Network[DetectionSettings]):
    """Finds objects in images: a box, a class and a score for each.

    Examples:
        >>> with DetectNet('ssd-mobilenet-v2', threshold=0.4) as net:  # doctest: +SKIP
        ...     net.tracking = TrackingSettings()
        ...     found = net.detect(image_rgb)
        ...     [net.labels[k] for k in found.class_ids]
        ['person', 'bicycle']
    """

    task = 'detection'
    settings_type = DetectionSettings

    def _check_card(self) -> None:
        check_decoder(self._card)
        self._tracking = Tracking()
        self._tiling: TilingSettings | None = None
        self._region: Region | None = None

    def _count_classes(self, named: tuple[str, ...]) -> int | None:
        self._reader = choose_reader(self._card, self.info, named)
        return self._reader.class_count

    def _look_at_engine(self) -> None:
        self._runner.wanted_outputs = frozenset(self._reader.roles.values())
        usable = isinstance(self._engine, GathersOnDevice) and self._runner.takes_frames
        self._table = find_box_table(self._reader, self.info, self.max_batch) if usable else None

    def _check_settings(self, settings: DetectionSettings) -> None:
        count = len(self._labels)
        for k in settings.only.class_ids or ():
            if not 0 <= k < count:
                msg = f'classes: {self._card.name} has the classes 0 to {count - 1}, not {k}'
                raise SettingsError(msg)

    @property
    def decoder(self) -> str:
        """Name of the decoder that reads the network's outputs."""
        return self._reader.name

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
        outputs = self._runner.run_parts([crop(inside, part) for part in parts], self._outcomes)
        return self._found(pixels, parts, outputs, stamp_s)

    def detect_batch(self, images: Sequence[ImageLike]) -> list[Detections]:
        """Find the objects in each of some images, as ``detect`` does, tracked in their order.

        Up to ``options.max_batch`` of them run together, where the network's batch is open. With
        tiling it is the tiles of one image that run together.
        """
        if self._tiling is not None:
            self._runner.batch_stats = []
            found = []
            for image in images:
                found.append(self.detect(image))
                self._runner.batch_stats.append(self.stats)
            return found
        return [
            self._found(pixels, parts_of(self._inside(pixels).size_wh, None), [outputs], None)
            for pixels, outputs in self._runner.run_each(images, self._outcomes, self._inside)
        ]

    def _outcomes(self, pixels: Sequence[Pixels]) -> Sequence[_Outcome]:
        """Run images together: their candidates if the engine can pick them, else its outputs."""
        table, engine = self._table, self._engine
        if table is None or not isinstance(engine, GathersOnDevice):
            return self._runner.run(pixels)
        least = least_score(table, self.info, self._least_score)
        return self._runner.on_device(
            pixels, lambda: engine.run_candidates(pixels, self._card.input, table, least)
        )

    def _run_as_frames(self, pixels: Sequence[Pixels]) -> None:
        self._outcomes(pixels)

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
        self._runner.count_postprocessing(started)
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
