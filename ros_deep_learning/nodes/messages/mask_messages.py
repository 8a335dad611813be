# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What segnet found, as messages and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...imaging.drawing.canvas import capital_px
from ...imaging.drawing.lettering import inks, label_plate, printable_ascii
from ...imaging.drawing.mask_overlay import blend_mask, color_mask
from ...imaging.palettes import UNLABELLED
from ...imaging.pixels import Pixels
from ...tasks.segmentation import Segmentation
from .outgoing_images import Encoding, OutgoingImage, OutgoingImages

# Classes with a smaller share of the picture are not listed.
_LEAST_LISTED = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How an overlay is drawn.

    Attributes:
        labels: Names of the classes.
        colors_rgb: Shape (K, 3), uint8: a colour for each.
        alpha: Opacity 0..255 of the colours.
        hidden: Shape (K,), whether a class gets no colour.
        legend: Whether the coloured classes are listed in the upper left corner, with the share
            of the picture that each covers.
    """

    labels: Sequence[str]
    colors_rgb: NDArray[np.uint8]
    alpha: float
    hidden: NDArray[np.bool_]
    legend: bool


class MaskMessages:
    """Makes serialised messages of one frame's masks.

    What a device has made is sent from where it lies, or copied into the message once; the rest is
    written into it.

    Args:
        images: The outgoing messages of the camera.
        header: The header of the source image, used unchanged.
    """

    def __init__(self, images: OutgoingImages, header: Any) -> None:
        self._images = images
        self._header = header

    def class_mask(self, parts: Segmentation) -> NDArray[np.uint8]:
        """Write the classes as mono8: a class's number, or 255 for none."""
        return self._ready('class_mask', parts, parts.class_mask, 'mono8').message

    def confidence_mask(self, parts: Segmentation) -> NDArray[np.uint8]:
        """Write the probability of each pixel's best class as mono8: 255 for 1.0, rounded."""
        levels = parts.ready.confidence_levels
        if levels is not None:
            return self._ready('confidence_mask', parts, levels, 'mono8').message
        image = self._images.canvas('confidence_mask', self._header, _size_wh(parts), 'mono8')
        _write_confidences(parts, image.pixels)
        return image.message

    def color_mask(self, parts: Segmentation, colors_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Write each pixel's class in its colour, rgb8; black for none."""
        if parts.ready.color_mask is not None:
            return self._ready('color_mask', parts, parts.ready.color_mask, 'rgb8').message
        image = self._images.canvas('color_mask', self._header, _size_wh(parts), 'rgb8')
        color_mask(parts.class_mask, colors_rgb, out=image.pixels)
        return image.message

    def overlay(self, parts: Segmentation, look: Look, source: Pixels) -> OutgoingImage:
        """Blend the classes' colours into their picture, rgb8.

        Args:
            parts: Masks of the picture's size.
            look: How.
            source: The picture.
        """
        overlay = parts.ready.overlay
        if overlay is not None:
            image = self._ready('overlay', parts, overlay, 'rgb8')
        else:
            image = self._images.copy('overlay', self._header, source)
            shown = np.arange(256, dtype=np.uint8)
            shown[: len(look.labels)][look.hidden] = UNLABELLED
            mask = np.asarray(cv2.LUT(parts.class_mask, shown), np.uint8)
            blend_mask(image.pixels, mask, look.colors_rgb, alpha=look.alpha)
        if look.legend:
            shares = np.where(look.hidden, 0, parts.shares())
            _draw_legend(image.pixels, shares, look.labels, look.colors_rgb)
        return image

    def segmentation(self, parts: Segmentation) -> NDArray[np.uint8]:
        """Write our own message: both masks, and how much each class covers."""
        counts = parts.pixel_counts()
        own = self._images.segmentation('segmentation', self._header, _size_wh(parts), len(counts))
        np.copyto(own.class_mask, parts.class_mask)
        _write_confidences(parts, own.confidence_mask)
        own.pixels[:] = counts
        own.shares[:] = parts.shares()
        return own.message

    def _ready(
        self, topic: str, parts: Segmentation, pixels: NDArray[np.uint8], encoding: Encoding
    ) -> OutgoingImage:
        """Make a message of a part that is ready."""
        memory, image = parts.ready.memory, None
        if memory is not None:
            image = self._images.around(topic, self._header, pixels, memory, encoding)
        if image is None:
            image = self._images.canvas(topic, self._header, pixels.shape[1::-1], encoding)
            np.copyto(image.pixels, pixels)
        return image


def _size_wh(parts: Segmentation) -> tuple[int, int]:
    height, width = parts.class_mask.shape
    return width, height


def _write_confidences(parts: Segmentation, pixels: NDArray[np.uint8]) -> None:
    if parts.ready.confidence_levels is None:
        cv2.convertScaleAbs(parts.confidence_mask, dst=pixels, alpha=255)
    else:
        np.copyto(pixels, parts.ready.confidence_levels)


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
