# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the input checks that all backends use."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.engines.checks import check_inputs
from ros_deep_learning.errors import InferenceError
from ros_deep_learning.text import one_line, shape_text

SPECS = (
    TensorSpec('image', (-1, 3, 4, 4), np.dtype('float32')),
    TensorSpec('size', (2,), np.dtype('int64')),
)


def test_a_network_without_inputs():
    check_inputs({}, ())
    with pytest.raises(InferenceError, match=r'expected the inputs \[\], got \[a\]'):
        check_inputs({'a': np.zeros(1)}, ())


def test_what_fits():
    for batch in (0, 1, 9):
        image = np.zeros((batch, 3, 4, 4), np.float32)
        check_inputs({'size': np.zeros(2, np.int64), 'image': image}, SPECS)


@pytest.mark.parametrize(
    ('image', 'size', 'message'),
    [
        (
            np.zeros((1, 3, 4, 5), 'f4'),
            np.zeros(2, 'i8'),
            "'image': expected float32 [?]x3x4x4, got fl",
        ),
        (np.zeros((3, 4, 4), 'f4'), np.zeros(2, 'i8'), "'image': expected .*, got float32 3x4x4"),
        (
            np.zeros((1, 3, 4, 4), 'u1'),
            np.zeros(2, 'i8'),
            "'image': expected .*, got uint8 1x3x4x4",
        ),
        (np.zeros((1, 3, 4, 4), 'f4'), np.zeros(2, 'i4'), "'size': expected int64 2, got int32 2"),
    ],
)
def test_what_does_not_fit(image, size, message):
    with pytest.raises(InferenceError, match=message):
        check_inputs({'image': image, 'size': size}, SPECS)


def test_missing_and_unknown_names():
    with pytest.raises(
        InferenceError, match=r'expected the inputs \[image, size\], got \[Image\]'
    ):
        check_inputs({'Image': np.zeros(1)}, SPECS)


@pytest.mark.parametrize(
    ('shape', 'text'), [((), 'scalar'), ((5,), '5'), ((-1, 3, 2), '?x3x2'), ((0, 4), '0x4')]
)
def test_shape_text(shape, text):
    assert shape_text(shape) == text


def test_one_line():
    assert one_line(ValueError('a\n  b\tc ')) == 'a b c'
    assert one_line(ValueError()) == 'ValueError'
    long = one_line(ValueError('x' * 1000), limit=20)
    assert long == 'x' * 17 + '...'
