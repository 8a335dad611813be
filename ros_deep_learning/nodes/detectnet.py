# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The detectnet node: images in, objects out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from ..events.kept_results import KeptObjects
from ..imaging.drawing.overlay import draw_detections
from ..networks import DetectNet
from ..progress import Progress
from ..tasks.detection import Detections
from ..tasks.tracking.tracker import Tracker
from .lifecycle.event_node import EventNode
from .messages import foxglove
from .messages.camera_info import CAMERA_INFO_TOPICS
from .messages.outgoing_images import OutgoingImage
from .messages.serialized_detections import outgoing_detections
from .messages.topics import Topic
from .parameters.detectnet_settings import DetectNetPlan, DetectNetSettings
from .parameters.live_setup import Setup
from .parameters.model_choice import CardChanges, chosen_card
from .program.spin import run_node
from .stream.camera import Shot


class DetectNetNode(EventNode):
    """Finds objects in the images of ``~/image_in``."""

    default_name = 'detectnet'
    settings_type = DetectNetSettings
    kept_result = KeptObjects()
    topics = (
        *EventNode.topics,
        *CAMERA_INFO_TOPICS,
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

    def open_network(self, settings: DetectNetSettings, progress: Progress) -> DetectNet:
        """Load the detector that settings name."""
        changes = CardChanges(
            task='detection',
            mean_pixel_value=settings.mean_pixel_value,
            decoder=settings.decoder,
            outputs={'coverage': settings.output_cvg, 'boxes': settings.output_bbox},
        )
        card = chosen_card(settings, settings.model, changes)
        return DetectNet(card, progress=progress, **settings.loading())

    def new_memory(self) -> Tracker:
        """Make the tracks of one camera."""
        return Tracker()

    def infer(self, shots: Sequence[Shot], setup: Setup) -> Iterator[Detections]:
        """Detect, and track the objects of each camera."""
        plan: DetectNetPlan = setup.plan
        pixels = [shot.pixels for shot in shots]
        results = setup.network.detect_each(pixels, settings=plan.detection)
        for shot, found in zip(shots, results, strict=True):
            tracker: Tracker = shot.camera.memory
            if shot.camera.plan is not plan:
                tracker.settings, tracker.score_threshold = plan.tracking, plan.threshold
                shot.camera.plan = plan
            if plan.tracking is None:
                yield found
            else:
                stamp_ns = shot.frame.stamp_ns
                yield tracker.update(found, stamp_ns * 1e-9 if stamp_ns else None)

    def publish(self, shot: Shot, result: Detections, setup: Setup) -> None:
        """Publish the outputs that have subscribers."""
        outputs, header, names = shot.camera.outputs, shot.frame.header, setup.plan.names
        self.events.take(shot, result, setup.plan.events, names)
        if 'detections' in shot.wanted:
            outputs.publish('detections', outgoing_detections(header, result, names))
        if 'annotations' in shot.wanted:
            message = foxglove.annotations_message(
                header, result, names, setup.network.colors_rgb, shot.pixels.size_wh
            )
            outputs.publish('annotations', message)
        if 'camera_info' in shot.wanted:
            size_wh = shot.pixels.size_wh
            shot.camera.publish_camera_info(header, size_wh, size_wh)
        if 'overlay' in shot.wanted:
            draw = partial(_overlay, shot, result, setup)
            shot.camera.publish_overlay(draw, setup.settings.overlay_jpeg_quality)


def _overlay(shot: Shot, found: Detections, setup: Setup) -> OutgoingImage:
    image = shot.camera.images.copy('overlay', shot.frame.header, shot.pixels)
    draw_detections(
        image.pixels,
        found.boxes_xyxy,
        found.scores,
        found.class_ids,
        labels=setup.network.labels,
        colors_rgb=setup.network.colors_rgb,
        flags=setup.plan.flags,
        alpha=setup.settings.overlay_alpha,
        track_ids=found.track_ids,
    )
    return image


def main() -> int:
    """Run the node as a process."""
    return run_node(DetectNetNode, threads=2)
