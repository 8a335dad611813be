# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert SSD detectors in UFF files, whose last layers are TensorRT plugins, to ONNX."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ...cards.card import MAX_SIDE
from ...errors import ConversionError
from ...progress import Progress, silent
from ...text import printable
from ..tensorflow.tensorflow_graph import FrozenGraph
from ..tensorflow.tensorflow_ssd import SsdNames, convert_ssd_graph
from .grid_anchors import grid_anchors
from .uff_graph import UffGraph, UffNode, add_constant, add_node

CONVERTER_VERSION = 1
"""Incremented with every change of the result, so that older conversions are repeated."""

_IMAGE, _BOXES, _SCORES, _ANCHORS, _VARIANCE = (
    f'uff_ssd/{key}' for key in ('image', 'boxes', 'scores', 'anchors', 'variance')
)
_TF_CENTER = 3
_MAX_ANCHORS = 1 << 20


def convert_uff_ssd(path: Path, size_wh: tuple[int, int], progress: Progress = silent) -> bytes:
    """Convert an SSD to ONNX, with the same inputs and outputs as ``tensorflow_ssd.convert_ssd``.

    The anchors come from the parameters of the plugin ``GridAnchor_TRT``; the classes and the
    order of the parts from those of ``NMS_TRT``. Its non-maximum suppression is left out, since
    the decoder does that.

    Args:
        path: The UFF file.
        size_wh: Width and height of the input in pixels.
        progress: Called before each node; an exception from it cancels the conversion.

    Returns:
        The serialised ONNX model.

    Raises:
        ConversionError: The file is not such a network, is damaged, or has an operation that
            cannot be converted; the message names it.
    """
    with _damage_named(path):
        uff = UffGraph(path)
        _image_input(uff)
        graph = uff.to_tensorflow()
        _add_heads(uff, graph)
        names = SsdNames(
            image=uff.only('Input').name,
            encodings=_BOXES,
            scores=_SCORES,
            anchors=_ANCHORS,
            coder_scales=tuple(f'{_VARIANCE}/{axis}' for axis in 'yxhw'),
        )
    return convert_ssd_graph(FrozenGraph(path, graph), names, size_wh, progress)


def uff_input_size(path: Path) -> tuple[int, int]:
    """Read the width and height in pixels of the images that a UFF file takes.

    Raises:
        ConversionError: The file cannot be read, or its input is not an image.
    """
    with _damage_named(path):
        return _image_input(UffGraph(path))


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Raise ConversionError with the file's name for a parameter of an unexpected type or size."""
    try:
        yield
    except (TypeError, ValueError, OverflowError) as err:
        msg = f'{path} is damaged, or not a UFF file of an SSD: {err}'
        raise ConversionError(printable(msg)) from err


def _image_input(uff: UffGraph) -> tuple[int, int]:
    node = uff.only('Input')
    shape = node.value('shape')
    if isinstance(shape, list) and len(shape) == 4:
        # Users of graphsurgeon write channels first; TensorFlow itself writes them last.
        _, *sizes = shape
        height, width = sizes[1:] if sizes[0] == 3 else sizes[:2]
        if sizes.count(3) == 1 and 0 < min(height, width) <= max(height, width) <= MAX_SIDE:
            return int(width), int(height)
    raise uff.error(node, f'expected an input of images of 3 channels, got the shape {shape}')


def _add_heads(uff: UffGraph, graph: Any) -> None:
    """Add the boxes, scores and anchors as nodes of TensorFlow."""
    nms = uff.only('_NMS_TRT')
    settings = _settings(nms)
    order = settings.get('inputOrder', [0, 2, 1])
    if sorted(order) != [0, 1, 2] or len(nms.inputs) != 3:
        raise uff.error(nms, f'expected 3 inputs in order, got {len(nms.inputs)} and {order}')
    for key, wanted in {
        'shareLocation': 1,
        'varianceEncodedInTarget': 0,
        'isNormalized': 1,
        'backgroundLabelId': 0,
        'codeType': _TF_CENTER,
    }.items():
        if settings.get(key, wanted) != wanted:
            raise uff.error(nms, f'{key}: expected {wanted}, got {settings[key]}')
    classes = settings.get('numClasses')
    if type(classes) is not int or classes < 2:
        raise uff.error(nms, f'numClasses: expected 2 or more, got {classes!r}')
    boxes, scores, anchors = (uff.producer(nms.inputs[k]) for k in order)
    _add_flat(uff, graph, boxes, _BOXES, 4)
    logits = f'{_SCORES}/logits' if settings.get('confSigmoid', 1) else _SCORES
    _add_flat(uff, graph, scores, logits, classes)
    if logits != _SCORES:
        add_node(graph, _SCORES, 'Sigmoid', [logits])
    _add_anchors(uff, graph, _grid_anchor(uff, anchors))


