# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Receives the results of the node that is measured."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile

from ..messages.topics import message_type

STATS = 'ros_deep_learning/InferenceStats'
_DEPTH = 500
"""Of results that wait while this process does something else."""


@dataclass(frozen=True, slots=True)
class Output:
    """The topic by which a node is measured."""

    name: str
    type: str


OUTPUTS: Mapping[str, Output] = {
    'imagenet': Output('classification', 'vision_msgs/Classification'),
    'detectnet': Output('detections', 'vision_msgs/Detection2DArray'),
    'segnet': Output('class_mask', 'sensor_msgs/Image'),
}


class Viewer:
    """A node that notes when each result arrived, and what the node says of itself.

    Args:
        node_name: Name of the node that is measured, such as ``detectnet``.

    Attributes:
        received_ns: Time of arrival by the stamp of the frame, both in ns, in order of arrival.
        work_ms: What a frame cost the network, by its stamp; empty where the messages of this
            package were not generated.
        newest_stats: The last ``InferenceStats``; None before the first.
    """

    def __init__(self, node_name: str) -> None:
        self._node = rclpy.create_node('benchmark_viewer')
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self._node)
        self.received_ns: dict[int, int] = {}
        self.work_ms: dict[int, float] = {}
        self.newest_stats: Any = None
        output, qos = OUTPUTS[node_name], QoSProfile(depth=_DEPTH)
        self.topic = f'/{node_name}/{output.name}'
        kind, stats = message_type(output.type), message_type(STATS)
        self._node.create_subscription(kind, self.topic, self._take, qos)
        if stats is not None:
            self._node.create_subscription(stats, f'/{node_name}/stats', self._take_stats, qos)

    @property
    def received_by_node(self) -> int | None:
        """Frames that reached the node before its last result; None where it does not tell."""
        return None if self.newest_stats is None else int(self.newest_stats.received)

    def forget(self) -> None:
        """Forget what arrived before a trial."""
        self.received_ns.clear()
        self.work_ms.clear()

    def spin(self, seconds: float) -> None:
        """Take what arrives, until something did or the time is over."""
        self._spinner.spin_once(timeout_sec=seconds)

    def is_connected(self, image_topic: str) -> bool:
        """Return whether the node offers its results and reads the images."""
        count = self._node.count_subscribers(image_topic)
        return bool(count and self._node.count_publishers(self.topic))

    def close(self) -> None:
        """Leave the graph."""
        self._spinner.shutdown()
        self._node.destroy_node()

    def _take(self, message: Any) -> None:
        self.received_ns.setdefault(stamp_ns(message), time.time_ns())

    def _take_stats(self, message: Any) -> None:
        self.newest_stats = message
        total = message.preprocess_ms + message.inference_ms + message.postprocess_ms
        self.work_ms[stamp_ns(message)] = total


def stamp_ns(message: Any) -> int:
    """Return the stamp of a message in ns."""
    stamp = message.header.stamp
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)
