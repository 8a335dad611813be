# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the detectnet node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from ...errors import SettingsError
from ...events.object_rules import ObjectRule
from ...events.rules import CompiledRule
from ...imaging.drawing.overlay import OverlayFlags
from ...tasks.classes import class_ids_of
from ...tasks.parts import TilingSettings
from ...tasks.suppression import DetectionFilter, DetectionSettings, Nms, Order
from ...tasks.tracking.tracker import Tracker, TrackerKind, TrackingSettings
from .event_settings import EventSettings
from .parameter_table import parameter
from .texts import read_names, read_region
from .vision_settings import MODEL_ALIASES, MODEL_TEXT

_NMS: Mapping[str, Nms] = {'nms': 'always', 'none': 'never'}


@dataclass(frozen=True, slots=True)
class DetectNetPlan:
    """What frames need of the settings.

    Attributes:
        detection: How outputs become objects, from the least score up that tracking needs.
        threshold: Least score of the objects to report.
        tracking: How objects are tracked; None is not at all.
        names: The ``class_id`` of each class.
        flags: What the overlay shows.
        events: The rules of events.
    """

    detection: DetectionSettings
    threshold: float
    tracking: TrackingSettings | None
    names: tuple[str, ...]
    flags: OverlayFlags
    events: tuple[CompiledRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectNetSettings(EventSettings):
    """The parameters of detectnet."""

    rule_type = ObjectRule

    model: str = parameter(
        'ssd-mobilenet-v2', MODEL_TEXT, aliases=MODEL_ALIASES, reload=True, file=True
    )
    decoder: str = parameter(
        '',
        'What reads the outputs; empty is as the model card says, or the file suggests.',
        reload=True,
    )
    output_cvg: str = parameter(
        '',
        "Name of the tensor of scores, instead of the model card's; empty keeps that.",
        reload=True,
    )
    output_bbox: str = parameter(
        '',
        "Name of the tensor of boxes, instead of the model card's; empty keeps that.",
        reload=True,
    )
    mean_pixel_value: float = parameter(
        0.0,
        "Subtracted from each pixel value, instead of the model card's mean; 0 keeps that.",
        minimum=0.0,
        maximum=255.0,
        reload=True,
    )
    threshold: float = parameter(
        0.5,
        'Least score of a detection, which ~/label_info repeats; with tracking byte, boxes from a '
        'fifth of it up are reported too if they continue a track.',
        minimum=0.0,
        maximum=1.0,
        live=True,
    )
    clustering: str = parameter(
        'auto',
        'How boxes on the same object are reduced: the weaker ones are dropped (nms), all are '
        'merged into one that encloses them, as in jetson-inference (union), or none is (none). '
        'With auto, nms unless the network does it itself.',
        choices=('auto', 'nms', 'union', 'none'),
        live=True,
    )
    iou_threshold: float = parameter(
        0.6,
        'With auto and nms, of two boxes of a class that overlap by more than this, the weaker '
        'one is dropped.',
        minimum=0.0,
        maximum=1.0,
        live=True,
    )
    cluster_overlap: float = parameter(
        0.75,
        'With union, boxes of a class that overlap by more than this share of the larger one are '
        'merged.',
        minimum=0.0,
        maximum=1.0,
        live=True,
    )
    class_agnostic: bool = parameter(
        False, 'Whether boxes of different classes are clustered too.', live=True
    )
    max_detections: int = parameter(
        100, 'Most detections in one image.', minimum=1, maximum=10_000, live=True
    )
    classes: str = parameter(
        '',
        'Labels of the classes to report, joined by commas; empty reports all.',
        names=True,
        live=True,
    )
    min_width: float = parameter(
        0.0, 'Least width of a box in pixels.', minimum=0.0, maximum=100_000.0, live=True
    )
    min_height: float = parameter(
        0.0, 'Least height of a box in pixels.', minimum=0.0, maximum=100_000.0, live=True
    )
    sort: str = parameter(
        'score',
        'Order of the detections: best score first, or largest area.',
        choices=('score', 'area'),
        live=True,
    )
    tracking: str = parameter(
        'none',
        'How objects are tracked, with a number in the id of each: iou pairs boxes by their '
        'overlap, byte (ByteTrack) also continues with weak boxes, which are reported from a '
        'fifth of threshold up, and needs SciPy.',
        choices=('none', 'iou', 'byte'),
        live=True,
    )
    tracking_min_frames: int = parameter(
        3, 'Frames until an object gets its number.', minimum=1, maximum=10_000, live=True
    )
    tracking_drop_frames: int = parameter(
        15,
        'Frames in a row without an object after which its track ends.',
        minimum=1,
        maximum=10_000,
        live=True,
    )
    tracking_overlap: float = parameter(
        0.5,
        'With iou, least intersection over union of a box and its track.',
        minimum=0.0,
        maximum=1.0,
        live=True,
    )
    tile_width: int = parameter(
        0,
        'Width in pixels of the tiles that large images are cut into; 0 does not cut.',
        minimum=0,
        maximum=100_000,
        live=True,
    )
    tile_height: int = parameter(
        0, 'Height of the tiles; 0 is the width.', minimum=0, maximum=100_000, live=True
    )
    tile_overlap: float = parameter(
        0.2,
        'Least share of a tile in common with its neighbour.',
        minimum=0.0,
        maximum=0.9,
        live=True,
    )
    region: str = parameter(
        '',
        'Part of the image to look at: left, top, right and bottom edge as shares 0 to 1, joined '
        'by commas; empty is all of it.',
        names=True,
        live=True,
    )
    overlay_flags: str = parameter(
        'box,lines,labels,conf,tracking',
        'What ~/overlay shows: box, lines, labels, conf, tracking, or none, joined by commas.',
        names=True,
        live=True,
    )
    overlay_alpha: float = parameter(
        50.0, 'Opacity of the boxes in ~/overlay.', minimum=0.0, maximum=255.0, live=True
    )

    def __post_init__(self) -> None:
        # Not super(), which a dataclass with slots does not have before Python 3.14.
        EventSettings.__post_init__(self)
        OverlayFlags.parse(self.overlay_flags)
        read_region(self.region)
        if self.tile_height and not self.tile_width:
            msg = 'parameter tile_height cuts nothing while tile_width is 0; set both'
            raise SettingsError(msg)
        staying = [rule for rule in self.event_rules() if rule.stay_s]
        if staying and self.tracking == 'none':
            msg = (
                f'events: rule {staying[0].name!r} has stay_s, which needs the numbers of tracks; '
                'to fix: tracking: iou or byte, set before or together with it'
            )
            raise SettingsError(msg)

    def plan(self, labels: Sequence[str]) -> DetectNetPlan:
        """Compile the settings for a network's classes.

        Raises:
            SettingsError: A class, also of an event, is none of the labels, or SciPy is missing,
                which tracking with ``byte`` needs.
        """
        tracking = self.tracker()
        tracker = Tracker(tracking, score_threshold=self.threshold)
        return DetectNetPlan(
            replace(self.detection(labels), score_threshold=tracker.least_score),
            self.threshold,
            tracking,
            self.class_names(labels),
            OverlayFlags.parse(self.overlay_flags),
            self.compiled_rules(labels),
        )

    def detection(self, labels: Sequence[str]) -> DetectionSettings:
        """Return the settings of the library; raise SettingsError if a class is no label."""
        names = read_names(self.classes)
        return DetectionSettings(
            score_threshold=self.threshold,
            iou_threshold=self.iou_threshold,
            nms=_NMS.get(self.clustering, 'auto'),
            max_detections=self.max_detections,
            class_agnostic=self.class_agnostic,
            cluster_overlap=self.cluster_overlap if self.clustering == 'union' else None,
            only=DetectionFilter(
                class_ids=class_ids_of(names, labels) if names else None,
                min_width_px=self.min_width,
                min_height_px=self.min_height,
                order=cast('Order', self.sort),
            ),
            region=read_region(self.region),
            tiling=self._tiling(),
        )

    def tracker(self) -> TrackingSettings | None:
        """Return how objects are tracked; None for not at all."""
        if self.tracking == 'none':
            return None
        return TrackingSettings(
            kind=cast('TrackerKind', self.tracking),
            min_frames=self.tracking_min_frames,
            drop_frames=self.tracking_drop_frames,
            overlap=self.tracking_overlap,
            class_agnostic=self.class_agnostic,
        )

    def _tiling(self) -> TilingSettings | None:
        if not self.tile_width:
            return None
        tile_wh = (self.tile_width, self.tile_height or self.tile_width)
        return TilingSettings(tile_wh, self.tile_overlap)
