# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert a Caffe network to ONNX."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ...errors import ConversionError
from ...progress import Progress, silent
from ..onnx_builder import OnnxBuilder
from ..onnx_model import serialised
from .caffe_network import Network, Shape, read_network
from .layer_context import Blob, LayerContext
from .layers import TRANSLATORS, why_not
from .needed_layers import NeededLayers, Step, needed_layers
from .weights import StoredBlob, read_weights

CONVERTER_VERSION = 2
"""Incremented with every change of the result, so that older conversions are repeated."""

MAX_BLOB_SIZE = 1 << 28
"""Largest number of elements of a blob: 1 GiB in float32, far above any robot's network."""

MAX_AXES = 32
"""Largest number of axes of a blob, kMaxBlobAxes in blob.hpp of BVLC/caffe."""


def convert_caffe(
    prototxt: Path,
    caffemodel: Path,
    *,
    input_shape: Sequence[int | None] | None = None,
    outputs: Sequence[str] | None = None,
    progress: Progress = silent,
) -> bytes:
    """Convert a network in phase TEST and stage deploy to ONNX of opset 13.

    Inputs and outputs are float32 of fixed shape, with the names of their blobs. Layers that the
    outputs do not need are left out, even if they could not be converted.

    Args:
        prototxt: The network: layer or (V1) layers messages, with inputs of any form.
        caffemodel: Its weights, in binary form.
        input_shape: (N, C, H, W) of the network's only input; a size of None, and all sizes by
            default, stay as in the prototxt. C cannot change; H and W can only change if the
            network is fully convolutional.
        outputs: Names of the output blobs, in order. 'blob@layer' is the state that a layer
            wrote before a later layer changed it in place. None = the blobs that no layer reads.
        progress: Called before each layer; an exception from it cancels the conversion.

    Returns:
        The serialised ONNX model.

    Raises:
        ConversionError: A file is invalid, the two do not belong together, or the network has a
            layer that cannot be converted; the message names file, line and layer.
    """
    progress(f'reading {prototxt.name}', None)
    network = read_network(prototxt)
    needed = needed_layers(network, outputs)
    for step in needed.steps:
        if step.layer.kind not in TRANSLATORS:
            msg = f'{prototxt}: {step.layer}: {why_not(step.layer.kind)}'
            raise ConversionError(msg)
    inputs = _inputs(network, needed, input_shape)
    progress(f'reading {caffemodel.name}', None)
    builder = OnnxBuilder()
    results = _translated(network, needed, inputs, read_weights(caffemodel), builder, progress)
    builder.fold_into_convolutions()
    progress('checking the ONNX network', None)
    return serialised(prototxt, builder, _shapes(inputs), _shapes(results), CONVERTER_VERSION)


def _shapes(blobs: Sequence[Blob]) -> dict[str, Shape]:
    return {blob.name: blob.shape for blob in blobs}


def _inputs(
    network: Network, needed: NeededLayers, input_shape: Sequence[int | None] | None
) -> list[Blob]:
    """Return the inputs with the requested shapes."""
    shapes = {name: network.inputs[name] for name in needed.inputs}
    if input_shape is not None:
        if len(shapes) != 1:
            msg = f'{network.path}: input_shape: expected one input, got {len(shapes)}'
            raise ConversionError(msg)
        ((name, shape),) = shapes.items()
        if len(input_shape) != len(shape):
            msg = f'{network.path}: input shape {tuple(input_shape)} cannot replace {shape}'
            raise ConversionError(msg)
        wanted = tuple(
            old if new is None else new for new, old in zip(input_shape, shape, strict=True)
        )
        if min(wanted) < 1 or wanted[1:2] != shape[1:2]:
            msg = f'{network.path}: input shape {wanted} cannot replace {shape}'
            raise ConversionError(msg)
        shapes[name] = wanted
    for name, shape in shapes.items():
        if math.prod(shape) > MAX_BLOB_SIZE:
            msg = f'{network.path}: input {name!r} of shape {shape} is too large'
            raise ConversionError(msg)
    return [Blob(name, shape) for name, shape in shapes.items()]


def _translated(
    network: Network,
    needed: NeededLayers,
    inputs: Sequence[Blob],
    weights: dict[str, list[StoredBlob]],
    builder: OnnxBuilder,
    progress: Progress,
) -> list[Blob]:
    """Translate all layers, and return the outputs."""
    blobs = {blob.name: blob for blob in inputs}
    uses = Counter(name for step in needed.steps for name in step.sources)
    wanted = set(needed.outputs)
    for number, step in enumerate(needed.steps):
        progress('converting to ONNX', number / len(needed.steps))
        # An output that another layer reads gets its own node, so that nothing is folded into it.
        targets = tuple(
            f'{name}:shared' if name in wanted and uses[name] else name for name in step.results
        )
        context = LayerContext(
            step.layer,
            tuple(blobs[name] for name in step.sources),
            targets,
            tuple(weights.pop(step.layer.name, ())),
            builder,
        )
        blobs.update(zip(step.results, _results(network.path, step, context), strict=True))
    outputs: list[Blob] = []
    for name in needed.outputs:
        if blobs[name].name != name:
            builder.emit('Identity', [blobs[name].name], name)
        outputs.append(Blob(name, blobs[name].shape))
    return outputs


def _results(path: Path, step: Step, context: LayerContext) -> list[Blob]:
    try:
        results = TRANSLATORS[step.layer.kind](context)
    except ConversionError as err:
        msg = f'{path}: {step.layer}: {err}'
        raise ConversionError(msg) from err
    for blob in results:
        sizes = blob.shape
        if min(sizes, default=0) < 1 or math.prod(sizes) > MAX_BLOB_SIZE or len(sizes) > MAX_AXES:
            msg = f'{path}: {step.layer}: its result would be of shape {sizes[:8]}: refused'
            raise ConversionError(msg)
    return results
