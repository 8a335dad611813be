# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The topics of video, as the nodes that read images describe them."""

from __future__ import annotations

from ..health.image_topics import VIDEO_TYPES
from .topics import Topic

VIDEO_TOPICS = tuple(
    Topic(
        'in',
        f'~/image_in/{name}',
        kind.replace('/msg/', '/'),
        'H.264 or H.265 in place of it, where PyAV is installed',
    )
    for name, kind in VIDEO_TYPES.items()
)
