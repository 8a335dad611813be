# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Colour class masks, blend them over their picture, and draw their legend."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import ImageError, SettingsError
from .canvas import check_canvas, check_colors
from .lettering import label_plate, printable_ascii

_LEGEND_CAPITAL_PX = 14
_WHITE = (255, 255, 255)


def color_mask(
    class_mask: NDArray[np.uint8],
    colors_rgb: NDArray[np.uint8],
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Convert a class mask to an image with the colour of each pixel's class.

    Args:
        class_mask: Shape (H, W), uint8, row index of ``colors_rgb``; any other value, such as 255
            for no class, becomes black.
        colors_rgb: Shape (K, 3), uint8, K at least 1. With bgr colours the result is bgr.
        out: Memory for the result, shape (H, W, 3), uint8, writable and C-contiguous, such as a
            view of a message; None = a new array.

    Returns:
        Shape (H, W, 3), uint8; ``out`` or a new array.

    Raises:
        ImageError: ``class_mask`` or ``out`` has another shape or type.
        SettingsError: ``colors_rgb`` has another shape or type.
    """
    _check_mask(class_mask)
    check_colors(colors_rgb)
    shape = (*class_mask.shape, 3)
    if out is None:
        out = np.empty(shape, np.uint8)
    elif out.shape != shape:
        msg = f'out: expected the shape {shape} for a mask {class_mask.shape}, got {out.shape}'
        raise ImageError(msg)
    check_canvas(out)
    table = np.zeros((256, 1, 3), np.uint8)
    table[: len(colors_rgb), 0] = colors_rgb[:256]
    cv2.applyColorMap(class_mask, table, dst=out)
    return out


def blend_mask(
    image_rgb: NDArray[np.uint8],
    class_mask: NDArray[np.uint8],
    colors_rgb: NDArray[np.uint8],
    *,
    alpha: float = 150,
) -> None:
    """Blend the colours of a class mask over its picture, in place.

    Args:
        image_rgb: Shape (H, W, 3), uint8, writable, C-contiguous; for a bgr picture pass bgr
            colours.
        class_mask: Shape (H, W), uint8, row index of ``colors_rgb``; at any other value, such as
            255 for no class, the picture stays unchanged.
        colors_rgb: Shape (K, 3), uint8, K at least 1.
        alpha: Opacity 0..255 of the colours; 150 is the default of jetson-inference.

    Raises:
        ImageError: The picture cannot be modified in place, or the mask has another size.
        SettingsError: The colours have another shape or type, or the opacity is out of range.
    """
    check_canvas(image_rgb)
    if image_rgb.shape[:2] != class_mask.shape:
        msg = f'a mask {class_mask.shape} does not fit an image {image_rgb.shape[:2]}'
        raise ImageError(msg)
    if not 0 <= alpha <= 255:
        msg = f'alpha: expected 0..255, got {alpha}'
        raise SettingsError(msg)
    colored = color_mask(class_mask, colors_rgb)
    bare = class_mask >= len(colors_rgb)
    if bare.any():
        cv2.copyTo(image_rgb, bare.view(np.uint8), colored)
    share = alpha / 255
    cv2.addWeighted(image_rgb, 1 - share, colored, share, 0, dst=image_rgb)


def legend(
    labels: Sequence[str],
    colors_rgb: NDArray[np.uint8],
    *,
    capital_px: int = _LEGEND_CAPITAL_PX,
    columns: int = 1,
) -> NDArray[np.uint8]:
    """Draw a list of the classes with their colours, for rviz or a report.

    Args:
        labels: Names of the K classes, K at least 1; a name without a readable character is
            replaced by the class number.
        colors_rgb: Shape (K, 3), uint8.
        capital_px: Height of capital letters in pixels, at least 1.
        columns: Number of columns, at least 1; they are filled one after the other.

    Returns:
        Shape (H, W, 3), uint8, rgb, with a white background.

    Raises:
        SettingsError: The numbers of labels and colours differ, or another argument is out of
            range.
    """
    check_colors(colors_rgb)
    if len(labels) != len(colors_rgb) or columns < 1 or capital_px < 1:
        msg = f'a legend needs a colour for each label, got {len(colors_rgb)} for {len(labels)}'
        raise SettingsError(msg)
    names = [printable_ascii(label) or f'class {k}' for k, label in enumerate(labels)]
    plates = [label_plate(name, capital_px, _WHITE, 0) for name in names]
    height, patch_w = plates[0].shape[0], 2 * capital_px
    gap = max(2, capital_px // 4)
    row_h, column_w = height + gap, patch_w + max(plate.shape[1] for plate in plates) + 3 * gap
    rows = -(-len(plates) // columns)
    used = -(-len(plates) // rows)
    page = np.full((rows * row_h + gap, used * column_w + gap, 3), 255, np.uint8)
    for k, (plate, color) in enumerate(zip(plates, colors_rgb, strict=True)):
        y, x = gap + k % rows * row_h, gap + k // rows * column_w
        page[y : y + height, x : x + patch_w] = color
        x += patch_w + gap
        page[y : y + height, x : x + plate.shape[1]] = plate
    return page


def _check_mask(class_mask: NDArray[np.uint8]) -> None:
    if class_mask.ndim != 2 or class_mask.dtype != np.uint8 or not class_mask.size:
        msg = f'expected a uint8 mask of shape (H, W), got {class_mask.dtype} {class_mask.shape}'
        raise ImageError(msg)
