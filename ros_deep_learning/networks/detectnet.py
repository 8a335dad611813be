# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""DetectNet: objects in images."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np

from ..cards.box_table import BoxTable
from ..cards.decision import GIVEN
from ..cards.labels import labels_in_metadata
from ..engines.base import Tensors
from ..engines.on_device import GathersOnDevice
from ..errors import CardError, DecodeError, InferenceError, SettingsError
from ..imaging.device_pixels import AnyPixels
from ..imaging.placement import Placement
from ..tasks.classes import class_ids_of
from ..tasks.detection import Candidates, Detections
from ..tasks.parts import Parts, parts_of
from ..tasks.suppression import DetectionSettings, detections_from
from ..tasks.tiling import joined
from ..tasks.times import StageTimes
from .base import NOT_FINITE_FIX, Network
from .box_proof import LEAST, Proof, check_broken, check_candidates, check_class_numbers
from .device.device_boxes import find_box_table, least_score, read_picked
from .fit import class_count, is_background
from .grid_proof import check_grid
from .image_runner import Passed, Wait
from .images import ImageLike
from .proof import check_exclusive, check_logits
from .reader import check_decoder, choose_reader

_UNKNOWN_CLASSES = 256
"""Classes that are numbered if neither the network nor its labels tell how many there are."""


