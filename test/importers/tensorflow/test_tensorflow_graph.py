# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of reading frozen graphs; malicious ones only cause an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers import protobuf_classes
from ros_deep_learning.importers.tensorflow.tensorflow_graph import FrozenGraph


def test_reads_nodes_and_attributes(graph_writer: Any, tmp_path: Path) -> None:
    graph_writer.const('c', [[1, 2], [3, 4.5]])
    graph_writer.node('Conv2D', 'n', 'c:0', '^c', padding='SAME', strides=[1, 2, 2, 1], axis=-1)
    graph = FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))
    node = graph.node('n')
    assert (node.op, node.inputs) == ('Conv2D', ('c',))
    assert node.integers('strides') == (1, 2, 2, 1)
    assert node.integer('axis') == -1
    assert node.text('padding', '') == 'SAME'
    assert (node.integers('x'), node.integer('x'), node.text('x', 'y')) == ((), 0, 'y')
    value = graph.constant(graph.node('c'))
    assert value.dtype == np.float32
    assert value.tolist() == [[1, 2], [3, 4.5]]
    with pytest.raises(ConversionError, match='cannot use the data type 0'):
        node.dtype('T')


def test_identities_are_seen_through(graph_writer: Any, tmp_path: Path) -> None:
    graph_writer.const('c', 1)
    graph_writer.node('Identity', 'i1', 'c')
    graph_writer.node('Identity', 'i2', 'i1', '^i1')
    graph = FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))
    assert graph.node('i2').name == 'c'
    assert [node.name for node in graph.ordered(['i2', 'i1'])] == ['c']


def test_order_puts_inputs_first_and_stops_where_told(graph_writer: Any, tmp_path: Path) -> None:
    # A loop beyond the stop, as in all preprocessors of the Object Detection API.
    graph_writer.node('Merge', 'loop', 'next')
    graph_writer.node('NextIteration', 'next', 'loop')
    graph_writer.node('Sub', 'input', 'loop')
    graph_writer.node('Add', 'd', 'b', 'c')
    graph_writer.node('Relu', 'c', 'b')
    graph_writer.node('Relu', 'b', 'input')
    graph = FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))
    assert [node.name for node in graph.ordered(['d'], ['input'])] == ['b', 'c', 'd']
    with pytest.raises(ConversionError, match='needs its own output'):
        graph.ordered(['d'])


@pytest.mark.parametrize(
    ('values', 'field', 'expected'),
    [
        ([1.5], 'float_val', [1.5] * 4),
        ([1.5, 2], 'float_val', [1.5, 2, 2, 2]),
        ([], 'float_val', [0] * 4),
        ([3, -4], 'int_val', [3, -4, -4, -4]),
    ],
)
def test_short_value_lists_go_on(
    graph_writer: Any, tmp_path: Path, values: list[float], field: str, expected: list[float]
) -> None:
    tensor = graph_writer.graph.node.add(op='Const', name='c').attr.add(key='value').value.tensor
    tensor.dtype = 1 if field == 'float_val' else 3
    tensor.tensor_shape.dim.add(size=4)
    getattr(tensor, field).extend(values)
    graph = FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))
    assert graph.constant(graph.node('c')).tolist() == expected


@pytest.mark.parametrize(
    ('shape', 'content', 'values', 'dtype'),
    [
        ([2], bytes(4), [], 1),
        ([2], bytes(9), [], 1),
        ([1], b'', [1.0, 2.0], 1),
        ([-1], b'', [], 1),
        ([-2, -2], bytes(16), [], 1),
        ([1 << 40], b'', [1.0], 1),
        ([1 << 62, 1 << 62], b'', [], 1),
        ([1], bytes(4), [], 7),
        ([1], bytes(4), [], 0),
        ([1], bytes(4), [], 12345),
    ],
)
def test_constants_that_lie(
    graph_writer: Any,
    tmp_path: Path,
    shape: list[int],
    content: bytes,
    values: list[float],
    dtype: int,
) -> None:
    tensor = graph_writer.graph.node.add(op='Const', name='c').attr.add(key='value').value.tensor
    tensor.dtype = dtype
    tensor.tensor_content = content
    tensor.float_val.extend(values)
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    graph = FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))
    with pytest.raises(ConversionError, match='node c'):
        graph.constant(graph.node('c'))


