# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Changes of a picture's colours, all in one map of its pixels."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Columns are red, green and blue; rows luma Y and the two axes of chroma, I and Q.
_YIQ_FROM_RGB = np.array([colorsys.rgb_to_yiq(*unit) for unit in np.eye(3)]).T
_RGB_FROM_YIQ = np.linalg.inv(_YIQ_FROM_RGB)


@dataclass(frozen=True, slots=True)
class ColorChange:
    """How colours are changed; in the colour space YIQ of NTSC, as Python's colorsys has it.

    Chroma (I, Q) is turned by the hue and scaled by the saturation; luma Y goes away from its mean
    over the picture by the contrast; then all is scaled by the brightness. Greys stay grey. The
    factors are those of torchvision's ColorJitter, except that its hue turns the colours of HSV.

    Attributes:
        brightness: Factor; 1 changes nothing.
        contrast: Factor; 1 changes nothing.
        saturation: Factor; 1 changes nothing.
        hue: Share of a full turn; 0 changes nothing.
    """

    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0

    def of(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture with other colours, shapes (H, W, 3); what is out of range is cut."""
        turn = np.exp(2j * np.pi * self.hue) * self.contrast * self.saturation
        yiq = np.array(
            [[self.contrast, 0, 0], [0, turn.real, -turn.imag], [0, turn.imag, turn.real]]
        )
        linear = _RGB_FROM_YIQ @ yiq @ _YIQ_FROM_RGB
        grey = (1 - self.contrast) * (_YIQ_FROM_RGB[0] @ cv2.mean(rgb)[:3])
        matrix = self.brightness * np.column_stack((linear, np.full(3, grey)))
        changed: NDArray[np.uint8] = np.asarray(cv2.transform(rgb, matrix), np.uint8)
        return changed