def _add_flat(uff: UffGraph, graph: Any, node: UffNode, name: str, columns: int) -> None:
    """Concatenate the maps before a FlattenConcat to one table of rows."""
    node = _through(uff, node, ('Squeeze', 'Identity'))
    if node.op != '_FlattenConcat_TRT':
        raise uff.error(node, 'expected a FlattenConcat_TRT before the plugin NMS_TRT')
    add_constant(graph, f'{name}/shape', np.array([1, -1, columns], np.int32), 3)
    add_constant(graph, f'{name}/axis', np.array(1, np.int32), 3)
    parts = []
    for index, part in enumerate(node.inputs):
        parts.append(f'{name}/part_{index}')
        add_node(graph, parts[-1], 'Reshape', [uff.producer(part).name, f'{name}/shape'])
    add_node(graph, name, 'ConcatV2', [*parts, f'{name}/axis'])


def _through(uff: UffGraph, node: UffNode, passing: tuple[str, ...]) -> UffNode:
    """Return the first node, going backwards, that is not one of the given operations."""
    seen = set()
    while node.op in passing and node.inputs:
        if node.name in seen:
            raise uff.error(node, 'it needs its own output')
        seen.add(node.name)
        inputs = {uff.producer(name).name for name in node.inputs}
        if len(inputs) != 1:
            raise uff.error(node, 'expected one node before it')
        node = uff.nodes[inputs.pop()]
    return node


def _grid_anchor(uff: UffGraph, node: UffNode) -> UffNode:
    # Users of graphsurgeon concatenate the outputs of the plugin with different operations.
    node = _through(uff, node, ('Concat', '_ConcatV2', 'Identity', 'Squeeze'))
    if node.op != '_GridAnchor_TRT':
        raise uff.error(node, 'expected the anchors of a GridAnchor_TRT')
    return node


def _add_anchors(uff: UffGraph, graph: Any, node: UffNode) -> None:
    settings = _settings(node)
    sizes = settings.get('featureMapShapes', [])
    ratios = settings.get('aspectRatios', [])
    if not isinstance(sizes, list) or not isinstance(ratios, list):
        raise uff.error(node, f'featureMapShapes: cannot use {str(sizes)[:80]}')
    if sum(int(size) ** 2 for size in sizes) * (len(ratios) + 1) > _MAX_ANCHORS:
        raise uff.error(node, f'more than {_MAX_ANCHORS} anchors, of {str(sizes)[:80]}')
    variance = settings.get('variance', [])
    if not isinstance(variance, list) or len(variance) != 4 or not all(variance):
        raise uff.error(node, f'variance: expected 4 numbers other than 0, got {variance}')
    try:
        anchors_yxyx = grid_anchors(
            [int(size) for size in sizes],
            float(settings.get('minSize', 0.2)),
            float(settings.get('maxSize', 0.95)),
            ratios,
        )
    except (ValueError, TypeError) as err:
        msg = f'{uff.path}: node {node.name}: {err}'
        raise ConversionError(printable(msg)) from err
    add_constant(graph, _ANCHORS, anchors_yxyx.astype(np.float32), 1)
    # The plugin stores them in the order x, y, w, h, and as factors instead of divisors.
    for axis, factor in zip('xywh', variance, strict=True):
        add_constant(graph, f'{_VARIANCE}/{axis}', np.array(1 / factor, np.float32), 1)


def _settings(node: UffNode) -> dict[str, Any]:
    """Return a plugin's parameters by name, without the type suffix such as ``_u_float``."""
    return {re.sub('_u_[a-z]+$', '', key): node.value(key) for key in node.fields}
