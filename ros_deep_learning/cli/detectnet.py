# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find objects in pictures or a video."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from ..imaging.drawing.overlay import OverlayFlags, draw_detections
from ..imaging.pixels import Pixels
from ..networks import DetectNet
from ..tasks.detection import Detections
from ..tasks.parts import Region, TilingSettings
from ..tasks.suppression import DetectionFilter, DetectionSettings
from ..tasks.tracking.options import add_tracking_options, is_tracking, tracking_settings
from ..tasks.tracking.tracker import Tracker
from ..video.page.panel import LiveSettings
from .frames.play import Seen, StartLook
from .vision import run_vision
from .vision_arguments import chosen_card, colors_bgr, pixel_value, vision_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        argv: Arguments; None is the command line's.

    Returns:
        Exit code: 0, 1 failed, 130 interrupted.
    """
    return run_vision(_parser(), argv, _open)


def _open(
    arguments: argparse.Namespace, options: dict[str, Any]
) -> tuple[DetectNet, StartLook, LiveSettings]:
    flags = OverlayFlags.parse(arguments.overlay)
    tracking = tracking_settings(arguments) if is_tracking(arguments) else None

    def new_tracker() -> Tracker:
        return Tracker(tracking, score_threshold=arguments.threshold)

    outputs = {'coverage': arguments.output_cvg, 'boxes': arguments.output_bbox}
    network = DetectNet(
        chosen_card(arguments, 'detection', outputs={k: v for k, v in outputs.items() if v}),
        settings=_settings(arguments, new_tracker().least_score),
        **options,
    )
    names = filter(None, (name.strip() for name in arguments.classes.split(',')))
    first = LiveSettings(arguments.threshold, network.class_ids(names))
    # BGR, because the picture is.
    colors = colors_bgr(network)

    def look(
        tracker: Tracker, frame: Pixels, picture: NDArray[np.uint8], live: LiveSettings
    ) -> Seen:
        tracker.score_threshold = live.score_threshold or 0.0
        settings = replace(
            network.settings,
            score_threshold=tracker.least_score,
            only=DetectionFilter(live.class_ids or None),
        )
        found = tracker.update(network.detect(frame, settings=settings))
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
        return Seen(
            _lines(found), picture, found.times, [one.label for one in found], found.to_dicts()
        )

    return network, lambda: partial(look, new_tracker()), first


def _lines(found: Detections) -> list[str]:
    lines = []
    for one in found:
        x1, y1, x2, y2 = one.box_xyxy
        track = '' if one.track_id is None else f' #{one.track_id}'
        box = f'({x1:.1f}, {y1:.1f}) to ({x2:.1f}, {y2:.1f})'
        lines.append(f'{one.score:7.2%}  {one.label}{track}  {box}')
    return lines


def _settings(arguments: argparse.Namespace, score_threshold: float) -> DetectionSettings:
    width, height = arguments.tile_width, arguments.tile_height
    if height and not width:
        msg = '--tile-height cuts nothing without --tile-width; give both'
        raise SettingsError(msg)
    tile_wh = (width, height or width)
    return DetectionSettings(
        score_threshold=score_threshold,
        iou_threshold=arguments.iou,
        cluster_overlap=arguments.clustering,
        region=arguments.region,
        tiling=TilingSettings(tile_wh, arguments.tile_overlap) if width else None,
    )


def _region(text: str) -> Region:
    try:
        x1, y1, x2, y2 = map(float, text.split(','))
    except ValueError as err:
        msg = f'expected four edges as shares of the image, such as 0.25,0.5,0.75,1, got {text!r}'
        raise argparse.ArgumentTypeError(msg) from err
    return x1, y1, x2, y2


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
    add('--classes', default='', help='report only these, joined by commas: person,car')
    add('--iou', type=float, default=0.6, help='overlap above which the weaker box is dropped')
    add('--region', type=_region, help='part to look at: left,top,right,bottom as shares 0 to 1')
    add('--tile-width', type=int, default=0, help='cut large images into tiles so many px wide')
    add('--tile-height', type=int, default=0, help='height of the tiles; default: the width')
    add('--tile-overlap', type=float, default=0.2, help='least share of a tile in its neighbour')
    add(
        '--overlay',
        default='box,lines,labels,conf,track',
        help='parts to draw: box, lines, labels, conf, track or none (default: all)',
    )
    add('--alpha', type=float, default=50, help='opacity of the boxes, 0 to 255')
    add('--mean-pixel', type=pixel_value, default=0.0, help='subtracted from every pixel value')
    add('--output-cvg', help='tensor of the scores')
    add('--output-bbox', help='tensor of the boxes')
    add('--decoder', help='decoder, if it cannot be told from the tensors')
    add_tracking_options(parser)
    add(
        '--save-crops',
        type=Path,
        metavar='FOLDER',
        help='write a picture of each box to FOLDER/CLASS/NAME-FRAME-NUMBER.jpg',
    )
    return parser


if __name__ == '__main__':
    sys.exit(main())
