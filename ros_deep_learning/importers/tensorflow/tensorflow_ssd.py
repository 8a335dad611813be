# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert SSD detectors of the TensorFlow Object Detection API from frozen graphs to ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import ConversionError
from ...progress import Progress, silent
from ..onnx_builder import OnnxBuilder, Tensor
from ..onnx_model import serialised
from .tensorflow_constants import Array
from .tensorflow_graph import FrozenGraph
from .tensorflow_layers import translate

CONVERTER_VERSION = 1
"""Incremented with every change of the result, so that older conversions are repeated."""


@dataclass(frozen=True, slots=True)
class SsdNames:
    """Names of the nodes of a graph that form an SSD.

    The defaults are the names that exporter.py of the Object Detection API writes for every SSD.

    Attributes:
        image: The normalised image.
        encodings: The encoded boxes, (1, N, 4): shifts y, x and log sizes h, w.
        scores: Scores of all classes, background first, (1, N, 1 + K), 0..1.
        anchors: The anchors, (N, 4), yxyx in 0..1.
        coder_scales: Divisors of the encodings, in the order y, x, h, w.
    """

    image: str = 'Preprocessor/sub'
    encodings: str = 'Squeeze'
    scores: str = 'Postprocessor/convert_scores'
    anchors: str = 'Concatenate/concat'
    coder_scales: tuple[str, ...] = tuple(
        f'Postprocessor/Decode/div{suffix}/y' for suffix in ('', '_1', '_2', '_3')
    )


def convert_ssd(path: Path, size_wh: tuple[int, int], progress: Progress = silent) -> bytes:
    """Convert an SSD to ONNX, without its preprocessing and non-maximum suppression.

    The input is ``images`` (1, 3, H, W) float32, normalised as by the graph's preprocessor
    (-1..1, RGB). The outputs are ``boxes`` (1, N, 4) float32, xyxy in 0..1 of the image, and
    ``scores`` (1, N, K) float32 in 0..1 for the K classes without the background class. Anchors
    and the scales of the box coder are computed from the graph itself.

    Args:
        path: The frozen graph.
        size_wh: Width and height of the input in pixels.
        progress: Called before each node; an exception from it cancels the conversion.

    Returns:
        The serialised ONNX model.

    Raises:
        ConversionError: The file is not such a graph, is damaged, or has an operator that cannot
            be converted; the message names it.
    """
    graph, names = FrozenGraph(path), SsdNames()
    _check_normalisation(graph, names)
    return convert_ssd_graph(graph, names, size_wh, progress)


def convert_ssd_graph(
    graph: FrozenGraph, names: SsdNames, size_wh: tuple[int, int], progress: Progress = silent
) -> bytes:
    """Convert an SSD as ``convert_ssd``, from a graph with other node names."""
    path = graph.path
    graph.node(names.image)
    width, height = size_wh
    image = Tensor('images', (1, height, width, 3), planar=True)
    builder = OnnxBuilder()
    targets = [names.encodings, names.scores, names.anchors, *names.coder_scales]
    encodings, scores, anchors, *scales = translate(
        graph, {names.image: image}, targets, builder, progress
    )
    builder.fold_into_convolutions()
    anchors_yxyx, scales_yxhw = _checked(path, encodings, scores, anchors, scales)
    assert isinstance(encodings, Tensor)
    assert isinstance(scores, Tensor)
    _emit_boxes(builder, encodings.name, anchors_yxyx, scales_yxhw)
    _emit_class_scores(builder, scores)
    progress('checking the ONNX network', None)
    _, count, classes = scores.shape
    return serialised(
        path,
        builder,
        {image.name: (1, 3, height, width)},
        {'boxes': (1, count, 4), 'scores': (1, count, classes - 1)},
        CONVERTER_VERSION,
    )


def _check_normalisation(graph: FrozenGraph, names: SsdNames) -> None:
    """Check that the graph's preprocessor makes values of -1..1, which it does not become part of.

    That of ResNets, for one, subtracts the mean pixel of ImageNet under the same name.
    """
    node = graph.node(names.image)
    subtracted = graph.node(node.inputs[1]) if len(node.inputs) == 2 else None
    if subtracted is None or subtracted.op != 'Const':
        return
    values = graph.constant(subtracted)
    if not np.all(values == 1):
        msg = (
            f'{graph.path}: node {names.image} subtracts {values.ravel()[:8].tolist()!s}; '
            'expected 1, for images of values -1..1'
        )
        raise ConversionError(msg)


