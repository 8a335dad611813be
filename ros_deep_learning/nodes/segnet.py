# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The segnet node: images in, the class of every pixel out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..events.kept_results import KeptMasks
from ..networks import MaskWish, SegNet
from ..progress import Progress
from ..tasks.segmentation import Segmentation, SegmentationSettings
from ..tasks.times import StageTimes
from .lifecycle.event_node import EventNode
from .messages.camera_info import CAMERA_INFO_TOPICS
from .messages.mask_messages import Look, MaskMessages
from .messages.outgoing_images import OutgoingImage
from .messages.topics import Topic
from .parameters.live_setup import Setup
from .parameters.model_choice import CardChanges, chosen_card
from .parameters.segnet_settings import SegNetPlan, SegNetSettings
from .program.spin import run_node
from .stream.camera import Shot


@dataclass(frozen=True, slots=True)
class Masks:
    """What was found in one image.

    Attributes:
        by_output: The mask that each output with subscribers is made of, and that of events.
        times: What the image cost.
    """

    by_output: Mapping[str, Segmentation]
    times: StageTimes


class SegNetNode(EventNode):
    """Finds the class of every pixel of the images of ``~/image_in``."""

    default_name = 'segnet'
    settings_type = SegNetSettings
    kept_result = KeptMasks()
    topics = (
        *EventNode.topics,
        *CAMERA_INFO_TOPICS,
        Topic(
            'out',
            '~/class_mask',
            'sensor_msgs/Image',
            'mono8: the class of every pixel; 255 is unlabelled',
        ),
        Topic('out', '~/confidence_mask', 'sensor_msgs/Image', 'mono8: how sure, 0 to 255'),
        Topic('out', '~/color_mask', 'sensor_msgs/Image', 'rgb8: only colours of classes'),
        Topic(
            'out',
            '~/segmentation',
            'ros_deep_learning/Segmentation',
            'class and confidence masks, pixels and share a class',
        ),
    )

    threshold_parameter = 'min_confidence'

    def open_network(self, settings: SegNetSettings, progress: Progress) -> SegNet:
        """Load the segmentation network that settings name."""
        changes = CardChanges(
            task='segmentation',
            class_colors_path=settings.class_colors_path,
            outputs={'scores': settings.output_blob},
        )
        card = chosen_card(settings, settings.model, changes)
        return SegNet(card, progress=progress, **settings.loading())

    def infer(self, shots: Sequence[Shot], setup: Setup) -> Iterator[Masks]:
        """Segment, in each way that an output with subscribers needs."""
        plan: SegNetPlan = setup.plan
        ways = [
            {
                name: way
                for name, way in plan.ways.items()
                if name in shot.wanted or name == 'events'
            }
            for shot in shots
        ]
        # If only ~/stats has subscribers, the network runs too.
        distinct = [
            list(dict.fromkeys(each.values())) or [plan.ways['class_mask']] for each in ways
        ]
        wishes = [
            [_wish(one, {n for n, way in each.items() if way == one}, plan) for one in wanted]
            for each, wanted in zip(ways, distinct, strict=True)
        ]
        results = setup.network.segment_each_in([shot.pixels for shot in shots], wishes)
        for each, wanted, masks in zip(ways, distinct, results, strict=True):
            by_output = {name: masks[wanted.index(way)] for name, way in each.items()}
            yield Masks(by_output, masks[0].times)

    def publish(self, shot: Shot, result: Masks, setup: Setup) -> None:
        """Publish the outputs that have subscribers."""
        self.events.take(shot, result.by_output.get('events'), setup.plan.events)
        for name, parts in result.by_output.items():
            if name == 'overlay':
                draw = partial(_overlay, shot, parts, setup)
                shot.camera.publish_overlay(draw, setup.settings.overlay_jpeg_quality)
            elif name != 'events':
                shot.camera.outputs.publish(name, _message(name, shot, parts, setup))
        if 'camera_info' in shot.wanted and (size_wh := _masks_wh(shot, setup)) is not None:
            image_wh = shot.pixels.size_wh
            shot.camera.publish_camera_info(shot.frame.header, image_wh, size_wh)


def _masks_wh(shot: Shot, setup: Setup) -> tuple[int, int] | None:
    """Return the size of the class mask; None for a grid of another part than the image."""
    resolution = setup.plan.ways['class_mask'].resolution
    if resolution == 'source':
        return shot.pixels.size_wh
    if resolution != 'grid':
        return cast('tuple[int, int]', resolution)
    network: SegNet = setup.network
    return network.grid_size_wh if network.card.input.resize == 'stretch' else None


def _message(name: str, shot: Shot, parts: Segmentation, setup: Setup) -> NDArray[np.uint8]:
    masks = MaskMessages(shot.camera.images, shot.frame.header)
    if name == 'class_mask':
        return masks.class_mask(parts)
    if name == 'confidence_mask':
        return masks.confidence_mask(parts)
    if name == 'segmentation':
        return masks.segmentation(parts)
    return masks.color_mask(parts, setup.network.colors_rgb)


def _overlay(shot: Shot, parts: Segmentation, setup: Setup) -> OutgoingImage:
    look = Look(
        labels=setup.network.labels,
        colors_rgb=setup.network.colors_rgb,
        alpha=setup.settings.overlay_alpha,
        hidden=setup.plan.hidden,
        legend=setup.plan.legend,
    )
    masks = MaskMessages(shot.camera.images, shot.frame.header)
    return masks.overlay(parts, look, shot.pixels)


def _wish(settings: SegmentationSettings, outputs: set[str], plan: SegNetPlan) -> MaskWish:
    """Return the mask that some outputs share, with what they need of it."""
    with_overlay = 'overlay' in outputs
    return MaskWish(
        settings,
        confidence='uint8' if outputs & {'confidence_mask', 'segmentation'} else None,
        counts=bool(outputs & {'segmentation', 'events'}) or (with_overlay and plan.legend),
        color_mask='color_mask' in outputs,
        overlay_alphas=plan.alphas if with_overlay else None,
    )


def main() -> int:
    """Run the node as a process."""
    return run_node(SegNetNode, threads=2)
