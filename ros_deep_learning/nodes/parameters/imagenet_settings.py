# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of imagenet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...events.class_rules import ClassRule
from ...events.rules import CompiledRule
from ...tasks.classification import ClassificationSettings
from ...tasks.parts import Region
from .event_settings import EventSettings
from .parameter_table import parameter
from .texts import read_region
from .vision_settings import MODEL_ALIASES, MODEL_TEXT


@dataclass(frozen=True, slots=True)
class ImageNetPlan:
    """What frames need of the settings.

    Attributes:
        classification: Which scores become classes.
        smoothing: See ``Smoother``.
        region: The part of images to look at; None is all of it.
        names: The ``class_id`` of each class.
        events: The rules of events.
    """

    classification: ClassificationSettings
    smoothing: float
    region: Region | None
    names: tuple[str, ...]
    events: tuple[CompiledRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageNetSettings(EventSettings):
    """The parameters of imagenet."""

    rule_type = ClassRule

    model: str = parameter(
        'efficientnet-lite0', MODEL_TEXT, aliases=MODEL_ALIASES, reload=True, file=True
    )
    output_blob: str = parameter(
        '',
        "Name of the network's output tensor, instead of the model card's; empty keeps that.",
        reload=True,
    )
    top_k: int = parameter(
        5, 'Most classes of an image; 0 is no limit.', minimum=0, maximum=100_000, live=True
    )
    threshold: float = parameter(
        0.01, 'Least score of a class.', minimum=0.0, maximum=1.0, live=True
    )
    smoothing: float = parameter(
        0.0,
        'Exponential smoothing over frames: 0 is none, up to 1 the weight of the newest frame, '
        'above 1 a number of frames.',
        minimum=0.0,
        maximum=10_000.0,
        live=True,
    )
    multi_label: bool = parameter(
        False,
        'Whether several classes can be true of an image (tagging), each with a probability of '
        'its own.',
        live=True,
    )
    region: str = parameter(
        '',
        'Part of the image to look at: left, top, right and bottom edge as shares 0 to 1, joined '
        'by commas; empty is all of it.',
        names=True,
        live=True,
    )

    def __post_init__(self) -> None:
        # Not super(), which a dataclass with slots does not have before Python 3.14.
        EventSettings.__post_init__(self)
        read_region(self.region)

    def classification(self) -> ClassificationSettings:
        """Return the settings of the library."""
        return ClassificationSettings(
            top_k=self.top_k,
            score_threshold=self.threshold,
            multi_label=self.multi_label,
        )

    def plan(self, labels: Sequence[str]) -> ImageNetPlan:
        """Compile the settings for a network's classes.

        Raises:
            SettingsError: A class of an event is none of the labels.
        """
        return ImageNetPlan(
            self.classification(),
            self.smoothing,
            read_region(self.region),
            self.class_names(labels),
            self.compiled_rules(labels),
        )
