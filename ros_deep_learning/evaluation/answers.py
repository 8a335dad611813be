# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a network on a data set, and compare its answers with the labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..datasets.dataset import Problem, Sample
from ..datasets.drawn_mask import DrawnMask
from ..datasets.mask_files import mask_label, read_mask
from ..errors import DatasetError, ImageError
from ..imaging.pixels import Pixels
from ..networks import DetectNet, ImageNet, SegNet
from ..networks.images import read_picture
from ..progress import Progress
from ..tasks.detection import Detections
from ..tasks.suppression import DetectionFilter, DetectionSettings
from ..tasks.times import StageTimes
from .class_match import ClassMatch
from .classification_scores import classification_scores
from .detection_scores import BoxPicture, detection_scores
from .scores import Scores
from .segmentation_scores import MaskJudge

LEAST_SCORE = 0.001
"""Least score of boxes for average precision, which counts those of all scores."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How answers are judged.

    Attributes:
        threshold: Least score 0..1 of boxes in the confusion matrix and for the worst pictures.
        common_only: Whether classes that the network lacks are left out.
    """

    threshold: float = 0.5
    common_only: bool = False


@dataclass(slots=True)
class Seen:
    """What was learnt from running a network on pictures.

    Attributes:
        scores: How good its answers are.
        samples: The pictures that were judged; ``scores.worst`` are indices into them.
        times: What each picture cost.
        problems: Pictures and labels that could not be used, and why.
        notes: Lines on what was left out beside.
    """

    scores: Scores
    samples: list[Sample]
    times: list[StageTimes]
    problems: list[Problem]
    notes: list[str] = field(default_factory=list)


def judge(
    network: Any,
    samples: Sequence[Sample],
    match: ClassMatch,
    rules: Rules,
    progress: Progress,
) -> Seen:
    """Run a network on pictures, one at a time, and compare its answers with the labels.

    Args:
        network: Of the task of the labels.
        samples: The pictures.
        match: Which classes are which.
        rules: How answers are judged.
        progress: Told how far it is.

    Raises:
        DatasetError: No picture could be used, or no label says anything.
        DeepLearningError: The network failed.
    """
    judges: dict[type, Callable[..., Seen]] = {
        ImageNet: _judge_classes,
        DetectNet: _judge_boxes,
        SegNet: _judge_masks,
    }
    return judges[type(network)](network, _Reader(samples, progress), match, rules)


@dataclass(slots=True)
class _Reader:
    """Reads pictures, and collects those that cannot be used."""

    samples: Sequence[Sample]
    progress: Progress
    problems: list[Problem] = field(default_factory=list)
    used: list[Sample] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[Sample, Pixels]]:
        for index, sample in enumerate(self.samples):
            self.progress('evaluating', index / len(self.samples))
            try:
                pixels = read_picture(sample.picture)
            except ImageError as err:
                self.problems.append(Problem('broken picture', sample.picture, str(err)))
                continue
            self.used.append(sample)
            yield sample, pixels
        self.progress('evaluating', 1.0)
        if not self.used:
            why = f': {self.problems[0]}' if self.problems else ''
            msg = f'none of {len(self.samples)} pictures could be used{why}'
            raise DatasetError(msg)

    def drop(self, problem: Problem) -> None:
        """Leave out the picture that was read last."""
        self.used.pop()
        self.problems.append(problem)


