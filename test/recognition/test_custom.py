# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of cards for network files: what is recognised, and what must be given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from caffe_files import write_caffemodel
from net_writer import NetWriter
from onnx import TensorProto, helper

from ros_deep_learning.errors import CardError, ConversionError
from ros_deep_learning.networks.imagenet import ImageNet
from ros_deep_learning.networks.segnet import SegNet
from ros_deep_learning.recognition.conventions import onnx_preprocessing
from ros_deep_learning.recognition.custom import card_from_file
from ros_deep_learning.recognition.find import find_network
from ros_deep_learning.recognition.hints import Hints
from ros_deep_learning.tasks.decoders.registry import DECODERS

IMAGE = [1, 3, 64, 96]
ULTRALYTICS = {'author': 'Ultralytics', 'task': 'detect', 'names': "{0: 'cat', 1: 'dog'}"}


def write_onnx(
    path: Path,
    outputs: dict[str, list],
    *,
    inputs: dict[str, list] | None = None,
    metadata: dict[str, str] | None = None,
    dtype: int = TensorProto.FLOAT,
    output_dtype: int = TensorProto.FLOAT,
) -> Path:
    """Write a network with these tensors and arbitrary operators."""
    inputs = inputs or {'images': IMAGE}
    first = next(iter(inputs))
    nodes = [helper.make_node('Identity', [first], [name]) for name in outputs]
    graph = helper.make_graph(
        nodes,
        'net',
        [helper.make_tensor_value_info(k, dtype, shape) for k, shape in inputs.items()],
        [helper.make_tensor_value_info(k, output_dtype, v) for k, v in outputs.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)])
    helper.set_model_props(model, metadata or {})
    onnx.save(model, str(path))
    return path


def test_a_classifier(tmp_path: Path) -> None:
    card = card_from_file(write_onnx(tmp_path / 'my net.onnx', {'prob': [1, 10]}))
    assert (card.name, card.task, card.format) == ('my-net', 'classification', 'onnx')
    assert dict(card.outputs) == {'probabilities': 'prob'}
    spec = card.input
    assert (spec.width, spec.height, spec.name, spec.layout) == (96, 64, 'images', 'nchw')
    # jetson-inference: imageNet.cpp has torchvision's numbers for every ONNX classifier.
    assert spec.mean == (0.485, 0.456, 0.406)
    assert card.source.file == (tmp_path / 'my net.onnx').resolve()


def test_a_segmentation_network(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / 'a.onnx', {'output_0': [1, 21, 8, 12]}, inputs={'input_0': IMAGE})
    card = card_from_file(path)
    assert card.task == 'segmentation'
    assert dict(card.outputs) == {'scores': 'output_0'}


@pytest.mark.parametrize('shape', [[1, 64, 96], [1, 1, 64, 96], [1, 64, 96, 1], [1, 'h', 'w']])
@pytest.mark.parametrize('dtype', [TensorProto.INT64, TensorProto.UINT8])
def test_class_numbers_are_segmentation(tmp_path: Path, shape: list, dtype: int) -> None:
    path = write_onnx(tmp_path / 'a.onnx', {'argmax': shape}, output_dtype=dtype)
    card = card_from_file(path)
    assert (card.task, dict(card.outputs)) == ('segmentation', {'scores': 'argmax'})


def test_what_may_be_no_detector_is_asked_for_its_task(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / 'a.onnx', {'o': [1, 7, 64, 96], 'p': [1, 7, 64, 96]})
    with pytest.raises(CardError, match=r'no known decoder .*; if .* set its task \(--task\)$'):
        card_from_file(path)
    with pytest.raises(CardError, match=r'no known decoder .* in the card$'):
        card_from_file(path, 'detection')


