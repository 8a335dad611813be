# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of a tiny SSD compared with float64, and of a real one with OpenCV's importer."""

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

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.tensorflow.tensorflow_ssd import convert_ssd

Array = NDArray[Any]


def run(model: bytes | str, image: Array) -> tuple[Array, Array]:
    session = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])
    boxes, scores = session.run(['boxes', 'scores'], {'images': image})
    return np.asarray(boxes), np.asarray(scores)


def decoded(encodings_yxhw: Array, anchors_yxyx: Array, scales: Array) -> NDArray[np.float64]:
    """Decode like faster_rcnn_box_coder.py of the Object Detection API, in float64; xyxy."""
    anchors = anchors_yxyx.astype(np.float64)
    size = anchors[:, 2:] - anchors[:, :2]
    center = (anchors[:, 2:] + anchors[:, :2]) / 2
    scaled = encodings_yxhw.astype(np.float64) / scales
    new_center = scaled[:, :2] * size + center
    half = np.exp(scaled[:, 2:]) * size / 2
    return np.hstack([new_center - half, new_center + half])[:, [1, 0, 3, 2]]


def tiny_reference(parts: dict[str, Array], image: Array) -> tuple[Array, Array]:
    """Compute the tiny SSD by hand: 4x4 kernels, stride 3, on 9x9 pixels padded SAME to 10x10."""
    padded = np.pad(image.astype(np.float64), ((0, 1), (0, 1), (0, 0)))
    features = np.zeros((3, 3, 5))
    for row in range(3):
        for column in range(3):
            patch = padded[row * 3 : row * 3 + 4, column * 3 : column * 3 + 4]
            features[row, column] = np.einsum('ijc,ijcm->m', patch, parts['kernel'])
    features = np.clip(features * parts['scale'] + parts['offset'], 0, 6)
    around = np.pad(features, ((1, 1), (1, 1), (0, 0)))
    depthwise = sum(
        around[i : i + 3, j : j + 3] * parts['depth'][i, j, :, 0]
        for i in range(3)
        for j in range(3)
    )
    features = features + depthwise
    encodings = (features @ parts['box'][0, 0] + parts['box_bias']).reshape(-1, 4)
    logits = (features @ parts['class'][0, 0]).reshape(-1, 3)
    boxes = decoded(encodings, parts['anchors'], np.array([10, 9, 5, 4]))
    return boxes, 1 / (1 + np.exp(-logits[:, 1:]))


