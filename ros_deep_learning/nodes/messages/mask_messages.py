# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What segnet found, as messages and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...imaging.drawing.canvas import capital_px
from ...imaging.drawing.lettering import inks, label_plate, printable_ascii
from ...imaging.drawing.mask_overlay import blend_mask, color_mask
from ...imaging.palettes import UNLABELLED
from ...tasks.segmentation import Segmentation
from .outgoing_images import Encoding, OutgoingImage, OutgoingImages

# Classes with a smaller share of the picture are not listed.
_LEAST_LISTED = 0.005


class MaskMessages:
    """Writes the messages of one frame's masks directly into outgoing messages, serialised.

    Args:
        images: The outgoing messages of the camera.
        header: The header of the source image, used unchanged.
    """

    def __init__(self, images: OutgoingImages, header: Any) -> None:
        self._images = images
        self._header = header

    def class_mask(self, parts: Segmentation) -> NDArray[np.uint8]:
        """Write the classes as mono8: a class's number, or 255 for none."""
        image = self._canvas('class_mask', parts, 'mono8')
        np.copyto(image.pixels, parts.class_mask)
        return image.message

    def confidence_mask(self, parts: Segmentation) -> NDArray[np.uint8]:
        """Write the probability of each pixel's best class as mono8: 255 for 1.0, rounded."""
        image = self._canvas('confidence_mask', parts, 'mono8')
        _write_confidences(parts, image.pixels)
        return image.message

    def color_mask(self, parts: Segmentation, colors_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Write each pixel's class in its colour, rgb8; black for none."""
        image = self._canvas('color_mask', parts, 'rgb8')
        if parts.ready.color_mask is None:
            color_mask(parts.class_mask, colors_rgb, out=image.pixels)
        else:
            np.copyto(image.pixels, parts.ready.color_mask)
        return image.message

    def segmentation(self, parts: Segmentation) -> NDArray[np.uint8]:
        """Write our own message: both masks, and how much each class covers."""
        counts = parts.pixel_counts()
        own = self._images.segmentation('segmentation', self._header, _size_wh(parts), len(counts))
        np.copyto(own.class_mask, parts.class_mask)
        _write_confidences(parts, own.confidence_mask)
        own.pixels[:] = counts
        own.shares[:] = parts.shares()
        return own.message

    def _canvas(self, topic: str, parts: Segmentation, encoding: Encoding) -> OutgoingImage:
        return self._images.canvas(topic, self._header, _size_wh(parts), encoding)


def _size_wh(parts: Segmentation) -> tuple[int, int]:
    height, width = parts.class_mask.shape
    return width, height


def _write_confidences(parts: Segmentation, pixels: NDArray[np.uint8]) -> None:
    if parts.ready.confidence_levels is None:
        cv2.convertScaleAbs(parts.confidence_mask, dst=pixels, alpha=255)
    else:
        np.copyto(pixels, parts.ready.confidence_levels)


def draw_parts(
    picture: NDArray[np.uint8],
    parts: Segmentation,
    *,
    labels: Sequence[str],
    colors_rgb: NDArray[np.uint8],
    alpha: float,
    hidden: NDArray[np.bool_],
    legend: bool,
) -> None:
    """Blend the classes' colours into their picture, in place.

    Args:
        picture: Shape (H, W, 3), uint8, rgb, writable; overwritten if the overlay is
            ready.
        parts: Masks of the picture's size.
        labels: Names of the classes.
        colors_rgb: A colour for each.
        alpha: Opacity 0..255 of the colours.
        hidden: Shape (K,), whether a class gets no colour.
        legend: Whether the coloured classes are listed in the upper left corner, with the share
            of the picture that each covers.
    """
    if parts.ready.overlay is None:
        shown = np.arange(256, dtype=np.uint8)
        shown[: len(labels)][hidden] = UNLABELLED
        mask = np.asarray(cv2.LUT(parts.class_mask, shown), np.uint8)
        blend_mask(picture, mask, colors_rgb, alpha=alpha)
    else:
        np.copyto(picture, parts.ready.overlay)
    if legend:
        _draw_legend(picture, np.where(hidden, 0, parts.shares()), labels, colors_rgb)


def _draw_legend(
    picture: NDArray[np.uint8],
    shares: NDArray[np.float64],
    labels: Sequence[str],
    colors_rgb: NDArray[np.uint8],
) -> None:
    """Draw the names and shares of the largest classes, as far as there is room."""
    height, width = picture.shape[:2]
    letters = capital_px((width, height))
    shades = inks(colors_rgb)
    top = left = letters // 2
    for k in np.argsort(-shares, kind='stable'):
        if shares[k] < _LEAST_LISTED:
            return
        red, green, blue = colors_rgb[k].tolist()
        name = printable_ascii(labels[k]) or f'class {k}'
        plate = label_plate(f'{name} {shares[k]:.0%}', letters, (red, green, blue), int(shades[k]))
        if top + plate.shape[0] > height:
            return
        spot = picture[top : top + plate.shape[0], left : left + plate.shape[1]]
        spot[...] = plate[:, : spot.shape[1]]
        top += plate.shape[0] + max(1, letters // 5)