def _judge_classes(net: ImageNet, reader: _Reader, match: ClassMatch, rules: Rules) -> Seen:
    rows: list[NDArray[np.float32]] = []
    truth: list[int] = []
    times = []
    unknown = set(match.missing) if rules.common_only else set()
    left_out = 0
    for sample, pixels in reader:
        assert sample.class_id is not None
        if sample.class_id in unknown:
            reader.used.pop()
            left_out += 1
            continue
        found = net.classify(pixels)
        assert found.probabilities is not None
        rows.append(found.probabilities)
        truth.append(sample.class_id)
        times.append(found.times)
    notes = [f'{left_out} pictures of classes that the network lacks were left out'] * bool(
        left_out
    )
    if not rows:
        msg = f'no picture is of a class of the network ({left_out} are of others)'
        raise DatasetError(msg)
    probabilities = np.array(rows)
    if rules.common_only:
        # The answer is the best of the classes that both have.
        probabilities = np.where(match.to_dataset >= 0, probabilities, 0.0)
    scores = classification_scores(probabilities, np.array(truth, np.int64), match)
    return Seen(scores, reader.used, times, reader.problems, notes)


def _judge_boxes(net: DetectNet, reader: _Reader, match: ClassMatch, rules: Rules) -> Seen:
    settings = all_boxes(net.settings, match)
    pictures, times = [], []
    left_out = 0
    for sample, pixels in reader:
        assert sample.boxes is not None
        try:
            sample.boxes.check_size(pixels.size_wh)
        except DatasetError as err:
            reader.drop(Problem('broken label', sample.picture, str(err)))
            continue
        found = net.detect(pixels, settings=settings)
        picture = box_picture(sample, found, match)
        if rules.common_only:
            known = ~np.isin(picture.true_ids, match.missing)
            left_out += int((~known).sum())
            picture = replace(
                picture,
                true_xyxy=picture.true_xyxy[known],
                true_ids=picture.true_ids[known],
                is_crowd=picture.is_crowd[known],
                true_areas=picture.true_areas[known],
            )
        pictures.append(picture)
        times.append(found.times)
    # A minute for the 5,000 pictures of COCO.
    reader.progress('computing average precision', None)
    scores = detection_scores(pictures, match.classes, rules.threshold)
    notes = [f'{left_out} boxes of classes that the network lacks were left out'] * bool(left_out)
    return Seen(scores, reader.used, times, reader.problems, notes)


def all_boxes(settings: DetectionSettings, match: ClassMatch) -> DetectionSettings:
    """Return settings with which a detector gives the boxes that average precision needs."""
    only = DetectionFilter(class_ids=match.shared)
    return replace(settings, score_threshold=LEAST_SCORE, max_detections=100, only=only)


def box_picture(sample: Sample, found: Detections, match: ClassMatch) -> BoxPicture:
    """Lay the labels and the boxes of one picture side by side, in the data set's classes."""
    boxes = sample.boxes
    assert boxes is not None
    return BoxPicture(
        boxes.in_pixels(found.source_wh),
        boxes.class_ids,
        boxes.is_crowd,
        boxes.areas_in_pixels(found.source_wh),
        found.boxes_xyxy,
        found.scores,
        match.to_dataset[found.class_ids],
    )


def _judge_masks(net: SegNet, reader: _Reader, match: ClassMatch, rules: Rules) -> Seen:
    masks = MaskJudge(match, rules.common_only)
    times = []
    for sample, pixels in reader:
        path = sample.mask
        assert path is not None
        try:
            truth = _fitting_mask(path, pixels.size_wh)
        except DatasetError as err:
            reader.drop(Problem('broken label', mask_label(path), str(err)))
            continue
        found = net.segment(pixels)
        masks.add(found.class_mask, found.confidence_mask, truth)
        times.append(found.times)
    if not masks.confusion.any():
        why = f': {reader.problems[0]}' if reader.problems else ''
        msg = f'no mask has a pixel of a known class{why}'
        raise DatasetError(msg)
    notes = []
    if masks.unknown:
        notes.append(f'{masks.unknown} pixels have a number that is no class; left out')
    return Seen(masks.scores(), reader.used, times, reader.problems, notes)


def _fitting_mask(path: Path | DrawnMask, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    truth = read_mask(path)
    height, width = truth.shape
    if (width, height) != size_wh:
        msg = f'the mask is {width}x{height}, its picture {size_wh[0]}x{size_wh[1]}'
        raise DatasetError(msg)
    return truth
