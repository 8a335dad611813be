# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write ``vision_msgs/Detection2DArray`` in its serialised form, without rclpy's message objects.

The bytes are those of vision_msgs 3 and 4 alike, whose messages differ only in how the same
numbers are grouped.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from ...tasks.detection import Detections
from .cdr import ENCAPSULATION, HEADER, has_fields, header_bytes, text_bytes
from .results import detections_message

_ZEROS = bytes(8)
_ONE = b'\x01\x00\x00\x00'
_RESULTS = ('[', 'string', *['double'] * 8, 'double[36]', ']')
_KIND = 'vision_msgs/Detection2DArray'
_FIELDS = (*HEADER, '[', *HEADER, *_RESULTS, *['double'] * 5, 'string', ']')
_POSE = struct.pack('<43d', *[0.0] * 6, 1.0, *[0.0] * 36)
_NUMBERS = struct.Struct(f'<d{len(_POSE)}s5d')
"""What is between the two strings of a detection, which has one hypothesis: its score, pose (7)
and covariance (36), and of the box centre (x, y, angle) and size (x, y)."""


def outgoing_detections(header: Any, found: Detections, names: Sequence[str]) -> Any:
    """Return a Detection2DArray as ``publish`` takes it.

    Args:
        header: The std_msgs/Header of the image, used unchanged.
        found: The objects, in source pixels.
        names: The ``class_id`` of each class.

    Returns:
        Its bytes; a message where the installed vision_msgs has other fields.
    """
    known = has_fields(_KIND, _FIELDS)
    write = serialized_detections if known else detections_message
    return write(header, found, names)


def serialized_detections(header: Any, found: Detections, names: Sequence[str]) -> bytes:
    """Serialise what ``detections_message`` makes of the same arguments."""
    head = header_bytes(header)
    head += _ZEROS[: -len(head) % 4]
    parts = [ENCAPSULATION, head, struct.pack('<I', len(found))]
    # Alignment counts from behind the encapsulation header.
    at = len(head) + 4
    head += _ONE
    tracks = [-1] * len(found) if found.track_ids is None else found.track_ids.tolist()
    rows = found.class_ids.tolist(), found.scores.tolist(), found.boxes_xyxy.tolist(), tracks
    gap = b''
    for class_id, score, (x1, y1, x2, y2), track in zip(*rows, strict=True):
        name, end = text_bytes(names[class_id]), text_bytes('' if track < 0 else str(track))
        at += len(head) + len(name)
        fill = _ZEROS[: -at % 8]
        center_x, center_y = (x1 + x2) / 2, (y1 + y2) / 2
        numbers = _NUMBERS.pack(score, _POSE, center_x, center_y, 0.0, x2 - x1, y2 - y1)
        parts += (gap, head, name, fill, numbers, end)
        gap = _ZEROS[: -len(end) % 4]
        at += len(fill) + len(numbers) + len(end) + len(gap)
    return b''.join(parts)
