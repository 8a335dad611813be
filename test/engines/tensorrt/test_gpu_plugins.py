# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks that end in a plugin of TensorRT, which nothing else runs."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning import DetectNet
from ros_deep_learning.imaging.pixels import Pixels

pytestmark = pytest.mark.gpu
SIDE, ROWS, CLASSES, MOST = 64, 60, 5, 50
SCORE_THRESHOLD, IOU_THRESHOLD = 0.25, 0.45


def overlap(a, b):
    left, top = np.maximum(a[:2], b[:2])
    right, bottom = np.minimum(a[2:], b[2:])
    shared = max(0, right - left) * max(0, bottom - top)
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b)]
    return shared / (sum(areas) - shared)


def suppressed(boxes, scores):
    """What is left of each class, best first: greedy suppression as everybody defines it."""
    kept = []
    for k in range(CLASSES):
        rows = [r for r in np.argsort(-scores[:, k]) if scores[r, k] >= SCORE_THRESHOLD]
        of_class = []
        for row in rows:
            if all(overlap(boxes[row], boxes[other]) <= IOU_THRESHOLD for other in of_class):
                of_class.append(row)
        kept += [(float(scores[row, k]), k, boxes[row]) for row in of_class]
    return sorted(kept, key=lambda one: -one[0])


@pytest.fixture
def candidates():
    rng = np.random.default_rng(3)
    corner, size = rng.uniform(0, 44, (ROWS, 2)), rng.uniform(8, 20, (ROWS, 2))
    boxes = np.concatenate([corner, corner + size], axis=1).astype(np.float32)
    scores = np.zeros((ROWS, CLASSES), np.float32)
    scores[np.arange(ROWS), rng.integers(0, CLASSES, ROWS)] = rng.uniform(0.05, 0.95, ROWS)
    return boxes, scores


@pytest.fixture
def path(candidates, tmp_path):
    """As YOLOv7's ``export.py --end2end`` for TensorRT; the image has no part in it."""
    boxes, scores = candidates
    nodes = [
        helper.make_node('ReduceMean', ['images'], ['mean'], axes=[2, 3], keepdims=0),
        helper.make_node('ReduceMean', ['mean'], ['one'], axes=[1], keepdims=1),
        helper.make_node('Mul', ['one', 'zero'], ['nothing']),
        helper.make_node('Unsqueeze', ['nothing', 'axis'], ['shift']),
        helper.make_node('Add', ['all_boxes', 'shift'], ['boxes']),
        helper.make_node('Add', ['all_scores', 'shift'], ['scores']),
        helper.make_node(
            'EfficientNMS_TRT', ['boxes', 'scores'],
            ['num_dets', 'det_boxes', 'det_scores', 'det_classes'],
            domain='TRT', plugin_version='1',
            background_class=-1, box_coding=0, score_activation=0,
            score_threshold=SCORE_THRESHOLD, iou_threshold=IOU_THRESHOLD, max_output_boxes=MOST,
        ),
    ]  # fmt: skip
    constants = {
        'zero': np.float32([0]),
        'axis': np.int64([2]),
        'all_boxes': boxes[None],
        'all_scores': scores[None],
    }
    outputs = {
        'num_dets': (TensorProto.INT32, (1, 1)),
        'det_boxes': (TensorProto.FLOAT, (1, MOST, 4)),
        'det_scores': (TensorProto.FLOAT, (1, MOST)),
        'det_classes': (TensorProto.INT32, (1, MOST)),
    }
    graph = helper.make_graph(
        nodes,
        'end2end',
        [helper.make_tensor_value_info('images', TensorProto.FLOAT, (1, 3, SIDE, SIDE))],
        [helper.make_tensor_value_info(name, *facts) for name, facts in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid('', 13), helper.make_opsetid('TRT', 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    helper.set_model_props(model, {'exporter': 'test'})
    path = tmp_path / 'end2end.onnx'
    onnx.save(model, path)
    return path


def test_efficient_nms(gpu, path, candidates, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    wanted = suppressed(*candidates)
    assert 5 < len(wanted) <= MOST
    labels = tmp_path / 'labels.txt'
    labels.write_text('\n'.join(f'class {k}' for k in range(CLASSES)))
    image = Pixels(np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8))
    for origin in ('built', 'cached'):
        with DetectNet(path, labels=labels, backend='tensorrt', threshold=0.3) as net:
            assert net.info.origin == origin
            assert net.info.metadata == {'exporter': 'test'}
            found = net.detect(image)
        reach = [one for one in wanted if one[0] >= 0.3]
        np.testing.assert_allclose(found.scores, [one[0] for one in reach], atol=2e-3)
        assert found.class_ids.tolist() == [one[1] for one in reach]
        np.testing.assert_allclose(found.boxes_xyxy, [one[2] for one in reach], atol=0.1)
