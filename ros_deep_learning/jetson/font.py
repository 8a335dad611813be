# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Text on images, as scripts for jetson-inference write it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .images import draw_on, put_back

Color = tuple[float, ...]
_LEAST_SHARE = 0.65
"""Of a capital's height in the size of a font."""


class cudaFont:
    """Writes text on images, on a plate of one colour.

    Args:
        size: Height of a line in pixels.
    """

    White: Color = (255, 255, 255, 255)
    Black: Color = (0, 0, 0, 255)
    Gray40: Color = (40, 40, 40, 100)

    def __init__(self, size: float = 32.0) -> None:
        self._size = size

    def GetSize(self) -> int:
        """Return the height of a line in pixels."""
        return round(self._size)

    def OverlayText(
        self,
        image: Any,
        width: int = 0,
        height: int = 0,
        text: str = '',
        x: int = 0,
        y: int = 0,
        color: Color = White,
        background: Color = Gray40,
    ) -> None:
        """Write a line of text on an image, in place; what does not fit is left out.

        Args:
            image: Shape (H, W, 3) or (H, W, 4), uint8.
            width: Ignored: the image knows it.
            height: Ignored likewise.
            text: The line.
            x: Left edge in pixels.
            y: Top edge in pixels.
            color: Red, green, blue, 0..255, of the letters; only their mean is used.
            background: Red, green, blue, 0..255, of the plate.

        Raises:
            ImageError: The image has another shape or type.
        """
        from ..imaging.drawing.lettering import label_plate, printable_ascii

        line = printable_ascii(text)
        if not line:
            return
        canvas = draw_on(image)
        red, green, blue = (round(c) for c in background[:3])
        ink = round(float(np.mean(color[:3])))
        letters = max(1, round(self._size * _LEAST_SHARE))
        plate = label_plate(line, letters, (red, green, blue), ink)
        room = canvas[max(y, 0) :, max(x, 0) :][: plate.shape[0], : plate.shape[1]]
        room[...] = plate[: room.shape[0], : room.shape[1]]
        put_back(canvas, image)