@pytest.mark.parametrize(
    ('outputs', 'decoder', 'metadata'),
    [
        ({'scores': [1, 300, 4], 'boxes': [1, 300, 4]}, None, {}),
        ({'output_cov/Sigmoid': [1, 3, 4, 6], 'output_bbox/BiasAdd': [1, 12, 4, 6]},
         'detectnet_v2', {}),
        ({'output0': [1, 6, 126]}, 'yolov8', ULTRALYTICS),
        ({'heatmap': [1, 1, 16, 24], 'scale': [1, 2, 16, 24], 'offset': [1, 2, 16, 24]},
         'centerface', {}),
    ],
)  # fmt: skip
def test_detectors_are_told_by_their_tensors(
    tmp_path: Path, outputs: dict[str, list], decoder: str | None, metadata: dict[str, str]
) -> None:
    path = write_onnx(tmp_path / 'a.onnx', outputs, metadata=metadata)
    if decoder is None:
        with pytest.raises(CardError, match='can be read as'):
            card_from_file(path, 'detection')
        return
    card = card_from_file(path)
    assert (card.task, card.decoder) == ('detection', decoder)
    assert set(card.outputs) <= set(DECODERS[decoder].roles)


def test_labels_tell_pytorch_ssd_from_others(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / 'a.onnx', {'scores': [1, 300, 3], 'boxes': [1, 300, 4]})
    labels = tmp_path / 'labels.txt'
    labels.write_text('BACKGROUND\ncat\ndog\n')
    card = card_from_file(path, 'detection', Hints(labels=labels))
    assert card.decoder == 'pytorch_ssd'
    # jetson-inference: detectNet.cpp, (pixel / 255 - 0.5) / 0.5.
    assert 255 * card.input.scale - card.input.mean[0] == pytest.approx(1.0)
    assert -card.input.mean[0] == -1.0


def test_the_librarys_labels_tell_the_decoder_too(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / 'own.onnx', {'scores': [1, 300, 3], 'boxes': [1, 300, 4]})
    with pytest.raises(CardError, match='pytorch_ssd'):
        find_network(path, 'detection')
    labels = tmp_path / 'labels.txt'
    labels.write_text('BACKGROUND\ncat\ndog\n')
    found = find_network(path, 'detection', labels)
    assert (found.decoder, found.labels) == ('pytorch_ssd', labels)


def test_ultralytics_tells_task_size_and_preprocessing(tmp_path: Path) -> None:
    open_size = {'images': ['batch', 3, 'height', 'width']}
    metadata = ULTRALYTICS | {'imgsz': '[64, 96]'}
    path = write_onnx(tmp_path / 'a.onnx', {'o': [1, 6, 126]}, inputs=open_size, metadata=metadata)
    spec = card_from_file(path).input
    assert (spec.width, spec.height) == (96, 64)
    assert (spec.resize, spec.pad_value, spec.channels) == ('letterbox', 114, 'rgb')
    assert spec.scale == pytest.approx(1 / 255)
    assert spec.mean == (0.0, 0.0, 0.0)


@pytest.mark.parametrize('stated', [{}, {'imgsz': '[96, 640]'}])
def test_only_the_open_side_is_usual(tmp_path: Path, stated: dict[str, str]) -> None:
    inputs = {'images': ['batch', 3, 64, 'width']}
    metadata = ULTRALYTICS | stated
    path = write_onnx(tmp_path / 'a.onnx', {'o': [1, 6, -1]}, inputs=inputs, metadata=metadata)
    spec = card_from_file(path).input
    assert (spec.width, spec.height) == (640, 64)


@pytest.mark.parametrize('task', ['classify', 'semantic'])
def test_other_tasks_of_ultralytics(tmp_path: Path, task: str) -> None:
    outputs = {'o': [1, 5]} if task == 'classify' else {'o': [1, 5, 64, 96]}
    path = write_onnx(tmp_path / 'a.onnx', outputs, metadata=ULTRALYTICS | {'task': task})
    card = card_from_file(path)
    assert card.task == {'classify': 'classification', 'semantic': 'segmentation'}[task]
    assert card.input.mean == (0.0, 0.0, 0.0)


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / 'a.onnx', {'o': [1, 6, 126]}, metadata={'task': 'pose'})
    with pytest.raises(CardError, match="made for 'pose'"):
        card_from_file(path)


