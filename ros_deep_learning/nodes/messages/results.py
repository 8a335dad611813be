# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Results as standard messages, with whatever fields the installed vision_msgs has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vision_msgs import msg as vision_msgs

from ...tasks.classification import Classification
from ...tasks.detection import Detections


def classification_message(header: Any, seen: Classification, names: Sequence[str]) -> Any:
    """Make a vision_msgs/Classification, best class first; empty if the image shows none.

    Args:
        header: The std_msgs/Header of the image, used unchanged.
        seen: The classes.
        names: The ``class_id`` of each class.
    """
    # It was Classification2D before vision_msgs 3.
    kind = getattr(vision_msgs, 'Classification', None) or vision_msgs.Classification2D
    message = kind(header=header)
    message.results = [
        _hypothesis(vision_msgs.ObjectHypothesis(), names[class_id], score)
        for class_id, score in zip(seen.class_ids.tolist(), seen.scores.tolist(), strict=True)
    ]
    return message


def _hypothesis(hypothesis: Any, name: str, score: float) -> Any:
    # vision_msgs 2 called it id.
    setattr(hypothesis, 'class_id' if hasattr(hypothesis, 'class_id') else 'id', name)
    hypothesis.score = score
    return hypothesis


def detections_message(header: Any, found: Detections, names: Sequence[str]) -> Any:
    """Make a vision_msgs/Detection2DArray; every entry has the image's header.

    The id of an entry is the number of its track, or empty.

    Args:
        header: The std_msgs/Header of the image, used unchanged.
        found: The objects, in source pixels.
        names: The ``class_id`` of each class.
    """
    message = vision_msgs.Detection2DArray(header=header)
    tracks = [-1] * len(found) if found.track_ids is None else found.track_ids.tolist()
    rows = zip(
        found.boxes_xyxy.tolist(),
        found.class_ids.tolist(),
        found.scores.tolist(),
        tracks,
        strict=True,
    )
    detections = []
    for box, class_id, score, track in rows:
        detections.append(_detection(header, box, names[class_id], score, track))
    message.detections = detections
    return message


def _detection(header: Any, box_xyxy: list[float], name: str, score: float, track: int) -> Any:
    x1, y1, x2, y2 = box_xyxy
    detection = vision_msgs.Detection2D(header=header)
    number = '' if track < 0 else str(track)
    if hasattr(detection, 'id'):
        detection.id = number
    else:  # vision_msgs 2
        detection.is_tracking, detection.tracking_id = track >= 0, number
    center = detection.bbox.center
    # vision_msgs 4 has its own Pose2D with a position, 3 used geometry_msgs/Pose2D.
    point = center.position if hasattr(center, 'position') else center
    point.x, point.y = (x1 + x2) / 2, (y1 + y2) / 2
    detection.bbox.size_x, detection.bbox.size_y = x2 - x1, y2 - y1
    result = vision_msgs.ObjectHypothesisWithPose()
    # vision_msgs 2 had its fields beside the pose.
    _hypothesis(getattr(result, 'hypothesis', result), name, score)
    detection.results = [result]
    return detection


def vision_info_message(header: Any, method: str, label_topic: str) -> Any:
    """Make a vision_msgs/VisionInfo with the model and the topic of its labels."""
    return vision_msgs.VisionInfo(header=header, method=method, database_location=label_topic)


def label_info_message(header: Any, labels: Sequence[str], threshold: float) -> Any:
    """Make a vision_msgs/LabelInfo with the number and name of every class."""
    classes = [
        vision_msgs.VisionClass(class_id=index, class_name=name)
        for index, name in enumerate(labels)
    ]
    return vision_msgs.LabelInfo(header=header, class_map=classes, threshold=threshold)


def boxes_of(message: Any) -> NDArray[np.float64]:
    """Read the boxes of a Detection2DArray, shape (N, 4) xyxy, as any subscriber would."""
    boxes = []
    for detection in message.detections:
        center = detection.bbox.center
        point = center.position if hasattr(center, 'position') else center
        half_w, half_h = detection.bbox.size_x / 2, detection.bbox.size_y / 2
        boxes.append((point.x - half_w, point.y - half_h, point.x + half_w, point.y + half_h))
    return np.array(boxes, np.float64).reshape(-1, 4)
