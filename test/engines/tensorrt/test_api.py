# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the differences between TensorRT versions, with their recorded attributes."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ros_deep_learning.engines.tensorrt import api
from ros_deep_learning.engines.tensorrt.api import TensorRt, find_module, tensorrt
from ros_deep_learning.engines.tensorrt.log import logger
from ros_deep_learning.errors import BackendUnavailableError, BuildError


class Config:
    """Fake of IBuilderConfig that records what is set."""

    def __init__(self):
        self.flags, self.cleared, self.features = set(), set(), {}

    def set_flag(self, flag):
        self.flags.add(flag)

    def clear_flag(self, flag):
        self.cleared.add(flag)

    def set_preview_feature(self, feature, on):
        self.features[feature] = on


@pytest.fixture
def rtx_config(rtx):
    builder = rtx.module.Builder(logger(rtx)[0])
    return builder.create_builder_config()


def test_tells_the_versions_apart(trt86, trt10, trt11, rtx):
    assert (trt86.name, trt86.version) == ('tensorrt', '8.6.0')
    assert not trt86.strongly_typed
    assert not trt86.has_progress_monitor
    assert trt86.compute_capabilities is None
    assert (trt10.name, trt10.version) == ('tensorrt', '10.16.1.11')
    assert not trt10.strongly_typed
    assert trt10.has_progress_monitor
    assert trt10.compute_capabilities is None
    assert (trt11.name, trt11.version) == ('tensorrt', '11.4.0.106')
    assert trt11.strongly_typed
    assert trt11.has_progress_monitor
    assert trt11.compute_capabilities is None
    assert rtx.name == 'tensorrt_rtx'
    assert rtx.strongly_typed
    assert rtx.has_progress_monitor
    assert rtx.compute_capabilities == ('7.5', '8.0', '8.6', '8.9', '12.0', '12.1')