@pytest.mark.parametrize('size', ['', '[0, 0]', '[64]', 'x' * 9, '(' * 5000, "['a', 'b']"])
def test_an_open_size_is_asked_for(tmp_path: Path, size: str) -> None:
    open_size = {'images': [1, 3, -1, -1]}
    path = write_onnx(
        tmp_path / 'a.onnx', {'o': [1, 9]}, inputs=open_size, metadata={'imgsz': size}
    )
    with pytest.raises(CardError, match="input 'images' is open; to fix: --input-size WxH"):
        card_from_file(path)
    spec = card_from_file(path, None, Hints(size_wh=(32, 16))).input
    assert (spec.width, spec.height) == (32, 16)


def test_channels_last_and_bytes(tmp_path: Path) -> None:
    path = write_onnx(
        tmp_path / 'a.onnx',
        {'detection_boxes': [1, 9, 4], 'detection_classes': [1, 9], 'detection_scores': [1, 9]},
        inputs={'image_tensor': [1, 64, 96, 3]},
        dtype=TensorProto.UINT8,
    )
    card = card_from_file(path)
    assert (card.decoder, card.input.layout, card.input.dtype) == (
        *('tensorflow_ssd', 'nhwc', 'uint8'),
    )
    assert card.input.scale == 1.0


def test_upstreams_arguments_pick_tensors(tmp_path: Path) -> None:
    outputs = {'scores': [1, 300, 3], 'boxes': [1, 300, 4], 'other': [1, 7]}
    path = write_onnx(tmp_path / 'a.onnx', outputs)
    labels = tmp_path / 'labels.txt'
    labels.write_text('BACKGROUND\ncat\ndog\n')
    named = {'coverage': 'scores', 'boxes': 'boxes'}
    card = card_from_file(path, 'detection', Hints(labels=labels, outputs=named))
    assert dict(card.outputs) == {'boxes': 'boxes', 'scores': 'scores'}
    with pytest.raises(CardError, match="no output 'nothing'; it has scores, boxes, other"):
        card_from_file(path, 'detection', Hints(outputs={'coverage': 'nothing'}))
    with pytest.raises(CardError, match="one input 'nothing'"):
        card_from_file(path, 'detection', Hints(input_name='nothing'))
    with pytest.raises(CardError, match='choose one'):
        card_from_file(path, 'classification')
    card = card_from_file(path, 'classification', Hints(outputs={'scores': 'other'}))
    assert dict(card.outputs) == {'scores': 'other'}


PROTOTXT = 'input: "data" input_dim: 1 input_dim: 3 input_dim: 64 input_dim: 96'


@pytest.fixture
def caffe(tmp_path: Path) -> tuple[Path, Path]:
    prototxt, model = tmp_path / 'deploy.prototxt', tmp_path / 'net.caffemodel'
    prototxt.write_text(
        f'{PROTOTXT} layer {{ name: "prob" type: "Softmax" bottom: "data" top: "prob" }}'
    )
    model.write_bytes(b'')
    return prototxt, model


@pytest.mark.parametrize(
    ('task', 'outputs', 'mean'),
    [
        ('classification', {'scores': 'prob'}, 104.0069879317889),
        ('detection', {'coverage': 'coverage', 'boxes': 'bboxes'}, 117.0),
        ('segmentation', {'scores': 'score_fr_21classes'}, 117.0),
    ],
)
def test_caffe_networks(
    caffe: tuple[Path, Path], task: str, outputs: dict[str, str], mean: float
) -> None:
    card = card_from_file(caffe[1], task, Hints(prototxt=caffe[0], mean_pixel=117.0))
    assert (card.format, dict(card.outputs)) == ('caffe', outputs)
    assert (card.input.width, card.input.height, card.input.name) == (96, 64, 'data')
    assert (card.input.channels, card.input.mean[0]) == ('bgr', mean)
    assert card.decoder == ('detectnet' if task == 'detection' else None)
    assert card.source.prototxt == caffe[0]


