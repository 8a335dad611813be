# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""SSDs in UFF files with real layers, compared with OpenCV on the same weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from ssd_architectures import ARCHITECTURES, CLASSES, anchors_yxyx
from uff_files import UffWriter, small_uff_ssd, uff_ssd

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.tensorflow.tensorflow_messages import parse_graph
from ros_deep_learning.importers.tensorflow.tensorflow_ssd import convert_ssd
from ros_deep_learning.importers.uff.uff_ssd import convert_uff_ssd, uff_input_size

Array = NDArray[Any]
SIZE_WH = (300, 300)
EXACT_RATIOS = [1.0, 2.0, 0.5, 3.0, 1 / 3]


def run(model: bytes, image: Array) -> tuple[Array, Array]:
    session = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])
    boxes, scores = session.run(['boxes', 'scores'], {'images': image})
    return np.asarray(boxes)[0], np.asarray(scores)[0]


def opencv_ssd(
    trunk: Path, predictions: list[tuple[str, str]], image: Array
) -> tuple[Array, Array]:
    """Run a graph's layers in OpenCV, and decode them in float64 with own anchors."""
    classic = {'engine': cv2.dnn.ENGINE_CLASSIC} if hasattr(cv2.dnn, 'ENGINE_CLASSIC') else {}
    network = cv2.dnn.readNetFromTensorflow(str(trunk), **classic)
    # The graph itself subtracts 1 from every value.
    network.setInput(image + 1)
    # In OpenCV, a convolution with its bias has the name of the convolution.
    names = [name.replace('BiasAdd', 'Conv2D') for pair in predictions for name in pair]
    maps = [np.array(m, np.float64) for m in network.forward(names)]
    last = [m.transpose(0, 2, 3, 1) for m in maps]
    encodings = np.concatenate([m.reshape(-1, 4) for m in last[::2]])
    logits = np.concatenate([m.reshape(-1, CLASSES) for m in last[1::2]])
    anchors = anchors_yxyx()
    size, center = anchors[:, 2:] - anchors[:, :2], (anchors[:, 2:] + anchors[:, :2]) / 2
    middle = encodings[:, :2] / 10 * size + center
    half = np.exp(encodings[:, 2:] / 5) * size / 2
    boxes = np.hstack([middle - half, middle + half])[:, [1, 0, 3, 2]]
    return boxes, 1 / (1 + np.exp(-logits[:, 1:]))


@pytest.mark.parametrize('name', ARCHITECTURES)
def test_real_layers_equal_opencv(name: str, graph_writer: Any, tmp_path: Path) -> None:
    ssd = ARCHITECTURES[name](graph_writer)
    trunk = graph_writer.write(tmp_path / 'trunk.pb')
    ssd.heads()
    frozen = graph_writer.write(tmp_path / 'frozen.pb')
    plugins = {'aspectRatios_u_flist': EXACT_RATIOS}
    uff = uff_ssd(graph_writer.graph, SIZE_WH, **plugins).write(tmp_path / 'ssd.uff')
    assert uff_input_size(uff) == SIZE_WH
    image = np.random.default_rng(0).uniform(-1, 1, (1, 3, 300, 300)).astype(np.float32)
    expected_boxes, expected_scores = opencv_ssd(trunk, ssd.predictions, image)
    # The outputs must depend on the image, or wrong results would be equal, too.
    assert expected_scores.std() > 0.2
    for model in (convert_ssd(frozen, SIZE_WH), convert_uff_ssd(uff, SIZE_WH)):
        boxes, scores = run(model, image)
        assert boxes.shape == (1917, 4)
        assert scores.shape == (1917, 90)
        np.testing.assert_allclose(boxes, expected_boxes, atol=2e-4)
        np.testing.assert_allclose(scores, expected_scores, atol=2e-4)


