# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Classify pictures or the frames of a video."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..imaging.drawing.text_overlay import draw_classification
from ..imaging.pixels import Pixels
from ..networks import ImageNet
from ..tasks.classification import ClassificationSettings
from ..tasks.smoothing import Smoother
from ..video.page.panel import LiveSettings
from .frames.play import Look, Seen, StartLook
from .vision import run_vision
from .vision_arguments import chosen_card, vision_parser


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
) -> tuple[ImageNet, StartLook, LiveSettings]:
    network = ImageNet(
        chosen_card(arguments, 'classification'),
        settings=ClassificationSettings(
            top_k=max(0, arguments.top_k),
            score_threshold=arguments.threshold,
            multi_label=arguments.multi_label,
        ),
        **options,
    )

    def look(
        smoother: Smoother, frame: Pixels, picture: NDArray[np.uint8], live: LiveSettings
    ) -> Seen:
        network.settings = replace(network.settings, score_threshold=live.score_threshold or 0.0)
        seen = smoother.update(network.classify(frame))
        draw_classification(picture, seen.class_ids, seen.scores, labels=network.labels)
        lines = [f'{one.score:7.2%}  {one.label} (class {one.class_id})' for one in seen]
        return Seen(
            lines, picture, seen.times, [one.label for one in list(seen)[:1]], seen.to_dicts()
        )

    def start_look() -> Look:
        smoother = Smoother()
        smoother.number = arguments.smoothing
        return partial(look, smoother)

    return network, start_look, LiveSettings(arguments.threshold)


def _parser() -> argparse.ArgumentParser:
    parser = vision_parser('imagenet', __doc__, 'efficientnet-lite0')
    parser.add_argument('--threshold', type=float, default=0.01, help='lowest score to print')
    parser.add_argument(
        *('--topK', '--top-k', '--topk'),
        dest='top_k',
        type=int,
        default=1,
        help='most classes to print; 0 = all above the threshold',
    )
    parser.add_argument(
        '--smoothing',
        type=float,
        default=0.0,
        help='weight of the newest frame, or a frame count',
    )
    parser.add_argument('--multi-label', action='store_true', help='several classes may be true')
    return parser


if __name__ == '__main__':
    sys.exit(main())
