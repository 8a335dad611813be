# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Masks that stay where the network runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engines.on_device import DeviceArray, DeviceMask
from ...tasks.segmentation import Segmentation
from ..images import ImageLike, as_pixels


@dataclass(frozen=True, slots=True, eq=False)
class DeviceSegmentation:
    """The classes of one image's pixels, in arrays for ``from_dlpack``.

    ``SegNet.run_device`` says where they lie, whose they are and who waits for them.

    Attributes:
        class_mask: Shape (H, W) of the source image, or what the settings say; uint8, index into
            the labels, 255 where a pixel has no class or was not seen.
        confidence_mask: Same shape, float32, 0..1; None was not asked for, as for the next.
        color_mask: Shape (H, W, 3), uint8, rgb: the colour of each pixel's class, black for none.
        overlay: Shape of the source image, uint8, rgb: the colours laid over it.
    """

    class_mask: DeviceArray
    confidence_mask: DeviceArray | None = None
    color_mask: DeviceArray | None = None
    overlay: DeviceArray | None = None

    @classmethod
    def of_device(cls, mask: DeviceMask[DeviceArray]) -> DeviceSegmentation:
        """Take what an engine has made on its device."""
        return cls(mask.class_ids, mask.confidences, mask.colors_rgb, mask.overlay_rgb)

    @classmethod
    def of_host(
        cls,
        found: Segmentation,
        image: ImageLike,
        colors_rgb: NDArray[np.uint8],
        *,
        confidence: bool,
        color_mask: bool,
        overlay_alpha: int | None,
    ) -> DeviceSegmentation:
        """Make the same in host memory; the arguments are those of ``SegNet.segment_device``.

        Raises:
            ImageError: The overlay is wanted, and the mask is not of the image's size.
            SettingsError: The opacity is out of its range.
        """
        from ...imaging.drawing import mask_overlay

        overlay: NDArray[Any] | None = None
        if overlay_alpha is not None:
            overlay = np.array(as_pixels(image).as_order('rgb'))
            mask_overlay.blend_mask(overlay, found.class_mask, colors_rgb, alpha=overlay_alpha)
        return cls(
            found.class_mask,
            found.confidence_mask if confidence else None,
            mask_overlay.color_mask(found.class_mask, colors_rgb) if color_mask else None,
            overlay,
        )
