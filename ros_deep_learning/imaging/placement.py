# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a source image lies in a network's input, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError

ResizeMode = Literal['stretch', 'letterbox', 'crop']
Align = Literal['centre', 'top_left']
Rounding = Literal['nearest', 'down', 'half_up']

_FEW = 64
"""Boxes up to which each has a row of its own in the arithmetic."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A region of the source drawn onto a region of the network's input, by pixel edges.

    Attributes:
        source_wh: Size of the source image in pixels.
        network_wh: Size of the network's input in pixels.
        crop_xyxy: The source region that is used, whole pixels, inside the source.
        paste_xyxy: The network region that it fills, whole pixels, inside the input.
    """

    source_wh: tuple[int, int]
    network_wh: tuple[int, int]
    crop_xyxy: tuple[int, int, int, int]
    paste_xyxy: tuple[int, int, int, int]

    @property
    def scale_xy(self) -> tuple[float, float]:
        """Network pixels a source pixel, along x and y."""
        cx1, cy1, cx2, cy2 = self.crop_xyxy
        px1, py1, px2, py2 = self.paste_xyxy
        return (px2 - px1) / (cx2 - cx1), (py2 - py1) / (cy2 - cy1)

    def of_resized_source(self, size_wh: tuple[int, int]) -> Placement:
        """Return where the source lies in the input once it is stretched to another size.

        The edges of a crop are rounded to whole pixels of that size.

        Args:
            size_wh: Width and height in pixels, each at least 1.
        """
        spans = zip(self.crop_xyxy[:2], self.crop_xyxy[2:], self.source_wh, size_wh, strict=True)
        low, high = zip(*(_resized_span(*span) for span in spans), strict=True)
        return replace(self, source_wh=size_wh, crop_xyxy=(*low, *high))

    def boxes_to_source(self, boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map boxes, shape (N, 4), from network pixels to source pixels.

        They are not clipped to the source; see ``clipped``.
        """
        scale, paste, crop, _ = _rows_of_edges(self, len(boxes_xyxy))
        mapped = (boxes_xyxy - paste) / scale + crop
        result: NDArray[np.float32] = mapped.astype(np.float32, copy=False)
        return result

    def shows(self, boxes_xyxy: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Find the boxes, shape (N, 4) in network pixels, with an area inside the source; (N,)."""
        (x, y), (left, top) = self.scale_xy, self.crop_xyxy[:2]
        low = np.subtract(self.paste_xyxy[:2], (left * x, top * y), dtype=np.float32)
        high = low + np.multiply(self.source_wh, (x, y), dtype=np.float32)
        first, last = np.maximum(boxes_xyxy[:, :2], low), np.minimum(boxes_xyxy[:, 2:], high)
        visible: NDArray[np.bool_] = np.logical_and.reduce(first < last, axis=1)
        return visible

    def clipped(self, boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Clip boxes, shape (N, 4) in source pixels, to the source."""
        *_, limit = _rows_of_edges(self, len(boxes_xyxy))
        # As np.clip does, which takes twice as long for a few boxes.
        inside = np.minimum(np.maximum(boxes_xyxy, 0), limit)
        result: NDArray[np.float32] = inside.astype(np.float32, copy=False)
        return result


def _rows_of_edges(placement: Placement, count: int) -> list[NDArray[np.float32]]:
    """Return scale, paste, crop and size of a placement for the edges of so many boxes."""
    # NumPy is quicker with a row for each box than with one that it repeats itself.
    rows = slice(count if count <= _FEW else 1)
    return [array[rows] for array in _edge_arrays(placement)]


@lru_cache(maxsize=256)
def _edge_arrays(placement: Placement) -> tuple[NDArray[np.float32], ...]:
    pairs = placement.scale_xy, placement.paste_xyxy[:2], placement.crop_xyxy[:2]
    arrays = tuple(
        np.array([pair * 2] * _FEW, np.float32) for pair in (*pairs, placement.source_wh)
    )
    for array in arrays:
        array.flags.writeable = False
    return arrays


@lru_cache(maxsize=256)
def place(
    source_wh: tuple[int, int],
    network_wh: tuple[int, int],
    mode: ResizeMode,
    *,
    crop_fraction: float = 1.0,
    align: Align = 'centre',
    rounding: Rounding = 'nearest',
) -> Placement:
    """Compute where a source image lies in a network's input.

    Args:
        source_wh: Size of the source in pixels, each at least 1.
        network_wh: Size of the input in pixels, each at least 1.
        mode: ``stretch`` ignores the aspect ratio, ``letterbox`` keeps it and leaves borders,
            ``crop`` keeps it and uses the centre of the source.
        crop_fraction: Share 0..1 of the largest centred region that ``crop`` uses, such as
            0.875 for the usual "resize to 256, crop 224".
        align: Where ``letterbox`` puts the image: in the ``centre`` as Ultralytics does, or at
            the ``top_left`` as YOLOX and MMDetection do.
        rounding: How ``letterbox`` rounds the sides of the resized image: to the ``nearest``
            whole number, halves to even ones (Ultralytics); ``down`` (YOLOX); or to the nearest,
            halves ``half_up`` (MMDetection).

    Raises:
        SettingsError: A size, the mode, the fraction or another argument is none of these.
    """
    (sw, sh), (nw, nh) = source_wh, network_wh
    known = (
        mode in get_args(ResizeMode)
        and align in get_args(Align)
        and rounding in get_args(Rounding)
    )
    if min(sw, sh, nw, nh) < 1 or not known or not 0 < crop_fraction <= 1:
        msg = (
            f'cannot place {sw}x{sh} into {nw}x{nh} by {mode!r}, crop fraction {crop_fraction}, '
            f'align {align!r}, rounding {rounding!r}'
        )
        raise SettingsError(msg)
    crop, paste = (0, 0, sw, sh), (0, 0, nw, nh)
    if mode == 'letterbox':
        resized = _resized(source_wh, network_wh, rounding)
        paste = (0, 0, *resized) if align == 'top_left' else _centred(nw, nh, *resized)
    elif mode == 'crop':
        w, h = _largest_inside(network_wh, source_wh)
        crop = _centred(sw, sh, w * crop_fraction, h * crop_fraction)
    return Placement(source_wh, network_wh, crop, paste)


def _largest_inside(shape_wh: tuple[int, int], outer_wh: tuple[int, int]) -> tuple[float, float]:
    """Return the largest size with one aspect ratio inside another size, rounded only once."""
    (w, h), (outer_w, outer_h) = shape_wh, outer_wh
    if outer_w * h <= outer_h * w:
        return outer_w, h * outer_w / w
    return w * outer_h / h, outer_h


def _resized(
    source_wh: tuple[int, int], network_wh: tuple[int, int], rounding: Rounding
) -> tuple[int, int]:
    """Return the size of a letterboxed image, rounded as the network's family does it."""
    if rounding == 'nearest':
        exact = _largest_inside(source_wh, network_wh)
        w, h = round(exact[0]), round(exact[1])
    else:
        # These families multiply by a rounded ratio, whose error decides at whole numbers.
        ratio = min(new / old for new, old in zip(network_wh, source_wh, strict=True))
        half = 0.5 if rounding == 'half_up' else 0.0
        w, h = int(source_wh[0] * ratio + half), int(source_wh[1] * ratio + half)
    return min(network_wh[0], max(1, w)), min(network_wh[1], max(1, h))


def _centred(
    outer_w: int, outer_h: int, inner_w: float, inner_h: float
) -> tuple[int, int, int, int]:
    w = min(outer_w, max(1, round(inner_w)))
    h = min(outer_h, max(1, round(inner_h)))
    x, y = (outer_w - w) // 2, (outer_h - h) // 2
    return x, y, x + w, y + h


def _resized_span(low: int, high: int, old: int, new: int) -> tuple[int, int]:
    """Return the edges of a part of a side in another resolution; at least a pixel apart."""
    first = min(round(low * new / old), new - 1)
    return first, max(first + 1, round(high * new / old))
