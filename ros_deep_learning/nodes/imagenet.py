# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The imagenet node: images in, classes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from ..events.kept_results import KeptClasses
from ..imaging.drawing.overlay import OverlayFlags, draw_detections
from ..imaging.drawing.text_overlay import draw_classification
from ..networks import ImageNet
from ..progress import Progress
from ..tasks.classification import Classification
from ..tasks.parts import region_box
from ..tasks.smoothing import Smoother
from .lifecycle.event_node import EventNode
from .messages.outgoing_images import OutgoingImage
from .messages.serialized_classification import outgoing_classification
from .messages.topics import Topic
from .parameters.imagenet_settings import ImageNetPlan, ImageNetSettings
from .parameters.live_setup import Setup
from .parameters.model_choice import CardChanges, chosen_card
from .program.spin import run_node
from .stream.camera import Shot

_FRAME_ONLY = OverlayFlags(box=False, lines=True, labels=False, conf=False)
_FRAME_RGB = np.array([[255, 255, 255]], np.uint8)


class ImageNetNode(EventNode):
    """Classifies the images of ``~/image_in`` as a whole."""

    default_name = 'imagenet'
    settings_type = ImageNetSettings
    kept_result = KeptClasses()
    topics = (
        *EventNode.topics,
        Topic('out', '~/classification', 'vision_msgs/Classification', 'the best classes'),
    )

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

    def infer(self, shots: Sequence[Shot], setup: Setup) -> Iterator[Classification]:
        """Classify, and smooth the scores of each camera."""
        plan: ImageNetPlan = setup.plan
        parts = []
        for shot in shots:
            region = plan.region
            box = None if region is None else region_box(shot.pixels.size_wh, region)
            parts.append(shot.pixels if box is None else shot.pixels.part(box))
        results = setup.network.classify_each(parts, settings=plan.classification)
        for shot, seen in zip(shots, results, strict=True):
            smoother: Smoother = shot.camera.memory
            if shot.camera.plan is not plan:
                smoother.number = plan.smoothing
                shot.camera.plan = plan
            yield smoother.update(seen)

    def publish(self, shot: Shot, result: Classification, setup: Setup) -> None:
        """Publish the outputs that have subscribers."""
        outputs, header = shot.camera.outputs, shot.frame.header
        self.events.take(shot, result, setup.plan.events, setup.plan.names)
        if 'classification' in shot.wanted:
            message = outgoing_classification(header, result, setup.plan.names)
            outputs.publish('classification', message)
        if 'overlay' in shot.wanted:
            draw = partial(_overlay, shot, result, setup)
            shot.camera.publish_overlay(draw, setup.settings.overlay_jpeg_quality)


def _overlay(shot: Shot, seen: Classification, setup: Setup) -> OutgoingImage:
    image = shot.camera.images.copy('overlay', shot.frame.header, shot.pixels)
    region = setup.plan.region
    if region is not None:
        draw_detections(
            image.pixels,
            np.array([region_box(shot.pixels.size_wh, region)], np.float32),
            np.ones(1),
            np.zeros(1, np.int32),
            labels=(),
            colors_rgb=_FRAME_RGB,
            flags=_FRAME_ONLY,
        )
    draw_classification(image.pixels, seen.class_ids, seen.scores, labels=setup.network.labels)
    return image


def main() -> int:
    """Run the node as a process."""
    return run_node(ImageNetNode, threads=2)
