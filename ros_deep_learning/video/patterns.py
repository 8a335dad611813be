# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Test pictures that need no camera."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from .options import DEFAULT_RATE_HZ, VideoOptions

SCHEME = 'pattern://'
SIZE_WH = (640, 480)
_BARS_BGR = (
    *((191, 191, 191), (0, 191, 191), (191, 191, 0), (0, 191, 0)),
    *((191, 0, 191), (0, 0, 191), (191, 0, 0)),
)
"""White, yellow, cyan, green, magenta, red and blue at 75 % (SMPTE EG 1, upper part)."""


def is_pattern(resource: str) -> bool:
    """Return whether a resource is a test picture."""
    return resource.lower().startswith(SCHEME)


class Pattern:
    """Test pictures at a constant rate, without end; each shows its number.

    Args:
        resource: ``pattern://bars`` has colour bars, ``pattern://ball`` a ball that moves by its
            radius in each frame.
        options: Size and rate; 640x480 at 30 Hz where none is given.

    Raises:
        ImageError: There is no such pattern.
    """

    live = True

    def __init__(self, resource: str, options: VideoOptions) -> None:
        name = resource[len(SCHEME) :].lower()
        drawn = {'bars': _bars, 'smpte': _bars, 'ball': _ball}
        if name not in drawn:
            msg = f'no test picture {resource!r}: expected pattern://bars or pattern://ball'
            raise ImageError(msg)
        self._draw = drawn[name]
        self._size_wh = (options.width or SIZE_WH[0], options.height or SIZE_WH[1])
        self._rate_hz = options.rate_hz or DEFAULT_RATE_HZ

    @property
    def rate_hz(self) -> float:
        """Frames a second."""
        return self._rate_hz

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the pictures at their rate, shape (H, W, 3), uint8, BGR.

        A slow reader gets the picture that is due, so that numbers are left out.
        """
        start_s = time.monotonic()
        index = 0
        while True:
            time.sleep(max(0.0, start_s + index / self._rate_hz - time.monotonic()))
            picture = self._draw(self._size_wh, index)
            place, size = (8, self._size_wh[1] - 8), max(self._size_wh[1] / 480, 0.3)
            cv2.putText(
                picture, str(index), place, cv2.FONT_HERSHEY_PLAIN, 3 * size, (255,) * 3, 2
            )
            yield picture
            index = max(index + 1, int((time.monotonic() - start_s) * self._rate_hz))


def _number(picture: NDArray[np.uint8], index: int) -> None:
    height = picture.shape[0]
    size = 3 * max(height / SIZE_WH[1], 0.3)
    font, white = cv2.FONT_HERSHEY_PLAIN, (255, 255, 255)
    cv2.putText(picture, str(index), (8, height - 8), font, size, white, 2)


def _bars(size_wh: tuple[int, int], _: int) -> NDArray[np.uint8]:
    width, height = size_wh
    columns = np.arange(width) * len(_BARS_BGR) // width
    row = np.asarray(_BARS_BGR, np.uint8)[columns]
    return np.repeat(row[None], height, axis=0)


def _ball(size_wh: tuple[int, int], index: int) -> NDArray[np.uint8]:
    width, height = size_wh
    picture = np.zeros((height, width, 3), np.uint8)
    radius = max(2, min(size_wh) // 10)
    # There and back, so that the ball never jumps.
    way = max(1, width - 2 * radius)
    x = radius + abs((index * radius + way) % (2 * way) - way)
    cv2.circle(picture, (x, height // 2), radius, (0, 200, 255), -1, cv2.LINE_AA)
    return picture
