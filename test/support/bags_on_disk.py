# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags for tests, and what is in them, by the readers and writers of rosbags.

They share no code with the library mcap, which the package uses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability
from rosbags.interfaces import QosTime as Time
from rosbags.rosbag2 import CompressionFormat, CompressionMode, Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from rosidl_runtime_py.utilities import get_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header, String

from ros_deep_learning.imaging.image_messages import write_image

STORE = get_typestore(Stores.ROS2_JAZZY)
START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000
_FOREVER = Time(9223372036, 854775807)
SENSOR_QOS = Qos(
    QosHistory.KEEP_LAST, 5, QosReliability.BEST_EFFORT, QosDurability.VOLATILE,
    _FOREVER, _FOREVER, QosLiveliness.AUTOMATIC, _FOREVER, False,
)  # fmt: skip


COLORS = {'red': (255, 0, 0), 'green': (0, 255, 0), 'blue': (0, 0, 255)}


def blob(x, color='green', size_wh=(80, 40)):
    """A picture with one bright box, whose left edge tells which picture it is."""
    picture = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    picture[10:20, x : x + 20] = COLORS[color]
    return picture


def header(time_ns: int, frame_id: str = 'camera') -> Header:
    message = Header(frame_id=frame_id)
    message.stamp.sec, message.stamp.nanosec = divmod(time_ns, 10**9)
    return message


def image(image_rgb: np.ndarray, time_ns: int) -> bytes:
    message = Image(header=header(time_ns))
    write_image(message, image_rgb, 'rgb8')
    return serialize_message(message)


def compressed(content: bytes, time_ns: int, kind: str = 'jpeg') -> bytes:
    message = CompressedImage(header=header(time_ns), format=kind)
    message.data.frombytes(content)
    return serialize_message(message)


def text(words: str) -> bytes:
    return serialize_message(String(data=words))


class Recorder:
    """Writes a bag as rosbag2 does, in a folder."""

    def __init__(
        self, folder: Path, storage: str = 'mcap', compression: str = 'none', version: int = 9
    ) -> None:
        self.writer = Writer(
            folder, version=version, storage_plugin=StoragePlugin[storage.upper()]
        )
        mode = CompressionMode[compression.upper()]
        self.writer.set_compression(mode, CompressionFormat.ZSTD)
        self.writer.open()
        self._topics: dict[str, Any] = {}

    def add(self, topic: str, kind: str, data: bytes, time_ns: int) -> None:
        if topic not in self._topics:
            qos = [SENSOR_QOS] if 'Image' in kind else []
            self._topics[topic] = self.writer.add_connection(
                topic, kind, typestore=STORE, offered_qos_profiles=qos
            )
        self.writer.write(self._topics[topic], time_ns, data)

    def close(self) -> None:
        self.writer.close()


def record(folder: Path, images_rgb: list[np.ndarray], **options: Any) -> Path:
    """Record images, each between two texts; the stamps are older than the times."""
    recorder = Recorder(folder, **options)
    for k, one in enumerate(images_rgb):
        time_ns = START_NS + k * PERIOD_NS
        recorder.add('/chatter', 'std_msgs/msg/String', text(f'before {k}'), time_ns - 7)
        recorder.add(
            '/camera/image_raw', 'sensor_msgs/msg/Image', image(one, time_ns - 5), time_ns
        )
        recorder.add('/chatter', 'std_msgs/msg/String', text(f'after {k}'), time_ns + 7)
    recorder.close()
    return folder


def read(path: Path) -> list[tuple[str, int, bytes]]:
    """Read the topic, time and bytes of every message, by the time."""
    with Reader(path) as reader:
        return [(one.topic, time_ns, bytes(data)) for one, time_ns, data in reader.messages()]


def connections(path: Path) -> dict[str, Any]:
    """Read the facts of every topic."""
    with Reader(path) as reader:
        return {one.topic: one for one in reader.connections}


def of_topic(path: Path, topic: str) -> list[Any]:
    """Read the messages of a topic as those of ROS."""
    kind = get_message(connections(path)[topic].msgtype)
    return [deserialize_message(data, kind) for name, _, data in read(path) if name == topic]