def test_tiny_ssd_equals_float64(
    write_tiny_ssd: Callable[..., Path], tiny_ssd_parts: dict[str, Array], tmp_path: Path
) -> None:
    model = convert_ssd(write_tiny_ssd(tmp_path / 'g.pb'), (9, 9))
    assert [node.op_type for node in onnx.load_from_string(model).graph.node].count('Conv') == 4
    image = np.random.default_rng(5).uniform(-1, 1, (9, 9, 3)).astype(np.float32)
    boxes, scores = run(model, np.ascontiguousarray(image.transpose(2, 0, 1)[None]))
    expected_boxes, expected_scores = tiny_reference(tiny_ssd_parts, image)
    assert boxes.shape == (1, 18, 4)
    assert scores.shape == (1, 18, 2)
    np.testing.assert_allclose(boxes[0], expected_boxes, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(scores[0], expected_scores, rtol=1e-4, atol=1e-6)


def test_the_same_graph_gives_the_same_bytes(
    write_tiny_ssd: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_tiny_ssd(tmp_path / 'g.pb')
    assert convert_ssd(path, (9, 9)) == convert_ssd(path, (9, 9))


def test_the_wrong_input_size_is_noticed(
    write_tiny_ssd: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(ConversionError, match='is the input size right'):
        convert_ssd(write_tiny_ssd(tmp_path / 'g.pb'), (12, 12))


def drop(graph_writer: Any, name: str) -> None:
    nodes = graph_writer.graph.node
    kept = [node for node in nodes if node.name != name]
    del nodes[:]
    nodes.extend(kept)


def replace(graph_writer: Any, op: str, name: str, *inputs: str) -> None:
    drop(graph_writer, name)
    graph_writer.node(op, name, *inputs)


def constant(graph_writer: Any, name: str, value: Any) -> None:
    drop(graph_writer, name)
    graph_writer.const(name, value)


DAMAGE: dict[str, tuple[Callable[[Any], object], str]] = {
    'no preprocessor': (lambda g: drop(g, 'Preprocessor/sub'), "no node 'Preprocessor/sub'"),
    'other pixels': (
        lambda g: constant(g, 'one', [[[123.68, 116.779, 103.939]]]),
        'Preprocessor/sub subtracts [123.68',
    ),
    'no boxes': (lambda g: drop(g, 'Squeeze'), "no node 'Squeeze'"),
    'no scales': (lambda g: drop(g, 'Postprocessor/Decode/div_2/y'), 'Decode/div_2/y'),
    'no weights': (lambda g: drop(g, 'depth'), "no node 'depth'"),
    'circle': (lambda g: replace(g, 'Relu', 'relu', 'residual'), 'needs its own output'),
    'unknown': (lambda g: replace(g, 'Mystery', 'relu', 'conv'), 'the operator Mystery'),
    'zero scale': (lambda g: constant(g, 'Postprocessor/Decode/div/y', 0), 'not finite'),
    'two scales': (lambda g: constant(g, 'Postprocessor/Decode/div/y', [1, 2]), 'fixed size'),
    'nan anchors': (
        lambda g: constant(g, 'Concatenate/concat', np.full((18, 4), np.nan)),
        'finit',
    ),
    'few anchors': (lambda g: constant(g, 'Concatenate/concat', np.ones((17, 4))), 'do not fit'),
    'flat anchors': (lambda g: constant(g, 'Concatenate/concat', np.ones(72)), 'do not fit'),
    'no anchors': (lambda g: constant(g, 'Concatenate/concat', np.ones((0, 4))), 'do not fit'),
    'live anchors': (lambda g: replace(g, 'Relu', 'Concatenate/concat', 'conv'), 'fixed size'),
    'constant scores': (
        lambda g: constant(g, 'Postprocessor/convert_scores', np.ones((1, 18, 3))),
        'do not fit',
    ),
}


@pytest.mark.parametrize('name', DAMAGE)
def test_damaged_graphs_are_refused(
    write_tiny_ssd: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    change, complaint = DAMAGE[name]
    path = write_tiny_ssd(tmp_path / 'g.pb', change)
    with pytest.raises(ConversionError) as caught:
        convert_ssd(path, (9, 9))
    assert str(caught.value).startswith(str(path))
    assert complaint in str(caught.value)
    assert '\n' not in str(caught.value)


def test_torn_anywhere_is_refused(write_tiny_ssd: Callable[..., Path], tmp_path: Path) -> None:
    path = write_tiny_ssd(tmp_path / 'g.pb')
    whole = path.read_bytes()
    for size in range(0, len(whole), len(whole) // 40):
        path.write_bytes(whole[:size])
        with pytest.raises(ConversionError):
            convert_ssd(path, (9, 9))


def test_flipped_bits_never_crash(write_tiny_ssd: Callable[..., Path], tmp_path: Path) -> None:
    path = write_tiny_ssd(tmp_path / 'g.pb')
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    for place in rng.integers(0, len(whole), 150).tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            onnx.load_from_string(convert_ssd(path, (9, 9)))
        except ConversionError:
            refused += 1
    assert refused > 0


def test_giving_up(write_tiny_ssd: Callable[..., Path], tmp_path: Path) -> None:
    def stop(stage: str, share: float | None) -> None:
        if share and share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_ssd(write_tiny_ssd(tmp_path / 'g.pb'), (9, 9), stop)


@pytest.fixture(scope='module')
def opencv_network(ssd_frozen_graph: Path, ssd_text_graph: Path) -> Any:
    # By default, OpenCV 5 reads graphs with a new engine that hides inner layers.
    classic = {'engine': cv2.dnn.ENGINE_CLASSIC} if hasattr(cv2.dnn, 'ENGINE_CLASSIC') else {}
    return cv2.dnn.readNetFromTensorflow(str(ssd_frozen_graph), str(ssd_text_graph), **classic)


def opencv_raw(network: Any, image: Array) -> tuple[Array, Array]:
    """Return boxes (1917, 4) xyxy and scores (1917, 90) before suppression, for 300x300 pixels."""
    network.setInput(cv2.dnn.blobFromImage(image))
    names = ['BoxEncodingPredictor/concat', 'PriorBox/concat', 'ClassPredictor/concat/sigmoid']
    # OpenCV returns views of buffers that its next run overwrites.
    encodings, priors, scores = (np.array(out, np.float64) for out in network.forward(names))
    # Encodings are x, y, w, h; priors are xyxy, followed by the variances, 1 / scale.
    anchors_xyxy, variances = priors.reshape(2, -1, 4)
    yxhw = [1, 0, 3, 2]
    boxes = decoded(
        encodings.reshape(-1, 4)[:, yxhw], anchors_xyxy[:, yxhw], 1 / variances[:, yxhw]
    )
    return boxes, scores.reshape(-1, 91)[:, 1:]


def ious(boxes: Array, others: Array) -> Array:
    """Return the IoU of each pair of boxes."""
    low, high = np.maximum(boxes[:, :2], others[:, :2]), np.minimum(boxes[:, 2:], others[:, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    areas = [(b[:, 2:] - b[:, :2]).prod(axis=1) for b in (boxes, others)]
    return np.asarray(common / (areas[0] + areas[1] - common))


def test_real_ssd_equals_opencv_on_real_pictures(
    ssd_onnx: Path,
    opencv_network: Any,
    astronaut: Array,
    chelsea: Array,
    coffee: Array,
    bikes_frames: list[Array],
) -> None:
    sure = 0
    for picture in (astronaut, chelsea, coffee, *bikes_frames):
        image = cv2.resize(picture, (300, 300), interpolation=cv2.INTER_LINEAR)
        tensor = (image.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
        boxes, scores = run(str(ssd_onnx), np.ascontiguousarray(tensor))
        expected_boxes, expected_scores = opencv_raw(opencv_network, image)
        assert boxes.shape == (1, 1917, 4)
        assert scores.shape == (1, 1917, 90)
        # Much closer than the required 0.02 and 0.95, since it is the same network.
        np.testing.assert_allclose(scores[0], expected_scores, atol=1e-3)
        np.testing.assert_allclose(boxes[0], expected_boxes, atol=1e-3)
        found = expected_scores.max(axis=1) > 0.4
        assert np.all(ious(boxes[0][found].astype(np.float64), expected_boxes[found]) > 0.99)
        sure += int(found.sum())
    assert sure > 20


def test_real_ssd_knows_a_cat_and_a_cup(ssd_onnx: Path, chelsea: Array, coffee: Array) -> None:
    for picture, coco_id in ((chelsea, 17), (coffee, 47)):
        image = cv2.resize(picture, (300, 300)).astype(np.float32) / 127.5 - 1
        _, scores = run(str(ssd_onnx), np.ascontiguousarray(image.transpose(2, 0, 1)[None]))
        assert int(scores[0].max(axis=0).argmax()) == coco_id - 1
        assert scores.max() > 0.8
