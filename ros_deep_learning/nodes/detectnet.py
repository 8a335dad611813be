# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The detectnet node: images in, objects out."""

from __future__ import annotations

from typing import Any

from vision_msgs import msg as vision_msgs

from ..imaging.overlay import OverlayFlags, draw_detections
from ..imaging.pixels import Pixels
from ..networks import DetectNet
from ..networks.tracking import Tracking
from ..tasks.detection import Detections
from ..tasks.filters import class_ids_of
from . import foxglove, results
from .cards import CardChanges, chosen_card
from .detectnet_settings import DetectNetSettings
from .frame import Frame
from .spin import run_node
from .texts import read_names
from .usage import Topic
from .vision_node import VisionNode


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

    def open_network(self) -> DetectNet:
        """Load the detector that the parameters name."""
        settings: DetectNetSettings = self.settings
        changes = CardChanges(
            mean_pixel_value=settings.mean_pixel_value,
            output_names={
                'output_cvg': settings.output_cvg,
                'output_bbox': settings.output_bbox,
            },
        )
        card = chosen_card(settings, settings.model, changes)
        return DetectNet(card, **self.loading())

    def check(self, settings: DetectNetSettings) -> None:
        """Check that the network has the wanted classes, and that the tracker can run."""
        class_ids_of(read_names(settings.classes), self.network.labels)
        Tracking().settings = settings.tracker()

    def add_outputs(self) -> None:
        """Add the objects."""
        self.outputs.add('detections', vision_msgs.Detection2DArray)
        if foxglove.foxglove_msgs is not None:
            self.outputs.add('annotations', foxglove.foxglove_msgs.ImageAnnotations)

    def begin(self) -> None:
        """End the tracks of before, then begin."""
        self.network.reset_tracking()
        super().begin()

    def process(self, frame: Frame, pixels: Pixels) -> None:
        """Detect, then publish what somebody subscribes to."""
        settings: DetectNetSettings = self.settings
        network: DetectNet = self.network
        network.settings = settings.detection(network.labels)
        network.tracking = settings.tracker()
        network.tiling = settings.tiling()
        network.region = settings.area()
        stamp_s = frame.stamp_ns * 1e-9 if frame.stamp_ns else None
        found = network.detect(pixels, stamp_s)
        names = results.class_names(network.labels, settings.class_id)
        self.outputs.offer(
            'detections', lambda: results.detections_message(frame.header, found, names)
        )
        self.outputs.offer(
            'annotations',
            lambda: foxglove.annotations_message(
                frame.header, found, names, network.colors_rgb, pixels.size_wh
            ),
        )
        self.outputs.offer('overlay', lambda: self._overlay(frame, pixels, found))

    def _overlay(self, frame: Frame, pixels: Pixels, found: Detections) -> Any:
        settings: DetectNetSettings = self.settings
        message, picture = self.images.copy('overlay', frame.header, pixels)
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
