# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find objects in pictures or a video."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..imaging.drawing.overlay import OverlayFlags, draw_detections
from ..imaging.pixels import Pixels
from ..networks import DetectNet
from ..tasks.detection import Detections
from ..tasks.suppression import DetectionSettings
from ..tasks.tracking.tracker import Tracker, TrackingSettings
from .vision import Look, Seen, run_vision
from .vision_arguments import chosen_card, colors_bgr, vision_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, 1 failed, 130 interrupted.
    """
    return run_vision(_parser(), argv, _open)


def _open(arguments: argparse.Namespace, options: dict[str, Any]) -> tuple[DetectNet, Look]:
    flags = OverlayFlags.parse(arguments.overlay)
    tracker = Tracker(score_threshold=arguments.threshold)
    tracker.settings = _tracking(arguments)
    outputs = {'coverage': arguments.output_cvg, 'boxes': arguments.output_bbox}
    network = DetectNet(
        chosen_card(arguments, 'detection', outputs={k: v for k, v in outputs.items() if v}),
        settings=DetectionSettings(
            score_threshold=tracker.least_score, cluster_overlap=arguments.clustering
        ),
        **options,
    )
    # BGR, because the picture is.
    colors = colors_bgr(network)

    def look(frame: Pixels, picture: NDArray[np.uint8]) -> Seen:
        found = tracker.update(network.detect(frame))
        draw_detections(
            picture,
            found.boxes_xyxy,
            found.scores,
            found.class_ids,
            labels=network.labels,
            colors_rgb=colors,
            flags=flags,
            alpha=arguments.alpha,
            track_ids=found.track_ids,
        )
        return Seen(_lines(found), picture, [one.label for one in found])

    return network, look


def _lines(found: Detections) -> list[str]:
    lines = []
    for one in found:
        x1, y1, x2, y2 = one.box_xyxy
        track = '' if one.track_id is None else f' #{one.track_id}'
        box = f'({x1:.1f}, {y1:.1f}) to ({x2:.1f}, {y2:.1f})'
        lines.append(f'{one.score:7.2%}  {one.label}{track}  {box}')
    return lines


def _tracking(arguments: argparse.Namespace) -> TrackingSettings | None:
    if arguments.tracker is None and not arguments.tracking:
        return None
    return TrackingSettings(
        kind='byte' if arguments.tracker == 'byte' else 'iou',
        min_frames=arguments.tracker_min_frames,
        drop_frames=arguments.tracker_drop_frames,
        overlap=arguments.tracker_overlap,
    )


def _parser() -> argparse.ArgumentParser:
    parser = vision_parser('detectnet', __doc__, 'ssd-mobilenet-v2')
    add = parser.add_argument
    add('--threshold', '--confidence', type=float, default=0.5, help='lowest score to report')
    add(
        '--clustering',
        type=float,
        help='merge boxes that overlap by this share, as jetson-inference does (0.75), in place '
        'of suppressing the weaker one',
    )
    add('--overlay', default='box,lines,labels,conf', help='box, lines, labels, conf, track, none')
    add('--alpha', type=float, default=120, help='opacity of the boxes, 0 to 255')
    add('--mean-pixel', type=float, default=0.0, help='subtracted from every pixel value')
    add('--output-cvg', help='tensor of the scores')
    add('--output-bbox', help='tensor of the boxes')
    add('--decoder', help='decoder, if it cannot be told from the tensors')
    add('--tracking', action='store_true', help='number objects from frame to frame')
    add('--tracker', type=str.lower, choices=('iou', 'byte'), help='number objects by this method')
    add('--tracker-min-frames', type=int, default=3)
    add('--tracker-drop-frames', type=int, default=15)
    add('--tracker-overlap', type=float, default=0.5)
    return parser


if __name__ == '__main__':
    sys.exit(main())
