# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert SSD detectors of the TensorFlow Object Detection API from frozen graphs to ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import ConversionError
from ...progress import Progress, silent
from ...text import one_line
from ..onnx_builder import OnnxBuilder, Tensor
from .tensorflow_constants import Array
from .tensorflow_graph import FrozenGraph
from .tensorflow_layers import translate

CONVERTER_VERSION = 1
"""Raised with every change of the result, so that files converted before are made anew."""

_OPSET = 13
_IR_VERSION = 8


@dataclass(frozen=True, slots=True)
class SsdNames:
    """The nodes of a graph that an SSD is taken from.

    The defaults are the names that exporter.py of the Object Detection API gives every SSD.

    Attributes:
        image: The image, normalised.
        encodings: The boxes, encoded, (1, N, 4): shifts y, x and log sizes h, w.
        scores: Those of all classes, background first, (1, N, 1 + K), 0..1.
        anchors: The anchors, (N, 4), yxyx in 0..1.
        coder_scales: What the encodings are divided by, in the order y, x, h, w.
    """

    image: str = 'Preprocessor/sub'
    encodings: str = 'Squeeze'
    scores: str = 'Postprocessor/convert_scores'
    anchors: str = 'Concatenate/concat'
    coder_scales: tuple[str, ...] = tuple(
        f'Postprocessor/Decode/div{suffix}/y' for suffix in ('', '_1', '_2', '_3')
    )


def convert_ssd(path: Path, size_wh: tuple[int, int], progress: Progress = silent) -> bytes:
    """Convert an SSD, without its own preprocessing and suppression.

    The network takes ``images`` (1, 3, H, W) float32, normalised as the graph's preprocessor
    does (-1..1, RGB), and gives ``boxes`` (1, N, 4) float32, xyxy in 0..1 of the image, and
    ``scores`` (1, N, K) float32 in 0..1 for the K classes; the background class is left out.
    Anchors and the box coder's scales are computed from the graph itself.

    Args:
        path: The frozen graph.
        size_wh: Width and height of the input in pixels.
        progress: May raise to give up.

    Returns:
        The serialised ONNX model.

    Raises:
        ConversionError: The file is not such a graph, is damaged, or has an operator that has
            no translation here; the message names it.
    """
    return convert_ssd_graph(FrozenGraph(path), SsdNames(), size_wh, progress)


def convert_ssd_graph(
    graph: FrozenGraph, names: SsdNames, size_wh: tuple[int, int], progress: Progress = silent
) -> bytes:
    """Convert an SSD as ``convert_ssd`` does, from a graph whose nodes may have other names."""
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
    return _serialised(path, builder, image, scores)


def _checked(
    path: Path,
    encodings: Tensor | Array,
    scores: Tensor | Array,
    anchors: Tensor | Array,
    scales: list[Tensor | Array],
) -> tuple[Array, Array]:
    """Hold the parts against each other; give the anchors and the box coder's scales."""
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
    """Decode the boxes: a centre's shift and a log size, each relative to an anchor.

    The rule is that of faster_rcnn_box_coder.py in the Object Detection API: y, x, h and w are
    divided by the scales; centre = anchor centre + shift * anchor size; size = anchor size * exp.
    """
    # Everything is in x, y order from here, so that the corners come out as xyxy.
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
    """Leave out class 0, the background."""
    bounds = {'starts': 1, 'ends': scores.shape[2], 'axes': 2}
    names = [
        builder.keep(f'scores/{key}', np.array([value], np.int64)) for key, value in bounds.items()
    ]
    builder.emit('Slice', [scores.name, *names], 'scores')


def _serialised(path: Path, builder: OnnxBuilder, image: Tensor, scores: Tensor) -> bytes:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    _, height, width, channels = image.shape
    _, count, classes = scores.shape
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        builder.nodes,
        'ssd',
        [value(image.name, TensorProto.FLOAT, [1, channels, height, width])],
        [
            value('boxes', TensorProto.FLOAT, [1, count, 4]),
            value('scores', TensorProto.FLOAT, [1, count, classes - 1]),
        ],
        [numpy_helper.from_array(array, name) for name, array in builder.constants.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid('', _OPSET)],
        ir_version=_IR_VERSION,
        producer_name='ros_deep_learning',
        producer_version=str(CONVERTER_VERSION),
    )
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as err:
        msg = f'{path}: cannot be converted: {one_line(err, 300)}'
        raise ConversionError(msg) from err
    return model.SerializeToString()
