# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The imagenet node: images in, what they show out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..imaging.drawing.overlay import OverlayFlags, draw_detections
from ..imaging.drawing.text_overlay import draw_classification
from ..networks import ImageNet
from ..progress import Progress
from ..tasks.classification import Classification, ClassificationSettings
from ..tasks.parts import Region, crop, region_box
from ..tasks.smoothing import Smoother
from .lifecycle.vision_node import VisionNode
from .messages import results
from .messages.topics import Topic
from .parameters.model_choice import CardChanges, chosen_card
from .parameters.parameter_table import parameter
from .parameters.texts import read_region
from .parameters.vision_settings import MODEL_ALIASES, MODEL_TEXT, VisionSettings
from .program.spin import run_node
from .stream.channel import Shot

_FRAME_ONLY = OverlayFlags(box=False, lines=True, labels=False, conf=False)
_FRAME_RGB = np.array([[255, 255, 255]], np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageNetSettings(VisionSettings):
    """The parameters of imagenet."""

    model: str = parameter('efficientnet-lite0', MODEL_TEXT, aliases=MODEL_ALIASES, reload=True)
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
        VisionSettings.__post_init__(self)
        read_region(self.region)

    def classification(self) -> ClassificationSettings:
        """Return the settings of the library's post-processing."""
        return ClassificationSettings(
            top_k=self.top_k,
            score_threshold=self.threshold,
            multi_label=self.multi_label,
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What settings mean for a network's frames.

    Attributes:
        classification: Which scores become classes.
        region: The part of images that is looked at; None is all of it.
        names: What ``class_id`` contains for each class.
    """

    classification: ClassificationSettings
    region: Region | None
    names: tuple[str, ...]


@lru_cache(maxsize=16)
def _planned(settings: ImageNetSettings, labels: tuple[str, ...]) -> _Plan:
    """Compile settings, once for each change."""
    return _Plan(
        settings.classification(),
        read_region(settings.region),
        tuple(results.class_names(labels, settings.class_id)),
    )


class ImageNetNode(VisionNode):
    """Tells what the images of ``~/image_in`` show as a whole."""

    default_name = 'imagenet'
    settings_type = ImageNetSettings
    topics = (
        *VisionNode.topics,
        Topic('out', '~/classification', 'vision_msgs/Classification', 'the best classes'),
    )

    def __init__(self) -> None:
        super().__init__(self.default_name, self.settings_type)

    def open_network(self, settings: ImageNetSettings, progress: Progress) -> ImageNet:
        """Load the classifier that settings name."""
        changes = CardChanges(task='classification', outputs={'scores': settings.output_blob})
        card = chosen_card(settings, settings.model, changes)
        return ImageNet(
            card, settings=settings.classification(), progress=progress, **settings.loading()
        )

    def new_memory(self) -> Smoother:
        """Make the smoothed scores of one camera."""
        return Smoother()

    def infer(self, shots: Sequence[Shot], settings: ImageNetSettings) -> list[Classification]:
        """Classify, each camera's frames smoothed by themselves."""
        plan = _planned(settings, self.network.labels)
        parts = [
            shot.pixels
            if plan.region is None
            else crop(shot.pixels, region_box(shot.pixels.size_wh, plan.region))
            for shot in shots
        ]
        seen: list[Classification] = self.network.classify_batch(
            parts, settings=plan.classification
        )
        for k, shot in enumerate(shots):
            smoother: Smoother = shot.channel.memory
            smoother.number = settings.smoothing
            seen[k] = smoother.update(seen[k])
        return seen

    def publish(self, shot: Shot, result: Classification, settings: ImageNetSettings) -> None:
        """Publish what somebody subscribes to."""
        outputs, header = shot.channel.outputs, shot.frame.header
        plan = _planned(settings, self.network.labels)
        outputs.offer(
            'classification', lambda: results.classification_message(header, result, plan.names)
        )
        outputs.offer('overlay', lambda: self._overlay(shot, result, plan.region))

    def _overlay(self, shot: Shot, seen: Classification, region: Region | None) -> Any:
        message, picture = shot.channel.images.copy('overlay', shot.frame.header, shot.pixels)
        if region is not None:
            draw_detections(
                picture,
                np.array([region_box(shot.pixels.size_wh, region)], np.float32),
                np.ones(1),
                np.zeros(1, np.int32),
                labels=(),
                colors_rgb=_FRAME_RGB,
                flags=_FRAME_ONLY,
            )
        draw_classification(picture, seen.class_ids, seen.scores, labels=self.network.labels)
        return message


def main() -> int:
    """Run the node as a process."""
    return run_node(ImageNetNode, threads=2)