class DetectNet(Network[DetectionSettings]):
    """Finds objects in images: a box, a class and a score for each.

    It remembers nothing of the images before; to follow objects from one to the next, see
    ``Tracker``.

    Examples:
        >>> with DetectNet('ssd-mobilenet-v2', threshold=0.4) as net:  # doctest: +SKIP
        ...     for one in net.detect(image_rgb):
        ...         print(one.label, one.score, one.box_xyxy)
        bicycle 0.93 (441.0, 212.7, 689.5, 451.9)
    """

    task = 'detection'
    settings_type = DetectionSettings

    def _check_card(self) -> None:
        check_decoder(self._card)

    def _count_classes(self, named: tuple[str, ...]) -> int | None:
        self._reader = choose_reader(self._card, self.info, named)
        self._has_background = self._reader.decoder.background
        self._by_coco = self._reader.decoder.by_coco
        count = class_count(self._card, self._reader.class_count)
        if count is None and not named and not labels_in_metadata(self.info.metadata):
            self._knows_classes = False
            return _UNKNOWN_CLASSES
        return count

    def _look_at_engine(self) -> None:
        self._runner.wanted_outputs = frozenset(self._reader.roles.values())
        decoder, fixed = self._reader.decoder, self._runner.fixed_batch
        self._runner.batch_axis = decoder.batch_axis
        if fixed > 1 and not (decoder.batch_axis or decoder.tells_image):
            msg = (
                f'{self._card.name}: its batch is fixed to {fixed} images, and nothing tells '
                'which of them a box belongs to; to fix: export it for one image, or with an open '
                'batch'
            )
            raise CardError(msg)
        count = self._reader.roles.get('count')
        if not decoder.batch_axis or any(
            tensor.name == count and not tensor.shape for tensor in self.info.outputs
        ):
            # A single number counts the objects of one image.
            self._runner.limit_batch(1)
            self.max_batch = self._runner.most_together
        self._table: BoxTable | None = None
        self._gathering: GathersOnDevice | None = None
        if isinstance(self._engine, GathersOnDevice) and self._runner.takes_frames:
            self._table = find_box_table(self._reader, self.info, self.max_batch)
            self._gathering = self._engine
        if self._table is not None:
            self._least_score = lru_cache(8)(partial(least_score, self._table, self.info))

    def _check_answer(self, passed: Passed) -> tuple[str, ...]:
        reader = self._reader
        check_class_numbers(passed.found, reader.roles, reader.decoder.class_column)
        # The rows of suppressed boxes may be filled up with negative scores.
        is_raw = reader.decoder.suppressed or reader.decoder.logits is not None
        least = 0.0 if is_raw else -math.inf
        candidates = reader.decoder.decode(passed.found, reader.roles, reader.network_wh, least)
        seen = reader.decoder.decode(passed.found, reader.roles, reader.network_wh, LEAST)
        check_broken(seen, reader.decoder)
        exclusive = reader.decoder.exclusive
        if reader.decoder.logits is not None:
            check_logits(passed.found[reader.roles[reader.decoder.logits]])
        if exclusive is not None:
            check_exclusive(passed.found[reader.roles[exclusive]], exclusive)
        decided = next((one for one in self._card.decisions if one.key == 'decoder'), None)
        proof = Proof(
            is_decided=decided is not None and decided.evidence != GIVEN,
            is_guess=decided is not None and decided.guess,
            is_near_cells=self._is_near_cells(passed),
        )
        return self._check_background() + check_candidates(
            candidates, reader.network_wh, self.labels, reader.decoder, reader.name, proof
        )

    def _check_background(self) -> tuple[str, ...]:
        first = self.labels[0]
        if self._reader.decoder.background:
            named = first == '0' or is_background(first)
            return (
                () if named else (f'class 0 is the background, which the labels call {first!r}',)
            )
        if self._reader.class_count is None and is_background(first):
            return (
                f'the labels call class 0 {first!r}, which such networks do not find; if objects '
                'have the labels of others, remove that line',
            )
        return ()

    def _is_near_cells(self, passed: Passed) -> bool:
        reader = self._reader
        role = 'boxes' if 'boxes' in reader.roles else 'predictions'
        table = passed.found.get(reader.roles.get(role, ''))
        return table is not None and check_grid(table, reader.network_wh, reader.decoder)

    def _check_settings(self, settings: DetectionSettings) -> None:
        count = len(self.labels)
        for k in settings.only.class_ids or ():
            if not 0 <= k < count:
                msg = f'classes: {self._card.name} has the classes 0 to {count - 1}, not {k}'
                raise SettingsError(msg)

    @property
    def decoder(self) -> str:
        """Name of the decoder that reads the network's outputs."""
        return self._reader.name

    def class_ids(self, names: Iterable[str]) -> frozenset[int]:
        """Find classes by their labels, for ``DetectionFilter.class_ids``.

        Raises:
            SettingsError: A name is none of the labels; the message lists those close to it.
        """
        return class_ids_of(names, self.labels)

    def detect(self, image: ImageLike, *, settings: DetectionSettings | None = None) -> Detections:
        """Find the objects in an image.

        Args:
            image: Shape (H, W, 3), uint8, RGB, or ``Pixels`` of either channel order, which are
                only read; or the path of a picture.
            settings: For this image; None is the network's own.

        Raises:
            ImageError: The image has another shape or type, or the file is no picture.
            InferenceError: The engine failed on this image, or the network gave NaN or infinity.
            DecodeError: The network's outputs are not what its decoder expects.
            EngineError: The network is closed.
            SettingsError: The image would be cut into too many tiles.
        """
        return self.detect_batch([image], settings=settings)[0]

    def detect_batch(
        self, images: Sequence[ImageLike], *, settings: DetectionSettings | None = None
    ) -> list[Detections]:
        """Find the objects in each of some images, as ``detect`` does.

        Up to ``options.max_batch`` of them, or of the tiles that they are cut into, run together,
        where the network's batch is open.
        """
        return list(self.detect_each(images, settings=settings))

    def detect_each(
        self, images: Iterable[ImageLike], *, settings: DetectionSettings | None = None
    ) -> Iterator[Detections]:
        """Find the objects in each of some images, and give the result of each when it is there.

        Images are taken as they are needed: with TensorRT and with a server, the next ones are
        taken and started before the result of one is given.

        Args:
            images: As ``detect`` takes them.
            settings: For these images; None is the network's own.

        Raises:
            DeepLearningError: As ``detect`` raises, behind the results of the images before; no
                results are given after it.
        """
        settings = settings or self._settings
        pixels = map(self._runner.pixels, images)
        if settings.region is None and settings.tiling is None:
            for one in self._pass(pixels, settings):
                yield self._read([one], None, settings)
            return
        cuts: deque[tuple[Parts, tuple[int, int]]] = deque()

        def views() -> Iterator[AnyPixels]:
            for image in pixels:
                parts = parts_of(image.size_wh, settings.region, settings.tiling)
                cuts.append((parts, image.size_wh))
                yield from parts.views(image)

        passed = self._pass(views(), settings)
        for first in passed:
            whole = cuts.popleft()
            rest = islice(passed, len(whole[0].tiles) - 1)
            yield self._read([first, *rest], whole, settings)

    def _pass(self, images: Iterable[AnyPixels], settings: DetectionSettings) -> Iterator[Passed]:
        """Run images: to candidates if the engine can pick them, else to its outputs."""
        table, engine = self._table, self._gathering
        if table is None or engine is None:
            return self._runner.run(images)
        least = self._least_score(settings.score_threshold)

        def pick(pixels: Sequence[AnyPixels], _: Sequence[Placement]) -> Wait:
            return engine.start_candidates(pixels, self._card.input, table, least)

        return self._runner.run(images, pick)

    def _candidates(self, found: Any, settings: DetectionSettings) -> Candidates:
        """Read what was found in an image.

        Raises:
            InferenceError: An output has NaN.
        """
        reader = self._reader
        if self._table is None:
            self._refuse_nan(found)
            return reader.decoder.decode(
                found, reader.roles, reader.network_wh, settings.score_threshold
            )
        if found.has_nan:
            msg = f'{self._card.name}: its output has NaN; {NOT_FINITE_FIX}'
            raise InferenceError(msg)
        return read_picked(found, reader)

    def _refuse_nan(self, outputs: Tensors) -> None:
        """Raise InferenceError if an output that is read has NaN.

        A NaN score reaches no threshold, so that a broken network would seem to find nothing.
        """
        for name in self._reader.roles.values():
            array = outputs[name]
            # A minimum is NaN if one value is, and is found three times faster than np.isnan().
            if array.dtype.kind == 'f' and array.size and np.isnan(array.min()):
                msg = f'{self._card.name}: its output {name!r} has NaN; {NOT_FINITE_FIX}'
                raise InferenceError(msg)

    def _read(
        self,
        passed: Sequence[Passed],
        whole: tuple[Parts, tuple[int, int]] | None,
        settings: DetectionSettings,
    ) -> Detections:
        """Make the result of one image.

        Args:
            passed: The image, or its parts.
            whole: How it was cut, and its size; None where it was not.
            settings: How outputs become results.
        """
        started = perf_counter()
        reader = self._reader
        found = []
        preprocess_ms = inference_ms = 0.0
        for one in passed:
            preprocess_ms += one.preprocess_ms
            inference_ms += one.inference_ms
            candidates = self._candidates(one.found, settings)
            if candidates.broken:
                msg = (
                    f'{self._card.name}: a box has a NaN or infinite edge or score; '
                    f'{NOT_FINITE_FIX}'
                )
                raise InferenceError(msg)
            found.append(
                detections_from(
                    candidates,
                    one.placement,
                    settings,
                    suppressed=reader.decoder.suppressed,
                )
            )
        result = found[0] if whole is None else joined(found, *whole, settings)
        highest = max(result.class_ids.tolist(), default=-1)
        if highest >= len(self.labels):
            msg = (
                f'{self._card.name}: the network found class {highest}, but '
                f'{self._card.labels or "its metadata"} has only {len(self.labels)} labels'
            )
            raise DecodeError(msg)
        times = StageTimes(preprocess_ms, inference_ms, (perf_counter() - started) * 1e3)
        # Not by dataclasses.replace, which asks each field for its kind.
        return Detections(
            result.boxes_xyxy,
            result.scores,
            result.class_ids,
            result.source_wh,
            labels=self.labels,
            times=times,
        )