def test_what_is_decided_about_a_caffe_network_is_said(caffe: tuple[Path, Path]) -> None:
    hints = Hints(prototxt=caffe[0], mean_pixel=117.0, scale=0.5)
    card = card_from_file(caffe[1], 'detection', hints)
    decided = {one.key: one for one in card.decisions}
    assert card.input.scale == 0.5
    assert str(decided['input_size']) == 'input_size 96x64 (the prototxt)'
    assert [decided[key].reason for key in ('task', 'scale', 'mean')] == ['given'] * 3
    assert decided['channels'].guess
    assert str(decided['channels']).startswith('channels bgr (a guess: usual for Caffe')


def test_a_caffe_network_of_one_channel_gets_grey_images(caffe: tuple[Path, Path]) -> None:
    caffe[0].write_text(caffe[0].read_text().replace('input_dim: 3', 'input_dim: 1'))
    spec = card_from_file(caffe[1], 'classification', Hints(prototxt=caffe[0])).input
    assert (spec.channels, spec.mean[0], spec.scale) == ('grey', 0.0, 1.0)
    caffe[0].write_text(caffe[0].read_text().replace('1 input_dim: 64', '4 input_dim: 64'))
    with pytest.raises(CardError, match="input 'data' takes 4 channels"):
        card_from_file(caffe[1], 'classification', Hints(prototxt=caffe[0]))


def test_what_is_decided_about_a_frozen_graph_is_said(tmp_path: Path) -> None:
    path = tmp_path / 'ssd.pb'
    path.write_bytes(b'')
    card = card_from_file(path, 'detection', Hints(channels='bgr'))
    decided = {one.key: one for one in card.decisions}
    assert (card.input.channels, decided['channels'].reason) == ('bgr', 'given')
    assert [key for key, one in decided.items() if one.guess] == ['input_size']
    assert card_from_file(path, None, Hints(size_wh=(320, 320))).input.width == 320


def test_caffe_outputs_can_be_named(caffe: tuple[Path, Path]) -> None:
    for name in ('softmax', 'cvg'):
        layer = f'layer {{ name: "{name}" type: "ReLU" bottom: "data" top: "{name}" }}'
        caffe[0].write_text(f'{caffe[0].read_text()} {layer}')
    hints = Hints(prototxt=caffe[0], outputs={'scores': 'softmax'})
    assert dict(card_from_file(caffe[1], 'classification', hints).outputs) == {'scores': 'softmax'}
    hints = Hints(prototxt=caffe[0], outputs={'coverage': 'cvg'})
    assert card_from_file(caffe[1], 'detection', hints).outputs['coverage'] == 'cvg'
    hints = Hints(prototxt=caffe[0], outputs={'scores': 'softmx'})
    complaint = "no layer writes the output 'softmx'; the last blobs are 'cvg', 'softmax', 'prob'"
    with pytest.raises(ConversionError, match=complaint):
        card_from_file(caffe[1], 'classification', hints)


def tiny_caffe(folder: Path, task: str, *, with_softmax: bool) -> tuple[Path, Path]:
    """A network with the constant logits 0, 1 and 2, with or without a softmax."""
    top = 'score_fr_21classes' if task == 'segmentation' else 'prob'
    net = NetWriter('tiny', (8, 12))
    last = 'logits' if with_softmax else top
    if task == 'segmentation':
        net.conv(last, 'data', 3, last=True)
    else:
        net.inner(last, 'data', 3, pixels=8 * 12, last=True)
    net.weights[last] = [0 * net.weights[last][0], np.arange(3.0)]
    if with_softmax:
        net.layer('Softmax', top, last)
    prototxt, model = folder / 'deploy.prototxt', folder / 'net.caffemodel'
    prototxt.write_text(net.text)
    write_caffemodel(model, net.weights)
    return prototxt, model


