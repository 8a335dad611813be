# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Images in the memory of a GPU."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .pixels import ChannelOrder, Pixels


@dataclass(frozen=True, slots=True, eq=False)
class DevicePixels:
    """Eight-bit colour pixels in the memory of a GPU, three interleaved bytes each.

    Attributes:
        pointer: Address of the first byte.
        size_wh: Width and height in pixels.
        step: Bytes from row to row.
        owner: Keeps the memory alive.
        stream: Handle of the stream that waits for what writes the image.
        order: Order of the channels.
    """

    pointer: int
    size_wh: tuple[int, int]
    step: int
    owner: object
    stream: int
    order: ChannelOrder = 'rgb'

    def part(self, box: tuple[int, int, int, int]) -> DevicePixels:
        """Take a part of the image, as a view; its edges are x1, y1, x2, y2."""
        x1, y1, x2, y2 = box
        pointer = self.pointer + y1 * self.step + 3 * x1
        return replace(self, pointer=pointer, size_wh=(x2 - x1, y2 - y1))


AnyPixels = Pixels | DevicePixels
"""Pixels in host memory or on a GPU."""
