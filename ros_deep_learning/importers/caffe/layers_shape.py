# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Translate layers that move or split values without changing them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from ...errors import ConversionError
from .layer_context import Blob, LayerContext


def concat(context: LayerContext) -> list[Blob]:
    """Translate a Concat along an axis, which old files call concat_dim."""
    parameters = context.parameters('concat_param')
    context.expect(None)
    is_old = parameters.HasField('concat_dim')
    axis = context.axis(parameters.concat_dim if is_old else parameters.axis)
    shapes = [blob.shape for blob in context.inputs]
    if len({(*shape[:axis], *shape[axis + 1 :], len(shape)) for shape in shapes}) != 1:
        msg = f'bottoms of shapes {str(shapes)[:200]} do not fit along axis {axis}'
        raise ConversionError(msg)
    if len(shapes) == 1:
        return [context.inputs[0]]
    length = sum(shape[axis] for shape in shapes)
    shape = (*shapes[0][:axis], length, *shapes[0][axis + 1 :])
    return [context.emit('Concat', [blob.name for blob in context.inputs], shape, axis=axis)]


def crop(context: LayerContext) -> list[Blob]:
    """Translate a Crop to the size of the second bottom, as in CropLayer::Reshape."""
    parameters = context.parameters('crop_param')
    context.expect(2)
    data, reference = context.inputs
    axis = context.axis(parameters.axis)
    offsets = list(parameters.offset) or [0]
    count = len(data.shape) - axis
    if len(offsets) == 1:
        offsets *= count
    wanted = reference.shape[axis:]
    fits = len(data.shape) == len(reference.shape) and len(offsets) == count
    if not fits or any(
        offset + size > room
        for offset, size, room in zip(offsets, wanted, data.shape[axis:], strict=True)
    ):
        msg = f'offsets {offsets} and size {wanted} do not fit in its bottom of {data.shape}'
        raise ConversionError(msg)
    ends = [offset + size for offset, size in zip(offsets, wanted, strict=True)]
    axes = list(range(axis, len(data.shape)))
    shape = (*data.shape[:axis], *wanted)
    return [_part(context, 0, shape, offsets, ends, axes)]


def slice_(context: LayerContext) -> list[Blob]:
    """Translate a Slice at given points or into equal parts, as in SliceLayer::Reshape."""
    parameters = context.parameters('slice_param')
    context.expect(1, None)
    shape = context.inputs[0].shape
    is_old = parameters.HasField('slice_dim')
    axis = context.axis(parameters.slice_dim if is_old else parameters.axis)
    length, count = shape[axis], len(context.targets)
    points = list(parameters.slice_point)
    if not points and length % count == 0:
        points = list(range(length // count, length, length // count))
    bounds = [0, *points, length]
    if len(points) != count - 1 or any(np.diff(bounds) < 1):
        msg = f'slice points {str(points)[:200]} for {count} tops and {length} values'
        raise ConversionError(msg)
    if count == 1:
        return [context.inputs[0]]
    return [
        _part(context, i, (*shape[:axis], b - a, *shape[axis + 1 :]), [a], [b], [axis])
        for i, (a, b) in enumerate(itertools.pairwise(bounds))
    ]


def flatten(context: LayerContext) -> list[Blob]:
    """Translate a Flatten of the axes from ``axis`` to ``end_axis``."""
    parameters = context.parameters('flatten_param')
    shape = context.input.shape
    first, last = context.axis(parameters.axis), context.axis(parameters.end_axis)
    if last < first:
        msg = f'end_axis {parameters.end_axis} lies before axis {parameters.axis}'
        raise ConversionError(msg)
    flat = (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])
    return _reshaped(context, flat)


def reshape(context: LayerContext) -> list[Blob]:
    """Translate a Reshape: 0 keeps a size, -1 takes the rest, as in ReshapeLayer::Reshape."""
    parameters = context.parameters('reshape_param')
    shape = context.input.shape
    start = parameters.axis + (len(shape) + 1 if parameters.axis < 0 else 0)
    end = len(shape) if parameters.num_axes == -1 else start + parameters.num_axes
    sizes = list(parameters.shape.dim)
    if not 0 <= start <= end <= len(shape) or sizes.count(-1) > 1 or min(sizes, default=0) < -1:
        msg = f'axis {parameters.axis} and sizes {str(sizes)[:200]} for a bottom of {shape}'
        raise ConversionError(msg)
    for number, size in enumerate(sizes):
        if size == 0:
            if start + number >= len(shape):
                msg = f'size 0 at index {number} has no size to keep in a bottom of {shape}'
                raise ConversionError(msg)
            sizes[number] = shape[start + number]
    result = [*shape[:start], *sizes, *shape[end:]]
    if -1 in sizes:
        rest = math.prod(shape) // -math.prod(result)
        result[result.index(-1)] = rest
    if math.prod(result) != math.prod(shape):
        msg = f'a bottom of {shape} does not fit in {str(result)[:200]}'
        raise ConversionError(msg)
    return _reshaped(context, tuple(result))


def _reshaped(context: LayerContext, shape: tuple[int, ...]) -> list[Blob]:
    to = context.keep('shape', np.array(shape, np.int64))
    return [context.emit('Reshape', [context.input.name, to], shape)]


def _part(
    context: LayerContext,
    number: int,
    shape: tuple[int, ...],
    starts: Sequence[int],
    ends: Sequence[int],
    axes: Sequence[int],
) -> Blob:
    """Append a node that slices the first input, as result with a given index."""
    target = context.targets[number]
    names = [
        context.builder.keep(f'{target}:{key}', np.array(values, np.int64))
        for key, values in (('starts', starts), ('ends', ends), ('axes', axes))
    ]
    return Blob(context.builder.emit('Slice', [context.inputs[0].name, *names], target), shape)
