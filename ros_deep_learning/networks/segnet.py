# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""SegNet: the class of every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Literal, get_args

from ..engines.base import Tensors, TensorSpec
from ..engines.on_device import ScoreGrid, SegmentsOnDevice
from ..errors import CardError, DecodeError
from ..imaging.pixels import Pixels
from ..tasks.activation import ScoreKind
from ..tasks.score_grid import (
    MAX_CLASSES,
    class_axis,
    class_count_of,
    likely_class_count,
    read_class_ids,
    read_scores,
)
from ..tasks.segmentation import (
    Segmentation,
    SegmentationSettings,
    ignored_class,
    segmentation_from_class_ids,
    segmentation_from_scores,
)
from .base import Network
from .device.device_masks import MaskParts, as_segmentation, find_score_grid, mask_spec
from .fit import only_role
from .images import ImageLike, as_pixels

Role = Literal['logits', 'probabilities', 'scores', 'mask', 'class_ids']

_KINDS: Mapping[Role, ScoreKind] = {
    'logits': 'logits',
    'probabilities': 'probabilities',
    'scores': 'scores',
    'mask': 'probabilities',
}
_USUAL_PARTS = MaskParts()


class SegNet(Network[SegmentationSettings]):
    """Segments images: a class and a confidence for every pixel.

    The role that the card gives the output says what it holds: ``logits``, ``probabilities``,
    ``scores`` for either of them, ``mask`` for the probability of the second of two classes, or
    ``class_ids`` where the graph has the arg-max. An output of whole numbers is class indices
    whatever its role.

    Examples:
        >>> with SegNet('selfie') as net:  # doctest: +SKIP
        ...     parts = net.segment(image_rgb)
        ...     dict(zip(net.labels, parts.shares()))
        {'background': 0.46, 'person': 0.54}
    """

    task = 'segmentation'
    settings_type = SegmentationSettings
    threshold_field = 'min_confidence'

    def _check_card(self) -> None:
        self._role: Role = only_role(self._card, get_args(Role))

    def _count_classes(self, named: tuple[str, ...]) -> int | None:
        self._gives_ids = self._role == 'class_ids' or self._output().dtype.kind in 'iub'
        if len(named) > MAX_CLASSES:
            msg = f'{self._card.name}: labels: {len(named)}, but a mask has up to {MAX_CLASSES}'
            raise CardError(msg)
        shape, spec = self._output_shapes[self._role], self._card.input
        count = len(named) or likely_class_count(shape, (spec.width, spec.height))
        try:
            class_axis(shape, count)
            if self._gives_ids or -1 in shape:
                return None
            return class_count_of(shape, count)
        except DecodeError as err:
            msg = f'{self._card.name}: outputs.{self._role}: {err}'
            raise CardError(msg) from err

    def _look_at_engine(self) -> None:
        self._score_grid = self._grid_on_device()

    def _check_settings(self, settings: SegmentationSettings) -> None:
        ignored_class(settings, self._labels)

    @property
    def grid_size_wh(self) -> tuple[int, int] | None:
        """Columns and rows of the network's grid; None where it leaves them open."""
        shape = self._output_shapes[self._role]
        axis = class_axis(shape, 1 if self._gives_ids else len(self._labels))
        height, width = (size for k, size in enumerate(shape) if k != axis)
        return None if -1 in (height, width) else (width, height)

    def segment(self, image: ImageLike) -> Segmentation:
        """Find the class of every pixel of an image.

        Args:
            image: Shape (H, W, 3), uint8, RGB, or ``Pixels`` of either channel order. It is only
                read.

        Raises:
            ImageError: The image has another shape or type.
            InferenceError: The engine failed on this image.
            DecodeError: The network's output is not what the card says.
            EngineError: The network is closed.
        """
        return self.segment_in(image, [self._settings])[0]

    def segment_in(
        self,
        image: ImageLike,
        ways: Sequence[SegmentationSettings],
        parts: Sequence[MaskParts] | None = None,
    ) -> list[Segmentation]:
        """Find the class of every pixel in several ways, from one run of the network.

        Args:
            image: As ``segment`` takes it.
            ways: Used in place of ``settings``, such as one for each resolution that is wanted.
            parts: What is wanted of each; None is the classes and their confidence.

        Raises:
            SettingsError: The network does not have a class to be ignored.
            DeepLearningError: As ``segment`` raises.
        """
        return self.segment_batch_in([image], [ways], None if parts is None else [parts])[0]

    def segment_batch(self, images: Sequence[ImageLike]) -> list[Segmentation]:
        """Find the class of every pixel of each of some images, as ``segment`` does.

        Up to ``options.max_batch`` of them run together, where the network's batch is open.
        """
        ways = [[self._settings]] * len(images)
        return [found for (found,) in self.segment_batch_in(images, ways)]

    def segment_batch_in(
        self,
        images: Sequence[ImageLike],
        ways: Sequence[Sequence[SegmentationSettings]],
        parts: Sequence[Sequence[MaskParts]] | None = None,
    ) -> list[list[Segmentation]]:
        """Segment each of some images in its own several ways, as ``segment_in`` does.

        Up to ``options.max_batch`` of them run together, where the network's batch is open.
        """
        if parts is None:
            parts = [[_USUAL_PARTS] * len(each) for each in ways]
        self._runner.batch_stats = []
        found: list[list[Segmentation]] = []
        for start in range(0, len(images), self.max_batch):
            some = slice(start, start + self.max_batch)
            pixels = [as_pixels(image) for image in images[some]]
            found += self._masks(pixels, ways[some], parts[some])
        return found

    def _masks(
        self,
        pixels: Sequence[Pixels],
        ways: Sequence[Sequence[SegmentationSettings]],
        parts: Sequence[Sequence[MaskParts]],
    ) -> list[list[Segmentation]]:
        """Make the masks of images that run together, on the engine's device if it can."""
        grid = self._score_grid
        if grid is None or not isinstance(self._engine, SegmentsOnDevice):
            made = []
            for one, outputs, some in zip(pixels, self._runner.run(pixels), ways, strict=True):
                made.append(self._parts(one, outputs, some))
                self._runner.batch_stats.append(self.stats)
            return made
        from ..tasks.preprocess import placement

        count, engine = len(self._labels), self._engine
        specs = [
            [
                mask_spec(
                    placement(image.size_wh, self._card.input),
                    way,
                    ignored_class(way, self._labels),
                    wanted,
                    self._colors_rgb,
                )
                for way, wanted in zip(some, those, strict=True)
            ]
            for image, some, those in zip(pixels, ways, parts, strict=True)
        ]
        masks = self._runner.on_device(
            pixels, lambda: engine.run_masks(pixels, self._card.input, grid, specs)
        )
        self._runner.batch_stats += [self.stats] * len(pixels)
        return [
            [as_segmentation(mask, count, image.size_wh) for mask in found]
            for image, found in zip(pixels, masks, strict=True)
        ]

    def _run_as_frames(self, pixels: Sequence[Pixels]) -> None:
        self._masks(pixels, [[self._settings]] * len(pixels), [[_USUAL_PARTS]] * len(pixels))

    def _grid_on_device(self) -> ScoreGrid | None:
        """Tell the engine's device how to read the scores; None where it is not to."""
        usable = isinstance(self._engine, SegmentsOnDevice) and self._runner.takes_frames
        if not usable or self._gives_ids:
            return None
        return find_score_grid(self._output(), _KINDS[self._role], len(self._labels))

    def _parts(
        self, pixels: Pixels, outputs: Tensors, ways: Sequence[SegmentationSettings]
    ) -> list[Segmentation]:
        from ..tasks.preprocess import placement

        started = perf_counter()
        count = len(self._labels)
        output = outputs[self._card.outputs[self._role]]
        placed = placement(pixels.size_wh, self._card.input)
        ignored = [ignored_class(way, self._labels) for way in ways]
        if self._gives_ids:
            ids = read_class_ids(output, count)
            found = [
                segmentation_from_class_ids(ids, placed, way, count, k)
                for way, k in zip(ways, ignored, strict=True)
            ]
        else:
            planes = read_scores(output, _KINDS[self._role], count)
            found = [
                segmentation_from_scores(planes, placed, way, k)
                for way, k in zip(ways, ignored, strict=True)
            ]
        self._runner.count_postprocessing(started)
        return found

    def _output(self) -> TensorSpec:
        name = self._card.outputs[self._role]
        return next(tensor for tensor in self.info.outputs if tensor.name == name)
