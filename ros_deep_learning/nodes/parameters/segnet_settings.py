# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of segnet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ...errors import SettingsError
from ...events.area_rules import AreaRule
from ...events.rules import CompiledRule
from ...recognition.given_values import read_size
from ...tasks.segmentation import (
    MAX_MASK_SIDE,
    MaskFilter,
    Resolution,
    SegmentationSettings,
    ignored_class,
)
from .event_settings import EventSettings
from .parameter_table import parameter
from .texts import read_names
from .vision_settings import MODEL_ALIASES, MODEL_TEXT

_VOID = 'void'


@dataclass(frozen=True, slots=True)
class SegNetPlan:
    """What frames need of the settings.

    Attributes:
        ways: How the mask of each output is made, and that of events if there are rules.
        hidden: Shape (K,), whether the overlay leaves a class without colour.
        alphas: Opacity 0..255 of each class in the overlay.
        legend: Whether the overlay lists its classes.
        events: The rules of events.
    """

    ways: Mapping[str, SegmentationSettings]
    hidden: NDArray[np.bool_]
    alphas: tuple[int, ...]
    legend: bool
    events: tuple[CompiledRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SegNetSettings(EventSettings):
    """The parameters of segnet."""

    rule_type = AreaRule

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
    mask_size: str = parameter(
        '',
        'Width and height of the class and confidence masks as 400x200, such as those of the '
        'point cloud that nav2 lays them over; empty is as mask_resolution says.',
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

    def __post_init__(self) -> None:
        # Not super(), which a dataclass with slots does not have before Python 3.14.
        EventSettings.__post_init__(self)
        self.resolution()

    def resolution(self) -> Resolution:
        """Return the resolution of the class and confidence masks.

        Raises:
            SettingsError: The size has a wrong form.
        """
        if not self.mask_size:
            return cast('Resolution', self.mask_resolution)
        try:
            return read_size('mask_size', self.mask_size, MAX_MASK_SIDE)
        except SettingsError as err:
            msg = f'parameter {err}'
            raise SettingsError(msg) from err

    def segmentation(self, mask_filter: str, resolution: Resolution) -> SegmentationSettings:
        """Return the settings of the library."""
        return SegmentationSettings(
            mask_filter=cast('MaskFilter', mask_filter),
            min_confidence=self.min_confidence,
            ignore_class=None if self.ignore_class == _VOID else self.ignore_class,
            resolution=resolution,
        )

    def ways(self) -> dict[str, SegmentationSettings]:
        """Return how the mask of each output is made."""
        masks = self.segmentation(self.mask_filter, self.resolution())
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
            SettingsError: The network does not have the class to be ignored, or one of an event.
        """
        ways, rules = self.ways(), self.compiled_rules(labels)
        if rules:
            # A grid may lie over more or less than the image, of which regions are shares.
            on_grid = ways['class_mask'].resolution == 'grid'
            ways['events'] = ways['color_mask' if on_grid else 'class_mask']
        ignored_class(ways['overlay'], labels)
        bare = {name.casefold() for name in read_names(self.overlay_bare)}
        hidden = np.array([label.casefold() in bare for label in labels])
        alphas = tuple(np.where(hidden, 0, round(self.overlay_alpha)).tolist())
        return SegNetPlan(ways, hidden, alphas, self.overlay_legend, rules)
