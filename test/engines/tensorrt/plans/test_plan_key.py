# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the key that plans are cached under."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

import numpy as np
import onnx
import pytest
from onnx.external_data_helper import convert_model_to_external_data

from ros_deep_learning.engines.tensorrt.plans.plan_key import PlanKey, hash_onnx
from ros_deep_learning.engines.tensorrt.profile import InputRange
from ros_deep_learning.errors import PlanError
from ros_deep_learning.onnx_tools.facts import read_facts

CHANGES = {
    'onnx_sha256': 'b' * 64,
    'module': 'tensorrt_rtx',
    'version': '8.6.1',
    'platform': 'linux-aarch64',
    'gpu': 'Orin',
    'compute_capability': '8.6',
    'precision': 'fp32',
    'inputs': (InputRange('x', (1, 3), (2, 3), (4, 3)),),
    'workspace_mb': 64,
    'dla_core': 0,
    'optimization_level': 5,
    'recipe': 0,
}


def test_equal_keys_have_one_digest(make_key):
    assert make_key().digest == make_key().digest
    assert len(make_key().digest) == 64


@pytest.mark.parametrize('name', CHANGES)
def test_everything_counts(make_key, name):
    changed = make_key(**{name: CHANGES[name]})
    assert changed.digest != make_key().digest
    assert len(changed.differences(make_key())) == 1


def test_all_fields_are_tried():
    assert set(CHANGES) == set(PlanKey.__dataclass_fields__)


def test_survives_json(make_key):
    key = make_key(**CHANGES)
    assert PlanKey.from_json(json.loads(json.dumps(asdict(key)))) == key


@pytest.mark.parametrize('data', [None, {}, [], {'gpu': 'x'}, 'text'])
def test_refuses_what_is_no_key(data):
    with pytest.raises(PlanError, match='no key'):
        PlanKey.from_json(data)


def test_refuses_torn_inputs(make_key):
    data = asdict(make_key()) | {'inputs': [{'name': 'x'}]}
    with pytest.raises(PlanError, match='input shapes'):
        PlanKey.from_json(data)


def test_says_what_changed(make_key):
    old = make_key()
    assert make_key(version='10.3.0').differences(old) == [
        'the TensorRT version changed from 8.6.0 to 10.3.0'
    ]
    assert make_key(onnx_sha256='c' * 64).differences(old) == ['the ONNX file changed']
    assert make_key(precision='fp32').differences(old) == ['no plan yet with this precision']


def test_hashes_a_plain_file(save, conv_model):
    path = save(conv_model())
    assert hash_onnx(read_facts(path)) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def in_two_files(tmp_path, conv_model):
    model = conv_model()
    convert_model_to_external_data(model, location='net.bin', size_threshold=0)
    onnx.save(model, str(tmp_path / 'net.onnx'))
    return read_facts(tmp_path / 'net.onnx')


def test_hashes_external_data_too(tmp_path, in_two_files):
    before = hash_onnx(in_two_files)
    data = np.fromfile(tmp_path / 'net.bin', np.uint8)
    data[0] ^= 1
    data.tofile(tmp_path / 'net.bin')
    assert hash_onnx(in_two_files) != before


@pytest.mark.parametrize('name', ['net.onnx', 'net.bin'])
def test_refuses_what_is_not_there(tmp_path, in_two_files, name):
    (tmp_path / name).unlink()
    with pytest.raises(PlanError, match=rf'{name}: No such file'):
        hash_onnx(in_two_files)
