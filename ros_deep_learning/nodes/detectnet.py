# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The detectnet node: images in, objects out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..imaging.drawing.overlay import OverlayFlags, draw_detections
from ..networks import DetectNet
from ..networks.tracking import Tracking
from ..progress import Progress
from ..tasks.detection import Detections
from ..tasks.filters import class_ids_of
from .lifecycle.vision_node import VisionNode
from .messages import foxglove, results
from .messages.topics import Topic
from .parameters.detectnet_settings import DetectNetSettings
from .parameters.model_choice import CardChanges, chosen_card
from .parameters.texts import read_names
from .program.spin import run_node
from .stream.channel import Shot


class DetectNetNode(VisionNode):
    """Finds objects in the images of ``~/image_in``."""

    default_name = 'detectnet'
    settings_type = DetectNetSettings
    topics = (
        *VisionNode.topics,
        Topic(
            'out',
            '~/detections',
            'vision_msgs/Detection2DArray',
            'boxes in source pixels, track number in id; empty when there is nothing',
        ),
        Topic(
            'out',
            '~/annotations',
            'foxglove_msgs/ImageAnnotations',
            'the same for Foxglove; where foxglove_msgs is installed',
        ),
    )

    def __init__(self) -> None:
        super().__init__(self.default_name, self.settings_type)

    def open_network(self, settings: DetectNetSettings, progress: Progress) -> DetectNet:
        """Load the detector that settings name."""
        changes = CardChanges(
            task='detection',
            mean_pixel_value=settings.mean_pixel_value,
            outputs={'coverage': settings.output_cvg, 'boxes': settings.output_bbox},
        )
        card = chosen_card(settings, settings.model, changes)
        return DetectNet(card, progress=progress, **settings.loading())

    def check_fit(self, settings: DetectNetSettings, network: DetectNet) -> None:
        """Check that the network has the wanted classes, and that the tracker can run."""
        class_ids_of(read_names(settings.classes), network.labels)
        Tracking().settings = settings.tracker()

    def new_memory(self) -> Tracking:
        """Give each camera tracks of its own."""
        return Tracking()

    def infer(self, shots: Sequence[Shot], settings: DetectNetSettings) -> list[Detections]:
        """Detect, and follow each camera's objects by themselves."""
        network: DetectNet = self.network
        wanted = settings.detection(network.labels)
        tracks: list[Tracking] = [shot.channel.memory for shot in shots]
        for each in tracks:
            each.settings = settings.tracker()
        least = min(each.least_score(wanted.score_threshold) for each in tracks)
        network.settings = replace(wanted, score_threshold=least)
        network.tiling = settings.tiling()
        network.region = settings.area()
        found = network.detect_batch([shot.pixels for shot in shots])
        return [
            each.update(objects, shot.frame.stamp_ns * 1e-9 if shot.frame.stamp_ns else None)
            for each, objects, shot in zip(tracks, found, shots, strict=True)
        ]

    def publish(self, shot: Shot, result: Detections, settings: DetectNetSettings) -> None:
        """Publish what somebody subscribes to."""
        outputs, header = shot.channel.outputs, shot.frame.header
        names = results.class_names(self.network.labels, settings.class_id)
        outputs.offer('detections', lambda: results.detections_message(header, result, names))
        outputs.offer(
            'annotations',
            lambda: foxglove.annotations_message(
                header, result, names, self.network.colors_rgb, shot.pixels.size_wh
            ),
        )
        outputs.offer('overlay', lambda: self._overlay(shot, result, settings))

    def _overlay(self, shot: Shot, found: Detections, settings: DetectNetSettings) -> Any:
        message, picture = shot.channel.images.copy('overlay', shot.frame.header, shot.pixels)
        draw_detections(
            picture,
            found.boxes_xyxy,
            found.scores,
            found.class_ids,
            labels=self.network.labels,
            colors_rgb=self.network.colors_rgb,
            flags=OverlayFlags.parse(settings.overlay_flags),
            alpha=settings.overlay_alpha,
            track_ids=found.track_ids,
        )
        return message


def main() -> int:
    """Run the node as a process."""
    return run_node(DetectNetNode, threads=2)
