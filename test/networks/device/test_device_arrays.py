# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of images on a GPU, with stand-ins for the libraries that copy them."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from ros_deep_learning.engines.tensorrt.runtime import cuda
from ros_deep_learning.errors import DeviceError, ImageError
from ros_deep_learning.networks.device.device_arrays import is_on_gpu, to_host
from ros_deep_learning.networks.images import as_pixels

IMAGE = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)


class OnGpu:
    """What NumPy cannot read, as an array of PyTorch on a GPU."""

    def __init__(self, array):
        self.array = array

    @property
    def __cuda_array_interface__(self):
        facts = dict(self.array.__array_interface__)
        return {**facts, 'version': 3}

    def __array__(self, dtype=None, copy=None):
        msg = "can't convert cuda:0 device type tensor to numpy"
        raise TypeError(msg)


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch):
    for name in ('cupy', 'pycuda', 'pycuda.driver'):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def cupy(monkeypatch):
    module = SimpleNamespace(asarray=lambda image: image, asnumpy=lambda image: image.array.copy())
    monkeypatch.setitem(sys.modules, 'cupy', module)
    return module


@pytest.fixture
def pycuda(monkeypatch):
    """PyCUDA whose device memory is the host's."""
    calls = []

    def memcpy_dtoh(host, address):
        calls.append('copy')
        assert address == IMAGE.__array_interface__['data'][0]
        host[...] = IMAGE

    context = SimpleNamespace(synchronize=lambda: calls.append('wait'))
    driver = SimpleNamespace(
        Context=context,
        memcpy_dtoh=memcpy_dtoh,
        MemoryError=type('MemoryError', (RuntimeError,), {}),
        Error=type('Error', (RuntimeError,), {}),
    )
    monkeypatch.setitem(sys.modules, 'pycuda', SimpleNamespace(driver=driver))
    monkeypatch.setitem(sys.modules, 'pycuda.driver', driver)
    monkeypatch.setattr(
        cuda, 'gpu_context', lambda index: SimpleNamespace(current=lambda: nullcontext(index))
    )
    return calls


def test_what_is_on_a_gpu():
    assert is_on_gpu(OnGpu(IMAGE))
    assert not is_on_gpu(IMAGE)
    assert not is_on_gpu(None)


def test_without_a_library():
    with pytest.raises(ImageError, match=r'^the image lies on a GPU: install cupy or pycuda, or'):
        as_pixels(OnGpu(IMAGE))


def test_by_cupy(cupy):
    pixels = as_pixels(OnGpu(IMAGE))
    np.testing.assert_array_equal(pixels.array, IMAGE)
    assert pixels.order == 'rgb'
    with pytest.raises(ImageError, match='expected a uint8 image'):
        as_pixels(OnGpu(IMAGE[..., 0]))


def test_cupy_cannot(cupy):
    def asarray(image):
        msg = 'an illegal address'
        raise RuntimeError(msg)

    cupy.asarray = asarray
    with pytest.raises(ImageError, match=r'^cupy cannot copy the image from the GPU: an illegal'):
        to_host(OnGpu(IMAGE))


def test_by_pycuda(pycuda):
    host = to_host(OnGpu(IMAGE))
    np.testing.assert_array_equal(host, IMAGE)
    assert not np.shares_memory(host, IMAGE)
    assert pycuda == ['wait', 'copy']


def test_pycuda_takes_contiguous_arrays_only(pycuda):
    with pytest.raises(ImageError, match='not C-contiguous: make it so, or install cupy'):
        to_host(OnGpu(IMAGE[:, ::2]))
    assert pycuda == []


def test_pycuda_fails(pycuda):
    driver = sys.modules['pycuda.driver']

    def memcpy_dtoh(host, address):
        msg = 'an illegal address'
        raise driver.Error(msg)

    driver.memcpy_dtoh = memcpy_dtoh
    with pytest.raises(DeviceError, match=r'copying an image from the GPU.*an illegal address'):
        to_host(OnGpu(IMAGE))
