# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The door of the importers: packages that are not installed, mean images, and batches."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from caffe_files import network_message, write_caffemodel

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers import caffe_input_shapes, caffe_mean, convert, uff_input_size
from ros_deep_learning.progress import silent
from ros_deep_learning.recognition.choice import choose_card
from ros_deep_learning.recognition.hints import Hints


@pytest.mark.parametrize('read', [caffe_input_shapes, uff_input_size])
def test_a_missing_package_is_named_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: object
) -> None:
    assert callable(read)
    path = tmp_path / 'net'
    path.write_bytes(b'')
    for name in [n for n in sys.modules if n.partition('.')[0] == 'google']:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConversionError, match=r'needs the Python package google.*; fix: pip'):
        read(path)


def mean_file(path: Path, values: Any) -> Path:
    blob = network_message()().layer.add().blobs.add()
    blob.shape.dim.extend(np.shape(values))
    blob.data.extend(np.ravel(values).tolist())
    path.write_bytes(blob.SerializeToString())
    return path


def test_a_mean_image_has_one_mean_a_channel(tmp_path: Path) -> None:
    image = np.random.default_rng(0).uniform(0, 255, (3, 4, 5)).astype(np.float32)
    for values in (image, image[None]):
        found = caffe_mean(mean_file(tmp_path / 'mean.binaryproto', values))
        assert found == pytest.approx(image.astype(np.float64).mean(axis=(1, 2)).tolist())


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        (np.zeros((2, 3, 4, 5)), r'three axes, got the shape \(2, 3, 4, 5\)'),
        (np.zeros((1, 3, 0, 5)), r'three axes, got the shape \(1, 3, 0, 5\)'),
        (np.zeros((3, 4)), r'three axes, got the shape \(3, 4\)'),
        (np.full((3, 1, 1), np.nan), 'not a finite number: .*nan'),
        (np.full((3, 1, 2), [np.inf, -np.inf]), 'not a finite number: .*nan'),
    ],
)
@pytest.mark.filterwarnings('error::RuntimeWarning')
def test_what_is_no_mean_image_is_refused(tmp_path: Path, values: Any, reason: str) -> None:
    path = mean_file(tmp_path / 'mean.binaryproto', values)
    with pytest.raises(ConversionError, match=f'mean.binaryproto: .*{reason}'):
        caffe_mean(path)


def test_one_image_at_a_time_whatever_inputs_training_had(tmp_path: Path) -> None:
    # The name is no text in UTF-8, as files of old computers have.
    prototxt, caffemodel = tmp_path / 'caf\udce9.prototxt', tmp_path / 'net.caffemodel'
    prototxt.write_text(
        'input: "data" input_dim: [10, 3, 8, 8] input: "label" input_dim: [10, 1, 1, 1] '
        'layer { name: "it" type: "InnerProduct" bottom: "data" top: "prob" '
        'inner_product_param { num_output: 4 } }'
    )
    weights = [np.ones((4, 192), np.float32), np.ones(4, np.float32)]
    write_caffemodel(caffemodel, {'it': weights})
    card = choose_card(caffemodel, 'classification', Hints(prototxt=prototxt))
    model = onnx.load_from_string(
        convert(card, {'prototxt': prototxt, 'model': caffemodel}, silent)
    )
    shapes = [
        [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    ]
    assert shapes == [[1, 3, 8, 8], [1, 4]]
