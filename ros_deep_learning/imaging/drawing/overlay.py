# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Draw detections on their picture."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import SettingsError
from .canvas import capital_px, check_canvas, check_colors
from .label_layout import place_labels
from .lettering import inks, label_plate, printable_ascii


@dataclass(frozen=True, slots=True)
class OverlayFlags:
    """Parts of a detection to draw.

    Attributes:
        box: The box, filled with the colour of the class.
        lines: The outline of the box.
        labels: The name of the class.
        conf: The score in percent.
        tracking: The track id of the object.
    """

    box: bool = True
    lines: bool = True
    labels: bool = True
    conf: bool = True
    tracking: bool = False

    @classmethod
    def parse(cls, text: str) -> OverlayFlags:
        """Read flags such as ``box,labels,conf``.

        Args:
            text: Tokens separated by ``,`` or ``|``: box, line(s), label(s), conf(idence),
                track(ing), ``default`` for box, lines, labels and conf, ``none`` for nothing.

        Raises:
            SettingsError: A token is unknown.
        """
        names: set[str] = set()
        for token in filter(None, (part.strip().lower() for part in re.split(r'[,|]', text))):
            if token not in _TOKENS:
                msg = f'overlay flag {token!r} is unknown; known are {", ".join(_TOKENS)}'
                raise SettingsError(msg)
            names.update(_TOKENS[token])
        return cls(**{name: name in names for name in cls.__slots__})


_TOKENS: dict[str, tuple[str, ...]] = {
    'box': ('box',),
    'lines': ('lines',),
    'line': ('lines',),
    'labels': ('labels',),
    'label': ('labels',),
    'conf': ('conf',),
    'confidence': ('conf',),
    'tracking': ('tracking',),
    'track': ('tracking',),
    'default': ('box', 'lines', 'labels', 'conf'),
    'none': (),
}

_DEFAULT_FLAGS = OverlayFlags()


def draw_detections(
    image_rgb: NDArray[np.uint8],
    boxes_xyxy: NDArray[Any],
    scores: NDArray[Any],
    class_ids: NDArray[Any],
    *,
    labels: Sequence[str],
    colors_rgb: NDArray[np.uint8],
    flags: OverlayFlags = _DEFAULT_FLAGS,
    alpha: float = 120,
    track_ids: NDArray[Any] | None = None,
) -> None:
    """Draw boxes with their labels onto an image, in place.

    Lines and letters scale with the image size. The detection with the best score is drawn last,
    on top. Boxes that are NaN, empty or outside the image are skipped, and so are labels for
    which no room is left.

    Args:
        image_rgb: Shape (H, W, 3), uint8, writable, C-contiguous; for a bgr image pass bgr
            colours.
        boxes_xyxy: Shape (N, 4), pixel edges; may extend outside the image.
        scores: Shape (N,), 0..1; NaN is not written.
        class_ids: Shape (N,), integers, index into ``labels`` and, modulo K, into ``colors_rgb``.
        labels: Names of the classes; a class without a name is called by its number.
        colors_rgb: Shape (K, 3), uint8, K at least 1.
        flags: Parts to draw.
        alpha: Opacity 0..255 of the filled box.
        track_ids: Shape (N,), integers, for ``flags.tracking``; negative = no track.

    Raises:
        ImageError: The image cannot be modified in place.
        SettingsError: Another argument has the wrong shape or range.
    """
    check_canvas(image_rgb)
    check_colors(colors_rgb)
    _check_arguments(boxes_xyxy, scores, class_ids, alpha, track_ids)
    height, width = image_rgb.shape[:2]
    order, boxes = _visible(boxes_xyxy, scores, (width, height))
    colors = colors_rgb[class_ids[order].astype(np.int64) % len(colors_rgb)]
    line_px, letter_px = _line_px((width, height)), capital_px((width, height))
    for box, color in zip(boxes[::-1], colors[::-1], strict=True):
        if flags.box and alpha:
            _fill(image_rgb, box, color, alpha)
        if flags.lines:
            _outline(image_rgb, box, color, line_px)
    shades = inks(colors)
    plates, named = [], []
    for row, k in enumerate(order):
        track = int(track_ids[k]) if track_ids is not None and flags.tracking else -1
        text = _text(flags, labels, int(class_ids[k]), float(scores[k]), track)
        if text:
            red, green, blue = colors[row].tolist()
            plates.append(label_plate(text, letter_px, (red, green, blue), int(shades[row])))
            named.append(row)
    sizes = [(plate.shape[1], plate.shape[0]) for plate in plates]
    places = place_labels(boxes[named], sizes, (width, height))
    for plate, place in reversed(list(zip(plates, places, strict=True))):
        if place is not None:
            _stamp(image_rgb, plate, place)