def _checked(
    path: Path,
    encodings: Tensor | Array,
    scores: Tensor | Array,
    anchors: Tensor | Array,
    scales: list[Tensor | Array],
) -> tuple[Array, Array]:
    """Check that the parts fit together, and return the anchors and the box coder's scales."""
    if isinstance(anchors, Tensor) or any(
        isinstance(scale, Tensor) or scale.size != 1 for scale in scales
    ):
        msg = f'{path}: the anchors depend on the image; only SSDs of fixed size can be converted'
        raise ConversionError(msg)
    shapes = [value.shape for value in (encodings, scores, anchors)]
    count = anchors.shape[0] if anchors.ndim else 0
    if (
        not isinstance(encodings, Tensor)
        or not isinstance(scores, Tensor)
        or count < 1
        or anchors.shape != (count, 4)
        or encodings.shape != (1, count, 4)
        or len(scores.shape) != 3
        or scores.shape[:2] != (1, count)
        or scores.shape[2] < 2
    ):
        msg = (
            f'{path}: box encodings, scores and anchors of shapes {shapes} do not fit; '
            'is the input size right?'
        )
        raise ConversionError(msg)
    scales_yxhw = np.array([np.asarray(scale).item() for scale in scales], np.float64)
    if not (np.isfinite(anchors).all() and np.isfinite(scales_yxhw).all() and scales_yxhw.all()):
        msg = f'{path}: anchors or box scales are not finite numbers'
        raise ConversionError(msg)
    return anchors.astype(np.float64), scales_yxhw


def _emit_boxes(
    builder: OnnxBuilder, encodings: str, anchors_yxyx: Array, scales_yxhw: Array
) -> None:
    """Decode the boxes from the shift of the centre and the log size relative to an anchor.

    As in faster_rcnn_box_coder.py of the Object Detection API: y, x, h and w are divided by the
    scales; centre = anchor centre + shift * anchor size; size = anchor size * exp(log size).
    """
    # From here on everything is in x, y order, so that the corners become xyxy.
    low, high = anchors_yxyx[:, 1::-1], anchors_yxyx[:, :1:-1]
    size, center = high - low, (low + high) / 2
    emit, keep = builder.emit, builder.keep
    to_xy = keep('boxes/xy', np.array([1, 0], np.int64))
    to_wh = keep('boxes/wh', np.array([3, 2], np.int64))
    per_shift = keep('boxes/per_shift', np.float32(size / scales_yxhw[1::-1])[None])
    centers = keep('boxes/centers', np.float32(center)[None])
    per_log = keep('boxes/per_log', np.float32(1 / scales_yxhw[:1:-1]))
    half_sizes = keep('boxes/half_sizes', np.float32(size / 2)[None])
    emit('Gather', [encodings, to_xy], 'boxes/encoded_xy', axis=2)
    emit('Mul', ['boxes/encoded_xy', per_shift], 'boxes/shift')
    emit('Add', ['boxes/shift', centers], 'boxes/center')
    emit('Gather', [encodings, to_wh], 'boxes/encoded_wh', axis=2)
    emit('Mul', ['boxes/encoded_wh', per_log], 'boxes/log')
    emit('Exp', ['boxes/log'], 'boxes/exp')
    emit('Mul', ['boxes/exp', half_sizes], 'boxes/half')
    emit('Sub', ['boxes/center', 'boxes/half'], 'boxes/low')
    emit('Add', ['boxes/center', 'boxes/half'], 'boxes/high')
    emit('Concat', ['boxes/low', 'boxes/high'], 'boxes', axis=2)


def _emit_class_scores(builder: OnnxBuilder, scores: Tensor) -> None:
    """Remove class 0, the background."""
    bounds = {'starts': 1, 'ends': scores.shape[2], 'axes': 2}
    names = [
        builder.keep(f'scores/{key}', np.array([value], np.int64)) for key, value in bounds.items()
    ]
    builder.emit('Slice', [scores.name, *names], 'scores')
