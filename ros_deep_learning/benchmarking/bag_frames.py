# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames of a recording for a benchmark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..bags.libraries import check_libraries
from ..paths import user_path

_ENDINGS = ('.mcap', '.db3')


def is_bag(resource: str) -> bool:
    """Return whether a resource is a bag of ROS 2: a folder of rosbag2, or one of its files."""
    if '://' in resource:
        return False
    path = user_path(resource)
    if path.is_dir():
        return (path / 'metadata.yaml').is_file() or any(
            map(_is_file_of_bag, (one.name for one in path.iterdir()))
        )
    return _is_file_of_bag(path.name)


def bag_frames(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield the images of the first image topic of a bag, shape (H, W, 3), uint8, BGR.

    Raises:
        BagError: It is no bag or has no images, or the libraries for bags are missing.
        ImageError: An image cannot be read.
    """
    check_libraries()
    from ..bags.cameras import choose_topics, read_image
    from ..bags.items import BagMessage
    from ..bags.opening import open_bag

    bag = open_bag(path)
    topic, *_ = choose_topics(bag.topics(), ())
    for item in bag.items():
        if isinstance(item, BagMessage) and item.topic.name == topic:
            # A copy, since the pixels are a view of the message.
            yield np.array(read_image(item)[1].as_order('bgr'), np.uint8)


def _is_file_of_bag(name: str) -> bool:
    return name.removesuffix('.zstd').endswith(_ENDINGS)