def _check_arguments(
    boxes: NDArray[Any],
    scores: NDArray[Any],
    class_ids: NDArray[Any],
    alpha: float,
    track_ids: NDArray[Any] | None,
) -> None:
    count = len(scores)
    shapes = [boxes.shape == (count, 4), scores.shape == class_ids.shape == (count,)]
    if not all(shapes) or (track_ids is not None and track_ids.shape != (count,)):
        msg = (
            'expected boxes (N, 4) with N scores, class ids and track ids, got '
            f'{boxes.shape}, {scores.shape}, {class_ids.shape}'
            + (f', {track_ids.shape}' if track_ids is not None else '')
        )
        raise SettingsError(msg)
    if not 0 <= alpha <= 255:
        msg = f'alpha: expected 0..255, got {alpha}'
        raise SettingsError(msg)


def _visible(
    boxes_xyxy: NDArray[Any], scores: NDArray[Any], image_wh: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of the M boxes to draw, best first, and their pixels, shape (M, 4)."""
    clipped = np.clip(boxes_xyxy.astype(np.float64), 0, image_wh * 2)
    # Comparisons with NaN are false.
    keep = np.flatnonzero((clipped[:, 2:] > clipped[:, :2]).all(axis=1))
    order = keep[np.argsort(-np.nan_to_num(scores[keep], nan=-1.0), kind='stable')]
    boxes = np.rint(clipped[order]).astype(np.int64)
    # A box thinner than a pixel is drawn one pixel wide.
    boxes[:, :2] = np.minimum(boxes[:, :2], np.array(image_wh) - 1)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    return order, boxes


def _line_px(image_wh: tuple[int, int]) -> int:
    """Return the line width in pixels; tuned by eye from 176x144 to 4K."""
    return max(1, round(0.8 + 0.0021 * math.sqrt(image_wh[0] * image_wh[1])))


def _fill(
    image: NDArray[np.uint8], box: NDArray[np.int64], color: NDArray[np.uint8], alpha: float
) -> None:
    x1, y1, x2, y2 = box
    region = image[y1:y2, x1:x2]
    block = np.empty_like(region)
    cv2.rectangle(block, (0, 0), (block.shape[1], block.shape[0]), color.tolist(), cv2.FILLED)
    cv2.addWeighted(region, 1 - alpha / 255, block, alpha / 255, 0, dst=region)


def _outline(
    image: NDArray[np.uint8], box: NDArray[np.int64], color: NDArray[np.uint8], line_px: int
) -> None:
    """Draw the border inside the box, so that the image's edge does not cut it off."""
    x1, y1, x2, y2 = box.tolist()
    across, down = min(line_px, x2 - x1), min(line_px, y2 - y1)
    for left, top, right, bottom in (
        (x1, y1, x2, y1 + down),
        (x1, y2 - down, x2, y2),
        (x1, y1, x1 + across, y2),
        (x2 - across, y1, x2, y2),
    ):
        corner = (right - 1, bottom - 1)
        cv2.rectangle(image, (left, top), corner, color.tolist(), cv2.FILLED)


def _text(
    flags: OverlayFlags, labels: Sequence[str], class_id: int, score: float, track: int
) -> str:
    parts = []
    if flags.labels:
        name = printable_ascii(labels[class_id]) if 0 <= class_id < len(labels) else ''
        parts.append(name or f'class {class_id}')
    if track >= 0:
        parts.append(f'#{track}')
    if flags.conf and not math.isnan(score):
        parts.append(f'{min(max(score, 0.0), 1.0):.0%}')
    return ' '.join(parts)


def _stamp(image: NDArray[np.uint8], plate: NDArray[np.uint8], place_xy: tuple[int, int]) -> None:
    x, y = place_xy
    region = image[y : y + plate.shape[0], x : x + plate.shape[1]]
    region[...] = plate[: region.shape[0], : region.shape[1]]
