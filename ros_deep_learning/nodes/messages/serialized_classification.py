# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write ``vision_msgs/Classification`` in its serialised form, without rclpy's message objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...tasks.classification import Classification
from .cdr import HEADER, Writer, has_fields
from .results import classification_message

_KIND = 'vision_msgs/Classification'
_FIELDS = (*HEADER, '[', 'string', 'double', ']')


def outgoing_classification(header: Any, seen: Classification, names: Sequence[str]) -> Any:
    """Return a Classification as ``publish`` takes it.

    Args:
        header: The std_msgs/Header of the image, used unchanged.
        seen: The classes.
        names: The ``class_id`` of each class.

    Returns:
        Its bytes; a message where the installed vision_msgs has other fields.
    """
    known = has_fields(_KIND, _FIELDS)
    write = serialized_classification if known else classification_message
    return write(header, seen, names)


def serialized_classification(
    header: Any, seen: Classification, names: Sequence[str]
) -> NDArray[np.uint8]:
    """Serialise what ``classification_message`` makes of the same arguments; shape (N,)."""
    writer = Writer()
    writer.header(header)
    writer.number(len(seen.class_ids))
    for class_id, score in zip(seen.class_ids.tolist(), seen.scores.tolist(), strict=True):
        writer.text(names[class_id])
        writer.double(score)
    return writer.message()
