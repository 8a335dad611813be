# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compare what a network gives here with kept answers, made without this package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cards.zoo import zoo_folder
from ..imaging.pixels import Pixels
from ..networks import DetectNet, ImageNet, SegNet
from ..networks.images import read_picture
from ..tasks.boxes import iou_matrix
from ..tasks.detection import Detections


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far an answer may be from the kept one.

    Attributes:
        score: Largest difference of a score or probability.
        iou: Least overlap of a box with the kept one.
        pixels: Least share of pixels with the kept class.
    """

    score: float
    iou: float
    pixels: float


# OpenCV and ONNX Runtime differ by less than half of the first row on a CPU. Half precision has
# 11 bits; int8 has 8, so only what a robot would notice counts there.
BOUNDS: Mapping[str, Bounds] = {
    'fp32': Bounds(0.02, 0.95, 0.99),
    'fp16': Bounds(0.03, 0.9, 0.98),
    'mixed': Bounds(0.03, 0.9, 0.98),
    'int8': Bounds(0.2, 0.7, 0.93),
}


_THRESHOLD = 0.5
"""Least score of boxes in the settings of a detector, which are the defaults."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far the answers of a network are from the kept ones.

    Attributes:
        is_right: Whether all are within the bounds of the precision.
        text: The largest differences, or what is wrong.
    """

    is_right: bool
    text: str


@dataclass(frozen=True, slots=True)
class GoldenAnswers:
    """The kept answers of some networks for a picture and its mirror image.

    Attributes:
        picture: File name of the picture, in the zoo's folder ``pictures``.
        step: Of masks, each so many-th pixel and row is kept.
        by_name: For each network the answer to each of the pictures.
    """

    picture: str
    step: int
    by_name: Mapping[str, Mapping[str, Any]]

    def pictures(self) -> dict[str, Pixels]:
        """Read the picture; return it and its mirror image by their names in the answers."""
        pixels = read_picture(zoo_folder() / 'pictures' / self.picture)
        mirrored = np.ascontiguousarray(pixels.array[:, ::-1])
        return {'as it is': pixels, 'mirrored': Pixels(mirrored, pixels.order)}

    def compare(self, network: Any) -> Verdict:
        """Run a network on the pictures.

        Args:
            network: Loaded; its card has a name of ``by_name``.

        Raises:
            DeepLearningError: It failed.
        """
        bounds = BOUNDS.get(network.info.precision, BOUNDS['fp16'])
        kept = self.by_name[network.card.name]
        verdicts = [
            self._one(network, pixels, kept[name], bounds)
            for name, pixels in self.pictures().items()
        ]
        return next((one for one in verdicts if not one.is_right), verdicts[0])

    def _one(
        self, network: Any, pixels: Pixels, kept: Mapping[str, Any], bounds: Bounds
    ) -> Verdict:
        if isinstance(network, ImageNet):
            probabilities = network.classify(pixels).probabilities
            assert probabilities is not None
            return _classes(probabilities, kept['classes'], bounds)
        if isinstance(network, DetectNet):
            return compare_boxes(network.detect(pixels), kept['boxes'], bounds)
        assert isinstance(network, SegNet)
        mask = network.segment(pixels).class_mask[:: self.step, :: self.step]
        share = float(np.mean(mask == np.array([list(map(int, row)) for row in kept['mask']])))
        return Verdict(share >= bounds.pixels, f'{share:.2%} of the pixels agree')


def load_answers() -> GoldenAnswers:
    """Read the kept answers that come with the package.

    Raises:
        ModelNotFoundError: The installation has no zoo.
        OSError: The file cannot be read.
    """
    content = json.loads((zoo_folder() / 'answers.json').read_text(encoding='utf-8'))
    return GoldenAnswers(content['picture'], content['step'], content['answers'])


def _classes(
    probabilities: NDArray[np.float32], kept: list[tuple[int, float]], bounds: Bounds
) -> Verdict:
    ids = np.array([class_id for class_id, _ in kept])
    shares = np.array([share for _, share in kept])
    far = float(np.abs(probabilities[ids] - shares).max())
    is_best = int(probabilities.argmax()) == ids[0]
    # Two classes that are nearly equal may change places.
    is_close = shares[0] - float(probabilities[ids[0]]) <= bounds.score
    text = f'probabilities differ by {far:.4f} at most'
    return Verdict(bool(far <= bounds.score and (is_best or is_close)), text)


def compare_boxes(found: Detections, kept: list[list[float]], bounds: Bounds) -> Verdict:
    """Compare what was found with kept boxes.

    Args:
        found: By the network.
        kept: For each box class, score and four edges in pixels.
        bounds: How far they may be apart.
    """
    rows = np.array(kept, np.float64).reshape(-1, 6)
    ious = iou_matrix(rows[:, 2:], found.boxes_xyxy)
    ious[rows[:, :1] != found.class_ids[None, :]] = 0.0
    pairs = ious >= bounds.iou
    # A box near the network's threshold may be on either side of it.
    missing = int((~pairs.any(axis=1) & (rows[:, 1] >= _THRESHOLD + bounds.score)).sum())
    extra = int((~pairs.any(axis=0) & (found.scores >= _THRESHOLD + bounds.score)).sum())
    if missing or extra:
        return Verdict(False, f'{missing} boxes missing, {extra} boxes too many')
    if not pairs.any():
        return Verdict(True, 'no box, as it should be')
    far = float(np.abs(rows[:, 1:2] - found.scores[None, :])[pairs].max())
    count, least = int(pairs.any(axis=1).sum()), float(ious[pairs].min())
    text = f'boxes: {count}, IoU {least:.3f} at least, scores differ by {far:.4f} at most'
    return Verdict(far <= bounds.score, text)
