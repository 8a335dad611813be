# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Find the class of every pixel in pictures or a video."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from ..imaging.drawing.mask_overlay import blend_mask, color_mask, legend
from ..imaging.palettes import UNLABELLED
from ..imaging.pixels import Pixels
from ..networks import SegNet
from ..paths import user_path
from ..tasks.segmentation import SegmentationSettings
from ..video.page.panel import LiveSettings
from ..video.sinks import write_picture
from .frames.play import Seen, StartLook
from .vision import run_vision
from .vision_arguments import chosen_card, colors_bgr, vision_parser

_LEAST_SHARE = 0.001
"""Of the pixels, for a class to be printed."""
_BARE = 'background'
"""The class that overlays leave without colour, as those of the node do."""


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
) -> tuple[SegNet, StartLook, LiveSettings]:
    kinds = _shown(arguments)
    network = SegNet(
        chosen_card(arguments, 'segmentation', model_wins=True),
        settings=SegmentationSettings(
            mask_filter=arguments.filter_mode, ignore_class=arguments.ignore_class
        ),
        **options,
    )
    if arguments.legend is not None:
        _write_legend(arguments, network)
    colors = colors_bgr(network)
    shown_ids = np.arange(256, dtype=np.uint8)
    for k, label in enumerate(network.labels):
        if label.casefold() == _BARE:
            shown_ids[k] = UNLABELLED

    def look(frame: Pixels, picture: NDArray[np.uint8], live: LiveSettings) -> Seen:
        parts = network.segment(frame)
        pictures = []
        for kind in kinds:
            if kind == 'overlay':
                ids = shown_ids
                if live.class_ids:
                    chosen = np.isin(np.arange(256), list(live.class_ids))
                    ids = np.where(chosen, shown_ids, UNLABELLED).astype(np.uint8)
                shown = cv2.LUT(parts.class_mask, ids).astype(np.uint8, copy=False)
                blend_mask(picture, shown, colors, alpha=arguments.alpha)
                pictures.append(picture)
            else:
                pictures.append(color_mask(parts.class_mask, colors))
        shares = parts.shares()
        found = [k for k in np.argsort(-shares, kind='stable') if shares[k] >= _LEAST_SHARE]
        lines = [f'{shares[k]:7.2%}  {network.labels[k]}' for k in found]
        return Seen(lines, np.hstack(pictures), parts.times, rows=parts.to_dicts())

    return network, lambda: look, LiveSettings(class_ids=frozenset())


def _shown(arguments: argparse.Namespace) -> list[str]:
    kinds = [kind.strip() for kind in arguments.visualize.replace('|', ',').split(',')]
    if unknown := [kind for kind in kinds if kind not in ('overlay', 'mask')]:
        msg = f'--visualize: expected overlay, mask or both, got {unknown[0]!r}'
        raise SettingsError(msg)
    return kinds


def _write_legend(arguments: argparse.Namespace, network: SegNet) -> None:
    write_picture(user_path(arguments.legend), legend(network.labels, colors_bgr(network)))


def _parser() -> argparse.ArgumentParser:
    parser = vision_parser('segnet', __doc__, 'selfie')
    add = parser.add_argument
    add('--alpha', type=float, default=120, help='opacity of the colours, 0 to 255')
    add('--visualize', default='overlay', help='overlay, mask, or both with a comma between')
    add('--filter-mode', choices=('linear', 'point'), default='linear')
    add('--ignore-class', help='class whose pixels get the second-best class (default: void)')
    add('--legend', type=Path, help='picture to write the classes and their colours to')
    add('--stats', action='store_true', help='print the share of each class; it is always printed')
    return parser


if __name__ == '__main__':
    sys.exit(main())