@pytest.mark.parametrize('task', ['classification', 'segmentation'])
@pytest.mark.parametrize('with_softmax', [False, True])
def test_a_softmax_of_caffe_is_run_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, *, with_softmax: bool
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    prototxt, model = tiny_caffe(tmp_path, task, with_softmax=with_softmax)
    card = card_from_file(model, task, Hints(prototxt=prototxt))
    image = np.full((8, 12, 3), 20, np.uint8)
    want = np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum()
    if task == 'classification':
        with ImageNet(card, backend='onnxruntime') as net:
            seen = net.classify(image)
        assert seen.class_ids.tolist() == [2, 1, 0]
        assert seen.scores == pytest.approx(want[::-1], abs=1e-5)
    else:
        with SegNet(card, backend='onnxruntime') as net:
            parts = net.segment(image)
        assert (parts.class_mask == 2).all()
        assert parts.confidence_mask == pytest.approx(np.full((8, 12), want[2]), abs=1e-5)


def test_inception_v4_is_told_by_its_name(caffe: tuple[Path, Path]) -> None:
    model = caffe[1].rename(caffe[1].with_name('Inception-v4.caffemodel'))
    spec = card_from_file(model, 'classification', Hints(prototxt=caffe[0])).input
    assert (spec.channels, spec.mean, spec.scale) == ('rgb', (1.0, 1.0, 1.0), 1 / 127.5)


@pytest.mark.parametrize(
    ('task', 'hints', 'complaint'),
    [
        ('detection', Hints(), r'needs its prototxt \(prototxt_path, --prototxt\)'),
        (None, Hints(prototxt=Path('x')), r'needs its task \(--task\)'),
    ],
)
def test_caffe_needs_more(
    caffe: tuple[Path, Path], task: str, hints: Hints, complaint: str
) -> None:
    with pytest.raises(CardError, match=complaint):
        card_from_file(caffe[1], task, hints)


@pytest.mark.parametrize(
    ('name', 'complaint'),
    [
        ('net.engine', 'give the ONNX file'),
        ('net.engine', r'or a card \(.yaml\) with it as source.file, with trust_engine_file'),
        ('net.plan', 'with trust_engine_file'),
        ('net.trt', 'with trust_engine_file'),
        ('net.pt', 'can execute any code'),
        ('net.etlt', 'export ONNX'),
        ('net.txt', 'is not a network file'),
        ('none.onnx', 'there is no network file'),
    ],
)
def test_files_that_are_not_read(tmp_path: Path, name: str, complaint: str) -> None:
    if name.startswith('net'):
        (tmp_path / name).write_bytes(b'x')
    with pytest.raises(CardError, match=complaint):
        card_from_file(tmp_path / name, 'detection')


@pytest.mark.parametrize('content', [b'', b'no network', b'\x08\x07'])
def test_files_that_are_no_onnx(tmp_path: Path, content: bytes) -> None:
    (tmp_path / 'a.onnx').write_bytes(content)
    with pytest.raises(CardError, match=r'cannot read .* as an ONNX file|is not an ONNX network'):
        card_from_file(tmp_path / 'a.onnx')


def test_every_decoder_has_its_preprocessing() -> None:
    for decoder in DECODERS:
        assert isinstance(onnx_preprocessing('detection', decoder), dict)


def test_a_frozen_graph_is_an_ssd(tmp_path: Path) -> None:
    (tmp_path / 'a.pb').write_bytes(b'x')
    card = card_from_file(tmp_path / 'a.pb')
    assert (card.format, card.decoder, card.input.width) == ('tensorflow-ssd', 'ssd', 300)