def test_batch_normalisation_disappears_into_the_convolutions(
    graph_writer: Any, tmp_path: Path
) -> None:
    ARCHITECTURES['ssd-mobilenet-v1'](graph_writer).heads()
    path = uff_ssd(graph_writer.graph, SIZE_WH).write(tmp_path / 'ssd.uff')
    model = onnx.load_from_string(convert_uff_ssd(path, SIZE_WH))
    ops = {node.op_type for node in model.graph.node}
    assert ops.isdisjoint({'BatchNormalization'})
    assert [n.op_type for n in model.graph.node].count('Conv') == 1 + 2 * 13 + 8 + 12


@pytest.mark.slow
def test_real_weights_as_uff_equal_the_frozen_graph(
    ssd_frozen_graph: Path, ssd_onnx: Path, chelsea: Array, coffee: Array, tmp_path: Path
) -> None:
    """ssd-mobilenet-v2 as UFF is the network that test_tensorflow_ssd compares with OpenCV."""
    plugins = {'aspectRatios_u_flist': EXACT_RATIOS}
    graph = parse_graph(ssd_frozen_graph)
    path = uff_ssd(graph, SIZE_WH, **plugins).write(tmp_path / 'ssd_mobilenet_v2_coco.uff')
    model = convert_uff_ssd(path, SIZE_WH)
    for picture, coco_id in ((chelsea, 17), (coffee, 47)):
        image = cv2.resize(picture, SIZE_WH).astype(np.float32) / 127.5 - 1
        tensor = np.ascontiguousarray(image.transpose(2, 0, 1)[None])
        boxes, scores = run(model, tensor)
        expected_boxes, expected_scores = run(ssd_onnx.read_bytes(), tensor)
        np.testing.assert_allclose(boxes, expected_boxes, atol=1e-4)
        np.testing.assert_allclose(scores, expected_scores, atol=1e-4)
        assert int(scores.max(axis=0).argmax()) == coco_id - 1
        assert scores.max() > 0.8


@pytest.fixture(scope='module')
def small() -> Callable[..., UffWriter]:
    """Return a function that makes a minimal SSD: one convolution per head on two maps."""

    return small_uff_ssd


def test_the_order_of_inputs_and_of_variances(
    small: Callable[..., UffWriter], tmp_path: Path
) -> None:
    path = small().write(tmp_path / 's.uff')
    image = np.random.default_rng(4).uniform(-1, 1, (1, 3, 8, 8)).astype(np.float32)
    boxes, scores = run(convert_uff_ssd(path, (8, 8)), image)
    assert boxes.shape == (4 * 4 * 3 + 2 * 2 * 4, 4)
    assert scores.shape == (64, 2)
    # The first cell of the first map, by hand: it covers the 2x2 pixels in the corner.
    rng = np.random.default_rng(2)
    patch = image[0, :, :2, :2].transpose(1, 2, 0).astype(np.float64)
    kernels = [rng.normal(0, 1, (2, 2, 3, 3 * n)).astype(np.float32) for n in (4, 3)]
    boxes_raw, logits = (np.einsum('ijc,ijcm->m', patch, kernel) for kernel in kernels)
    y, x, h, w = boxes_raw[:4]
    center_x, center_y = 0.125 + 0.1 * x * 0.1, 0.125 + 0.2 * y * 0.1
    half_w, half_h = 0.05 * np.exp(0.3 * w), 0.05 * np.exp(0.4 * h)
    expected = [center_x - half_w, center_y - half_h, center_x + half_w, center_y + half_h]
    np.testing.assert_allclose(boxes[0], expected, rtol=1e-4)
    np.testing.assert_allclose(scores[0], 1 / (1 + np.exp(-logits[1:3])), rtol=1e-4)


def test_scores_that_need_no_sigmoid(small: Callable[..., UffWriter], tmp_path: Path) -> None:
    uff = small()
    image = np.random.default_rng(4).uniform(-1, 1, (1, 3, 8, 8)).astype(np.float32)
    _, scores = run(convert_uff_ssd(uff.write(tmp_path / 's.uff'), (8, 8)), image)
    change(uff, 'NMS', confSigmoid_u_int=0)
    _, raw = run(convert_uff_ssd(uff.write(tmp_path / 's.uff'), (8, 8)), image)
    np.testing.assert_allclose(scores, 1 / (1 + np.exp(-raw.astype(np.float64))), rtol=1e-4)


