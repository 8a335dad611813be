# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""``detectNet`` of jetson-inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..networks.detectnet import DetectNet
from ..tasks.detection import Detections
from ..tasks.suppression import DetectionFilter, DetectionSettings
from ..tasks.tracking.options import add_tracking_options, is_tracking, tracking_settings
from ..tasks.tracking.tracker import Tracker
from .images import as_rgb, draw_on, put_back
from .network_options import NamedNetwork, NetworkOptions, chosen_card, told_what_is_here

_OVERLAY = 'box,labels,conf'


@dataclass(frozen=True, slots=True)
class Detection:
    """One object, in pixels of the image.

    Attributes:
        ClassID: Number of its class.
        Confidence: 0..1.
        Left: Left edge.
        Top: Top edge.
        Right: Right edge.
        Bottom: Bottom edge.
        TrackID: Number of its track, -1 without one.
    """

    ClassID: int
    Confidence: float
    Left: float
    Top: float
    Right: float
    Bottom: float
    TrackID: int = -1

    @property
    def Width(self) -> float:
        """Width of the box."""
        return self.Right - self.Left

    @property
    def Height(self) -> float:
        """Height of the box."""
        return self.Bottom - self.Top

    @property
    def Area(self) -> float:
        """Area of the box."""
        return self.Width * self.Height

    @property
    def Center(self) -> tuple[float, float]:
        """Centre of the box, (x, y)."""
        return (self.Left + self.Right) / 2, (self.Top + self.Bottom) / 2

    @property
    def ROI(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom edge."""
        return self.Left, self.Top, self.Right, self.Bottom

    def Contains(self, x: float, y: float) -> bool:
        """Return whether a point lies in the box."""
        return self.Left <= x <= self.Right and self.Top <= y <= self.Bottom


def _options() -> NetworkOptions:
    options = NetworkOptions('detectNet', 'ssd-mobilenet-v2')
    add = options.add_argument
    add('--threshold', '--confidence', type=float, default=0.5, help='lowest score to report')
    add('--clustering', type=float, help='merge boxes that overlap by this share')
    add('--alpha', type=float, default=120, help='opacity of the boxes, 0 to 255')
    add('--output-cvg', default='', help='tensor of the scores')
    add('--output-bbox', default='', help='tensor of the boxes')
    add_tracking_options(options)
    return options


class detectNet(NamedNetwork[DetectNet]):
    """Finds objects.

    Args:
        network: Name of a network.
        argv: The command line, whose options win.
        threshold: Lowest score that is reported.
        model: Network file, in place of a name.
        labels: File of one label a line.
        colors: File of one colour a line.
        input_blob: Input tensor.
        output_cvg: Tensor of the scores.
        output_bbox: Tensor of the boxes.

    Raises:
        DeepLearningError: There is no such network, or it cannot be loaded.
    """

    def __init__(
        self,
        network: str = 'ssd-mobilenet-v2',
        argv: Sequence[str] | None = None,
        threshold: float = 0.5,
        model: str = '',
        labels: str = '',
        colors: str = '',
        input_blob: str = '',
        output_cvg: str = '',
        output_bbox: str = '',
    ) -> None:
        options = _options().read(
            argv,
            network=network,
            threshold=threshold,
            model=model,
            labels=labels,
            colors=colors,
            input_blob=input_blob,
            output_cvg=output_cvg,
            output_bbox=output_bbox,
        )
        self._alpha = options.alpha
        self._tracking = tracking_settings(options)
        self._tracker = Tracker(score_threshold=options.threshold)
        outputs = {'coverage': options.output_cvg, 'boxes': options.output_bbox}
        with told_what_is_here('detectNet', 'detection'):
            self.network = DetectNet(
                chosen_card(options, 'detection', outputs),
                settings=DetectionSettings(
                    score_threshold=options.threshold,
                    cluster_overlap=options.clustering,
                    only=DetectionFilter(order='area'),
                ),
            )
        self.SetTrackingEnabled(is_tracking(options))

    @staticmethod
    def Usage() -> str:
        """Return the options for a program's help."""
        return _options().described()

    def Detect(
        self,
        image: Any,
        width: int = 0,
        height: int = 0,
        overlay: str = _OVERLAY,
        format: str = '',  # noqa: A002  (jetson-inference's name)
    ) -> list[Detection]:
        """Find the objects in an image, and draw them on it.

        Args:
            image: Shape (H, W, 3) or (H, W, 4), uint8, RGB, in host memory.
            width: Ignored: the image knows it.
            height: Ignored likewise.
            overlay: What is drawn, such as ``box,lines,labels,conf,tracking``, or ``none``.
            format: Ignored likewise.

        Returns:
            The objects, largest first.
        """
        found = self._tracker.update(self.network.detect(as_rgb(image)))
        self._times = found.times
        if overlay and overlay != 'none':
            self._draw(image, found, overlay)
        return [
            Detection(
                one.class_id,
                one.score,
                *one.box_xyxy,
                TrackID=-1 if one.track_id is None else one.track_id,
            )
            for one in found
        ]

    def Overlay(
        self,
        image: Any,
        detections: Sequence[Detection],
        width: int = 0,
        height: int = 0,
        overlay: str = _OVERLAY,
        format: str = '',  # noqa: A002
    ) -> None:
        """Draw objects on an image, as ``Detect`` does."""
        found = Detections(
            np.array([one.ROI for one in detections], np.float32).reshape(-1, 4),
            np.array([one.Confidence for one in detections], np.float32),
            np.array([one.ClassID for one in detections], np.int32),
            (0, 0),
            np.array([one.TrackID for one in detections], np.int64),
        )
        self._draw(image, found, overlay)

    def _draw(self, image: Any, found: Detections, overlay: str) -> None:
        from ..imaging.drawing.overlay import OverlayFlags, draw_detections

        canvas = draw_on(image)
        draw_detections(
            canvas,
            found.boxes_xyxy,
            found.scores,
            found.class_ids,
            labels=self.network.labels,
            colors_rgb=self.network.colors_rgb,
            flags=OverlayFlags.parse(overlay),
            alpha=self._alpha,
            track_ids=found.track_ids,
        )
        put_back(canvas, image)

    def GetConfidenceThreshold(self) -> float:
        """Return the lowest score that is reported."""
        return self._tracker.score_threshold

    def SetConfidenceThreshold(self, threshold: float) -> None:
        """Set the lowest score that is reported, 0..1."""
        self._tracker.score_threshold = threshold
        self._set(score_threshold=self._tracker.least_score)

    GetThreshold = GetConfidenceThreshold
    SetThreshold = SetConfidenceThreshold

    def SetClusteringThreshold(self, threshold: float) -> None:
        """Merge boxes of a class that overlap by this share, 0..1."""
        self._set(cluster_overlap=threshold)

    def SetOverlayAlpha(self, alpha: float) -> None:
        """Set the opacity of the boxes, 0..255."""
        self._alpha = alpha

    def IsTrackingEnabled(self) -> bool:
        """Return whether objects are numbered from frame to frame."""
        return self._tracker.settings is not None

    def SetTrackingEnabled(self, enabled: bool) -> None:
        """Set whether objects are numbered from frame to frame."""
        self._tracker.settings = self._tracking if enabled else None
        self._set(score_threshold=self._tracker.least_score)

    def GetTrackingParams(self) -> tuple[int, int, float]:
        """Return least frames, frames until a track is dropped, and least overlap."""
        known = self._tracking
        return known.min_frames, known.drop_frames, known.overlap

    def SetTrackingParams(self, minFrames: int, dropFrames: int, overlapThreshold: float) -> None:
        """Set least frames, frames until a track is dropped, and least overlap."""
        self._tracking = replace(
            self._tracking, min_frames=minFrames, drop_frames=dropFrames, overlap=overlapThreshold
        )
        self.SetTrackingEnabled(self.IsTrackingEnabled())

    def _set(self, **values: Any) -> None:
        self.network.settings = replace(self.network.settings, **values)
