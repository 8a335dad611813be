# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""SegNet: the class of every pixel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from time import perf_counter
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..cards.labels import labels_in_metadata
from ..engines.base import TensorSpec
from ..engines.on_device import DeviceMask, ScoreGrid, SegmentsOnDevice
from ..errors import CardError, DecodeError, InferenceError
from ..imaging.device_pixels import AnyPixels
from ..imaging.kept_arrays import KeptArrays
from ..imaging.palettes import UNLABELLED
from ..imaging.placement import Placement
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
from ..tasks.times import StageTimes
from .base import NOT_FINITE_FIX, Network
from .device.device_masks import MaskWish, as_segmentation, find_score_grid, mask_spec
from .device.device_segmentation import DeviceSegmentation
from .fit import only_role
from .image_runner import Passed, Wait
from .images import ImageLike
from .mask_proof import check_mask, check_plane

Role = Literal['logits', 'probabilities', 'scores', 'mask', 'class_ids']

_KINDS: Mapping[Role, ScoreKind] = {
    'logits': 'logits',
    'probabilities': 'probabilities',
    'scores': 'scores',
    'mask': 'probabilities',
}


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
        known = len(named) or len(labels_in_metadata(self.info.metadata))
        own = likely_class_count(shape, (spec.width, spec.height), planar=spec.layout == 'nchw')
        try:
            class_axis(shape, known or own)
            if self._gives_ids or -1 in shape:
                return None
            if own not in (0, known) and known not in shape:
                # The labels are compared with it.
                return class_count_of(shape, own)
            return class_count_of(shape, known or own)
        except DecodeError as err:
            msg = f'{self._card.name}: outputs.{self._role}: {err}'
            raise CardError(msg) from err

    def _look_at_engine(self) -> None:
        self._kept = KeptArrays()
        self._score_grid: ScoreGrid | None = None
        self._segmenting: SegmentsOnDevice | None = None
        usable = self._runner.takes_frames and not self._gives_ids
        if isinstance(self._engine, SegmentsOnDevice) and usable:
            self._score_grid = find_score_grid(
                self._output(), _KINDS[self._role], len(self.labels)
            )
            self._segmenting = self._engine

    def _check_answer(self, passed: Passed) -> tuple[str, ...]:
        output = passed.found[self._card.outputs[self._role]]
        if self._gives_ids:
            check_mask(read_class_ids(output), self.labels)
            return ()
        check_plane(output, self._card.outputs[self._role])
        planes = read_scores(output, _KINDS[self._role], len(self.labels))
        if not np.isfinite(planes).any():
            msg = f'all scores are NaN or infinite; {NOT_FINITE_FIX}'
            raise CardError(msg)
        return ()

    def _check_settings(self, settings: SegmentationSettings) -> None:
        ignored_class(settings, self.labels)

    @property
    def grid_size_wh(self) -> tuple[int, int] | None:
        """Columns and rows of the network's grid; None where it leaves them open."""
        shape = self._output_shapes[self._role]
        axis = class_axis(shape, 1 if self._gives_ids else len(self.labels))
        height, width = (size for k, size in enumerate(shape) if k != axis)
        return None if -1 in (height, width) else (width, height)

    def segment(self, image: ImageLike) -> Segmentation:
        """Find the class of every pixel of an image.

        Args:
            image: Shape (H, W, 3), uint8, RGB, or ``Pixels`` of either channel order, which are
                only read; or the path of a picture.

        Raises:
            ImageError: The image has another shape or type, or the file is no picture.
            InferenceError: The engine failed on this image, or all its scores are NaN or
                infinite. A pixel without a score has no class.
            DecodeError: The network's output is not what the card says.
            EngineError: The network is closed.
        """
        return self.segment_in(image, [MaskWish(self._settings)])[0]

    def segment_in(self, image: ImageLike, wishes: Sequence[MaskWish]) -> list[Segmentation]:
        """Find the class of every pixel in several ways, from one run of the network.

        Args:
            image: As ``segment`` takes it.
            wishes: The masks that are wanted, such as one for each resolution; their settings are
                used in place of ``settings``.

        Raises:
            SettingsError: The network does not have a class to be ignored.
            DeepLearningError: As ``segment`` raises.
        """
        return self.segment_batch_in([image], [wishes])[0]

    def segment_batch(self, images: Sequence[ImageLike]) -> list[Segmentation]:
        """Find the class of every pixel of each of some images, as ``segment`` does.

        Up to ``options.max_batch`` of them run together, where the network's batch is open.
        """
        wishes = [[MaskWish(self._settings)]] * len(images)
        return [found for (found,) in self.segment_batch_in(images, wishes)]

    def segment_batch_in(
        self, images: Sequence[ImageLike], wishes: Sequence[Sequence[MaskWish]]
    ) -> list[list[Segmentation]]:
        """Segment each of some images in its own several ways, as ``segment_in`` does.

        Up to ``options.max_batch`` of them run together, where the network's batch is open.
        """
        return list(self.segment_each_in(images, wishes))

    def segment_each_in(
        self, images: Iterable[ImageLike], wishes: Sequence[Sequence[MaskWish]]
    ) -> Iterator[list[Segmentation]]:
        """Segment each of some images in its own several ways, as ``segment_in`` does.

        The result of each is given when it is there. Images are taken as
        ``DetectNet.detect_each`` takes them.

        Args:
            images: As ``segment`` takes them.
            wishes: The masks that are wanted of each.

        Raises:
            DeepLearningError: As ``segment_in`` raises, behind the results of the images before;
                no results are given after it.
        """
        pixels = map(self._runner.pixels, images)
        for passed, wanted in zip(self._pass_in(pixels, wishes), wishes, strict=True):
            yield self._read(passed, wanted)

    def segment_device(
        self,
        image: ImageLike,
        *,
        confidence: bool = False,
        color_mask: bool = False,
        overlay_alpha: int | None = None,
    ) -> DeviceSegmentation:
        """Find the class of every pixel of an image, and leave the masks where the network runs.

        With TensorRT the masks are made on the GPU and stay there, as ``run_device`` describes;
        else, and for a network whose output is class indices, they are NumPy arrays.

        Args:
            image: As ``segment`` takes it.
            confidence: Whether the confidences are wanted.
            color_mask: Whether each pixel's colour is wanted.
            overlay_alpha: Opacity 0..255 of the colours over the image; None is no overlay.

        Raises:
            ImageError: The image has another shape or type, or the file is no picture.
            SettingsError: The opacity is out of its range.
            InferenceError: The engine failed on this image. On the GPU scores are not looked at:
                if all are NaN, no pixel has a class.
            EngineError: The network is closed.
        """
        keeper, grid = self._runner.keeper, self._score_grid
        wish = MaskWish(
            self._settings,
            'float32' if confidence else None,
            color_mask=color_mask,
            overlay_alphas=None if overlay_alpha is None else (overlay_alpha,) * len(self.labels),
        )
        if keeper is not None and grid is not None:
            from ..tasks.preprocess import placement

            pixels = self._runner.pixels(image)
            placed = placement(pixels.size_wh, self._card.input)
            spec = mask_spec(wish, placed, self._ignored(wish), self._colors_rgb)
            made = keeper.run_mask_kept(pixels, self._card.input, grid, spec)
            return DeviceSegmentation.of_device(made)
        return DeviceSegmentation.of_host(
            self.segment(image),
            image,
            self._colors_rgb,
            confidence=confidence,
            color_mask=color_mask,
            overlay_alpha=overlay_alpha,
        )

    def _pass(
        self, images: Iterable[AnyPixels], settings: SegmentationSettings
    ) -> Iterator[Passed]:
        return self._pass_in(images, repeat([MaskWish(settings)]))

    def _pass_in(
        self, images: Iterable[AnyPixels], wishes: Iterable[Sequence[MaskWish]]
    ) -> Iterator[Passed]:
        """Run images: to their masks if the engine can make them, else to its outputs."""
        grid, engine = self._score_grid, self._segmenting
        if grid is None or engine is None:
            return self._runner.run(images)
        left = iter(wishes)

        def make(pixels: Sequence[AnyPixels], placements: Sequence[Placement]) -> Wait:
            specs = [
                [
                    mask_spec(wish, placement, self._ignored(wish), self._colors_rgb)
                    for wish in next(left)
                ]
                for placement in placements
            ]
            return engine.start_masks(pixels, self._card.input, grid, specs)

        return self._runner.run(images, make)

    def _ignored(self, wish: MaskWish) -> int | None:
        return ignored_class(wish.settings, self.labels)

    def _read(self, passed: Passed, wanted: Sequence[MaskWish]) -> list[Segmentation]:
        """Make the masks of one image."""
        started = perf_counter()
        count, placement = len(self.labels), passed.placement
        planes = None
        if self._score_grid is not None:
            found = [as_segmentation(mask, count, placement.source_wh) for mask in passed.found]
        else:
            output = passed.found[self._card.outputs[self._role]]
            if self._gives_ids:
                ids = read_class_ids(output, count)
                found = [
                    segmentation_from_class_ids(
                        ids, placement, wish.settings, count, self._ignored(wish)
                    )
                    for wish in wanted
                ]
            else:
                planes = read_scores(output, _KINDS[self._role], count)
                found = [
                    segmentation_from_scores(
                        planes, placement, wish.settings, self._ignored(wish), self._kept.empty
                    )
                    for wish in wanted
                ]
        is_empty = not self._gives_ids and any(map(_has_no_score, found))
        # The only class with a score may be the one that is ignored.
        if is_empty and not (_any_on_device(passed.found) if planes is None else planes.any()):
            msg = f'{self._card.name}: all scores are NaN or infinite; {NOT_FINITE_FIX}'
            raise InferenceError(msg)
        postprocess_ms = (perf_counter() - started) * 1e3
        times = StageTimes(passed.preprocess_ms, passed.inference_ms, postprocess_ms)
        # Not by dataclasses.replace, which asks each field for its kind.
        return [
            Segmentation(
                one.class_mask,
                one.confidence_mask,
                one.class_count,
                one.source_wh,
                one.ready,
                self.labels,
                times,
            )
            for one in found
        ]

    def _output(self) -> TensorSpec:
        name = self._card.outputs[self._role]
        return next(tensor for tensor in self.info.outputs if tensor.name == name)


def _has_no_score(found: Segmentation) -> bool:
    """Return whether no pixel has a finite score, as far as the confidence was asked for."""
    # Of finite scores, the best class has a probability above 0. One pixel tells it of most masks.
    middle = tuple(side // 2 for side in found.class_mask.shape)
    if found.class_mask[middle] != UNLABELLED:
        return False
    return bool(found.class_mask.min() == UNLABELLED and not found.confidence_mask.any())


def _any_on_device(masks: Sequence[DeviceMask[NDArray[Any]]]) -> bool:
    """Return whether a device saw a score above 0 that no mask shows."""
    return any(one.has_score is not None and one.has_score.any() for one in masks)
