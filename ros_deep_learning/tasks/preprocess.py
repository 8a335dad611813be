# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""From frames to a network's input tensor, as its card says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..cards.card import InputSpec
from ..imaging.pixels import Pixels
from ..imaging.placement import Placement, place

_INTERPOLATION = {
    'nearest': cv2.INTER_NEAREST,
    'bilinear': cv2.INTER_LINEAR,
    'bicubic': cv2.INTER_CUBIC,
    'area': cv2.INTER_AREA,
}

_TO_GREY = {'rgb': cv2.COLOR_RGB2GRAY, 'bgr': cv2.COLOR_BGR2GRAY}


def placement(source_wh: tuple[int, int], spec: InputSpec) -> Placement:
    """Compute where a source image lies in a network's input, by the card."""
    return place(
        source_wh,
        (spec.width, spec.height),
        spec.resize,
        crop_fraction=spec.crop_fraction,
        align=spec.align,
        rounding=spec.rounding,
    )


def preprocess(
    pixels: Sequence[Pixels], spec: InputSpec, placements: Sequence[Placement] | None = None
) -> NDArray[Any]:
    """Make the input tensor from one image a batch entry.

    Each image is cropped, resized and padded in 8 bits, so that the arithmetic sees only the
    small image. Then each value becomes ``(pixel * scale - mean[c]) / std[c]``, computed in
    float64 and rounded to float32 once, with c in the network's channel order. A ``uint8`` input
    takes the pixels as they are, and scale, mean and std have no part in it.

    Args:
        pixels: The images, of any sizes and channel orders.
        spec: The card's input.
        placements: How each image lies in the input, as ``placement`` computes it; None computes
            it here.

    Returns:
        A new C-contiguous array, shape (N, C, H, W) for ``nchw`` and (N, H, W, C) for ``nhwc``,
        of the card's dtype; C is 1 for ``grey`` and else 3.
    """
    if placements is None:
        placements = [placement(image.size_wh, spec) for image in pixels]
    planar, grey = spec.layout == 'nchw', spec.channels == 'grey'
    sides, depth = (spec.height, spec.width), 1 if grey else 3
    shape = (depth, *sides) if planar else (*sides, depth)
    tensor = np.empty((len(pixels), *shape), spec.dtype)
    for entry, image, placed in zip(tensor, pixels, placements, strict=True):
        planes = np.moveaxis(entry, 0, -1) if planar else entry
        # Fitting comes before ordering: OpenCV would copy the whole of a channel-reversed frame.
        is_reversed = image.order != ('rgb' if grey else spec.channels)
        small = _fit(image.array, placed, spec, is_reversed=is_reversed)
        if grey:
            luma = cv2.cvtColor(small, _TO_GREY[image.order])
            small = np.asarray(luma, np.uint8)[..., None]
        is_reversed = is_reversed and not grey
        if spec.dtype == 'uint8':
            planes[...] = small[..., ::-1] if is_reversed else small
        elif spec.dtype == 'float32' and not (planar or grey):
            ordered = cv2.cvtColor(small, cv2.COLOR_BGR2RGB) if is_reversed else small
            # All channels at once, written where they belong.
            cv2.LUT(ordered, _interleaved(spec.scale, spec.mean, spec.std), dst=entry)
        else:
            channels = cv2.split(small)
            _normalise(channels[::-1] if is_reversed else channels, spec, planes)
    return tensor


def _fit(
    array: NDArray[np.uint8], placed: Placement, spec: InputSpec, *, is_reversed: bool
) -> NDArray[np.uint8]:
    x1, y1, x2, y2 = placed.crop_xyxy
    cropped = array[y1:y2, x1:x2]
    left, top, right, bottom = placed.paste_xyxy
    size_wh = (right - left, bottom - top)
    if size_wh != (x2 - x1, y2 - y1):
        resized = cv2.resize(cropped, size_wh, interpolation=_INTERPOLATION[spec.interpolation])
        cropped = np.asarray(resized, np.uint8)
    if size_wh == (spec.width, spec.height):
        return cropped
    pad = spec.pad_levels[::-1] if is_reversed else spec.pad_levels
    canvas = np.full((spec.height, spec.width, 3), pad, np.uint8)
    canvas[top:bottom, left:right] = cropped
    return canvas


def _normalise(channels: Sequence[cv2.typing.MatLike], spec: InputSpec, out: NDArray[Any]) -> None:
    tables = _tables(spec.scale, spec.mean, spec.std)
    for c, channel in enumerate(channels):
        plane = out[..., c]
        if plane.flags.c_contiguous and plane.dtype == np.float32:
            # Written where it belongs, which takes half the time of a copy.
            cv2.LUT(channel, tables[c], dst=plane)
        else:
            plane[...] = cv2.LUT(channel, tables[c])


@lru_cache(maxsize=64)
def _tables(
    scale: float, mean: tuple[float, ...], std: tuple[float, ...]
) -> tuple[NDArray[np.float32], ...]:
    """Tabulate the formula: 256 values a channel are all that eight bits can become."""
    levels = np.arange(256) * scale
    return tuple(((levels - m) / s).astype(np.float32) for m, s in zip(mean, std, strict=True))


@lru_cache(maxsize=64)
def _interleaved(
    scale: float, mean: tuple[float, ...], std: tuple[float, ...]
) -> NDArray[np.float32]:
    """Return the tables side by side, shape (1, 256, 3), as OpenCV takes those of all channels."""
    return np.stack(_tables(scale, mean, std), axis=-1)[None]
