# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A frame's way to the GPU by OpenCV's resize."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ....imaging.bands import in_threads
from ....imaging.pixels import Pixels
from ....imaging.placement import Placement
from ..kernels.arguments import DeviceFrame
from .memory import Room


class ResizedHere:
    """The frame is resized by OpenCV, into pinned memory."""

    def __init__(self, placement: Placement, interpolation: str) -> None:
        import cv2

        left, top, right, bottom = placement.paste_xyxy
        self._crop = placement.crop_xyxy
        self._size_wh = width, height = right - left, bottom - top
        self._code = cv2.INTER_NEAREST if interpolation == 'nearest' else cv2.INTER_LINEAR
        self._resize = cv2.resize
        self.nbytes = width * height * 3
        self.rows = 0
        self.placement = replace(
            placement, source_wh=self._size_wh, crop_xyxy=(0, 0, width, height)
        )

    def __str__(self) -> str:
        """Describe the way, for people."""
        width, height = self._size_wh
        return f'OpenCV resizes them to {width}x{height}'

    def send(self, image: Pixels, room: Room) -> DeviceFrame:
        """Enqueue the upload of a frame; see ``FrameWay``."""
        width, height = self._size_wh
        x1, y1, x2, y2 = self._crop
        self.fill(room.host((height, width, 3)), image.array[y1:y2, x1:x2])
        room.upload(0, self.nbytes)
        return DeviceFrame(room.pointer, width, height, 3 * width, image.order)

    def fill(self, resized: NDArray[np.uint8], part: NDArray[np.uint8]) -> None:
        """Resize a part of a frame to an array."""
        self._resize(part, resized.shape[1::-1], dst=resized, interpolation=self._code)


class ResizedInHalves(ResizedHere):
    """OpenCV resizes the upper half, and in another thread the lower one.

    OpenCV takes several threads itself only from 98,304 pixels of the result on.
    """

    def __init__(self, placement: Placement, interpolation: str, halves: Halves) -> None:
        super().__init__(placement, interpolation)
        self._halves = halves

    def __str__(self) -> str:
        """Describe the way, for people."""
        return f'{super().__str__()}, in two threads'

    def fill(self, resized: NDArray[np.uint8], part: NDArray[np.uint8]) -> None:
        """Resize a part of a frame to an array."""
        to, of = self._halves.resized, self._halves.source
        fill = super().fill

        def fill_half(half: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
            fill(*half)

        halves = [(resized[:to], part[:of]), (resized[to:], part[of:])]
        in_threads(halves, [fill_half] * len(halves))


@dataclass(frozen=True, slots=True)
class Halves:
    """How a resize is cut into two, one above the other, by the same factor.

    Attributes:
        source: Rows of the upper one before.
        resized: Its rows afterwards.
    """

    source: int
    resized: int


def halves_of(placement: Placement) -> Halves | None:
    """Cut a resize as near to its middle as whole rows allow; None if there is no such place.

    Of h rows made of H, row r is that at (r + 1/2) H/h - 1/2, so that a part which begins with a
    whole row, on both sides, is as if it were alone, up to rounding.
    """
    height = placement.crop_xyxy[3] - placement.crop_xyxy[1]
    resized = placement.paste_xyxy[3] - placement.paste_xyxy[1]
    parts = gcd(height, resized)
    upper = parts // 2
    return Halves(height // parts * upper, resized // parts * upper) if upper else None
