# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The detectnet node: images in, objects out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import Image
from vision_msgs import msg as vision_msgs

from ..imaging.messages import write_image
from ..imaging.overlay import OverlayFlags, draw_detections
from ..imaging.pixels import Pixels
from ..networks import DetectNet
from ..tasks.detection import Detections, DetectionSettings
from . import results
from .parameters import parameter
from .settings import VisionSettings
from .spin import run_node
from .vision_node import Frame, VisionNode


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectNetSettings(VisionSettings):
    """The parameters of detectnet."""

    model: str = parameter(
        'ssd-mobilenet-v2', 'Name of a network in the zoo, or the path of a model card (.yaml).'
    )
    threshold: float = parameter(
        0.5, 'Least score of a detection.', minimum=0.0, maximum=1.0, live=True
    )
    iou_threshold: float = parameter(
        0.6,
        'Of two boxes of a class that overlap by more than this, the weaker one is dropped.',
        minimum=0.0,
        maximum=1.0,
        live=True,
    )
    max_detections: int = parameter(
        100, 'Most detections in one image.', minimum=1, maximum=10_000, live=True
    )
    overlay_flags: str = parameter(
        'box,lines,labels,conf',
        'What ~/overlay shows: box, lines, labels, conf, or none, joined by commas.',
        live=True,
    )
    overlay_alpha: float = parameter(
        50.0, 'Opacity of the boxes in ~/overlay.', minimum=0.0, maximum=255.0, live=True
    )

    def __post_init__(self) -> None:
        OverlayFlags.parse(self.overlay_flags)

    def detection(self) -> DetectionSettings:
        """Pick what the library's post-processing takes."""
        return DetectionSettings(
            score_threshold=self.threshold,
            iou_threshold=self.iou_threshold,
            max_detections=self.max_detections,
        )


class DetectNetNode(VisionNode):
    """Finds objects in the images of ``~/image_in``."""

    def __init__(self) -> None:
        super().__init__('detectnet', DetectNetSettings)

    def open_network(self) -> DetectNet:
        """Load the detector that the parameters name."""
        settings: DetectNetSettings = self.settings
        return DetectNet(
            settings.model,
            settings=settings.detection(),
            backend=settings.backend,
            precision=settings.engine_precision(),
            options=settings.engine_options(),
            progress=self.progress,
        )

    def add_outputs(self) -> None:
        """Add the detections."""
        self.outputs.add('detections', vision_msgs.Detection2DArray)

    def process(self, frame: Frame, pixels: Pixels) -> None:
        """Detect, then publish what somebody subscribes to."""
        settings: DetectNetSettings = self.settings
        self.network.settings = settings.detection()
        found = self.network.detect(pixels)
        header = frame.message.header
        if self.outputs.wanted('detections'):
            names = results.class_names(self.network.labels, settings.class_id)
            self.outputs.publish('detections', results.detections_message(header, found, names))
        if self.outputs.wanted('overlay'):
            self.outputs.publish('overlay', self._overlay(frame, pixels, found))

    def _overlay(self, frame: Frame, pixels: Pixels, found: Detections) -> Image:
        settings: DetectNetSettings = self.settings
        picture = np.array(pixels.as_order('rgb'), order='C')
        draw_detections(
            picture,
            found.boxes_xyxy,
            found.scores,
            found.class_ids,
            labels=self.network.labels,
            colors_rgb=self.network.colors_rgb,
            flags=OverlayFlags.parse(settings.overlay_flags),
            alpha=settings.overlay_alpha,
        )
        message = Image(header=frame.message.header)
        write_image(message, picture, 'rgb8')
        return message


def main() -> int:
    """Run the node as a process."""
    return run_node(DetectNetNode, threads=2)