def test_the_loader_calls_nothing_that_a_version_lacks(trt86, trt10, trt11, rtx):
    called = {
        node.attr
        for path in Path(api.__file__).parent.rglob('*.py')
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    classes = [
        name
        for name, value in vars(trt86.module).items()
        if isinstance(value, type) and not hasattr(value, '__members__')
    ]
    # api.py checks for these before it calls them; update belongs to hashlib.
    optional = {'node_name', 'node_operator', 'progress_monitor', 'builder_optimization_level',
                'num_compute_capabilities', 'set_compute_capability', 'update'}  # fmt: skip
    versions = {each: _attributes(each, classes) for each in (trt86, trt10, trt11, rtx)}
    theirs = called & set.union(*versions.values()) - optional
    assert {'parse_from_file', 'set_timing_cache', 'execute_async_v3'} <= theirs
    lacking = {each.version: sorted(theirs - attributes) for each, attributes in versions.items()}
    assert not any(lacking.values()), lacking


def _attributes(version, classes):
    return {
        attribute for name in classes for attribute in dir(getattr(version.module, name, None))
    }


def test_networks_have_explicit_batch_and_the_strongest_types(trt86, trt10, trt11, rtx):
    assert trt86.network_flags() == 1 << 0
    assert trt10.network_flags() == 1 << trt10.module.NetworkDefinitionCreationFlag.EXPLICIT_BATCH
    assert trt11.network_flags() == 1 << trt11.module.NetworkDefinitionCreationFlag.STRONGLY_TYPED
    strongly = rtx.module.NetworkDefinitionCreationFlag.STRONGLY_TYPED
    assert rtx.network_flags() == 1 << int(strongly)
    bare = TensorRt(
        SimpleNamespace(
            __name__='tensorrt',
            __version__='12',
            BuilderFlag=SimpleNamespace(),
            NetworkDefinitionCreationFlag=SimpleNamespace(),
        )
    )
    assert bare.network_flags() == 0


@pytest.mark.parametrize(
    ('precision', 'fast_fp16', 'flags'),
    [
        ('fp32', True, set()),
        ('fp16', False, {'FP16'}),
        ('int8', True, {'INT8', 'FP16'}),
        ('int8', False, {'INT8'}),
    ],
)
@pytest.mark.parametrize('version', ['trt86', 'trt10'])
def test_precision_is_a_flag_where_there_are_flags(request, version, precision, fast_fp16, flags):
    config = Config()
    trt = request.getfixturevalue(version)
    trt.set_precision(config, precision, fast_fp16=fast_fp16)
    known = trt.module.BuilderFlag
    assert config.flags == {getattr(known, name) for name in flags}
    assert config.cleared == ({known.TF32} if precision == 'fp32' else set())


def test_precision_is_no_flag_where_networks_are_typed(rtx, rtx_config):
    flag = rtx.module.BuilderFlag.TF32
    before = rtx_config.flags
    rtx.set_precision(rtx_config, 'fp16', fast_fp16=True)
    assert rtx_config.flags == before
    rtx.set_precision(rtx_config, 'fp32', fast_fp16=True)
    assert not rtx_config.get_flag(flag)


@pytest.mark.parametrize('precision', ['fp32', 'fp16', 'int8'])
def test_tensorrt_11_has_typed_networks_as_rtx_has(trt11, precision):
    config = Config()
    trt11.set_precision(config, precision, fast_fp16=True)
    assert config.flags == set()
    tf32 = {trt11.module.BuilderFlag.TF32}
    assert config.cleared == (tf32 if precision == 'fp32' else set())


def test_profiles_are_shared_where_that_must_be_asked_for(trt86, trt10, trt11, rtx, rtx_config):
    for trt in (trt86, trt10):
        config = Config()
        trt.share_profiles(config)
        assert config.features == {trt.module.PreviewFeature.PROFILE_SHARING_0806: True}
    config = Config()
    trt11.share_profiles(config)
    assert config.features == {}
    rtx.share_profiles(rtx_config)


def test_limits_the_workspace(rtx, rtx_config):
    rtx.set_workspace(rtx_config, 64)
    assert rtx_config.get_memory_pool_limit(rtx.module.MemoryPoolType.WORKSPACE) == 64 << 20


def test_sets_the_optimisation_level(rtx, rtx_config):
    rtx.set_optimization_level(rtx_config, 1)
    assert rtx_config.builder_optimization_level == 1


def test_refuses_an_optimisation_level_that_is_not_there():
    module = SimpleNamespace(__name__='tensorrt', __version__='8.5.3', IBuilderConfig=Config)
    with pytest.raises(BuildError, match=r'8\.5\.3 has no builder optimisation level; to fix'):
        TensorRt(module).set_optimization_level(Config(), 3)


def test_refuses_a_dla_that_is_not_there(rtx, rtx_config):
    builder = rtx.module.Builder(logger(rtx)[0])
    with pytest.raises(BuildError, match='no DLA core 0: this machine has 0'):
        rtx.set_dla(builder, rtx_config, 0, 'fp16')


def test_a_dla_runs_no_fp32_and_may_fall_back_to_the_gpu(trt86):
    config = Config()
    builder = SimpleNamespace(num_DLA_cores=2)
    with pytest.raises(BuildError, match='fp16 and int8 only'):
        trt86.set_dla(builder, config, 1, 'fp32')
    trt86.set_dla(builder, config, 1, 'fp16')
    assert config.DLA_core == 1
    assert config.default_device_type == trt86.module.DeviceType.DLA
    assert config.flags == {trt86.module.BuilderFlag.GPU_FALLBACK}


def test_targets(trt86, rtx, rtx_config):
    rtx.set_target(rtx_config, '8.9')
    assert rtx_config.get_compute_capability(0) == rtx.module.ComputeCapability.SM89
    with pytest.raises(BuildError, match=r'capability 9\.0, only for 7\.5'):
        rtx.set_target(rtx_config, '9.0')
    with pytest.raises(BuildError, match='has no builds for other GPUs'):
        trt86.set_target(Config(), '8.6')


@pytest.mark.parametrize(
    ('name', 'dtype'),
    [('FLOAT', 'float32'), ('HALF', 'float16'), ('INT8', 'int8'), ('INT32', 'int32'),
     ('BOOL', 'bool'), ('UINT8', 'uint8'), ('INT64', 'int64')],
)  # fmt: skip
def test_numpy_has_a_type_for(rtx, name, dtype):
    assert rtx.numpy_dtype(getattr(rtx.module.DataType, name)) == np.dtype(dtype)


@pytest.mark.parametrize('name', ['BF16', 'FP8', 'INT4'])
def test_numpy_has_no_type_for(rtx, name):
    assert rtx.numpy_dtype(getattr(rtx.module.DataType, name)) is None


class Error:
    """A ParserError of TensorRT 8.6: with the index of the node, without its name."""

    def __init__(self, number):
        self.number = number

    def node(self):
        return self.number

    def desc(self):
        return 'no such thing'

    def code(self):
        return 'ErrorCode.UNSUPPORTED_NODE'


def test_parser_errors_name_node_and_operator_by_number(trt86):
    assert not {'node_name', 'node_operator'} & set(dir(trt86.module.ParserError))
    parser = SimpleNamespace(num_errors=2, get_error=lambda i: Error((0, 7)[i]))
    assert trt86.parser_errors(parser, [('first', 'Conv')]) == [
        "node 'first' (Conv): no such thing [UNSUPPORTED_NODE]",
        'no such thing [UNSUPPORTED_NODE]',
    ]


def test_a_missing_tensorrt_is_said(monkeypatch):
    monkeypatch.setattr(api, 'MODULES', ('no_such_tensorrt',))
    assert find_module() is None
    with pytest.raises(BackendUnavailableError, match='not installed'):
        tensorrt.__wrapped__()


def test_a_broken_tensorrt_is_said(tmp_path, monkeypatch):
    (tmp_path / 'broken_tensorrt.py').write_text('raise OSError("libnvinfer.so.8: not there")')
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BackendUnavailableError, match='does not load: libnvinfer'):
        tensorrt.__wrapped__('broken_tensorrt')
