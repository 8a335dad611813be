# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Detections for Foxglove's image panel, which draws them on the camera's own images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...imaging.drawing.canvas import capital_px
from ...tasks.detection import Detections
from .topics import messages_of

# A capital letter has about 0.7 of the font's size.
_FONT_OF_CAPITAL = 1.4


foxglove_msgs = messages_of('foxglove_msgs')
"""The message package; None if it is not installed."""


def annotations_message(
    header: Any,
    found: Detections,
    names: Sequence[str],
    colors_rgb: NDArray[np.uint8],
    image_wh: tuple[int, int],
) -> Any:
    """Make a foxglove_msgs/ImageAnnotations with an outline and a text for each object.

    The fields are those of https://github.com/foxglove/foxglove-sdk, schemas/ros2.

    Args:
        header: The std_msgs/Header of the image; all annotations carry its stamp.
        found: The objects, in source pixels.
        names: Name of each class.
        colors_rgb: Shape (K, 3), uint8, a colour for each class.
        image_wh: Width and height of the image in pixels, to which lines and letters are scaled.
    """
    message = foxglove_msgs.ImageAnnotations()
    # Newer definitions have a stamp here, and ignore those of the annotations.
    if hasattr(message, 'timestamp'):
        message.timestamp = header.stamp
    capital = capital_px(image_wh)
    rows = zip(
        found.boxes_xyxy.tolist(), found.class_ids.tolist(), found.scores.tolist(), strict=True
    )
    outlines, texts = [], []
    for k, (box, class_id, score) in enumerate(rows):
        color = colors_rgb[class_id % len(colors_rgb)]
        outlines.append(_outline(header.stamp, box, color, max(1.0, capital / 5)))
        track = -1 if found.track_ids is None else int(found.track_ids[k])
        number = '' if track < 0 else f' #{track}'
        text = f'{names[class_id]}{number} {score:.0%}'
        texts.append(_text(header.stamp, box, text, color, capital * _FONT_OF_CAPITAL))
    message.points = outlines
    message.texts = texts
    return message


def _outline(
    stamp: Any, box_xyxy: list[float], color: NDArray[np.uint8], thickness_px: float
) -> Any:
    x1, y1, x2, y2 = box_xyxy
    corners = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
    return foxglove_msgs.PointsAnnotation(
        timestamp=stamp,
        type=foxglove_msgs.PointsAnnotation.LINE_LOOP,
        points=[foxglove_msgs.Point2(x=x, y=y) for x, y in corners],
        outline_color=_color(color),
        thickness=thickness_px,
    )


def _text(
    stamp: Any, box_xyxy: list[float], text: str, color: NDArray[np.uint8], size_px: float
) -> Any:
    return foxglove_msgs.TextAnnotation(
        timestamp=stamp,
        position=foxglove_msgs.Point2(x=box_xyxy[0], y=box_xyxy[1]),
        text=text,
        font_size=size_px,
        text_color=foxglove_msgs.Color(r=0.0, g=0.0, b=0.0, a=1.0),
        background_color=_color(color),
    )


def _color(color: NDArray[np.uint8]) -> Any:
    red, green, blue = (color / 255).tolist()
    return foxglove_msgs.Color(r=red, g=green, b=blue, a=1.0)
