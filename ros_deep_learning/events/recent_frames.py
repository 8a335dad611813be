# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The last seconds of a camera with their results, and how they become a bag."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..collecting.naming import encode_picture
from ..imaging.pixels import Pixels
from .kept_results import KeptResult

_MOST_BYTES = 2**28
_RATE_HZ = 10.0
_VERSION = 9
"""Of the metadata, as in ROS 2 Jazzy; later ones read it."""


@dataclass(frozen=True, slots=True, eq=False)
class RecentFrame:
    """A frame that is held.

    Attributes:
        stamp_ns: Its stamp.
        arrival_ns: When it arrived, by the wall clock.
        frame_id: Of its header.
        jpeg: The picture.
        result: What is held of the result.
        names: The ``class_id`` of each class of the network that it is of.
    """

    stamp_ns: int
    arrival_ns: int
    frame_id: str
    jpeg: bytes
    result: Any
    names: Sequence[str] = ()


class RecentFrames:
    """Holds frames of the last seconds, at most 10 a second and 256 MiB.

    Args:
        seconds: How long.
        kind: What their results are.
    """

    def __init__(self, seconds: float, kind: KeptResult) -> None:
        self._span_ns, self._kind = round(seconds * 1e9), kind
        self._frames: deque[RecentFrame] = deque()
        self._bytes = 0

    def add(
        self,
        arrival_ns: int,
        stamp_ns: int,
        frame_id: str,
        pixels: Pixels,
        result: Any,
        names: Sequence[str] = (),
        *,
        decides: bool = False,
    ) -> None:
        """Hold a frame, unless it comes too soon after the last.

        Args:
            arrival_ns: When it arrived, by the wall clock.
            stamp_ns: Its stamp.
            frame_id: Of its header.
            pixels: Its picture.
            result: Its result.
            names: The ``class_id`` of each class.
            decides: Whether an event begins with it, so that it never comes too soon.

        Raises:
            ImageError: It cannot be a JPEG.
        """
        frames = self._frames
        too_soon = frames and 0 <= arrival_ns - frames[-1].arrival_ns < 1e9 / _RATE_HZ
        if too_soon and not decides:
            return
        jpeg = encode_picture(np.ascontiguousarray(pixels.as_order('bgr')))
        held = self._kind.held(result)
        frames.append(RecentFrame(stamp_ns, arrival_ns, frame_id, jpeg, held, names))
        self._bytes += _size(frames[-1])
        while frames and (
            not 0 <= arrival_ns - frames[0].arrival_ns <= self._span_ns
            or self._bytes > _MOST_BYTES
        ):
            self._bytes -= _size(frames.popleft())

    def held(self) -> tuple[RecentFrame, ...]:
        """Return the frames that are held, the oldest first."""
        return tuple(self._frames)


def _size(frame: RecentFrame) -> int:
    # The sender chooses the name.
    result = frame.result
    own = len(frame.jpeg) + len(frame.frame_id)
    return own + (len(result) if isinstance(result, bytes) else 0)


def write_bag(
    folder: Path,
    frames: Sequence[RecentFrame],
    prefix: str,
    kind: KeptResult,
) -> None:
    """Write frames and their results as a bag of rosbag2, a folder with an MCAP file.

    Args:
        folder: The bag, which is new.
        frames: What it holds.
        prefix: Before the names of its topics, such as ``/detectnet``.
        kind: What the results are.

    Raises:
        OSError: It cannot be written.
    """
    from rosbags.rosbag2 import StoragePlugin, Writer

    from ..bags.message_types import COMPRESSED_IMAGE, make, serialized, topic_for

    with Writer(folder, version=_VERSION, storage_plugin=StoragePlugin.MCAP) as writer:
        pictures, results = (
            writer.add_connection(
                topic.name,
                topic.type,
                msgdef=topic.definition.text.decode() if topic.definition else None,
                rihs01=topic.type_hash,
            )
            for topic in (
                topic_for(f'{prefix}/image/compressed', COMPRESSED_IMAGE, ''),
                topic_for(f'{prefix}/{kind.topic}', kind.type, ''),
            )
        )
        for one in frames:
            sec, nanosec = divmod(one.stamp_ns, 10**9)
            stamp = make('builtin_interfaces/msg/Time', sec=sec, nanosec=nanosec)
            header = make('std_msgs/msg/Header', stamp=stamp, frame_id=one.frame_id)
            data = np.frombuffer(one.jpeg, np.uint8)
            image = make(COMPRESSED_IMAGE, header=header, format='jpeg', data=data)
            writer.write(pictures, one.arrival_ns, serialized(image))
            result = kind.message(header, one.result, one.names)
            writer.write(results, one.arrival_ns, serialized(result))
