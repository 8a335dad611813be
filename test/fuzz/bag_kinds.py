# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags and their descriptions: whole ones, and what reads them."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from ros_deep_learning.bags.cameras import choose_topics, read_image
from ros_deep_learning.bags.description import describe, in_yaml
from ros_deep_learning.bags.items import BagMessage, BagSummary
from ros_deep_learning.bags.opening import METADATA_NAME, open_bag
from ros_deep_learning.errors import ImageError


@cache
def _bag(storage: str, compression: str) -> dict[str, bytes]:
    """Return the files of a bag by their ending."""
    store = get_typestore(Stores.ROS2_JAZZY)
    stamp = store.types['builtin_interfaces/msg/Time'](sec=1, nanosec=2)
    header = store.types['std_msgs/msg/Header'](stamp=stamp, frame_id='camera')
    image = store.types['sensor_msgs/msg/Image'](
        header, 4, 5, 'rgb8', 0, 15, np.arange(60, dtype=np.uint8)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'bag')
        writer = Writer(path, version=9, storage_plugin=StoragePlugin[storage])
        writer.set_compression(CompressionMode[compression], CompressionFormat.ZSTD)
        with writer:
            topic = writer.add_connection('/camera', 'sensor_msgs/msg/Image', typestore=store)
            for time_ns in range(3):
                data = store.serialize_cdr(image, 'sensor_msgs/msg/Image')
                writer.write(topic, time_ns, data)
        return {one.suffix: one.read_bytes() for one in path.iterdir()}


def mcap_files() -> list[bytes]:
    return [_bag('MCAP', one)['.mcap'] for one in ('NONE', 'STORAGE', 'MESSAGE')]


def sqlite_files() -> list[bytes]:
    return [_bag('SQLITE3', one)['.db3'] for one in ('NONE', 'MESSAGE')]


def compressed_files() -> list[bytes]:
    return [_bag('MCAP', 'FILE')['.zstd']]


def descriptions() -> list[bytes]:
    return [_bag('MCAP', 'NONE')['.yaml']]


def read_bag(path: Path) -> None:
    bag = open_bag(path)
    choose_topics(bag.topics(), ())
    for item in bag.items():
        if isinstance(item, BagMessage) and item.topic.type == 'sensor_msgs/msg/Image':
            with suppress(ImageError):
                read_image(item)
    assert all(map(str.isprintable, bag.faults()))


def read_description(path: Path) -> None:
    folder = path.parent / 'bag'
    folder.mkdir(exist_ok=True)
    (folder / 'bag.mcap').write_bytes(mcap_files()[0])
    (folder / METADATA_NAME).write_bytes(path.read_bytes())
    bag = open_bag(folder)
    in_yaml(describe(BagSummary((), 0, 0), bag.description(), 'out.mcap', 'mcap'))
