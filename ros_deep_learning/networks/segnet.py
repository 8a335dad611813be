# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""SegNet: the class of every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Literal, get_args

from ..engines.base import Tensors
from ..errors import CardError, DecodeError
from ..imaging.pixels import Pixels
from ..tasks.activation import ScoreKind
from ..tasks.score_grid import (
    MAX_CLASSES,
    class_axis,
    class_count_of,
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
from .fit import only_role
from .images import ImageLike, as_pixels

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
        self._gives_ids = self._role == 'class_ids' or self._gives_whole_numbers()
        if len(named) > MAX_CLASSES:
            msg = f'{self._card.name}: labels: {len(named)}, but a mask has up to {MAX_CLASSES}'
            raise CardError(msg)
        shape = self._output_shapes[self._role]
        try:
            class_axis(shape, len(named))
            if self._gives_ids or -1 in shape:
                return None
            return class_count_of(shape, len(named))
        except DecodeError as err:
            msg = f'{self._card.name}: outputs.{self._role}: {err}'
            raise CardError(msg) from err

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
        self, image: ImageLike, ways: Sequence[SegmentationSettings]
    ) -> list[Segmentation]:
        """Find the class of every pixel in several ways, from one run of the network.

        Args:
            image: As ``segment`` takes it.
            ways: Used in place of ``settings``, such as one for each resolution that is wanted.

        Raises:
            SettingsError: The network does not have a class to be ignored.
            DeepLearningError: As ``segment`` raises.
        """
        pixels = as_pixels(image)
        return self._parts(pixels, self._run(pixels), ways)

    def segment_batch(self, images: Sequence[ImageLike]) -> list[Segmentation]:
        """Find the class of every pixel of each of some images, as ``segment`` does.

        Up to ``options.max_batch`` of them run together, where the network's batch is open.
        """
        ways = [self._settings]
        return [
            self._parts(pixels, outputs, ways)[0] for pixels, outputs in self._run_each(images)
        ]

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
        self._count_postprocessing(started)
        return found

    def _gives_whole_numbers(self) -> bool:
        name = self._card.outputs[self._role]
        tensor = next(tensor for tensor in self.info.outputs if tensor.name == name)
        return tensor.dtype.kind in 'iub'
