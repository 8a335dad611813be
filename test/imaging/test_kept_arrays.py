# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of arrays in memory that is used again."""

from __future__ import annotations

import numpy as np
import pytest

from ros_deep_learning.imaging.kept_arrays import KeptArrays

SHAPE = (300, 500)


def address(array):
    return array.__array_interface__['data'][0]


@pytest.mark.parametrize('dtype', [np.uint8, np.bool_, np.float32])
@pytest.mark.parametrize('shape', [SHAPE, (300, 500, 3), (2, 3)])
def test_an_array_is_as_numpys(shape, dtype):
    array = KeptArrays().empty(shape, dtype)
    assert (array.shape, array.dtype) == (shape, dtype)
    assert array.flags.c_contiguous
    assert array.flags.writeable


def test_memory_that_nobody_uses_is_used_again():
    kept = KeptArrays()
    array = kept.empty(SHAPE, np.float32)
    place = address(array)
    del array
    assert address(kept.empty(SHAPE, np.float32)) == place
    # Another type of the same size in bytes.
    assert address(kept.empty((300, 2000), np.uint8)) == place


@pytest.mark.parametrize(
    'hold',
    [
        lambda array: array,
        lambda array: array[10:20, 5:],
        lambda array: array.view(np.uint8).reshape(-1)[::7],
        memoryview,
        lambda array: np.asarray(memoryview(array)),
        lambda array: np.from_dlpack(array),
        lambda array: {'mask': [array]},
    ],
)
def test_memory_that_somebody_sees_is_never_used_again(hold):
    kept = KeptArrays()
    array = kept.empty(SHAPE, np.float32)
    array.fill(7)
    held = hold(array)
    place = address(array)
    del array
    others = [kept.empty(SHAPE, np.float32) for _ in range(20)]
    assert place not in map(address, others)
    assert len({address(one) for one in others}) == 20
    del held


def test_what_is_kept_is_bounded():
    kept = KeptArrays()
    for width in range(500, 600):
        kept.empty((300, width), np.float32)
    assert len(kept._blocks) == 8


def test_arrays_outlive_what_made_them():
    kept = KeptArrays()
    array = kept.empty(SHAPE, np.float32)
    array.fill(7)
    del kept
    assert (array == 7).all()
