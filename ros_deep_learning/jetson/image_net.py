# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""``imageNet`` of jetson-inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..networks.imagenet import ImageNet
from ..tasks.classification import ClassificationSettings
from ..tasks.smoothing import Smoother
from .images import as_rgb
from .network_options import NamedNetwork, NetworkOptions, chosen_card, told_what_is_here

NOTHING = (-1, 0.0)
"""Class and confidence of an image in which no class reaches the threshold."""


def _options() -> NetworkOptions:
    options = NetworkOptions('imageNet', 'googlenet')
    options.add_argument('--threshold', type=float, default=0.01, help='lowest score to report')
    options.add_argument('--smoothing', type=float, default=0.0, help='weight of the newest frame')
    return options


class imageNet(NamedNetwork[ImageNet]):
    """Classifies images.

    Args:
        network: Name of a network.
        argv: The command line, whose options win.
        model: Network file, in place of a name.
        labels: File of one label a line.
        input_blob: Input tensor.
        output_blob: Output tensor.
        threshold: Lowest score that is reported; None is 0.01.

    Raises:
        DeepLearningError: There is no such network, or it cannot be loaded.
    """

    def __init__(
        self,
        network: str = 'googlenet',
        argv: Sequence[str] | None = None,
        model: str = '',
        labels: str = '',
        input_blob: str = '',
        output_blob: str = '',
        threshold: float | None = None,
    ) -> None:
        options = _options().read(
            argv,
            network=network,
            model=model,
            labels=labels,
            input_blob=input_blob,
            output_blob=output_blob,
            threshold=threshold,
        )
        self._smoother = Smoother(options.smoothing)
        with told_what_is_here('imageNet', 'classification'):
            self.network = ImageNet(
                chosen_card(options, 'classification'),
                settings=ClassificationSettings(score_threshold=options.threshold),
            )

    @staticmethod
    def Usage() -> str:
        """Return the options for a program's help."""
        return _options().described()

    def Classify(
        self,
        image: Any,
        width: int = 0,
        height: int = 0,
        format: str = '',  # noqa: A002  (jetson-inference's name)
        topK: int = 1,
    ) -> Any:
        """Classify an image.

        Args:
            image: Shape (H, W, 3) or (H, W, 4), uint8, RGB.
            width: Ignored, like the next two: the image knows them.
            height: Ignored.
            format: Ignored.
            topK: Most classes; 0 for all that reach the threshold.

        Returns:
            Class and confidence, (-1, 0.0) if there is none; a list of such pairs, best first,
            unless ``topK`` is 1.
        """
        # All classes, because the smoothed scores may have another order.
        seen = self._smoother.update(self.network.classify(as_rgb(image), top_k=max(0, topK)))
        self._times = seen.times
        pairs = [(one.class_id, one.score) for one in seen]
        if topK == 1:
            return pairs[0] if pairs else NOTHING
        return pairs

    def GetThreshold(self) -> float:
        """Return the lowest score that is reported."""
        return self.network.settings.score_threshold

    def SetThreshold(self, threshold: float) -> None:
        """Set the lowest score that is reported, 0..1."""
        self.network.settings = replace(self.network.settings, score_threshold=threshold)

    def GetSmoothing(self) -> float:
        """Return the weight of the newest frame, or the count of frames; 0 is no smoothing."""
        return self._smoother.number

    def SetSmoothing(self, factor: float) -> None:
        """Set the weight of the newest frame, or the count of frames; 0 is no smoothing."""
        self._smoother.number = factor
