# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that are converted to ONNX: whole ones, small, and what converts them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / 'support'))

from caffe_files import caffemodel
from graph_writer import GraphWriter
from uff_files import small_uff_ssd

from ros_deep_learning.importers.caffe.convert import convert_caffe
from ros_deep_learning.importers.onnx_builder import OnnxBuilder, Tensor
from ros_deep_learning.importers.tensorflow.tensorflow_graph import FrozenGraph
from ros_deep_learning.importers.tensorflow.tensorflow_layers import translate
from ros_deep_learning.importers.uff.uff_ssd import convert_uff_ssd, uff_input_size

PROTOTXT = """name: "net"
input: "data"
input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 2 kernel_size: 3 } }
"""


def caffemodels() -> list[bytes]:
    """Return weights of the network of ``PROTOTXT``, as Caffe and its old versions wrote them."""
    weights = {'conv': [np.ones((2, 3, 3, 3), np.float32), np.ones(2, np.float32)]}
    old = {'v1': True, 'old_sizes': True, 'doubles': True}
    return [caffemodel(weights), caffemodel(weights, **old)]


def read_caffemodel(path: Path) -> None:
    """Convert the network of ``PROTOTXT`` with these weights."""
    with tempfile.NamedTemporaryFile('w', suffix='.prototxt', dir=path.parent) as prototxt:
        prototxt.write(PROTOTXT)
        prototxt.flush()
        convert_caffe(Path(prototxt.name), path)


def uffs() -> list[bytes]:
    """Return a small SSD."""
    return [small_uff_ssd().serialised()]


def read_uff(path: Path) -> None:
    """Convert an SSD."""
    convert_uff_ssd(path, uff_input_size(path))


def frozen_graphs() -> list[bytes]:
    """Return a graph of a few layers, from ``x`` to ``y``."""
    writer = GraphWriter()
    rng = np.random.default_rng(0)
    writer.node('Placeholder', 'x')
    kernel = writer.const('kernel', rng.normal(0, 1, (3, 3, 3, 4)))
    window = {'strides': [1, 2, 2, 1], 'padding': 'SAME', 'data_format': 'NHWC'}
    conv = writer.node('Conv2D', 'conv', 'x', kernel, **window)
    biased = writer.node('BiasAdd', 'biased', conv, writer.const('bias', np.ones(4)))
    active = writer.node('Relu6', 'active', biased)
    shape = writer.const('shape', [1, 16, 4], np.int32)
    writer.node('Reshape', 'y', active, shape)
    return [writer.graph.SerializeToString()]


def read_frozen_graph(path: Path) -> None:
    """Translate the graph from ``x`` to ``y``."""
    x = Tensor('x', (1, 8, 8, 3), planar=True)
    translate(FrozenGraph(path), {'x': x}, ['y'], OnnxBuilder())
