# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of reading caffemodels: every format that Caffe has written, and malicious files."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import numpy as np
import pytest
from caffe_files import (
    caffemodel,
    layer_text,
    network_message,
    random_arrays,
    run_onnx,
    run_opencv,
)
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.caffe import convert_caffe
from ros_deep_learning.importers.caffe import weights as module
from ros_deep_learning.importers.caffe.weights import read_weights

WEIGHTS = {'conv': random_arrays((4, 3, 2, 2), (4,)), 'fc': random_arrays((5, 7), seed=1)}


@pytest.fixture
def read(tmp_path):
    def read_bytes(content):
        path = tmp_path / 'net.caffemodel'
        path.write_bytes(content)
        return read_weights(path)

    return read_bytes


@pytest.mark.parametrize('v1', [False, True])
@pytest.mark.parametrize('old_sizes', [False, True])
@pytest.mark.parametrize('more', [{}, {'doubles': True}, {'diff': True}])
def test_every_form_is_read(v1, old_sizes, more, read):
    found = read(caffemodel(WEIGHTS, v1=v1, old_sizes=old_sizes, **more))
    assert list(found) == ['conv', 'fc']
    for name, arrays in WEIGHTS.items():
        for blob, array in zip(found[name], arrays, strict=True):
            want = (1,) * (4 - array.ndim) + array.shape if old_sizes else array.shape
            assert blob.shape == want
            np.testing.assert_array_equal(blob.values, array.ravel())


@pytest.mark.parametrize('form', [{}, {'v1': True}, {'old_sizes': True}, {'diff': True}])
def test_the_test_writes_files_that_opencv_reads(form, write):
    inputs = {'data': (1, 3, 6, 6)}
    parameters = {'num_output': 4, 'kernel_size': 2}
    text = layer_text(inputs, type='Convolution', convolution_param=parameters)
    files = write(text, {'it': WEIGHTS['conv']}, **form)
    images = {'data': np.random.default_rng(0).normal(size=(1, 3, 6, 6)).astype(np.float32)}
    found, want = (
        run_onnx(convert_caffe(*files), images),
        run_opencv(*files, images, {'it': 'out'}),
    )
    np.testing.assert_allclose(found['out'], want['it'], atol=1e-5)


@pytest.mark.parametrize('kind', ['float16', 'float32', 'float64'])
def test_raw_data_of_nvidia_is_read(kind, read):
    """The form of NVIDIA/caffe since 0.16: Blob::ToProto in its blob.cpp."""
    found = read(caffemodel(WEIGHTS, raw=kind))
    for name, arrays in WEIGHTS.items():
        for blob, array in zip(found[name], arrays, strict=True):
            assert blob.shape == array.shape
            np.testing.assert_array_equal(blob.values, array.astype(kind).ravel())


def test_raw_data_is_as_in_opencv(write):
    """OpenCV reads it in half precision only."""
    inputs = {'data': (1, 3, 6, 6)}
    parameters = {'num_output': 4, 'kernel_size': 2}
    text = layer_text(inputs, type='Convolution', convolution_param=parameters)
    files = write(text, {'it': WEIGHTS['conv']}, raw='float16')
    images = {'data': np.random.default_rng(0).normal(size=(1, 3, 6, 6)).astype(np.float32)}
    found = run_onnx(convert_caffe(*files), images)['out']
    want = run_opencv(*files, images, {'it': 'out'})['it']
    np.testing.assert_allclose(found, want, atol=1e-5)


@pytest.mark.parametrize('kind', [3, 99, None])
def test_raw_data_of_another_type_is_refused(kind, read):
    net = network_message()()
    blob = net.layer.add(name='a').blobs.add()
    blob.shape.dim.append(1)
    blob.raw_data = bytes(4)
    if kind is not None:
        blob.raw_data_type = kind
    with pytest.raises(ConversionError, match=r'raw data of type .*; expected float16'):
        read(net.SerializeToString())


def test_numbers_one_by_one_and_in_chunks_are_read(read):
    """Protobuf allows this, but Caffe does not write it."""
    shape = b'\x3a\x02\x08\x04'
    single = np.arange(2, dtype='<f4')
    chunk = np.arange(2, 4, dtype='<f4')
    data = b''.join(b'\x2d' + x.tobytes() for x in single) + b'\x2a\x08' + chunk.tobytes()
    blob = shape + data
    layer = b'\x0a\x01a' + b'\x3a' + bytes([len(blob)]) + blob
    found = read(b'\xa2\x06' + bytes([len(layer)]) + layer)
    np.testing.assert_array_equal(found['a'][0].values, [0, 1, 2, 3])
    assert found['a'][0].shape == (4,)


