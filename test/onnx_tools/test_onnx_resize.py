# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks with another input size in the file than in the card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.onnx_tools.facts import read_facts
from ros_deep_learning.onnx_tools.onnx_resize import resize_onnx

WEIGHTS = np.random.default_rng(0).normal(0, 1, (2, 3, 3, 3)).astype(np.float32)


def write(path: Path, *, channels: int = 3, flat: bool = False, inputs: int = 1) -> Path:
    """Write a convolution for ten images of 32x32; with ``flat``, no other size is possible."""
    nodes = [helper.make_node('Conv', ['x0', 'w'], ['y'], strides=[2, 2], pads=[1, 1, 1, 1])]
    output = [10, 2, 16, 16]
    constants = [numpy_helper.from_array(WEIGHTS, 'w')]
    if flat:
        nodes.append(helper.make_node('Flatten', ['y'], ['f']))
        nodes.append(helper.make_node('MatMul', ['f', 'v'], ['z']))
        constants.append(numpy_helper.from_array(np.ones((512, 4), np.float32), 'v'))
        output = [10, 4]
    graph = helper.make_graph(
        nodes,
        'net',
        [
            helper.make_tensor_value_info(f'x{k}', TensorProto.FLOAT, [10, channels, 32, 32])
            for k in range(inputs)
        ],
        [helper.make_tensor_value_info('z' if flat else 'y', TensorProto.FLOAT, output)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 11)], ir_version=6)
    onnx.save(model, str(path))
    return path


def test_the_network_is_the_same_at_another_size(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.onnx')
    resized = tmp_path / 'b.onnx'
    resized.write_bytes(resize_onnx(path, (48, 40)))
    facts = read_facts(resized)
    assert facts.inputs['x0'].shape == (1, 3, 40, 48)
    assert facts.outputs['y'].shape == (1, 2, 20, 24)
    image = np.random.default_rng(1).normal(0, 1, (1, 3, 40, 48)).astype(np.float32)
    (found,) = onnxruntime.InferenceSession(str(resized)).run(None, {'x0': image})
    want = np.zeros((2, 20, 24))
    padded = np.pad(image[0].astype(np.float64), ((0, 0), (1, 1), (1, 1)))
    for y, x in np.ndindex(20, 24):
        window = padded[:, 2 * y : 2 * y + 3, 2 * x : 2 * x + 3]
        want[:, y, x] = (WEIGHTS * window).sum(axis=(1, 2, 3))
    assert np.allclose(found[0], want, atol=1e-4)


@pytest.mark.parametrize(
    ('changes', 'complaint'),
    [
        ({'channels': 1}, 'expected one input of shape'),
        ({'inputs': 2}, 'expected one input of shape'),
        ({'flat': True}, 'cannot take images of 48x40'),
    ],
)
def test_networks_that_cannot(tmp_path: Path, changes: dict, complaint: str) -> None:
    path = write(tmp_path / 'a.onnx', **changes)
    with pytest.raises(ConversionError, match=complaint):
        resize_onnx(path, (48, 40))


@pytest.mark.parametrize('content', [b'', b'no network'])
def test_files_that_are_no_network(tmp_path: Path, content: bytes) -> None:
    (tmp_path / 'a.onnx').write_bytes(content)
    with pytest.raises(ConversionError):
        resize_onnx(tmp_path / 'a.onnx', (48, 40))


def test_weights_in_another_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The resized file is kept in another folder, where it would not find them."""
    path = write(tmp_path / 'a.onnx')
    onnx.save(
        onnx.load(path), str(path), save_as_external_data=True, location='a.bin', size_threshold=0
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConversionError, match=r'a\.onnx has weights in a\.bin, but .* to fix: '):
        resize_onnx(path, (48, 40))
    onnx.save(onnx.load(path), path)
    assert resize_onnx(path, (48, 40))


def test_a_type_of_weights_that_onnx_does_not_have(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.onnx')
    model = onnx.load(path)
    model.graph.initializer[0].data_type = 99
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ConversionError, match=r'a\.onnx is not a valid ONNX network: .*type 99'):
        resize_onnx(path, (48, 40))
