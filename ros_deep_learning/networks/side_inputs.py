# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Inputs beside the image: the size that boxes are wanted in, and masks of padding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engines.base import EngineInfo, TensorSpec

Size = tuple[int, int]
SideInput = Callable[[Size, int, TensorSpec], NDArray[Any]]
"""Makes the array for an input's width and height, a number of images and the tensor."""


def _pairs(first: float, second: float, count: int, tensor: TensorSpec) -> NDArray[Any]:
    return np.tile(np.array((first, second), tensor.dtype), (count, 1))


def _width_height(size_wh: Size, count: int, tensor: TensorSpec) -> NDArray[Any]:
    return _pairs(*size_wh, count, tensor)


def _height_width(size_wh: Size, count: int, tensor: TensorSpec) -> NDArray[Any]:
    return _pairs(*size_wh[::-1], count, tensor)


def _ones(size_wh: Size, count: int, tensor: TensorSpec) -> NDArray[Any]:
    return _pairs(1, 1, count, tensor)


def _all_image(size_wh: Size, count: int, tensor: TensorSpec) -> NDArray[Any]:
    # Transformers resize the mask to their grid, and some exports fix its size, such as 64x64.
    sides = zip(tensor.shape[1:], size_wh[::-1], strict=True)
    shape = [own if own > 0 else side for own, side in sides]
    return np.ones((count, *shape), tensor.dtype)


# Boxes are wanted in pixels of the network's input, as all decoders read them.
_MAKERS: Mapping[str, tuple[str, int, SideInput]] = MappingProxyType(
    {
        'orig_target_sizes': ('i', 2, _width_height),
        'scale_factor': ('f', 2, _ones),
        'im_shape': ('f', 2, _height_width),
        'pixel_mask': ('ib', 3, _all_image),
    }
)
"""By the name of the input: kinds of its type, its number of axes, and what makes it.

RT-DETR, D-FINE and DEIM have orig_target_sizes, PaddleDetection scale_factor and im_shape, and
transformers pixel_mask.
"""


def side_inputs(info: EngineInfo) -> dict[str, TensorSpec]:
    """Find the inputs that are not images and that are known by name."""
    return {tensor.name: tensor for tensor in info.inputs if _is_known(tensor)}


def fill_side_inputs(
    tensors: Mapping[str, TensorSpec], size_wh: Size, count: int
) -> dict[str, NDArray[Any]]:
    """Make the arrays of side inputs.

    Args:
        tensors: As ``side_inputs`` finds them.
        size_wh: Width and height of the network's input in pixels.
        count: Number of images.
    """
    return {name: _MAKERS[name][2](size_wh, count, tensor) for name, tensor in tensors.items()}


def _is_known(tensor: TensorSpec) -> bool:
    kinds, axes, _ = _MAKERS.get(tensor.name, ('', 0, _ones))
    if tensor.dtype.kind not in kinds or len(tensor.shape) != axes:
        return False
    return axes != 2 or tensor.shape[1] in (-1, 2)
