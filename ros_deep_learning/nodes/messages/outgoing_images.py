# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Outgoing image messages, which are drawn on where the middleware takes them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ...engines.on_device import HEADROOM
from ...imaging.compressed import COMPRESSED_RGB, encode_jpeg
from ...imaging.pixels import Pixels
from .cdr import Writer, stamp_bytes

Encoding = Literal['rgb8', 'bgr8', 'mono8']
_CHANNELS: dict[Encoding, int] = {'rgb8': 3, 'bgr8': 3, 'mono8': 1}


@dataclass(frozen=True, slots=True, eq=False)
class OutgoingImage:
    """A sensor_msgs/Image.

    Attributes:
        header: The header of the source image, used unchanged.
        message: The whole message in its serialised form, shape (N,), uint8.
        pixels: A view of it, to be written to: shape (H, W, 3) or (H, W), uint8.
    """

    header: Any
    message: NDArray[np.uint8]
    pixels: NDArray[np.uint8]

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class OutgoingSegmentation:
    """A ros_deep_learning/Segmentation.

    Attributes:
        message: The whole message in its serialised form, shape (N,), uint8.
        class_mask: A view of it, to be written to: shape (H, W), uint8, as for the others.
        confidence_mask: Shape (H, W), uint8.
        pixels: Shape (K,), uint32.
        shares: Shape (K,), float32.
    """

    message: NDArray[np.uint8]
    class_mask: NDArray[np.uint8]
    confidence_mask: NDArray[np.uint8]
    pixels: NDArray[np.uint32]
    shares: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """A message, what it was made for, and where its stamps and contents are."""

    key: Hashable
    message: NDArray[np.uint8]
    stamps: tuple[int, ...]
    places: tuple[slice, ...]


class OutgoingImages:
    """One message for each topic, or its beginning, reused while the size of its images stays.

    Allocating memory for each frame would cost more than filling it. Reuse is safe because
    ``publish`` has copied a message before it returns. Used by one thread at a time.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept] = {}

    def canvas(
        self, topic: str, header: Any, size_wh: tuple[int, int], encoding: Encoding
    ) -> OutgoingImage:
        """Return a topic's message, whose pixels are those of an earlier frame.

        Args:
            topic: Name of the output.
            header: The header of the source image, used unchanged.
            size_wh: Width and height in pixels, each at least 1.
            encoding: That of the message.
        """
        channels = _CHANNELS[encoding]

        def write(writer: Writer) -> tuple[slice, ...]:
            return (writer.image(header, size_wh, encoding, channels),)

        kept = self._take(topic, header, (size_wh, encoding), write)
        width, height = size_wh
        shape = (height, width) if channels == 1 else (height, width, channels)
        return OutgoingImage(header, kept.message, kept.message[kept.places[0]].reshape(shape))

    def copy(
        self, topic: str, header: Any, source: Pixels, encoding: Encoding = 'rgb8'
    ) -> OutgoingImage:
        """Return a topic's message with a copy of an image in colour, to draw on."""
        image = self.canvas(topic, header, source.size_wh, encoding)
        if encoding == f'{source.order}8':
            np.copyto(image.pixels, source.array)
        else:
            # The same exchange in both directions.
            cv2.cvtColor(source.array, cv2.COLOR_BGR2RGB, dst=image.pixels)
        return image

    def around(
        self,
        topic: str,
        header: Any,
        pixels: NDArray[np.uint8],
        memory: NDArray[np.uint8],
        encoding: Encoding,
    ) -> OutgoingImage | None:
        """Make a message of pixels where they lie, by writing what it begins with before them.

        Args:
            topic: Name of the output.
            header: The header of the source image, used unchanged.
            pixels: Shape (H, W, 3) or (H, W), uint8, C-contiguous.
            memory: Shape (N,), uint8, writable: what they are a part of, behind ``HEADROOM`` bytes
                that are free.
            encoding: That of the pixels.

        Returns:
            None if there are too few free bytes, for a long frame_id.
        """
        height, width = pixels.shape[:2]

        def write(writer: Writer) -> tuple[slice, ...]:
            writer.image_start(header, (width, height), encoding, _CHANNELS[encoding])
            return ()

        before = self._take((topic, 'around'), header, (width, height, encoding), write).message
        if before.size > HEADROOM:
            return None
        first = pixels.ctypes.data - memory.ctypes.data
        message = memory[first - before.size : first + pixels.size]
        message[: before.size] = before
        return OutgoingImage(header, message, pixels)

    def segmentation(
        self, topic: str, header: Any, size_wh: tuple[int, int], class_count: int
    ) -> OutgoingSegmentation:
        """Return a topic's message, whose contents are those of an earlier frame.

        Args:
            topic: Name of the output.
            header: The header of the source image, used unchanged.
            size_wh: Width and height of the masks in pixels, each at least 1.
            class_count: K, at least 1.
        """

        def write(writer: Writer) -> tuple[slice, ...]:
            writer.header(header)
            masks = [writer.image(header, size_wh, 'mono8', 1) for _ in range(2)]
            return (*masks, writer.room(class_count, 4), writer.room(class_count, 4))

        kept = self._take(topic, header, (size_wh, class_count), write)
        class_mask, confidence_mask, pixels, shares = (kept.message[at] for at in kept.places)
        return OutgoingSegmentation(
            kept.message,
            class_mask.reshape(size_wh[::-1]),
            confidence_mask.reshape(size_wh[::-1]),
            pixels.view('<u4'),
            shares.view('<f4'),
        )

    def clear(self) -> None:
        """Free the memory."""
        self._kept.clear()

    def _take(
        self,
        name: Hashable,
        header: Any,
        layout: Hashable,
        write: Callable[[Writer], tuple[slice, ...]],
    ) -> _Kept:
        key = (layout, header.frame_id)
        kept = self._kept.get(name)
        if kept is None or kept.key != key:
            writer = Writer()
            places = write(writer)
            kept = _Kept(key, writer.message(), tuple(writer.stamps), places)
            self._kept[name] = kept
        stamp = np.frombuffer(stamp_bytes(header), np.uint8)
        for start in kept.stamps:
            kept.message[start : start + stamp.size] = stamp
        return kept


def compressed_message(image: OutgoingImage, quality: int) -> NDArray[np.uint8]:
    """Make a serialised sensor_msgs/CompressedImage of an rgb8 image, with its header.

    Args:
        image: The image.
        quality: JPEG quality, 1 to 100.

    Raises:
        ImageError: The image cannot be a JPEG, such as one with a side above 65500 pixels.
    """
    writer = Writer()
    writer.header(image.header)
    writer.text(COMPRESSED_RGB)
    writer.octets(encode_jpeg(image.pixels, quality))
    return writer.message()
