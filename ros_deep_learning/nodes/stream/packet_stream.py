# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Video messages: read, checked for losses, and decoded at their arrival."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from std_msgs.msg import Header

from ...errors import BackendUnavailableError, ImageError
from ...imaging.pixels import Pixels
from ...imaging.video_packets import PacketDecoder, read_codec
from ..health.image_topics import VIDEO_TYPES
from ..messages.topics import message_type
from .frame import Frame

DEPTH = 60
"""Packets that may wait for the executor, 2 s of a camera; each one is needed for the next."""


class NoKeyFrameError(ImageError):
    """A packet is passed over, because a key frame is waited for."""


@dataclass(frozen=True, slots=True)
class VideoPacket:
    """A video message, of whichever type.

    Attributes:
        header: The std_msgs/Header of its picture.
        format: Its codec, in the words of the message.
        data: Its bytes in Annex B format.
        pts: Its presentation time stamp, None where the type has none.
    """

    header: Any
    format: str
    data: Any
    pts: int | None


def video_message(transport: str) -> Any:
    """Return the message class of a video transport; None if it is not installed."""
    return message_type(VIDEO_TYPES[transport].replace('/msg/', '/'))


def lacking(transport: str) -> str:
    """Return how to install what a video transport needs; empty if it is all there."""
    if video_message(transport) is None:
        package = VIDEO_TYPES[transport].partition('/')[0].replace('_', '-')
        return f'sudo apt install ros-$ROS_DISTRO-{package}, and pip install av'
    # Not imported: a node that reads no video does without FFmpeg.
    return '' if find_spec('av') else 'pip install av'


class PacketStream:
    """The packets of a topic, each decoded at its arrival, since the next one needs it.

    A loss shows in the numbers that the middleware gives the messages of a publisher. Without
    them (Cyclone DDS, rclpy 3) it shows in the presentation time stamps, where they count the
    packets as those of ffmpeg_image_transport do, and in the events of the middleware.

    Args:
        max_pixels: Largest picture that is decoded.
        warn: Logs a line.
    """

    def __init__(self, max_pixels: int, warn: Callable[[str], object]) -> None:
        self._max_pixels = max_pixels
        self._warn = warn
        self._codec = ''
        self._decoder: PacketDecoder | None = None
        self._number: int | None = None
        self._pts: int | None = None
        self._counting = False
        self.passed_over = 0
        """Packets since the last picture, while a key frame is waited for."""

    def read(self, message: Any) -> VideoPacket:
        """Read an FFMPEGPacket or a CompressedVideo."""
        if hasattr(message, 'header'):
            known = getattr(message, 'encoding', None)
            text = message.format if known is None else known
            return VideoPacket(message.header, text, message.data, getattr(message, 'pts', None))
        header = Header(stamp=message.timestamp, frame_id=message.frame_id)
        return VideoPacket(header, message.format, message.data, None)

    def arrives(self, frame: Frame, number: int | None) -> bool:
        """Decode the next packet.

        Args:
            frame: Has the packet as its message, and ``decode`` for its pixels.
            number: The middleware's number of the message, None without one.

        Returns:
            Whether to hand the frame on: it has a picture or an error.
        """
        if self._misses_one(number, frame.message.pts):
            self.lost()
            self._warn(f'a packet of {frame.topic} was lost: no image until the next key frame')
        try:
            frame.pixels()
        except NoKeyFrameError:
            self.passed_over += 1
            return False
        except ImageError:
            return True
        self.passed_over = 0
        return True

    def lost(self) -> None:
        """Wait for the next key frame: a packet is missing."""
        if self._decoder is not None:
            self._decoder.lost()

    def reported_lost(self) -> None:
        """Take note of a loss that the middleware reports, where messages have no numbers."""
        if self._number is None:
            self.lost()

    def decode(self, packet: VideoPacket) -> Pixels:
        """Decode the next packet.

        Raises:
            NoKeyFrameError: A key frame is waited for.
            ImageError: The packet is damaged or of another codec, or PyAV does not load.
        """
        codec = read_codec(packet.format)
        if self._decoder is None or codec != self._codec:
            try:
                self._decoder, self._codec = PacketDecoder(codec, self._max_pixels), codec
            except BackendUnavailableError as err:
                # It is found when the first packet comes: to be told as of any other image.
                raise ImageError(str(err)) from err
        pixels = self._decoder.decode(packet.data)
        if pixels is None:
            msg = f'a {codec} packet before the first key frame'
            raise NoKeyFrameError(msg)
        return pixels

    def _misses_one(self, number: int | None, pts: int | None) -> bool:
        last, self._number = self._number, number
        last_pts, self._pts = self._pts, pts
        if number is not None:
            return last is not None and number != last + 1
        if pts is None or last_pts is None:
            return False
        counted, self._counting = self._counting, pts - last_pts == 1
        return counted and not self._counting
