# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Draw the pictures with the worst answers, truth and answer side by side."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.dataset import Sample
from ..datasets.mask_files import read_mask
from ..errors import DeepLearningError
from ..imaging.drawing.mask_overlay import blend_mask
from ..imaging.drawing.overlay import OverlayFlags, draw_detections
from ..imaging.palettes import UNLABELLED, class_colors
from ..networks import DetectNet, ImageNet, SegNet
from ..networks.images import read_picture
from ..pictures.picture_files import encode_image
from .class_match import ClassMatch

_WIDTH = 480
_QUALITY = 80
_TRUTH, _ANSWER = 'truth', 'answer'
_WITH_SCORES = OverlayFlags()
_WITHOUT_SCORES = OverlayFlags(conf=False)


@dataclass(frozen=True, slots=True)
class WorstPicture:
    """A picture with a wrong answer.

    Attributes:
        sample: The picture.
        text: Truth and answer in words.
        sides: Titles and pictures, each as a URL that holds a JPEG.
    """

    sample: Sample
    text: str
    sides: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Painter:
    """Draws labels and answers in the data set's classes, with one colour each.

    Attributes:
        match: Which classes are which.
        threshold: Least score of boxes.
    """

    match: ClassMatch
    threshold: float
    _labels: tuple[str, ...] = field(init=False)
    _numbers: NDArray[np.int64] = field(init=False)
    _colors: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        # One more for all classes that the data set does not have.
        self._labels = (*self.match.classes, 'other')
        other = len(self.match.classes)
        self._numbers = np.where(self.match.to_dataset < 0, other, self.match.to_dataset)
        self._colors = class_colors(len(self._labels))

    def draw(self, network: Any, samples: list[Sample]) -> Iterator[WorstPicture]:
        """Run a network on pictures once more and draw them; unreadable ones are skipped."""
        for sample in samples:
            try:
                image = np.ascontiguousarray(read_picture(sample.picture).array[..., ::-1])
                if isinstance(network, ImageNet):
                    yield self._classes(network, sample, image)
                elif isinstance(network, DetectNet):
                    yield self._boxes(network, sample, image)
                elif isinstance(network, SegNet):
                    yield self._masks(network, sample, image)
            except DeepLearningError:
                continue

    def _classes(self, net: ImageNet, sample: Sample, image: NDArray[np.uint8]) -> WorstPicture:
        answer = ', '.join(map(str, net.classify(image, top_k=3)))
        truth = self._labels[sample.class_id if sample.class_id is not None else -1]
        small, _ = _small(image)
        return WorstPicture(sample, f'truth: {truth}; answer: {answer}', (('', as_url(small)),))

    def _boxes(self, net: DetectNet, sample: Sample, image: NDArray[np.uint8]) -> WorstPicture:
        truth = sample.boxes
        assert truth is not None
        found = net.detect(image)
        kept = found.take(np.flatnonzero(found.scores >= self.threshold))
        small, scale = _small(image)
        sides = []
        for title, boxes, scores, ids in (
            (_TRUTH, truth.in_pixels(found.source_wh), np.ones(len(truth)), truth.class_ids),
            (_ANSWER, kept.boxes_xyxy, kept.scores, self._numbers[kept.class_ids]),
        ):
            picture = small.copy()
            draw_detections(
                picture,
                boxes * scale,
                scores,
                ids,
                labels=self._labels,
                colors_rgb=self._colors,
                flags=_WITHOUT_SCORES if title is _TRUTH else _WITH_SCORES,
                alpha=40,
            )
            sides.append((title, as_url(picture)))
        text = f'labelled boxes {len(truth)}, found {len(kept)}'
        return WorstPicture(sample, text, tuple(sides))

    def _masks(self, net: SegNet, sample: Sample, image: NDArray[np.uint8]) -> WorstPicture:
        assert sample.mask is not None
        truth = read_mask(sample.mask)
        numbers = np.full(UNLABELLED + 1, UNLABELLED, np.uint8)
        numbers[: len(self._numbers)] = self._numbers
        answer = numbers[net.segment(image).class_mask]
        small, _ = _small(image)
        size_wh = (small.shape[1], small.shape[0])
        sides = []
        for title, mask in ((_TRUTH, truth), (_ANSWER, answer)):
            picture = small.copy()
            resized = cv2.resize(mask, size_wh, interpolation=cv2.INTER_NEAREST)
            blend_mask(picture, np.asarray(resized, np.uint8), self._colors)
            sides.append((title, as_url(picture)))
        judged = truth < len(self.match.classes)
        share = float((truth == answer)[judged].mean()) if judged.any() else 0.0
        return WorstPicture(sample, f'{share:.1%} of the pixels are right', tuple(sides))


def as_url(image_rgb: NDArray[np.uint8]) -> str:
    """Return a picture, shape (H, W, 3), uint8, as a URL that holds a JPEG."""
    data = encode_image(image_rgb[..., ::-1], 'jpeg', (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return f'data:image/jpeg;base64,{b64encode(data).decode()}'


def _small(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Return a picture that is at most as wide as on the page, and its scale."""
    height, width = image.shape[:2]
    scale = min(1.0, _WIDTH / width)
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small, np.uint8), scale
