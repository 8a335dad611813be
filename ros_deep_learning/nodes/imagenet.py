# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The imagenet node: images in, what they show out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..imaging.overlay import OverlayFlags, draw_detections
from ..imaging.pixels import Pixels
from ..imaging.text_overlay import draw_classification
from ..networks import ImageNet
from ..tasks.classification import Classification, ClassificationSettings
from ..tasks.tiling import Box, region
from . import results
from .cards import CardChanges, chosen_card
from .frame import Frame
from .parameters import parameter
from .settings import MODEL_ALIASES, MODEL_TEXT, VisionSettings
from .spin import run_node
from .texts import read_region
from .usage import Topic
from .vision_node import VisionNode

_FRAME_ONLY = OverlayFlags(box=False, lines=True, labels=False, conf=False)
_FRAME_RGB = np.array([[255, 255, 255]], np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageNetSettings(VisionSettings):
    """The parameters of imagenet."""

    model: str = parameter('efficientnet-lite0', MODEL_TEXT, aliases=MODEL_ALIASES)
    output_blob: str = parameter(
        '', "Name of the network's output tensor, instead of the model card's; empty keeps that."
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
        live=True,
    )

    def __post_init__(self) -> None:
        read_region(self.region)

    def classification(self) -> ClassificationSettings:
        """Pick what the library's post-processing takes."""
        return ClassificationSettings(
            top_k=self.top_k,
            score_threshold=self.threshold,
            multi_label=self.multi_label,
            smoothing=self.smoothing,
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

    def open_network(self) -> ImageNet:
        """Load the classifier that the parameters name."""
        settings: ImageNetSettings = self.settings
        changes = CardChanges(output_names={'output_blob': settings.output_blob})
        card = chosen_card(settings, settings.model, changes)
        return ImageNet(card, settings=settings.classification(), **self.loading())

    def add_outputs(self) -> None:
        """Add the classes."""
        self.outputs.add('classification', results.classification_type())

    def begin(self) -> None:
        """Forget the frames of before, then begin."""
        self.network.reset_smoothing()
        super().begin()

    def process(self, frame: Frame, pixels: Pixels) -> None:
        """Classify, then publish what somebody subscribes to."""
        settings: ImageNetSettings = self.settings
        self.network.settings = settings.classification()
        shares = read_region(settings.region)
        area = None if shares is None else region(pixels.size_wh, shares)
        seen = self.network.classify(_part(pixels, area))
        names = results.class_names(self.network.labels, settings.class_id)
        self.outputs.offer(
            'classification', lambda: results.classification_message(frame.header, seen, names)
        )
        self.outputs.offer('overlay', lambda: self._overlay(frame, pixels, seen, area))

    def _overlay(
        self, frame: Frame, pixels: Pixels, seen: Classification, area: Box | None
    ) -> Any:
        message, picture = self.images.copy('overlay', frame.header, pixels)
        if area is not None:
            draw_detections(
                picture,
                np.array([area], np.float32),
                np.ones(1),
                np.zeros(1, np.int32),
                labels=(),
                colors_rgb=_FRAME_RGB,
                flags=_FRAME_ONLY,
            )
        draw_classification(picture, seen.class_ids, seen.scores, labels=self.network.labels)
        return message


def _part(pixels: Pixels, area: Box | None) -> Pixels:
    if area is None:
        return pixels
    left, top, right, bottom = area
    return Pixels(pixels.array[top:bottom, left:right], pixels.order)


def main() -> int:
    """Run the node as a process."""
    return run_node(ImageNetNode, threads=2)
