# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what the first convolution tells of the images of a network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.onnx_tools.first_layer import first_layer_gain

WEIGHTS = np.array([[3.0, 4.0], [6.0, 8.0], [0.0, 1.0]])
"""Filters of norm 5, 10 and 1."""


def network(*nodes: Any, **constants: Any) -> Any:
    """Return a network from 'images' with a convolution of ``WEIGHTS``."""
    arrays = {'weights': WEIGHTS.reshape(3, 2, 1, 1)} | constants
    graph = helper.make_graph(
        list(nodes),
        'net',
        [helper.make_tensor_value_info('images', TensorProto.FLOAT, [1, 2, 8, 8])],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.asarray(array, np.float32), name)
            for name, array in arrays.items()
        ],
    )
    return helper.make_model(graph)


def node(kind: str, *inputs: str, to: str) -> Any:
    return helper.make_node(kind, list(inputs), [to])


CONV = node('Conv', 'images', 'weights', to='first')
THEN = node('Conv', 'x', 'weights', to='first')


def test_it_is_the_median_norm_of_the_filters() -> None:
    assert first_layer_gain(network(CONV, node('Relu', 'first', to='y'))) == pytest.approx(5)


@pytest.mark.parametrize(
    ('kind', 'constant', 'gain'), [('Mul', 255, 1275), ('Div', 50, 0.1), ('Sub', 128, 5)]
)
def test_arithmetic_before_it_counts(kind: str, constant: float, gain: float) -> None:
    model = network(node(kind, 'images', 'k', to='x'), THEN, k=constant)
    assert first_layer_gain(model) == pytest.approx(gain)


def test_the_normalisation_behind_it_counts() -> None:
    batch = node('BatchNormalization', 'first', 'scale', 'bias', 'mean', 'var', to='y')
    values = {'scale': [2, 2, 2], 'bias': [0, 0, 0], 'mean': [9, 9, 9], 'var': [4, 4, 16]}
    assert first_layer_gain(network(CONV, batch, **values)) == pytest.approx(5, rel=1e-4)


@pytest.mark.parametrize(
    'model',
    [
        network(node('Relu', 'images', to='x'), THEN),
        network(node('Mul', 'images', 'images', to='x'), THEN),
        network(node('Identity', 'images', to='y')),
        network(node('Conv', 'images', 'elsewhere', to='y')),
        network(node('Div', 'images', 'k', to='x'), THEN, k=0.0),
        network(node('Conv', 'images', 'k', to='y'), k=np.zeros((1, 2, 1, 1))),
    ],
)
def test_elsewhere_nothing_is_told(model: Any) -> None:
    assert first_layer_gain(model) is None


def test_broken_weights_tell_nothing() -> None:
    model = network(CONV)
    model.graph.initializer[0].raw_data = b'123'
    assert first_layer_gain(model) is None
