# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of networks that take 8-bit pixels, against preprocessing in NumPy."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.errors import ConversionError
from ros_deep_learning.onnx_tools.pixel_input import take_pixels
from ros_deep_learning.onnx_tools.quantize import run_exactly


def test_weights_in_another_file_stay_there(make_model, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 0.3, (4, 3, 3, 3)).astype(np.float32)
    # A tensor has a name that would have been taken.
    nodes = [
        helper.make_node('Conv', ['x', 'w'], ['x_ready']),
        helper.make_node('Relu', ['x_ready'], ['y']),
    ]
    model = make_model(nodes, [('x', [1, 3, 8, 8])], [('y', [1, 4, 6, 6])], [('w', weights)])
    path = tmp_path / 'net.onnx'
    onnx.save(model, path, save_as_external_data=True, location='w.bin', size_threshold=0)
    spec = InputSpec(8, 8, scale=1 / 255, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))
    monkeypatch.chdir('/')
    (tmp_path / 'pixels.onnx').write_bytes(take_pixels(path, 'x', spec))
    pixels = rng.integers(0, 256, (1, 3, 8, 8), np.uint8)
    means, deviations = (np.reshape(values, (3, 1, 1)) for values in (spec.mean, spec.std))
    image = np.float32((pixels * spec.scale - means) / deviations)
    (wanted,) = run_exactly(path, [{'x': image}])
    (found,) = run_exactly(tmp_path / 'pixels.onnx', [{'x': pixels}])
    np.testing.assert_array_equal(found['y'], wanted['y'])


def test_an_image_that_a_branch_reads_is_refused(make_model, tmp_path):
    """A server would refuse the network, long after it was written."""
    branches = {
        f'{kind}_branch': helper.make_graph(
            [helper.make_node(operator, ['x'], [kind])],
            kind,
            [],
            [helper.make_tensor_value_info(kind, onnx.TensorProto.FLOAT, [1, 3, 8, 8])],
        )
        for kind, operator in (('then', 'Relu'), ('else', 'Neg'))
    }
    nodes = [
        helper.make_node('ReduceMax', ['x'], ['most'], keepdims=0),
        helper.make_node('Greater', ['most', 'zero'], ['bright']),
        helper.make_node('If', ['bright'], ['y'], **branches),
    ]
    model = make_model(
        nodes, [('x', [1, 3, 8, 8])], [('y', [1, 3, 8, 8])], [('zero', np.float32(0))]
    )
    onnx.save(model, tmp_path / 'net.onnx')
    with pytest.raises(
        ConversionError, match=r"net\.onnx: a branch or loop in it reads 'x'; to fix"
    ):
        take_pixels(tmp_path / 'net.onnx', 'x', InputSpec(8, 8))
