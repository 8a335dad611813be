# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Results of networks as messages, with the same contents as those of the nodes.

The nodes fill the message classes of ROS, which are not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..imaging.drawing.canvas import capital_px
from ..tasks.classification import Classification
from ..tasks.detection import Detections
from .message_types import constant, make

# A capital letter has about 0.7 of the font's size.
_FONT_OF_CAPITAL = 1.4
_NO_COVARIANCE = np.zeros(36)


def detections_message(header: Any, found: Detections, names: Sequence[str]) -> Any:
    """Make a vision_msgs/Detection2DArray; every entry has the image's header.

    The id of an entry is the number of its track, or empty.

    Args:
        header: The std_msgs/Header of the image, used unchanged.
        found: The objects, in source pixels.
        names: The ``class_id`` of each class.
    """
    detections = [
        make(
            'vision_msgs/msg/Detection2D',
            header=header,
            results=[
                make(
                    'vision_msgs/msg/ObjectHypothesisWithPose',
                    hypothesis=_hypothesis(names[one.class_id], one.score),
                    pose=_no_pose(),
                )
            ],
            bbox=_box(one.box_xyxy),
            id='' if one.track_id is None else str(one.track_id),
        )
        for one in found
    ]
    return make('vision_msgs/msg/Detection2DArray', header=header, detections=detections)


def classification_message(header: Any, seen: Classification, names: Sequence[str]) -> Any:
    """Make a vision_msgs/Classification, best class first; empty if the image shows none."""
    results = [
        _hypothesis(names[class_id], score)
        for class_id, score in zip(seen.class_ids.tolist(), seen.scores.tolist(), strict=True)
    ]
    return make('vision_msgs/msg/Classification', header=header, results=results)


def annotations_message(
    header: Any,
    found: Detections,
    names: Sequence[str],
    colors_rgb: NDArray[np.uint8],
) -> Any:
    """Make a foxglove_msgs/ImageAnnotations with an outline and a text for each object.

    Args:
        header: The std_msgs/Header of the image; all annotations carry its stamp.
        found: The objects, in source pixels.
        names: Name of each class.
        colors_rgb: Shape (K, 3), uint8, a colour for each class.
    """
    capital = capital_px(found.source_wh)
    points, texts = [], []
    for one in found:
        x1, y1, x2, y2 = one.box_xyxy
        color = _color(*(colors_rgb[one.class_id % len(colors_rgb)] / 255).tolist())
        points.append(
            make(
                'foxglove_msgs/msg/PointsAnnotation',
                timestamp=header.stamp,
                type=constant('foxglove_msgs/msg/PointsAnnotation', 'LINE_LOOP'),
                points=[_point(x, y) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))],
                outline_color=color,
                outline_colors=[],
                fill_color=_color(0.0, 0.0, 0.0, 0.0),
                thickness=max(1.0, capital / 5),
            )
        )
        number = '' if one.track_id is None else f' #{one.track_id}'
        texts.append(
            make(
                'foxglove_msgs/msg/TextAnnotation',
                timestamp=header.stamp,
                position=_point(x1, y1),
                text=f'{names[one.class_id]}{number} {one.score:.0%}',
                font_size=capital * _FONT_OF_CAPITAL,
                text_color=_color(0.0, 0.0, 0.0),
                background_color=color,
            )
        )
    return make('foxglove_msgs/msg/ImageAnnotations', circles=[], points=points, texts=texts)


def image_message(header: Any, image: NDArray[np.uint8]) -> Any:
    """Make a sensor_msgs/Image of a mask: (H, W) is mono8, (H, W, 3) is rgb8."""
    height, width = image.shape[:2]
    return make(
        'sensor_msgs/msg/Image',
        header=header,
        height=height,
        width=width,
        encoding='mono8' if image.ndim == 2 else 'rgb8',
        is_bigendian=0,
        step=image.nbytes // height,
        data=np.ascontiguousarray(image).reshape(-1),
    )


def label_info_message(header: Any, labels: Sequence[str], threshold: float) -> Any:
    """Make a vision_msgs/LabelInfo with the number and name of every class."""
    classes = [
        make('vision_msgs/msg/VisionClass', class_id=index, class_name=name)
        for index, name in enumerate(labels)
    ]
    return make('vision_msgs/msg/LabelInfo', header=header, class_map=classes, threshold=threshold)


def vision_info_message(header: Any, method: str, label_topic: str) -> Any:
    """Make a vision_msgs/VisionInfo with the model and the topic of its labels."""
    return make(
        'vision_msgs/msg/VisionInfo',
        header=header,
        method=method,
        database_location=label_topic,
        database_version=0,
    )


def header_message(stamp: Any) -> Any:
    """Make a std_msgs/Header with a stamp and no frame."""
    return make('std_msgs/msg/Header', stamp=stamp, frame_id='')


def _hypothesis(name: str, score: float) -> Any:
    return make('vision_msgs/msg/ObjectHypothesis', class_id=name, score=score)


def _box(box_xyxy: tuple[float, float, float, float]) -> Any:
    x1, y1, x2, y2 = box_xyxy
    middle = make('vision_msgs/msg/Point2D', x=(x1 + x2) / 2, y=(y1 + y2) / 2)
    return make(
        'vision_msgs/msg/BoundingBox2D',
        center=make('vision_msgs/msg/Pose2D', position=middle, theta=0.0),
        size_x=x2 - x1,
        size_y=y2 - y1,
    )


def _no_pose() -> Any:
    pose = make(
        'geometry_msgs/msg/Pose',
        position=make('geometry_msgs/msg/Point', x=0.0, y=0.0, z=0.0),
        orientation=make('geometry_msgs/msg/Quaternion', x=0.0, y=0.0, z=0.0, w=1.0),
    )
    return make('geometry_msgs/msg/PoseWithCovariance', pose=pose, covariance=_NO_COVARIANCE)


def _point(x: float, y: float) -> Any:
    return make('foxglove_msgs/msg/Point2', x=x, y=y)


def _color(red: float, green: float, blue: float, alpha: float = 1.0) -> Any:
    return make('foxglove_msgs/msg/Color', r=red, g=green, b=blue, a=alpha)
