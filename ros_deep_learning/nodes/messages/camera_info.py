# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The calibration of a camera, as it goes with the results of one image."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from .topics import Topic

CAMERA_INFO_TOPICS = (
    Topic(
        'in',
        '~/camera_info_in',
        'sensor_msgs/CameraInfo',
        'the calibration; read is the camera_info beside the images, unless this is remapped',
    ),
    Topic(
        'out',
        '~/camera_info',
        'sensor_msgs/CameraInfo',
        'the calibration of the results, with the header of their image',
        beside=True,
    ),
)


def camera_info_message(
    info: Any, header: Any, image_wh: tuple[int, int], size_wh: tuple[int, int]
) -> Any:
    """Make the CameraInfo of an image that was stretched to another size.

    Matrices and region are multiplied by the ratio of the sizes, as by image_proc's ResizeNode.

    Args:
        info: The camera's sensor_msgs/CameraInfo, which stays unchanged.
        header: The header of the image.
        image_wh: Size of the image in pixels.
        size_wh: The other size.
    """
    message = copy(info)
    message.header = header
    if image_wh == size_wh:
        return message
    (x, y) = (new / old for new, old in zip(size_wh, image_wh, strict=True))
    rows = np.array([[x], [y], [1.0]])
    message.k = (np.reshape(info.k, (3, 3)) * rows).ravel()
    message.p = (np.reshape(info.p, (3, 4)) * rows).ravel()
    message.width, message.height = round(info.width * x), round(info.height * y)
    message.roi = copy(info.roi)
    for name, ratio in (('x_offset', x), ('width', x), ('y_offset', y), ('height', y)):
        setattr(message.roi, name, round(getattr(info.roi, name) * ratio))
    return message
