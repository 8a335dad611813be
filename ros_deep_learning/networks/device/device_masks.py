# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Masks that an engine makes on its device: what it is told, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...engines.base import TensorSpec
from ...engines.on_device import DeviceMask, MaskSpec, ScoreGrid
from ...errors import SettingsError
from ...imaging.placement import Placement
from ...tasks.activation import ScoreKind
from ...tasks.score_grid import class_axis
from ...tasks.segmentation import ReadyParts, Segmentation, SegmentationSettings


@dataclass(frozen=True, slots=True)
class MaskWish:
    """A mask that is wanted of an image: how it is made, and what of it beside the classes.

    An engine with a device makes just these parts there (``Segmentation.ready``), and copies
    nothing else. Elsewhere the confidences are always made, and the caller makes the others.

    Attributes:
        settings: How scores become the mask.
        confidence: ``float32`` for ``Segmentation.confidence_mask``, ``uint8`` for the levels
            that a picture of it has; None is not wanted.
        counts: Whether the pixels of each class are to be counted.
        color_mask: Whether each pixel's colour is wanted.
        overlay_alphas: Opacity 0..255 of each class's colour over the image; None is not wanted.
            It goes with masks of the source's size.
    """

    settings: SegmentationSettings
    confidence: Literal['float32', 'uint8'] | None = 'float32'
    counts: bool = False
    color_mask: bool = False
    overlay_alphas: tuple[int, ...] | None = None


def find_score_grid(output: TensorSpec, kind: ScoreKind, class_count: int) -> ScoreGrid | None:
    """Describe how an output holds the scores; None if a device cannot read it, or it is open.

    Args:
        output: The output, with its batch axis.
        kind: What its scores are.
        class_count: How many classes there are.
    """
    shape = output.shape[1:]
    axis = class_axis(shape, class_count)
    planes = 1 if axis is None else shape[axis]
    if planes < 1 or max(2, planes) != class_count:
        return None
    if output.dtype.name not in ('float32', 'float16'):
        return None
    return ScoreGrid(output.name, kind, planes, channels_last=axis == 2)


def mask_spec(
    wish: MaskWish, placement: Placement, ignored: int | None, colors_rgb: NDArray[np.uint8]
) -> MaskSpec:
    """Convert a wish to what an engine makes of one frame.

    Raises:
        SettingsError: There is not one opacity for each class, or it is none.
    """
    overlay = None
    if wish.overlay_alphas is not None:
        alphas = np.asarray(wish.overlay_alphas)
        if alphas.shape != (len(colors_rgb),) or alphas.min() < 0 or alphas.max() > 255:
            msg = f'overlay_alphas: expected {len(colors_rgb)} of 0 to 255, got {alphas.tolist()}'
            raise SettingsError(msg)
        overlay = np.concatenate([colors_rgb, alphas[:, None].astype(np.uint8)], axis=1)
    return MaskSpec(
        placement=wish.settings.placement(placement),
        on_grid=wish.settings.resolution == 'grid',
        linear=wish.settings.mask_filter == 'linear',
        ignored=ignored,
        min_confidence=wish.settings.min_confidence,
        confidence=wish.confidence,
        counts=wish.counts,
        colors_rgb=colors_rgb if wish.color_mask else None,
        overlay_rgba=overlay,
    )


def as_segmentation(
    mask: DeviceMask[NDArray[Any]], class_count: int, source_wh: tuple[int, int]
) -> Segmentation:
    """Take what an engine has made."""
    confidences, levels = mask.confidences, None
    if confidences is not None and confidences.dtype == np.uint8:
        confidences, levels = None, confidences
    if confidences is None:
        confidences = np.broadcast_to(np.float32(np.nan), mask.class_ids.shape)
    return Segmentation(
        mask.class_ids,
        confidences,
        class_count,
        source_wh,
        ReadyParts(
            counts=None if mask.counts is None else mask.counts[:class_count].astype(np.int64),
            confidence_levels=levels,
            color_mask=mask.colors_rgb,
            overlay=mask.overlay_rgb,
            memory=mask.memory,
        ),
    )
