# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Render small text on filled plates: smooth at any size, and cached."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

_FONT = cv2.FONT_HERSHEY_SIMPLEX

# OpenCV's strokes are ragged below 15 pixels; text drawn larger and shrunk is smooth.
_OVERSAMPLING = 4

# Pixels from the baseline to the top of a capital at scale 1 (OpenCV's Hershey tables).
_CAPITAL_AT_SCALE_1 = 21

# Shares of a capital's height; the font's descenders are a third, and half a stroke thicker.
_STROKE = 0.14
_DESCENDER = 0.48

# Letters that Unicode does not decompose into base letter and marks, dashes and quotes.
_PLAIN_LETTERS: dict[int, str] = {
    **dict(zip(map(ord, 'øØđĐðÐłŁħĦ'), 'oOdDdDlLhH', strict=True)),
    **dict(zip(map(ord, 'ßæÆœŒþÞ'), ('ss', 'ae', 'AE', 'oe', 'OE', 'th', 'Th'), strict=True)),
    **dict(
        zip((0x2010, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D), '---\'\'""', strict=True)
    ),
}


def printable_ascii(text: str) -> str:
    """Convert a text to the 95 characters that OpenCV's fonts have.

    Accents are dropped, a few letters are spelt out (``ß`` becomes ``ss``), white space becomes
    one blank, and every other character becomes ``?``.

    Returns:
        The text; empty if no readable character is left.
    """
    plain = unicodedata.normalize('NFKD', text.translate(_PLAIN_LETTERS))
    base = ''.join(' ' if c.isspace() else c for c in plain if not unicodedata.combining(c))
    ascii_only = ''.join(c if ' ' <= c <= '~' else '?' for c in base)
    return ' '.join(ascii_only.split()) if ascii_only.strip('? ') else ''


@lru_cache(maxsize=256)
def label_plate(
    text: str, capital_px: int, color: tuple[int, int, int], ink: int
) -> NDArray[np.uint8]:
    """Draw a line of text on a filled plate.

    Args:
        text: Printable ASCII, at least one letter.
        capital_px: Height of a capital letter in pixels.
        color: Colour of the plate, 0..255, in the image's channel order.
        ink: Grey level of the letters, 0..255.

    Returns:
        Shape (H, W, 3), uint8, read-only. H depends on ``capital_px`` only.
    """
    side, above, below = (max(1, round(share * capital_px)) for share in (0.4, 0.35, 0.05))
    coverage = np.pad(_text_coverage(text, capital_px), ((above, below), (side, side)))
    share = np.linspace(0, 1, 256)[:, None]
    ramp = np.rint(np.array(color) * (1 - share) + ink * share).astype(np.uint8)
    plate: NDArray[np.uint8] = ramp[coverage]
    plate.flags.writeable = False
    return plate


def inks(colors: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Choose black or white letters for each colour, by the contrast ratio of WCAG 2.1.

    Args:
        colors: Shape (K, 3), rgb.

    Returns:
        Shape (K,), 0 or 255.
    """
    encoded = colors / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    return np.where((luminance + 0.05) ** 2 > 1.05 * 0.05, 0, 255)


def _text_coverage(text: str, capital_px: int) -> NDArray[np.uint8]:
    """Render text as coverage 0..255, shape (H, W) with room for capitals and descenders."""
    scale = capital_px * _OVERSAMPLING / _CAPITAL_AT_SCALE_1
    stroke = max(1, round(_STROKE * capital_px * _OVERSAMPLING))
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, stroke)
    margin = stroke // 2
    cells_w = -(-(width + 2 * margin) // _OVERSAMPLING)
    cells_h = capital_px + round(_DESCENDER * capital_px) + 1
    large = np.zeros((cells_h * _OVERSAMPLING, cells_w * _OVERSAMPLING), np.uint8)
    baseline = capital_px * _OVERSAMPLING + margin
    cv2.putText(large, text, (margin, baseline), _FONT, scale, 255, stroke, cv2.LINE_AA)
    small = cv2.resize(large, (cells_w, cells_h), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