def test_the_last_of_two_layers_of_a_name_counts(read):
    twice = caffemodel({'a': random_arrays((2,))}) + caffemodel({'a': random_arrays((3,))})
    assert read(twice)['a'][0].shape == (3,)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'has no weights; is it a caffemodel?'),
        (caffemodel({'relu': []}), 'has no weights'),
        (b'\x89HDF\r\n\x1a\n' + bytes(100), 'is in HDF5; save it with snapshot_format'),
        (b'<!DOCTYPE html><html></html>', 'not a caffemodel, or truncated'),
        (b'version https://git-lfs.github.com/spec/v1\n', 'not a caffemodel, or truncated'),
        (bytes(100), 'not a caffemodel, or truncated|has no weights'),
        (b'\xff' * 100, 'not a caffemodel, or truncated: a varint is too long'),
        (b'\x12\xff\xff\xff\xff\x0f', 'not a caffemodel, or truncated: a field is longer'),
        (b'\xa0\x06\x05', 'not a caffemodel, or truncated'),
        (caffemodel(WEIGHTS)[:-1], 'not a caffemodel, or truncated: a field is longer'),
        (caffemodel(WEIGHTS)[:50], 'not a caffemodel, or truncated'),
        (b'\x0b' + caffemodel(WEIGHTS), 'a field of wire type 3'),
    ],
)
def test_what_is_no_caffemodel_is_refused_in_one_line(content, reason, read):
    with pytest.raises(ConversionError, match=reason) as caught:
        read(content)
    assert 'net.caffemodel: ' in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'sizes', [(3,), (5,), (2, 3), (-4,), (2**62, 4), (0,), (2**40, 2**40, 2**40), (-2, -2)]
)
def test_shapes_that_lie_are_refused(sizes, read):
    from caffe_files import network_message

    net = network_message()()
    blob = net.layer.add(name='a').blobs.add()
    blob.shape.dim.extend(sizes)
    blob.data.extend([1, 2, 3, 4])
    with pytest.raises(ConversionError, match=r'an array of shape .* has 4 numbers'):
        read(net.SerializeToString())


@given(st.data())
def test_torn_and_altered_files_end_in_no_other_error(tmp_path_factory, data):
    content = bytearray(caffemodel({'a': random_arrays((2, 2), (3,)), 'b': random_arrays((1,))}))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / 'torn.caffemodel'
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(ConversionError):
        blobs = [blob for of_layer in read_weights(path).values() for blob in of_layer]
        assert all(np.prod(blob.shape) == blob.values.size for blob in blobs)


EMPTY_LAYERS = b'\x12\x00' * (8 << 20)
EMPTY_BLOBS = b'\x12\x80\x80\x80\x08' + b'\x32\x00' * (8 << 20)


@pytest.mark.parametrize('content', [EMPTY_LAYERS, EMPTY_BLOBS], ids=['layers', 'blobs'])
def test_a_file_of_nothing_but_messages_costs_no_memory(content, tmp_path):
    path = tmp_path / 'net.caffemodel'
    path.write_bytes(content)
    code = (
        'import resource, sys; from pathlib import Path\n'
        'from ros_deep_learning.importers.caffe.weights import read_weights\n'
        'limit = 1 << 30\n'
        'resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n'
        'try:\n    read_weights(Path(sys.argv[1]))\n'
        'except Exception as err:\n    print(type(err).__name__, err)\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', code, str(path)], capture_output=True, text=True, timeout=60
    )
    assert 'ConversionError' in done.stdout, done.stderr
    assert 'more than 200000 fields' in done.stdout


def test_a_file_that_is_too_large_or_missing_is_refused(read, tmp_path, monkeypatch):
    with pytest.raises(ConversionError, match='cannot be read: No such file'):
        read_weights(tmp_path / 'none.caffemodel')
    monkeypatch.setattr(module, 'MAX_BYTES', 10)
    with pytest.raises(ConversionError, match='it is larger than 10 bytes'):
        read(bytes(11))


def test_a_number_in_place_of_a_name_takes_no_memory(tmp_path):
    # Field 100 is a layer of 7 bytes, whose field 1, the name, is the varint 2**40.
    path = tmp_path / 'net.caffemodel'
    path.write_bytes(b'\xa2\x06\x07\x08' + b'\x80' * 5 + b'\x20')
    with pytest.raises(ConversionError, match='not a caffemodel'):
        read_weights(path)
