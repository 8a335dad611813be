# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""First labels drawn by a network, for a person to correct, or as they are."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..cards.card import Task
from ..errors import CardError, SettingsError
from ..imaging.palettes import UNLABELLED
from ..imaging.pixels import Pixels
from ..networks.detectnet import DetectNet
from ..networks.imagenet import ImageNet
from ..networks.segnet import SegNet
from ..progress import Progress, silent
from .label import DrawnBox, Label

AnyNet = ImageNet | DetectNet | SegNet
_KINDS: dict[Task, type[AnyNet]] = {
    'detection': DetectNet,
    'segmentation': SegNet,
    'classification': ImageNet,
}

_NONE = -1
"""No class of the data set. That of masks is the number of a class where there are more."""


class Suggester:
    """Labels pictures by a network.

    Args:
        network: Belongs to this object from now on.
        classes: Those of the data set, of which the network should know some.

    Attributes:
        network: See above.
        task: What it is for.
        classes: The given ones; labels have their numbers.

    Raises:
        SettingsError: The network has none of the classes.
    """

    def __init__(self, network: AnyNet, classes: Sequence[str]) -> None:
        self.task = network.task
        self.classes = tuple(classes)
        self.network = network
        own = [_plain(label) for label in network.labels]
        # The number in the data set of each class of the network.
        self._class_of = np.full(max(len(own), UNLABELLED) + 1, _NONE, np.int64)
        for k, name in enumerate(classes):
            for number, label in enumerate(own):
                if _plain(name) == label or _plain(name) in label.split(', '):
                    self._class_of[number] = k
        if (self._class_of == _NONE).all():
            few = ', '.join(network.labels[:8])
            msg = (
                f'{network.card.name} has none of the classes {", ".join(classes)}; it has {few} '
                'and so on; to fix: name them as it does'
            )
            raise SettingsError(msg)

    @property
    def name(self) -> str:
        """The name of the network."""
        return self.network.card.name

    def suggest(self, frame_bgr: NDArray[np.uint8]) -> Label | None:
        """Label a frame, shape (H, W, 3), uint8; None where the network is sure of no class.

        Raises:
            DeepLearningError: The network has failed.
        """
        pixels = Pixels(frame_bgr, 'bgr')
        if isinstance(self.network, DetectNet):
            found = self.network.detect(pixels)
            height, width = frame_bgr.shape[:2]
            shares = found.boxes_xyxy.astype(np.float64) / (width, height, width, height)
            classes = self._class_of[found.class_ids]
            return Label(
                boxes=tuple(
                    DrawnBox(int(k), (x1, y1, x2, y2))
                    for k, (x1, y1, x2, y2) in zip(classes, shares.tolist(), strict=True)
                    if k != _NONE
                )
            )
        if isinstance(self.network, SegNet):
            mask = self.network.segment(pixels).class_mask
            numbers = self._class_of[mask]
            return Label(mask=np.where(numbers == _NONE, UNLABELLED, numbers).astype(np.uint8))
        best = self.network.classify(pixels, top_k=1)
        known = [int(self._class_of[k]) for k in best.class_ids]
        return Label(class_id=known[0]) if known and known[0] != _NONE else None

    def scores(self, frame_bgr: NDArray[np.uint8]) -> list[float]:
        """Return the scores 0..1 of what is found in a frame, also of what is below the threshold.

        Of a mask it is the mean confidence of its pixels.

        Raises:
            DeepLearningError: The network has failed.
        """
        pixels = Pixels(frame_bgr, 'bgr')
        if isinstance(self.network, DetectNet):
            everything = replace(self.network.settings, score_threshold=0.05)
            found = self.network.detect(pixels, settings=everything)
            wanted = self._class_of[found.class_ids] != _NONE
            return [float(score) for score in found.scores[wanted]]
        if isinstance(self.network, SegNet):
            return [float(np.nanmean(self.network.segment(pixels).confidence_mask))]
        return [float(score) for score in self.network.classify(pixels, top_k=1).scores]

    def close(self) -> None:
        """Free the network."""
        self.network.close()


def open_suggester(
    model: str,
    task: Task | None,
    classes: Sequence[str],
    *,
    threshold: float | None = None,
    progress: Progress = silent,
) -> Suggester:
    """Load a network that labels pictures.

    Args:
        model: A name of the zoo, or the path of a card or network.
        task: What it is for; None is what its card says.
        classes: Those of the data set; empty takes those of the network.
        threshold: Least score 0..1; None is the network's own.
        progress: Told of downloads and builds.

    Raises:
        DeepLearningError: It cannot be loaded, is for another task, or knows none of the classes.
    """
    kinds = [_KINDS[task]] if task is not None else list(_KINDS.values())
    network: AnyNet | None = None
    for kind in kinds[:-1]:
        # A card is refused at once by the networks of other tasks.
        with suppress(CardError):
            network = kind(model, threshold=threshold, progress=progress)
            break
    if network is None:
        network = kinds[-1](model, threshold=threshold, progress=progress)
    try:
        return Suggester(network, classes or network.labels)
    except SettingsError:
        network.close()
        raise


def _plain(name: str) -> str:
    return name.strip().casefold()
