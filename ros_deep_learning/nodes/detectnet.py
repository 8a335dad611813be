# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The detectnet node: images in, objects out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ..imaging.drawing.overlay import OverlayFlags, draw_detections
from ..networks import DetectNet
from ..progress import Progress
from ..tasks.detection import Detections
from ..tasks.suppression import DetectionSettings
from ..tasks.tracking.tracker import Tracker, TrackingSettings
from .lifecycle.vision_node import VisionNode
from .messages import foxglove, results
from .messages.topics import Topic
from .parameters.detectnet_settings import DetectNetSettings
from .parameters.model_choice import CardChanges, chosen_card
from .program.spin import run_node
from .stream.channel import Shot


@dataclass(frozen=True, slots=True)
class _Plan:
    """What settings mean for a network's frames.

    Attributes:
        detection: How outputs become objects, with the least score that the tracker needs.
        tracking: How objects are followed; None is not at all.
        names: What ``class_id`` contains for each class.
        flags: What the overlay shows.
    """

    detection: DetectionSettings
    tracking: TrackingSettings | None
    names: tuple[str, ...]
    flags: OverlayFlags


@lru_cache(maxsize=16)
def _planned(settings: DetectNetSettings, labels: tuple[str, ...]) -> _Plan:
    """Compile settings, once for each change.

    Raises:
        SettingsError: A class is none of the labels, or the tracker's package is missing.
    """
    tracking = settings.tracker()
    tracker = Tracker(tracking, score_threshold=settings.threshold)
    return _Plan(
        replace(settings.detection(labels), score_threshold=tracker.least_score),
        tracking,
        tuple(results.class_names(labels, settings.class_id)),
        OverlayFlags.parse(settings.overlay_flags),
    )


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
        _planned(settings, network.labels)

    def new_memory(self) -> Tracker:
        """Make the tracks of one camera."""
        return Tracker()

    def infer(self, shots: Sequence[Shot], settings: DetectNetSettings) -> list[Detections]:
        """Detect, and follow each camera's objects by themselves."""
        plan = _planned(settings, self.network.labels)
        found: list[Detections] = self.network.detect_batch(
            [shot.pixels for shot in shots], settings=plan.detection
        )
        for k, shot in enumerate(shots):
            tracker: Tracker = shot.channel.memory
            tracker.settings, tracker.score_threshold = plan.tracking, settings.threshold
            if plan.tracking is not None:
                stamp_ns = shot.frame.stamp_ns
                found[k] = tracker.update(found[k], stamp_ns * 1e-9 if stamp_ns else None)
        return found

    def publish(self, shot: Shot, result: Detections, settings: DetectNetSettings) -> None:
        """Publish what somebody subscribes to."""
        outputs, header = shot.channel.outputs, shot.frame.header
        plan = _planned(settings, self.network.labels)
        outputs.offer('detections', lambda: results.detections_message(header, result, plan.names))
        outputs.offer(
            'annotations',
            lambda: foxglove.annotations_message(
                header, result, plan.names, self.network.colors_rgb, shot.pixels.size_wh
            ),
        )
        outputs.offer('overlay', lambda: self._overlay(shot, result, plan.flags, settings))

    def _overlay(
        self, shot: Shot, found: Detections, flags: OverlayFlags, settings: DetectNetSettings
    ) -> Any:
        message, picture = shot.channel.images.copy('overlay', shot.frame.header, shot.pixels)
        draw_detections(
            picture,
            found.boxes_xyxy,
            found.scores,
            found.class_ids,
            labels=self.network.labels,
            colors_rgb=self.network.colors_rgb,
            flags=flags,
            alpha=settings.overlay_alpha,
            track_ids=found.track_ids,
        )
        return message


def main() -> int:
    """Run the node as a process."""
    return run_node(DetectNetNode, threads=2)
