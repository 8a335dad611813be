# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read what a segmentation network gives for each cell of its grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DecodeError
from ..imaging.palettes import UNLABELLED
from .activation import ScoreKind, activate

MAX_CLASSES = 255
"""Classes that an 8-bit mask can hold beside UNLABELLED."""


def class_axis(shape: tuple[int, ...], label_count: int) -> int | None:
    """Find the axis of the classes.

    It is the one that fits the number of labels, where a single plane fits two; where both or
    none do, it is the shorter one.

    Args:
        shape: (C, h, w), (h, w, C) or (h, w), without batch axis; -1 is open.
        label_count: How many labels the network has; 0 is unknown.

    Returns:
        0 or 2; None where there is a single plane without such an axis.

    Raises:
        DecodeError: The shape is none of these.
    """
    if len(shape) not in (2, 3) or 0 in shape:
        msg = f'scores have the shape (C, h, w), (h, w, C) or (h, w), not {shape}'
        raise DecodeError(msg)
    if len(shape) == 2:
        return None
    wanted = (1, 2) if label_count == 2 else (label_count,)
    first, last = shape[0] in wanted, shape[2] in wanted
    if first != last:
        return 0 if first else 2
    return 0 if shape[0] <= shape[2] else 2


def likely_class_count(shape: tuple[int, ...], input_wh: tuple[int, int], *, planar: bool) -> int:
    """Guess the number of classes from how an output's grid lies over the input; 0 is unknown.

    Along both sides of a grid its cells are equally large, give or take a pixel of rounding.
    Where that holds for none or for both axes, the classes lie where the input has its channels.

    Args:
        shape: (C, h, w), (h, w, C) or (h, w), without batch axis; -1 is open.
        input_wh: Width and height of the network's input in pixels.
        planar: Whether the input has its channels first.
    """
    if len(shape) != 3 or min(shape) < 1:
        return 0
    width, height = input_wh
    counts = [
        count
        for count, (rows, columns) in ((shape[0], shape[1:]), (shape[2], shape[:2]))
        if abs(columns * height - rows * width) < max(width, height)
    ]
    count = counts[0] if len(counts) == 1 else shape[0 if planar else 2]
    return max(2, count)


def class_count_of(shape: tuple[int, ...], label_count: int) -> int:
    """Count the classes of an output's scores.

    Args:
        shape: (C, h, w), (h, w, C) or (h, w), without batch axis.
        label_count: How many labels the network has; 0 is unknown.

    Raises:
        DecodeError: The shape is none of these, there are more classes than a mask can hold, or
            another number of labels.
    """
    axis = class_axis(shape, label_count)
    planes = 1 if axis is None else shape[axis]
    # One plane is the probability of the second of two classes, background and object.
    count = max(2, planes)
    if count > MAX_CLASSES or planes < 1:
        msg = f'a mask holds 1 to {MAX_CLASSES} classes, got {planes}: scores have {shape}'
        raise DecodeError(msg)
    if label_count not in (0, count):
        plane = ' (one plane is background and object)' if planes == 1 else ''
        msg = f'scores of shape {shape} are of {count} classes{plane}, got {label_count} labels'
        raise DecodeError(msg)
    return count


def read_scores(
    output: NDArray[Any], kind: ScoreKind, label_count: int = 0
) -> NDArray[np.float32]:
    """Read one image's class probabilities.

    Args:
        output: Shape as ``class_axis`` takes it. A single plane belongs to the second of two
            classes.
        kind: What the scores are; logits go through softmax, those of a single plane through
            sigmoid.
        label_count: How many labels the network has; 0 is unknown.

    Returns:
        Shape (C, h, w), 0..1, C at least 2; the output itself where it is that already. What is
        NaN or infinite in it is 0, with its whole cell where softmax mixes the classes.

    Raises:
        DecodeError: The output has another form, or another number of classes than labels.
    """
    class_count_of(output.shape, label_count)
    axis = class_axis(output.shape, label_count)
    scores = output[None] if axis is None else np.moveaxis(output, axis, 0)
    planes = activate(np.ascontiguousarray(scores), kind)
    low, high = planes.min(), planes.max()
    # Both are NaN if one value is.
    broken = None if np.isfinite(low) and np.isfinite(high) else ~np.isfinite(planes)
    if broken is not None or low < 0 or high > 1:
        planes = np.clip(planes, 0, 1)
    if len(planes) == 1:
        planes = np.concatenate((1 - planes, planes))
    if broken is not None:
        planes[np.broadcast_to(broken, planes.shape)] = 0
    return planes


def read_class_ids(output: NDArray[Any], class_count: int = MAX_CLASSES) -> NDArray[np.uint8]:
    """Read one image's class indices.

    Args:
        output: Shape (h, w), (1, h, w) or (h, w, 1), any real type, without batch axis.
        class_count: How many classes there are, at most MAX_CLASSES.

    Returns:
        Shape (h, w); UNLABELLED where the output is not the index of a class.

    Raises:
        DecodeError: The output has another shape.
    """
    ids = output
    if ids.ndim == 3:
        ids = ids[0] if ids.shape[0] == 1 else ids[..., 0] if ids.shape[2] == 1 else ids
    if ids.ndim != 2 or not ids.size:
        msg = f'a class mask has the shape (h, w), not {output.shape}'
        raise DecodeError(msg)
    known = (ids >= 0) & (ids < class_count)
    return np.where(known, ids, UNLABELLED).astype(np.uint8)
