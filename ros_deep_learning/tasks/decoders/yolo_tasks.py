# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Boxes of Ultralytics' networks for masks and for key points, read as a detector's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from ...errors import DecodeError
from ..detection import Candidates
from . import yolov5, yolov8
from .shapes import Pattern, take

SEGMENT_SHAPES: dict[str, Pattern] = {
    'prototypes': ('M', 'H', 'W'),
    'predictions': ('5+F', 'N'),
}
YOLOV5_SEGMENT_SHAPES: dict[str, Pattern] = {
    'prototypes': ('M', 'H', 'W'),
    'predictions': ('N', '6+F'),
}
POSE_SHAPES: dict[str, Pattern] = {'predictions': ('5+A', 'N')}


def decode_segment(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs of a network for instance masks; the masks are ignored.

    Args:
        outputs: By tensor name: ``predictions`` of shape (4 + C + M, N), as ``yolov8`` reads
            them, then M coefficients of a mask; ``prototypes`` of shape (M, H, W).
        roles: The tensor name of each.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    prototypes, planes = take('yolo_segment', SEGMENT_SHAPES, outputs, roles)
    if len(planes) < len(prototypes) + 5:
        msg = (
            f'decoder yolo_segment expects predictions (4+C+{len(prototypes)}, N); the network '
            f'gives {roles["predictions"]!r} {planes.shape}'
        )
        raise DecodeError(msg)
    return _boxes(planes[: len(planes) - len(prototypes)], score_threshold)


def decode_yolov5_segment(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
) -> Candidates:
    """Read one image's outputs of YOLOv5 for instance masks; the masks are ignored.

    Args:
        outputs: By tensor name: ``predictions`` of shape (N, 5 + C + M), as ``yolov5`` reads
            them, then M coefficients of a mask; ``prototypes`` of shape (M, H, W).
        roles: The tensor name of each.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.

    Raises:
        DecodeError: The arrays have other shapes.
    """
    prototypes, rows = take('yolov5_segment', YOLOV5_SEGMENT_SHAPES, outputs, roles)
    width = rows.shape[1] - len(prototypes)
    if width < 6:
        msg = (
            f'decoder yolov5_segment expects predictions (N, 5+C+{len(prototypes)}); the network '
            f'gives {roles["predictions"]!r} {rows.shape}'
        )
        raise DecodeError(msg)
    own = {'predictions': 'predictions'}
    return yolov5.decode({'predictions': rows[:, :width]}, own, network_wh, score_threshold)


def decode_pose(
    outputs: Mapping[str, NDArray[Any]],
    roles: Mapping[str, str],
    network_wh: tuple[int, int],
    score_threshold: float,
    *,
    classes: int = 1,
) -> Candidates:
    """Read one image's outputs of a network for key points; the points are ignored.

    Args:
        outputs: By tensor name: ``predictions`` of shape (4 + C + K, N), as ``yolov8`` reads
            them, then K coordinates and visibilities of key points.
        roles: The tensor name of ``predictions``.
        network_wh: Width and height of the network's input in pixels; not used.
        score_threshold: Least score, 0..1; NaN never reaches it.
        classes: Number of classes C; usually just a person.

    Raises:
        DecodeError: The array has another shape.
    """
    (planes,) = take('yolo_pose', POSE_SHAPES, outputs, roles)
    return _boxes(planes[: 4 + classes], score_threshold)


def segment_classes(shapes: Mapping[str, tuple[int, ...]]) -> int | None:
    """Return the number of classes; None if an axis is open."""
    fields, masks = shapes['predictions'][0], shapes['prototypes'][0]
    return fields - 4 - masks if fields > 0 and masks > 0 else None


def yolov5_segment_classes(shapes: Mapping[str, tuple[int, ...]]) -> int | None:
    """Return the number of classes; None if an axis is open."""
    fields, masks = shapes['predictions'][1], shapes['prototypes'][0]
    return fields - 5 - masks if fields > 0 and masks > 0 else None


def pose_classes(shapes: Mapping[str, tuple[int, ...]]) -> int | None:
    """Return the usual number of classes, 1; None if the axis of the fields is open."""
    return 1 if shapes['predictions'][0] > 0 else None


def _boxes(planes: NDArray[Any], score_threshold: float) -> Candidates:
    roles = {'predictions': 'predictions'}
    return yolov8.decode({'predictions': planes}, roles, (0, 0), score_threshold)
