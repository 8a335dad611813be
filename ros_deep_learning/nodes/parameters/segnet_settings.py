# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of segnet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ...tasks.segmentation import MaskFilter, Resolution, SegmentationSettings, ignored_class
from .parameter_table import parameter
from .texts import read_names
from .vision_settings import MODEL_ALIASES, MODEL_TEXT, VisionSettings

_VOID = 'void'


@dataclass(frozen=True, slots=True)
class SegNetPlan:
    """What frames need of the settings.

    Attributes:
        ways: How the mask of each output is made.
        hidden: Shape (K,), whether the overlay leaves a class without colour.
        alphas: Opacity 0..255 of each class in the overlay.
        legend: Whether the overlay lists its classes.
    """

    ways: Mapping[str, SegmentationSettings]
    hidden: NDArray[np.bool_]
    alphas: tuple[int, ...]
    legend: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SegNetSettings(VisionSettings):
    """The parameters of segnet."""

    model: str = parameter('selfie', MODEL_TEXT, aliases=MODEL_ALIASES, reload=True, file=True)
    class_colors_path: str = parameter(
        '',
        "File with one colour a line, instead of the model card's; empty keeps those.",
        reload=True,
        file=True,
    )
    output_blob: str = parameter(
        '',
        "Name of the network's output tensor, instead of the model card's; empty keeps that.",
        reload=True,
    )
    mask_filter: str = parameter(
        'linear',
        'Between the cells of the network, the masks interpolate the scores of each class '
        '(linear) or take the nearest cell (point).',
        choices=('linear', 'point'),
        live=True,
    )
    mask_resolution: str = parameter(
        'source',
        "Size of the class and confidence masks: that of the image, or of the network's grid.",
        choices=('source', 'grid'),
        live=True,
    )
    min_confidence: float = parameter(
        0.0,
        'Probability of its best class below which a pixel has none (255).',
        minimum=0.0,
        maximum=1.0,
        live=True,
    )
    ignore_class: str = parameter(
        _VOID,
        'Name or number of a class that is replaced by the runner-up; empty ignores none, as does '
        'void if the network has no such class.',
        live=True,
    )
    overlay_filter: str = parameter(
        'linear', 'The filter of ~/overlay.', choices=('linear', 'point'), live=True
    )
    overlay_alpha: float = parameter(
        120.0, 'Opacity of the colours in ~/overlay.', minimum=0.0, maximum=255.0, live=True
    )
    overlay_bare: str = parameter(
        'background',
        'Classes that ~/overlay leaves without colour, joined by commas.',
        names=True,
        live=True,
    )
    overlay_legend: bool = parameter(
        True, 'Whether ~/overlay lists its classes, with the share that each covers.', live=True
    )

    def segmentation(self, mask_filter: str, resolution: str) -> SegmentationSettings:
        """Return the settings of the library."""
        return SegmentationSettings(
            mask_filter=cast('MaskFilter', mask_filter),
            min_confidence=self.min_confidence,
            ignore_class=None if self.ignore_class == _VOID else self.ignore_class,
            resolution=cast('Resolution', resolution),
        )

    def ways(self) -> dict[str, SegmentationSettings]:
        """Return how the mask of each output is made."""
        masks = self.segmentation(self.mask_filter, self.mask_resolution)
        return {
            'class_mask': masks,
            'confidence_mask': masks,
            'segmentation': masks,
            'color_mask': self.segmentation(self.mask_filter, 'source'),
            'overlay': self.segmentation(self.overlay_filter, 'source'),
        }

    def plan(self, labels: Sequence[str]) -> SegNetPlan:
        """Compile the settings for a network's classes.

        Raises:
            SettingsError: The network does not have the class to be ignored.
        """
        ways = self.ways()
        ignored_class(ways['overlay'], labels)
        bare = {name.casefold() for name in read_names(self.overlay_bare)}
        hidden = np.array([label.casefold() in bare for label in labels])
        alphas = tuple(np.where(hidden, 0, round(self.overlay_alpha)).tolist())
        return SegNetPlan(ways, hidden, alphas, self.overlay_legend)