def change(uff: UffWriter, name: str, *inputs: str, **fields: Any) -> None:
    op, before, old = uff.nodes[name]
    uff.nodes[name] = (op, list(inputs) or before, old | fields)


def rename(uff: UffWriter, name: str, op: str) -> None:
    uff.nodes[name] = (op, *uff.nodes[name][1:])


DAMAGE: dict[str, tuple[Callable[[UffWriter], object], str]] = {
    'no plugin': (lambda u: u.nodes.pop('NMS'), 'expected one node _NMS_TRT, got 0'),
    'two inputs': (lambda u: u.node('Input', 'again', shape=[1, 3, 8, 8]), 'one node Input'),
    'no image': (lambda u: change(u, 'Input', shape=[1, 7]), 'an input of images'),
    'text shape': (lambda u: change(u, 'Input', shape='big'), 'an input of images'),
    'no anchors': (lambda u: rename(u, 'anchors', '_PriorBox_TRT'), 'anchors of a GridAnchor_TRT'),
    'rectangles': (lambda u: rename(u, 'anchors', '_GridAnchorRect_TRT'), 'of a GridAnchor_TRT'),
    'no variance': (lambda u: change(u, 'anchors', variance_u_flist=None), 'expected 4 numbers'),
    'zero variance': (lambda u: change(u, 'anchors', variance_u_flist=[0.0] * 4), 'other than 0'),
    'one map': (lambda u: change(u, 'anchors', featureMapShapes_u_ilist=[4]), 'no anchors for'),
    'huge maps': (lambda u: change(u, 'anchors', featureMapShapes_u_ilist=[9999, 2]), 'anchors'),
    'minus maps': (lambda u: change(u, 'anchors', featureMapShapes_u_ilist=[-4, 2]), 'no anchors'),
    'other maps': (lambda u: change(u, 'anchors', featureMapShapes_u_ilist=[5, 2]), 'do not fit'),
    'text maps': (lambda u: change(u, 'anchors', featureMapShapes_u_ilist='4'), 'cannot use'),
    'zero ratio': (lambda u: change(u, 'anchors', aspectRatios_u_flist=[1.0, 0.0, 2.0]), 'ratios'),
    'no boxes': (lambda u: change(u, 'NMS', 'classes', 'box4', 'anchors'), 'FlattenConcat_TRT'),
    'no node': (lambda u: change(u, 'NMS', 'classes', 'gone', 'anchors'), "no node 'gone'"),
    'few inputs': (lambda u: change(u, 'NMS', 'classes', 'boxes'), 'expected 3 inputs'),
    'bad order': (lambda u: change(u, 'NMS', inputOrder_u_ilist=[0, 0, 1]), 'in order'),
    'pixels': (lambda u: change(u, 'NMS', isNormalized_u_int=0), 'isNormalized: expected 1'),
    'own boxes': (lambda u: change(u, 'NMS', shareLocation_u_int=0), 'shareLocation: expected 1'),
    'background': (lambda u: change(u, 'NMS', backgroundLabelId_u_int=2), 'LabelId: expected 0'),
    'no variances': (
        lambda u: change(u, 'NMS', varianceEncodedInTarget_u_int=1),
        'varianceEncodedInTarget: expected 0, got 1',
    ),
    'coding': (lambda u: change(u, 'NMS', codeType_u_int=1), 'codeType: expected 3'),
    'classes': (lambda u: change(u, 'NMS', numClasses_u_int=4), 'do not fit'),
    'no classes': (lambda u: change(u, 'NMS', numClasses_u_int=0), 'numClasses: expected 2'),
    'planar': (lambda u: change(u, 'box4', inputs_orders='orders_NC+_+CK'), 'channels last'),
    'padding': (lambda u: change(u, 'box4', padding=[1, 1]), 'only the padding SAME or VALID'),
    'strides': (lambda u: change(u, 'box4', strides=[1]), 'strides: expected 2 whole numbers'),
    'unknown': (lambda u: rename(u, 'box4', 'Wobble'), 'convert the operator Wobble'),
    'unknown function': (
        lambda u: (rename(u, 'box4', 'Unary'), change(u, 'box4', func='sinh')),
        'the operator Unary sinh',
    ),
    'circle': (lambda u: change(u, 'box4', 'box4', 'kbox4'), 'needs its own output'),
    'no weights': (lambda u: u.referenced.pop('weights_kbox4'), 'not a plain array of numbers'),
    'text weights': (lambda u: u.referenced.update(weights_kbox4='abc'), 'not a plain array'),
    'scalar shape': (lambda u: change(u, 'kbox4', shape=4), 'is damaged'),
    'wrapping shape': (
        lambda u: (
            change(u, 'kbox4', shape=[1 << 32, 1 << 32]),
            u.referenced.update(weights_kbox4=b''),
        ),
        'do not fill',
    ),
    'scalar dilation': (lambda u: change(u, 'box4', dilation=2), 'is damaged'),
    'scalar order': (lambda u: change(u, 'NMS', inputOrder_u_ilist=1), 'is damaged'),
    'endless input': (lambda u: change(u, 'Input', shape=[1, 3, 1 << 60, 8]), 'an input of'),
    'endless ratios': (
        lambda u: change(
            u, 'anchors', featureMapShapes_u_ilist=[1000, 2], aspectRatios_u_flist=[1.0] * 2000
        ),
        'more than 1048576 anchors',
    ),
    'short weights': (lambda u: u.referenced.update(weights_kbox4=b'1234'), 'do not fill'),
}  # fmt: skip


