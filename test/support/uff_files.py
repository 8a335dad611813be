# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write true UFF files: of single nodes, and of frozen SSDs as NVIDIA's tools made them.

The wire format is written by hand, after uff.proto; nodes and their fields are those of the
TensorFlow converter of the ``uff`` package, the plugins those of TensorRT's sampleUffSSD.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

_DTYPES = {'float32': 131104, 'int32': 65568, 'int64': 65600, 'float16': 131088}
_BINARY = {'Add': 'add', 'AddV2': 'add', 'Sub': 'sub', 'Mul': 'mul', 'RealDiv': 'div'}
_BINARY |= {'Minimum': 'min', 'Maximum': 'max'}
_ORDERS = {'Conv': 'orders_N+C_+CK'}


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    parts = b''
    while value > 127:
        parts += bytes([value % 128 + 128])
        value //= 128
    return parts + bytes([value])


def _chunk(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _data(value: Any) -> bytes:
    """Write a Data message as ``create_data`` fills it; None is an empty one."""
    if value is None:
        return b''
    if isinstance(value, Ref):
        return _chunk(100, value.encode())
    if isinstance(value, DType):
        return _varint(101 << 3) + _varint(value)
    if isinstance(value, str):
        return _chunk(1, value.encode())
    if isinstance(value, bytes):
        return _chunk(9, value)
    if isinstance(value, float):
        return _varint(3 << 3 | 1) + struct.pack('<d', value)
    if isinstance(value, int):
        return _varint(7 << 3) + _varint(value)
    if any(isinstance(item, float) for item in value):
        return _chunk(4, _chunk(1, struct.pack(f'<{len(value)}d', *value)))
    return _chunk(8, _chunk(1, b''.join(_varint(item) for item in value)))


class Ref(str):
    """The key of referenced data."""


class DType(int):
    """A data type's number."""


class UffWriter:
    """Writes a UFF file node by node."""

    def __init__(self) -> None:
        self.nodes: dict[str, tuple[str, list[str], dict[str, Any]]] = {}
        self.referenced: dict[str, Any] = {}

    def node(self, op: str, name: str, *inputs: str, **fields: Any) -> str:
        if op in ('Conv', 'Pool', 'BatchNorm'):
            orders = _ORDERS.get(op, 'orders_N+C')
            # What the orders mean is told by their name; the entry itself is left empty.
            self.referenced.setdefault(orders, None)
            fields.setdefault('inputs_orders', Ref(orders))
        self.nodes[name] = (op, list(inputs), fields)
        return name

    def const(self, name: str, value: Any, dtype: str = 'float32') -> str:
        array = np.asarray(value, dtype)
        key = f'weights_{name}'
        self.referenced[key] = array.tobytes()
        fields = {'shape': list(array.shape), 'dtype': DType(_DTYPES[dtype]), 'values': Ref(key)}
        return self.node('Const', name, **fields)

    def serialised(self) -> bytes:
        nodes = b''
        # The converter walks back from the outputs, so that a node comes before its inputs.
        for name, (op, inputs, fields) in reversed(self.nodes.items()):
            node = _chunk(1, name.encode()) + b''.join(_chunk(2, i.encode()) for i in inputs)
            node += _chunk(3, op.encode())
            for key, value in fields.items():
                node += _chunk(4, _chunk(1, key.encode()) + _chunk(2, _data(value)))
            nodes += _chunk(2, node)
        meta = _varint(1 << 3) + _varint(1) + _varint(2 << 3) + _varint(1)
        meta += _chunk(4, _chunk(1, b'main') + nodes)
        for key, value in self.referenced.items():
            meta += _chunk(5, _chunk(1, key.encode()) + _chunk(2, _data(value)))
        return meta

    def write(self, path: Path) -> Path:
        path.write_bytes(self.serialised())
        return path


def uff_ssd(graph: Any, size_wh: tuple[int, int], **plugins: Any) -> UffWriter:
    """Make of a frozen SSD what sampleUffSSD's config.py and the converter made of it.

    Args:
        graph: The Graph message, with the names of the Object Detection API.
        size_wh: Width and height of its images.
        plugins: Parameters of the plugins in place of config.py's, by their name and type.
    """
    nodes = {node.name: node for node in graph.node}
    uff = UffWriter()
    shape = [1, 3, size_wh[1], size_wh[0]]
    uff.node('Input', 'Input', shape=shape, dtype=DType(_DTYPES['float32']))
    waiting: list[str] = []
    for concat, plugin in (('concat', 'concat_box_loc'), ('concat_1', 'concat_box_conf')):
        parts = [_plain(nodes, name) for name in list(nodes[concat].input)[:-1]]
        waiting += parts
        uff.node('_FlattenConcat_TRT', plugin, *parts, axis_u_int=1, ignoreBatch_u_int=0)
    while waiting:
        name = waiting.pop()
        if name not in uff.nodes:
            waiting += _converted(uff, nodes, name)
    uff.node(
        '_GridAnchor_TRT',
        'GridAnchor',
        **{
            'numLayers_u_int': 6,
            'minSize_u_float': 0.2,
            'maxSize_u_float': 0.95,
            'aspectRatios_u_flist': [1.0, 2.0, 0.5, 3.0, 0.33],
            'variance_u_flist': [0.1, 0.1, 0.2, 0.2],
            'featureMapShapes_u_ilist': [19, 10, 5, 3, 2, 1],
            **{k: v for k, v in plugins.items() if k in _ANCHOR_FIELDS},
        },
    )
    uff.node('Concat', 'concat_priorbox', *['GridAnchor'] * 6, axis=2)
    uff.node('Squeeze', 'Squeeze', 'concat_box_loc', axes=[2])
    uff.node(
        '_NMS_TRT',
        'NMS',
        *('Squeeze', 'concat_priorbox', 'concat_box_conf'),
        **{
            'shareLocation_u_int': 1,
            'varianceEncodedInTarget_u_int': 0,
            'backgroundLabelId_u_int': 0,
            'confidenceThreshold_u_float': 1e-8,
            'nmsThreshold_u_float': 0.6,
            'topK_u_int': 100,
            'keepTopK_u_int': 100,
            'numClasses_u_int': 91,
            'inputOrder_u_ilist': [0, 2, 1],
            'confSigmoid_u_int': 1,
            'isNormalized_u_int': 1,
            **{k: v for k, v in plugins.items() if k not in _ANCHOR_FIELDS},
        },
    )
    uff.node('MarkOutput', 'MarkOutput_0', 'NMS')
    return uff


_ANCHOR_FIELDS = ('aspectRatios_u_flist', 'featureMapShapes_u_ilist', 'variance_u_flist',
                  'minSize_u_float', 'maxSize_u_float')  # fmt: skip


def small_uff_ssd() -> UffWriter:
    """Make a minimal SSD of 8x8 images: one convolution per head on two maps."""
    rng = np.random.default_rng(2)
    uff = UffWriter()
    uff.node('Input', 'Input', shape=[1, 3, 8, 8], dtype=None)
    heads: dict[str, list[str]] = {'box': [], 'class': []}
    for size, (stride, per_cell) in {4: (2, 3), 2: (4, 4)}.items():
        for head, columns in (('box', 4), ('class', 3)):
            kernel = uff.const(f'k{head}{size}', rng.normal(0, 1, (2, 2, 3, per_cell * columns)))
            window = {'strides': [stride, stride], 'implicit_padding': 'same'}
            conv = uff.node('Conv', f'{head}{size}', 'Input', kernel, padding=None, **window)
            heads[head].append(conv)
    uff.node('_FlattenConcat_TRT', 'boxes', *heads['box'], axis_u_int=1)
    uff.node('_FlattenConcat_TRT', 'classes', *heads['class'], axis_u_int=1)
    anchors = {
        'minSize_u_float': 0.2,
        'maxSize_u_float': 0.9,
        'aspectRatios_u_flist': [1.0, 2.0, 0.5],
        'variance_u_flist': [0.1, 0.2, 0.3, 0.4],
        'featureMapShapes_u_ilist': [4, 2],
    }
    uff.node('_GridAnchor_TRT', 'anchors', **anchors)
    order = {'numClasses_u_int': 3, 'inputOrder_u_ilist': [1, 0, 2], 'confSigmoid_u_int': 1}
    uff.node('_NMS_TRT', 'NMS', 'classes', 'boxes', 'anchors', **order)
    uff.node('MarkOutput', 'MarkOutput_0', 'NMS')
    return uff


def _plain(nodes: dict[str, Any], name: str) -> str:
    """Leave out identities and outputs' numbers; graphsurgeon has put Input for the image."""
    name = name.partition(':')[0]
    while nodes[name].op == 'Identity':
        name = nodes[name].input[0].partition(':')[0]
    return 'Input' if name.startswith('Preprocessor/') else name


def _converted(uff: UffWriter, nodes: dict[str, Any], name: str) -> list[str]:
    """Write one node as the converter does; gives its inputs."""
    node = nodes[name]
    attributes = {entry.key: entry.value for entry in node.attr}
    inputs = [_plain(nodes, i) for i in node.input if not i.startswith('^')]

    def window() -> dict[str, Any]:
        same = attributes['padding'].s == b'SAME'
        strides = list(attributes['strides'].list.i)[1:3]
        return {'strides': strides, 'padding': None, 'implicit_padding': 'same' if same else None}

    if node.op == 'Const':
        uff.const(name, constant(node), str(constant(node).dtype))
    elif node.op in ('Conv2D', 'DepthwiseConv2dNative'):
        groups = None
        if node.op != 'Conv2D':
            groups = int(constant(nodes[inputs[1]]).shape[2])
        uff.node('Conv', name, *inputs, dilation=None, number_groups=groups, **window())
    elif node.op in ('MaxPool', 'AvgPool'):
        kernel = list(attributes['ksize'].list.i)[1:3]
        func = node.op[:3].lower()
        uff.node('Pool', name, *inputs, func=func, kernel=kernel, **window())
    elif node.op == 'FusedBatchNorm':
        uff.node('BatchNorm', name, *inputs, epsilon=float(attributes['epsilon'].f))
    elif node.op == 'BiasAdd':
        uff.node('Binary', name, *inputs, func='add')
    elif node.op in _BINARY:
        uff.node('Binary', name, *inputs, func=_BINARY[node.op])
    elif node.op in ('Rsqrt', 'Sqrt'):
        uff.node('Unary', name, *inputs, func=node.op.lower())
    elif node.op in ('Relu', 'Relu6', 'Sigmoid'):
        uff.node('Activation', name, *inputs, func=node.op.lower())
    elif node.op == 'ConcatV2':
        *inputs, axis = inputs
        uff.node('Concat', name, *inputs, axis=int(constant(nodes[axis])))
    elif node.op == 'Pack':
        uff.node('Stack', name, *inputs, axis=int(attributes['axis'].i))
    elif node.op == 'StridedSlice':
        keys = ('begin_mask', 'end_mask', 'shrink_axis_mask')
        masks = {k: int(attributes[k].i) if k in attributes else 0 for k in keys}
        uff.node('StridedSlice', name, *inputs, **masks)
    else:
        assert node.op in ('Reshape', 'Shape'), node.op
        uff.node(node.op, name, *inputs)
    return [i for i in inputs if i != 'Input']


def constant(node: Any) -> np.ndarray:
    """Read a Const node's value."""
    tensor = {entry.key: entry.value for entry in node.attr}['value'].tensor
    dtype = {1: np.float32, 3: np.int32, 9: np.int64}[tensor.dtype]
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.tensor_content:
        return np.frombuffer(tensor.tensor_content, dtype).reshape(shape)
    values = [*tensor.float_val, *tensor.int_val, *tensor.int64_val] or [0]
    array = np.full(shape, values[-1], dtype)
    array.ravel()[: len(values)] = values
    return array