def test_many_constants_share_one_limit(graph_writer: Any, tmp_path: Path) -> None:
    tensor = graph_writer.graph.node.add(op='Const', name='c').attr.add(key='value').value.tensor
    tensor.dtype = 1
    tensor.tensor_shape.dim.add(size=1 << 20)
    graph = FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))
    node = graph.node('c')
    for _ in range(256):
        graph.reserve(node, [1 << 20], np.dtype(np.float32))
    with pytest.raises(ConversionError, match='cannot make an array'):
        graph.constant(node)


def test_files_that_are_no_graph(
    graph_writer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'g.pb'
    with pytest.raises(ConversionError, match='cannot be read: No such file'):
        FrozenGraph(path)
    for data in (b'', b'\x00', b'\xff' * 100, b'just text', b'\x0a\xff\xff\xff\xff\x0f'):
        path.write_bytes(data)
        with pytest.raises(ConversionError, match=str(path)):
            FrozenGraph(path)
    graph_writer.const('c', np.zeros(100))
    whole = graph_writer.write(path).read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(ConversionError, match='or truncated'):
        FrozenGraph(path)
    path.write_bytes(whole)
    monkeypatch.setattr(protobuf_classes, 'MAX_BYTES', len(whole) - 1)
    with pytest.raises(ConversionError, match='larger than'):
        FrozenGraph(path)


def test_deeply_nested_messages(tmp_path: Path) -> None:
    # Each level: field 5 (attr) -> 2 (value) -> 10 (function, which is ignored).
    data = b''
    for _ in range(2000):
        size, varint = len(data), b''
        while size >= 128:
            varint += bytes([size % 128 + 128])
            size //= 128
        data = b'\x0a' + varint + bytes([size]) + data
    path = tmp_path / 'g.pb'
    path.write_bytes(data)
    with pytest.raises(ConversionError, match=str(path)):
        FrozenGraph(path).node('Squeeze')


def test_duplicate_and_missing_nodes(graph_writer: Any, tmp_path: Path) -> None:
    graph_writer.node('Relu', 'a', 'gone')
    graph = FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))
    with pytest.raises(ConversionError, match="there is no node 'gone'"):
        graph.ordered(['a'])
    graph_writer.node('Relu', 'b', 'a:1')
    graph = FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))
    with pytest.raises(ConversionError, match="there is no node 'a:1'"):
        graph.ordered(['b'])
    graph_writer.node('Relu', 'a')
    with pytest.raises(ConversionError, match="two nodes have the name 'a'"):
        FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))


class CountingNodes(dict[str, Any]):
    """The nodes of a graph; counts the steps of walks over them."""

    steps = 0

    def get(self, *key: Any) -> Any:
        self.steps += 1
        return super().get(*key)


def test_long_chains_and_circles_cost_a_few_steps_a_node(
    graph_writer: Any, tmp_path: Path
) -> None:
    count = 5_000
    graph_writer.node('Relu', 'r0')
    graph_writer.node('Identity', 'i0', 'r0')
    for number in range(1, count):
        graph_writer.node('Relu', f'r{number}', f'r{number - 1}', f'r{number - 1}')
        graph_writer.node('Identity', f'i{number}', f'i{number - 1}')
        graph_writer.node('Relu', f'x{number}', f'i{number}')
    graph_writer.node('Identity', 'j0', 'j1')
    graph_writer.node('Identity', 'j1', 'j0')
    graph = FrozenGraph(graph_writer.write(tmp_path / 'g.pb'))
    nodes = graph._nodes = CountingNodes(graph._nodes)
    assert len(graph.ordered([f'r{count - 1}'])) == count
    assert len(graph.ordered([f'x{number}' for number in range(count - 1, 0, -1)])) == count
    with pytest.raises(ConversionError, match='is its own input'):
        graph.ordered(['j0'])
    assert nodes.steps < 20 * count