@pytest.mark.parametrize('name', DAMAGE)
def test_damaged_files_are_refused(
    small: Callable[..., UffWriter], tmp_path: Path, name: str
) -> None:
    damage, complaint = DAMAGE[name]
    uff = small()
    damage(uff)
    path = uff.write(tmp_path / 's.uff')
    with pytest.raises(ConversionError) as caught:
        convert_uff_ssd(path, (8, 8))
    assert str(caught.value).startswith(str(path))
    assert complaint in str(caught.value)
    assert '\n' not in str(caught.value)


def test_another_size_than_the_files_is_noticed(
    small: Callable[..., UffWriter], tmp_path: Path
) -> None:
    path = small().write(tmp_path / 's.uff')
    with pytest.raises(ConversionError, match='is the input size right'):
        convert_uff_ssd(path, (16, 16))


def test_files_that_are_no_uff(tmp_path: Path) -> None:
    path = tmp_path / 's.uff'
    with pytest.raises(ConversionError, match='cannot be read: No such file'):
        convert_uff_ssd(path, (8, 8))
    for data in (b'', b'\x00', b'\xff' * 100, b'just text', b'\x22\xff\xff\xff\xff\x0f'):
        path.write_bytes(data)
        with pytest.raises(ConversionError, match=str(path)):
            convert_uff_ssd(path, (8, 8))


def test_torn_anywhere_or_flipped_never_crashes(
    small: Callable[..., UffWriter], tmp_path: Path
) -> None:
    path = tmp_path / 's.uff'
    whole = small().serialised()
    for size in range(0, len(whole), len(whole) // 30):
        path.write_bytes(whole[:size])
        with pytest.raises(ConversionError):
            convert_uff_ssd(path, (8, 8))
    rng, refused = np.random.default_rng(1), 0
    for place in rng.integers(0, len(whole), 150).tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            onnx.load_from_string(convert_uff_ssd(path, (8, 8)))
        except ConversionError:
            refused += 1
    assert refused > 0


def test_giving_up(small: Callable[..., UffWriter], tmp_path: Path) -> None:
    def stop(stage: str, share: float | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_uff_ssd(small().write(tmp_path / 's.uff'), (8, 8), stop)
