# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""An image on its way through the nodes of a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ...errors import ImageError
from ...imaging.pixels import Pixels
from .worker import Spare

Decode = Callable[[Any], Pixels]

REMEMBERED = 16
"""Messages between the two arrivals of one, at most."""


class Frame:
    """An image message, the time of its arrival, and its pixels, decoded once for all nodes.

    Attributes:
        message: The sensor_msgs/Image or CompressedImage.
        header: Its header, which every result carries unchanged.
        stamp_ns: Its stamp in nanoseconds; 0 if the camera driver set none.
        topic: Full name of the topic that it came on.
        arrival_ns: ``time.monotonic_ns`` at its arrival.
        spare: The thread that delivers it, if it can do some work afterwards.
    """

    __slots__ = (
        '_decode',
        '_error',
        '_lock',
        '_pixels',
        'arrival_ns',
        'header',
        'message',
        'spare',
        'stamp_ns',
        'topic',
    )

    def __init__(
        self,
        message: Any,
        topic: str,
        arrival_ns: int,
        decode: Decode,
        spare: Spare | None = None,
    ) -> None:
        self.message = message
        self.header = message.header
        stamp = self.header.stamp
        self.stamp_ns = int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)
        self.topic = topic
        self.arrival_ns = arrival_ns
        self.spare = spare
        self._decode = decode
        self._lock = threading.Lock()
        self._pixels: Pixels | None = None
        self._error: ImageError | None = None

    def age_ms(self, clock_ns: int) -> float | None:
        """Return a clock's time minus the stamp in milliseconds; None without a stamp."""
        return (clock_ns - self.stamp_ns) / 1e6 if self.stamp_ns else None

    @property
    def encoding(self) -> str:
        """The encoding of the message, or the format of a compressed one."""
        known = getattr(self.message, 'encoding', None)
        return str(self.message.format if known is None else known)

    def pixels(self) -> Pixels:
        """Return the pixels, which are shared with other nodes: read only.

        Raises:
            ImageError: The message is malformed or cannot be decoded.
        """
        with self._lock:
            if self._error is not None:
                raise ImageError(str(self._error)) from self._error
            if self._pixels is None:
                try:
                    self._pixels = self._decode(self.message)
                except ImageError as err:
                    self._error = err
                    raise
            return self._pixels


class EachOnce:
    """Hands over the frames of a camera, but none that has come by another of its topics.

    While the transport changes, an image may be there in both forms. One call at a time passes,
    since each topic may have a thread.
    """

    def __init__(self, receive: Callable[[Frame], None]) -> None:
        self._receive = receive
        self._lock = threading.Lock()
        self._topic_of: dict[int, str] = {}

    def __call__(self, frame: Frame) -> None:
        """Hand a frame over; one without a stamp could be any."""
        with self._lock:
            if frame.stamp_ns:
                if self._topic_of.setdefault(frame.stamp_ns, frame.topic) != frame.topic:
                    return
                if len(self._topic_of) > REMEMBERED:
                    del self._topic_of[next(iter(self._topic_of))]
            self._receive(frame)
