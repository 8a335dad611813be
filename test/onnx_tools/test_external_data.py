# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Weights in other files: found in all parts of the graph, and copied with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

from ros_deep_learning.errors import CardError
from ros_deep_learning.onnx_tools.external_data import copy_onnx, external_files
from ros_deep_learning.onnx_tools.load import load_onnx


def external(folder: Path, location: str, values: list[float]) -> TensorProto:
    """Return a tensor with its values in a file."""
    array = np.array(values, np.float32)
    (folder / location).parent.mkdir(parents=True, exist_ok=True)
    (folder / location).write_bytes(array.tobytes())
    tensor = numpy_helper.from_array(array, location)
    set_external_data(tensor, location, 0, array.nbytes)
    tensor.ClearField('raw_data')
    tensor.data_location = TensorProto.EXTERNAL
    return tensor


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Return a network that adds weights of its graph, a node and an inner graph, a file each."""
    folder = tmp_path / 'export'
    inner = helper.make_graph(
        [helper.make_node('Identity', ['inner.bin'], ['chosen'])],
        'inner',
        [],
        [helper.make_tensor_value_info('chosen', TensorProto.FLOAT, [2])],
        [external(folder, 'inner.bin', [100, 200])],
    )
    nodes = [
        helper.make_node('Constant', [], ['c'], value=external(folder, 'a/node :1', [10, 20])),
        helper.make_node('Constant', [], ['yes'], value=helper.make_tensor('', 9, [], [True])),
        helper.make_node('If', ['yes'], ['i'], then_branch=inner, else_branch=inner),
        helper.make_node('Sum', ['x', 'net.onnx.data', 'c', 'i'], ['y']),
    ]
    graph = helper.make_graph(
        nodes,
        'net',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [2])],
        [external(folder, 'net.onnx.data', [1, 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=7)
    path = folder / 'net.onnx'
    path.write_bytes(model.SerializeToString())
    return path


def run(path: Path) -> list[float]:
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    (found,) = session.run(None, {'x': np.zeros(2, np.float32)})
    return list(found)


def test_all_of_them_are_found(network: Path) -> None:
    model = load_onnx(network, weights=False)
    assert external_files(network, model) == [
        'a/node :1',
        'inner.bin',
        'net.onnx.data',
    ]


def test_a_copy_runs_alone(network: Path, tmp_path: Path) -> None:
    (tmp_path / 'kept').mkdir()
    target = tmp_path / 'kept' / 'mine.onnx'
    copy_onnx(network, target)
    for path in sorted(network.parent.rglob('*'), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    names = ['mine.0.data', 'mine.1.data', 'mine.2.data', 'mine.onnx']
    assert sorted(p.name for p in target.parent.iterdir()) == names
    assert run(target) == [111, 222]


def test_a_network_in_one_file_is_copied_as_it_is(network: Path, tmp_path: Path) -> None:
    whole = tmp_path / 'whole.onnx'
    graph = helper.make_graph(
        [helper.make_node('Identity', ['x'], ['y'])],
        'net',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [2])],
    )
    onnx.save(helper.make_model(graph), str(whole))
    assert external_files(whole, load_onnx(whole)) == []
    copy_onnx(whole, tmp_path / 'copy.onnx')
    assert (tmp_path / 'copy.onnx').read_bytes() == whole.read_bytes()


def test_weights_that_are_missing_are_named(network: Path, tmp_path: Path) -> None:
    (network.parent / 'inner.bin').unlink()
    with pytest.raises(CardError, match=r'net\.onnx has weights in inner\.bin, which is missi'):
        copy_onnx(network, tmp_path / 'mine.onnx')
    assert not (tmp_path / 'mine.onnx').exists()


@pytest.mark.parametrize('location', ['../secret', '/etc/hostname'])
def test_files_elsewhere_are_refused(network: Path, tmp_path: Path, location: str) -> None:
    model = onnx.load(str(network), load_external_data=False)
    model.graph.initializer[0].external_data[0].value = location
    network.write_bytes(model.SerializeToString())
    with pytest.raises(CardError, match='refers to weights outside its own folder'):
        copy_onnx(network, tmp_path / 'mine.onnx')


def test_what_is_no_onnx(tmp_path: Path) -> None:
    (tmp_path / 'net.onnx').write_bytes(b'\xff\xff\xff not a network')
    with pytest.raises(CardError, match=r'cannot read .*net\.onnx as an ONNX'):
        copy_onnx(tmp_path / 'net.onnx', tmp_path / 'copy.onnx')
