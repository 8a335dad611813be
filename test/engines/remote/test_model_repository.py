# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of model repositories, read by the schema that comes with tritonclient."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from google.protobuf import text_format
from onnx import helper
from tritonclient.grpc import model_config_pb2

from ros_deep_learning.cards.card_text import card_text
from ros_deep_learning.cards.source import SourceSpec
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.cli import models
from ros_deep_learning.engines.remote.model_repository import (
    ServingOptions,
    configuration,
    write_model,
)
from ros_deep_learning.errors import CardError, ConversionError, SettingsError


@pytest.fixture
def network(tmp_path, conv_model):
    """Return a function that writes a network, and a card for it."""
    selfie = find_card('selfie')

    def write(**shape):
        path = tmp_path / 'net.onnx'
        path.write_bytes(conv_model(**shape).SerializeToString())
        return replace(
            selfie, name='net', input=replace(selfie.input, name=None, width=8, height=6)
        ), path

    return write


def read(text):
    return text_format.Parse(text, model_config_pb2.ModelConfig())


def test_a_network_of_the_zoo(tmp_path, capsys):
    assert models.main(['export-server', 'selfie', str(tmp_path / 'repo'), '--offline']) == 0
    folder = tmp_path / 'repo' / 'selfie'
    assert capsys.readouterr().out.splitlines() == [
        f'wrote {folder}',
        f'on the server: tritonserver --model-repository {tmp_path / "repo"}',
        'on the robot: segnet street.jpg --network selfie --remote-url grpc://SERVER:8001',
    ]
    assert sorted(p.name for p in folder.rglob('*')) == ['1', 'config.pbtxt', 'model.onnx']
    config = read((folder / 'config.pbtxt').read_text())
    assert (config.name, config.platform, config.max_batch_size) == (
        'selfie', 'onnxruntime_onnx', 0,
    )  # fmt: skip
    assert [(t.name, list(t.dims), t.data_type) for t in config.input] == [
        ('images', [1, 3, 256, 256], model_config_pb2.TYPE_FP32)
    ]
    assert [(t.name, list(t.dims)) for t in config.output] == [('mask', [1, 1, 256, 256])]
    assert not config.HasField('dynamic_batching')
    (warm,) = config.model_warmup
    assert (warm.batch_size, list(warm.inputs['images'].dims)) == (1, [1, 3, 256, 256])
    assert models.main(['export-server', 'selfie', str(tmp_path / 'repo'), '--offline']) == 1
    assert 'is there already; to fix: remove it' in capsys.readouterr().err


def test_an_open_batch_is_batched(network):
    card, path = network(batch='n', size='s')
    config = read(configuration(card, path, ServingOptions(max_batch=16, delay_us=9, instances=3)))
    assert config.max_batch_size == 16
    assert list(config.input[0].dims) == [3, -1, -1]
    assert config.dynamic_batching.max_queue_delay_microseconds == 9
    assert config.dynamic_batching.default_queue_policy.allow_timeout_override
    assert config.instance_group[0].count == 3
    assert [one.batch_size for one in config.model_warmup] == [1, 16]
    assert all(list(one.inputs['x'].dims) == [3, 6, 8] for one in config.model_warmup)
    assert all(one.inputs['x'].zero_data for one in config.model_warmup)


def test_the_python_backend_gets_a_script(network, tmp_path):
    card, path = network()
    folder = write_model(card, path, tmp_path / 'repo', ServingOptions('python'))
    assert read((folder / 'config.pbtxt').read_text()).backend == 'python'
    ast.parse((folder / '1' / 'model.py').read_text())
    assert (folder / '1' / 'model.onnx').read_bytes() == path.read_bytes()


def test_tensorrt_gets_its_plan(network, tmp_path):
    card, path = network()
    plan = tmp_path / 'built'
    plan.write_bytes(b'plan')
    options = ServingOptions('tensorrt', plan)
    folder = write_model(card, path, tmp_path / 'repo', options)
    assert read((folder / 'config.pbtxt').read_text()).platform == 'tensorrt_plan'
    assert (folder / '1' / 'model.plan').read_bytes() == b'plan'
    with pytest.raises(SettingsError, match=f'there is no plan {tmp_path}/none$'):
        write_model(card, path, tmp_path / 'other', ServingOptions('tensorrt', tmp_path / 'none'))
    for wrong in ({'platform': 'tensorrt'}, {'plan': plan}):
        with pytest.raises(SettingsError, match='plan'):
            ServingOptions(**wrong)


@pytest.mark.parametrize(
    ('decoder', 'output', 'max_batch'),
    [('yolov7_end2end', ['found', 7], 0), ('end_to_end', ['batch', 100, 6], 8)],
)
def test_an_open_axis_that_counts_boxes_is_no_batch(
    make_model, tmp_path, decoder, output, max_batch
):
    """A server that took it for one would give the first box alone to a request of one image."""
    nodes = [
        helper.make_node('ReduceMean', ['x'], ['mean'], keepdims=0),
        helper.make_node('Add', ['rows', 'mean'], ['y']),
    ]
    rows = np.zeros([9, *output[1:]], np.float32)
    model = make_model(
        nodes, [('x', ['batch', 3, 8, 8])], [('y', output)], [('rows', rows)], opset=13
    )
    (tmp_path / 'net.onnx').write_bytes(model.SerializeToString())
    card = find_card('ssd-mobilenet-v2')
    source = SourceSpec(file=tmp_path / 'net.onnx')
    card = replace(
        card,
        name='net',
        source=source,
        format='onnx',
        decoder=decoder,
        outputs={'predictions': 'y'},
    )
    (tmp_path / 'net.yaml').write_text(card_text(card, tmp_path))
    repository = str(tmp_path / 'repo')
    assert models.main(['export-server', str(tmp_path / 'net.yaml'), repository]) == 0
    config = read((tmp_path / 'repo' / 'net' / 'config.pbtxt').read_text())
    assert config.max_batch_size == max_batch
    assert list(config.output[0].dims) == ([100, 6] if max_batch else [-1, 7])


