# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of softmax and sigmoid, and of when they are needed."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.tasks.activation import activate, sigmoid, softmax


def softmax_float64(x):
    x = x.astype(np.float64)
    shares = np.exp(x - x.max(axis=0, keepdims=True))
    return shares / shares.sum(axis=0, keepdims=True)


def sigmoid_float64(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def random_logits(*shape):
    return np.random.default_rng(0).normal(0, 5, shape).astype(np.float32)


@pytest.mark.parametrize('shape', [(1,), (7,), (1000,), (3, 4, 5), (21, 16, 16)])
def test_equals_float64(shape):
    x = random_logits(*shape)
    np.testing.assert_allclose(softmax(x), softmax_float64(x), rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(sigmoid(x), sigmoid_float64(x), rtol=2e-6, atol=1e-7)
    assert softmax(x).dtype == sigmoid(x).dtype == np.float32


@pytest.mark.filterwarnings('error')
def test_no_overflow():
    large = np.array([-3e38, -1e4, 0, 1e4, 3e38], np.float32)
    np.testing.assert_array_equal(sigmoid(large), np.array([0, 0, 0.5, 1, 1], np.float32))
    np.testing.assert_array_equal(softmax(large), np.array([0, 0, 0, 0, 1], np.float32))


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_in_its_cell(bad):
    x = random_logits(3, 4, 4)
    wanted = softmax_float64(x)
    x[1, 2, 2] = bad
    shares = activate(x, 'logits')
    others = np.ones((4, 4), bool)
    others[2, 2] = False
    np.testing.assert_allclose(shares[:, others], wanted[:, others], rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize(
    ('shape', 'exclusive', 'reference'),
    [
        ((5,), True, softmax_float64),
        ((5,), False, sigmoid_float64),
        ((1,), True, sigmoid_float64),
        ((1, 6, 6), True, sigmoid_float64),
        ((4, 6, 6), True, softmax_float64),
    ],
)
def test_scores_outside_0_to_1_are_logits(shape, exclusive, reference):
    x = random_logits(*shape) + 2
    for kind in ('logits', 'scores'):
        shares = activate(x, kind, exclusive=exclusive)
        np.testing.assert_allclose(shares, reference(x), rtol=2e-6, atol=1e-7)
    assert activate(x, 'probabilities', exclusive=exclusive) is x


@pytest.mark.parametrize(
    ('scores', 'exclusive'),
    [
        ([0.9, 0.1], True),
        ([0.3, 0.3, 0.4005], True),
        ([0.9, 0.8, 0.0], False),
        ([0.7], True),
        ([[[0.2]], [[0.3]]], True),
        ([0.0, 1.0, np.nan], False),
    ],
)
def test_scores_that_are_probabilities_are_kept(scores, exclusive):
    x = np.array(scores, np.float32)
    assert activate(x, 'scores', exclusive=exclusive) is x


@pytest.mark.parametrize('scores', [[0.2, 0.3], [0.9, 0.8, 0.0], [-0.5, 1.5], [0, 2, -1]])
def test_small_logits_of_one_cell_are_told_by_their_sum(scores):
    x = np.array(scores, np.float32)
    np.testing.assert_allclose(activate(x, 'scores'), softmax_float64(x), rtol=1e-6)


def test_half_precision_is_computed_in_single():
    x = random_logits(1000).astype(np.float16)
    shares = activate(x, 'logits')
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares, softmax_float64(x), rtol=2e-6, atol=1e-9)
    again = activate(shares.astype(np.float16), 'scores')
    np.testing.assert_array_equal(again, shares.astype(np.float16).astype(np.float32))
