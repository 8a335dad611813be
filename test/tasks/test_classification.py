# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of how scores become classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ros_deep_learning.errors import DecodeError, SettingsError
from ros_deep_learning.tasks.classification import (
    ClassificationSettings,
    classification_from,
    read_probabilities,
)

WH = (40, 20)


def classify(scores, **changes):
    return classification_from(np.array(scores, np.float32), WH, ClassificationSettings(**changes))


def test_nothing_reaches_the_threshold():
    seen = classify([0.001, 0.002])
    assert len(seen) == 0
    assert (seen.class_ids.dtype, seen.scores.dtype) == (np.int32, np.float32)
    assert seen.source_wh == WH


def test_best_first():
    seen = classify([0.1, 0.6, 0.005, 0.3])
    assert seen.class_ids.tolist() == [1, 3, 0]
    np.testing.assert_array_equal(seen.scores, np.array([0.6, 0.3, 0.1], np.float32))


def test_top_k_and_threshold():
    scores = [0.1, 0.6, 0.3]
    assert classify(scores, top_k=1).class_ids.tolist() == [1]
    assert classify(scores, top_k=0).class_ids.tolist() == [1, 2, 0]
    assert classify(scores, top_k=9).class_ids.tolist() == [1, 2, 0]
    at_the_score = float(np.float32(0.3))
    assert classify(scores, score_threshold=at_the_score).class_ids.tolist() == [1, 2]
    assert classify([0.0, 0.0], score_threshold=0.0).class_ids.tolist() == [0, 1]


def test_equal_scores_go_by_class():
    assert classify([0.2] * 5, top_k=3).class_ids.tolist() == [0, 1, 2]


def test_hostile_scores():
    seen = classify([np.nan, np.inf, -np.inf, 1.0001, 0.5])
    assert seen.class_ids.tolist() == [3, 4]
    assert seen.scores.max() == 1


@given(
    arrays.arrays(np.float32, st.integers(0, 30), elements=st.floats(0, 1, width=32)),
    st.integers(0, 10),
    st.floats(0, 1),
)
def test_equals_a_sorted_list(scores, top_k, threshold):
    seen = classify(scores, top_k=top_k, score_threshold=threshold)
    # In single precision: NumPy 1 would compare its scalars in double, but not its arrays.
    pairs = [(-float(s), k) for k, s in enumerate(scores) if s >= np.float32(threshold)]
    wanted = [k for _, k in sorted(pairs)][: top_k or None]
    assert seen.class_ids.tolist() == wanted
    np.testing.assert_array_equal(seen.scores, scores[wanted])


@pytest.mark.parametrize(
    ('name', 'value'),
    [('top_k', -1), ('score_threshold', 1.5), ('score_threshold', np.nan)],
)
def test_settings_out_of_range(name, value):
    with pytest.raises(SettingsError, match=name):
        ClassificationSettings(**{name: value})


@pytest.mark.parametrize('shape', [(4,), (1, 4), (4, 1, 1), (1, 1, 4)])
def test_axes_of_one_do_not_matter(shape):
    logits = np.array([0, 1, 2, -3], np.float32)
    wanted = np.exp(logits.astype(np.float64)) / np.exp(logits.astype(np.float64)).sum()
    read = read_probabilities(logits.reshape(shape), 'logits')
    assert read.shape == (4,)
    np.testing.assert_allclose(read, wanted, rtol=1e-6)


def test_tags_have_probabilities_of_their_own():
    logits = np.array([5, 4, -5], np.float32)
    read = read_probabilities(logits, 'logits', multi_label=True)
    np.testing.assert_allclose(read, 1 / (1 + np.exp(-logits.astype(np.float64))), rtol=1e-6)
    assert len(classify(read, top_k=0, score_threshold=0.5)) == 2
    assert len(classify(read_probabilities(logits, 'logits'), score_threshold=0.5)) == 1


@pytest.mark.parametrize(
    'output', [np.zeros((0,)), np.zeros((2, 2)), np.zeros((3, 4, 4)), np.zeros(4, np.uint8)]
)
def test_not_one_score_a_class(output):
    with pytest.raises(DecodeError, match=r'one score a class, shape \(C,\), got'):
        read_probabilities(output, 'scores')