def test_weights_in_other_files_come_along(network, tmp_path):
    card, path = network()
    model = onnx.load(path)
    onnx.save(model, path, save_as_external_data=True, location='w.bin', size_threshold=0)
    folder = write_model(card, path, tmp_path / 'repo', ServingOptions())
    assert {p.name for p in (folder / '1').iterdir()} == {'model.onnx', 'w.bin'}
    onnx.checker.check_model(str(folder / '1' / 'model.onnx'))


@pytest.mark.parametrize('name', ['max_batch', 'instances', 'delay_us'])
def test_values_out_of_range(name):
    with pytest.raises(SettingsError, match=f'{name}: expected'):
        ServingOptions(**{name: -1})


def test_a_folder_that_cannot_be_written(network, tmp_path):
    card, path = network()
    (tmp_path / 'file').write_text('')
    with pytest.raises(SettingsError, match='cannot write'):
        write_model(card, path, Path(tmp_path / 'file' / 'repo'), ServingOptions())
    write_model(card, path, tmp_path / 'repo', ServingOptions())
    assert [one.name for one in (tmp_path / 'repo').iterdir()] == ['net']


@pytest.mark.parametrize(('layout', 'channels'), [('nchw', 'rgb'), ('nhwc', 'bgr')])
def test_a_served_network_computes_its_input_from_pixels(
    network, tmp_path, conv_model, layout, channels
):
    card, path = network(size='s')
    spec = replace(
        card.input,
        layout=layout,
        channels=channels,
        scale=1 / 255,
        mean=(0.4, 0.5, 0.6),
        std=(0.2, 0.3, 0.5),
    )
    card = replace(card, input=spec)
    if layout == 'nhwc':
        model = onnx.load(path)
        model.graph.node.insert(0, helper.make_node('Transpose', ['p'], ['x'], perm=[0, 3, 1, 2]))
        model.graph.input[0].CopyFrom(
            helper.make_tensor_value_info('p', onnx.TensorProto.FLOAT, [1, 's', 's', 3])
        )
        path.write_bytes(model.SerializeToString())
    folder = write_model(card, path, tmp_path / 'repo', ServingOptions(pixels=True))
    config = read((folder / 'config.pbtxt').read_text())
    assert config.input[0].data_type == model_config_pb2.TYPE_UINT8
    served = folder / '1' / 'model.onnx'
    onnx.checker.check_model(str(served), full_check=True)
    pixels = np.random.default_rng(2).integers(0, 256, (1, 6, 8, 3), np.uint8)
    given = (pixels * np.float64(1 / 255) - spec.mean) / spec.std
    if layout == 'nchw':
        pixels, given = (np.ascontiguousarray(a.transpose(0, 3, 1, 2)) for a in (pixels, given))
    (expected,) = run(path, given.astype(np.float32))
    (found,) = run(served, pixels)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def run(path, array):
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    return session.run(None, {session.get_inputs()[0].name: array})


def test_what_takes_no_pixels(network, tmp_path):
    card, path = network()
    with pytest.raises(SettingsError, match='leave out --pixels'):
        ServingOptions('tensorrt', path, pixels=True)
    card = replace(card, input=replace(card.input, dtype='uint8'))
    with pytest.raises(ConversionError, match="expected an input 'x' of float32"):
        write_model(card, path, tmp_path / 'repo', ServingOptions(pixels=True))


def test_a_network_that_takes_jpeg_files(network, tmp_path):
    card, path = network()
    card = replace(card, input=replace(card.input, channels='bgr'))
    folder = write_model(card, path, tmp_path / 'repo', ServingOptions('python', jpeg=True))
    config = read((folder / 'config.pbtxt').read_text())
    assert [(t.name, list(t.dims), t.data_type) for t in config.input] == [
        ('x', [-1], model_config_pb2.TYPE_UINT8)
    ]
    assert config.max_batch_size == 0
    assert config.parameters['jpeg'].string_value == 'nchw bgr'
    (warm,) = config.model_warmup
    content = (folder / 'warmup' / warm.inputs['x'].input_data_file).read_bytes()
    assert list(warm.inputs['x'].dims) == [len(content)]
    assert cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR).shape == (6, 8, 3)


def test_what_takes_no_jpeg_files(network):
    card, path = network()
    with pytest.raises(SettingsError, match='onnxruntime decodes no JPEG; to fix: --platform'):
        ServingOptions(jpeg=True)
    grey = replace(card, input=replace(card.input, channels='grey'))
    with pytest.raises(CardError, match='whose one input is in colour'):
        configuration(grey, path, ServingOptions('python', jpeg=True))
