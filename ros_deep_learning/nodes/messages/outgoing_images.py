# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Outgoing image messages that are drawn on directly."""

from __future__ import annotations

import array
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

from ...imaging.compressed import write_jpeg
from ...imaging.pixels import Pixels

_CHANNELS = {'rgb8': 3, 'mono8': 1}


class ImageMessages:
    """One message for each topic, reused while the size of its images stays the same.

    Allocating memory for each frame would cost more than filling it. Reuse is safe because
    ``publish`` has serialised a message before it returns; only the worker thread may use this.
    """

    def __init__(self) -> None:
        self._messages: dict[str, Any] = {}

    def canvas(
        self, topic: str, header: Any, size_wh: tuple[int, int], encoding: str
    ) -> tuple[Any, NDArray[np.uint8]]:
        """Return a topic's message and its pixels, to be written to.

        Args:
            topic: Name of the output.
            header: The header of the source image, used unchanged.
            size_wh: Width and height in pixels, each at least 1.
            encoding: ``rgb8`` or ``mono8``.

        Returns:
            The sensor_msgs/Image, and a view of its data: shape (H, W, 3) or (H, W), uint8, with
            the pixels of an earlier frame.
        """
        width, height = size_wh
        step = width * _CHANNELS[encoding]
        message = self._messages.get(topic)
        if message is None or (message.width, message.height) != size_wh:
            message = Image(width=width, height=height, encoding=encoding, step=step)
            message.data = array.array('B', bytes(step * height))
            self._messages[topic] = message
        message.header = header
        pixels = np.frombuffer(message.data, np.uint8)
        shape = (height, width, 3) if encoding == 'rgb8' else (height, width)
        return message, pixels.reshape(shape)

    def copy(self, topic: str, header: Any, source: Pixels) -> tuple[Any, NDArray[np.uint8]]:
        """Return a topic's message with a copy of an image, rgb8, and the pixels to draw on."""
        message, pixels = self.canvas(topic, header, source.size_wh, 'rgb8')
        if source.order == 'rgb':
            np.copyto(pixels, source.array)
        else:
            cv2.cvtColor(source.array, cv2.COLOR_BGR2RGB, dst=pixels)
        return message, pixels

    def clear(self) -> None:
        """Free the memory."""
        self._messages.clear()


def compressed_message(message: Any, quality: int) -> Any:
    """Make a sensor_msgs/CompressedImage of an rgb8 image, with its header.

    Args:
        message: The sensor_msgs/Image, as ``ImageMessages`` makes it.
        quality: JPEG quality, 1 to 100.
    """
    compressed = CompressedImage(header=message.header)
    pixels = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
    write_jpeg(compressed, pixels, quality)
    return compressed
