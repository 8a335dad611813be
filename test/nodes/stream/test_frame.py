# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of a frame that several nodes share."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from ros_deep_learning.errors import ImageError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.nodes.stream.frame import Frame


def test_an_empty_message_has_no_stamp_and_no_encoding() -> None:
    frame = Frame(Image(), '/camera', 5, lambda _: pytest.fail('nobody asked for pixels'))
    assert (frame.stamp_ns, frame.encoding, frame.topic, frame.arrival_ns) == (0, '', '/camera', 5)
    assert Frame(CompressedImage(format='png'), '', 0, lambda _: None).encoding == 'png'


def test_many_threads_decode_once_and_get_the_same_pixels() -> None:
    decoded: list[Any] = []
    begun = threading.Barrier(8)

    def decode(message: Any) -> Pixels:
        decoded.append(message)
        return Pixels(np.zeros((2, 3, 3), np.uint8))

    message = Image(width=3)
    frame = Frame(message, '/camera', 0, decode)
    got: list[Pixels] = []

    def read() -> None:
        begun.wait(60)
        got.append(frame.pixels())

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert decoded == [message]
    assert len(got) == 8
    assert all(pixels is got[0] for pixels in got)


def test_a_lie_is_found_once_and_told_to_everyone() -> None:
    tries: list[Any] = []

    def decode(message: Any) -> Pixels:
        tries.append(message)
        msg = 'the data is too short'
        raise ImageError(msg)

    frame = Frame(Image(), '/camera', 0, decode)
    for _ in range(3):
        with pytest.raises(ImageError, match='the data is too short'):
            frame.pixels()
    assert len(tries) == 1
