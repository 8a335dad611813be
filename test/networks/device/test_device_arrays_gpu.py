# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of images that lie on a real GPU, copied by CuPy or by PyCUDA."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from ros_deep_learning.errors import ImageError
from ros_deep_learning.networks.images import as_pixels

pytestmark = pytest.mark.gpu

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


@pytest.fixture
def on_gpu():
    """An image on the first GPU, and what keeps it there."""
    driver = pytest.importorskip('pycuda.driver', exc_type=ImportError)
    try:
        driver.init()
    except driver.Error as err:
        pytest.skip(f'no CUDA: {err}')
    if not driver.Device.count():
        pytest.skip('no GPU')
    from pycuda import gpuarray

    from ros_deep_learning.engines.tensorrt.runtime.cuda import gpu_context

    context = gpu_context(0)
    with context.current():
        array = gpuarray.to_gpu(IMAGE)
    yield array
    with context.current():
        array.gpudata.free()


def test_by_pycuda(monkeypatch, on_gpu):
    monkeypatch.setitem(sys.modules, 'cupy', None)
    np.testing.assert_array_equal(as_pixels(on_gpu).array, IMAGE)


def test_by_cupy(on_gpu):
    cupy = pytest.importorskip('cupy')
    np.testing.assert_array_equal(as_pixels(on_gpu).array, IMAGE)
    strided = cupy.asarray(np.tile(IMAGE, (2, 2, 1)))[::2, ::2]
    np.testing.assert_array_equal(as_pixels(strided).array, strided.get())
    with pytest.raises(ImageError, match='expected a uint8 image'):
        as_pixels(cupy.zeros((4, 4, 3), np.float32))
