# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of builds in this process, with the real TensorRT for RTX and without a GPU."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from onnx import TensorProto, helper

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.tensorrt.build.builder import (
    _load_timings,
    _timings_worth_keeping,
    build,
)
from ros_deep_learning.engines.tensorrt.log import RecentErrors
from ros_deep_learning.errors import BuildError, OnnxError

MAGIC = b'vtrt'
"""First bytes of a plan of TensorRT for RTX."""


def make(request):
    shares = []
    return build(request.job, b'', shares.append), shares


@pytest.mark.parametrize('precision', ['fp32', 'fp16'])
def test_builds_a_plan_and_says_how_far_it_is(save, conv_model, ask, precision):
    result, shares = make(ask(save(conv_model()), precision))
    assert result.plan.startswith(MAGIC)
    assert shares == sorted(shares)
    assert shares[0] >= 0.0
    assert shares[-1] == 1.0
    assert result.notes == (('network converted to half',) if precision == 'fp16' else ())
    # Only a build on a GPU has timings.
    assert result.timings == b''


def test_half_makes_a_smaller_plan(weights, ask):
    path = weights / 'efficientnet_lite0_w16.onnx'
    full, half = (make(ask(path, p))[0].plan for p in ('fp32', 'fp16'))
    assert len(half) < 0.6 * len(full)


def test_builds_a_quantised_network(save, ask, make_model):
    parts = [
        helper.make_node('QuantizeLinear', ['x', 's', 'z'], ['xq'], 'xq'),
        helper.make_node('DequantizeLinear', ['xq', 's', 'z'], ['xd'], 'xd'),
        helper.make_node('DequantizeLinear', ['wq', 'ws', 'wz'], ['w'], 'wd', axis=0),
        helper.make_node('Conv', ['xd', 'w'], ['y'], 'conv'),
    ]
    constants = [
        ('s', np.float32(0.05)),
        ('z', np.uint8(128)),
        ('wq', np.arange(-54, 54).reshape(4, 3, 3, 3).astype(np.int8)),
        ('ws', np.full(4, 0.01, np.float32)),
        ('wz', np.zeros(4, np.int8)),
    ]
    model = make_model(parts, [('x', [1, 3, 6, 6])], [('y', [1, 4, 4, 4])], constants)
    request = ask(save(model))
    assert request.effective_precision == 'int8'
    result, _ = make(request)
    assert result.plan.startswith(MAGIC)
    assert 'symmetric' in result.notes[0]


def test_builds_for_a_range_of_batches(save, conv_model, ask):
    path = save(conv_model(batch='n', size='side'))
    card = InputSpec(width=16, height=16)
    one, _ = make(ask(path, spec=card))
    many, _ = make(ask(path, spec=card, max_batch=4))
    assert one.plan.startswith(MAGIC)
    assert many.plan.startswith(MAGIC)
    assert many.plan != one.plan


def test_a_missing_profile_is_said(save, conv_model, ask):
    request = ask(save(conv_model(batch='n')))
    with pytest.raises(BuildError, match="the job has no shape for the input 'x'"):
        build(replace(request.job, inputs=()), b'', lambda share: None)


def test_parser_errors_come_whole_with_node_and_operator(save, ask):
    def wrong(name, operator, source, target):
        return helper.make_node(operator, [source], [target], name, domain='my.own')

    graph = helper.make_graph(
        [
            wrong('first_node', 'Enchant', 'x', 'a'),
            helper.make_node('Relu', ['a'], ['y'], 'relu'),
        ],
        'test',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, 3])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1, 3])],
    )
    opsets = [helper.make_opsetid('', 13), helper.make_opsetid('my.own', 1)]
    path = save(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    with pytest.raises(BuildError, match=r"node 'first_node' \(Enchant\): .*\[") as caught:
        make(ask(path, 'fp32'))
    assert str(path) in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('option', 'words'), [({'dla_core': 0}, 'no DLA core 0'), ({'target': '9.0'}, r'9\.0, only')]
)
def test_what_this_tensorrt_lacks_is_refused(save, conv_model, ask, option, words):
    with pytest.raises(BuildError, match=words):
        make(ask(save(conv_model()), 'fp16', **option))


def test_limits_and_levels_are_taken(save, conv_model, ask):
    request = ask(save(conv_model()), workspace_mb=16, optimization_level=0)
    assert make(request)[0].plan.startswith(MAGIC)


def test_a_broken_file_is_said(tmp_path, save, conv_model, ask):
    path = save(conv_model())
    request = ask(path, 'fp32')
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(OnnxError, match=r'net\.onnx'):
        make(request)


class TimingConfig:
    """Fake of the timing functions of TensorRT 8.6's IBuilderConfig, which need a GPU."""

    def __init__(self, errors, refused, *, answers):
        self.errors = errors
        self.refused = refused
        self.answers = answers
        self.taken = []

    def create_timing_cache(self, timings):
        if timings and timings == self.refused:
            self.errors.add('Myelin error from unknown graph')
            return timings if self.answers else None
        return timings

    def set_timing_cache(self, cache, ignore_mismatch):
        self.taken.append(cache)
        return True


@pytest.mark.parametrize('answers', [True, False])
def test_timings_that_are_refused_give_way_to_new_ones_and_cost_one_warning(
    trt86, caplog, answers
):
    errors = RecentErrors()
    config = TimingConfig(errors, b'old', answers=answers)
    assert _load_timings(trt86, config, b'old', errors) == (b'', b'')
    assert config.taken[-1] == b''
    [record] = caplog.records
    assert record.levelname == 'WARNING'
    assert 'does not read the timings of earlier builds (Myelin error' in record.getMessage()
    assert errors.take() == ''


@pytest.mark.parametrize('timings', [b'', b'good'])
def test_timings_are_taken(trt86, caplog, timings):
    errors = RecentErrors()
    config = TimingConfig(errors, b'old', answers=False)
    assert _load_timings(trt86, config, timings, errors) == (timings, timings)
    assert config.taken == [timings]
    assert not caplog.records


@pytest.mark.parametrize(
    ('written', 'answers', 'kept'),
    [
        (b'new', True, b'new'),
        (b'bad', True, b'old'),
        (b'bad', False, b'old'),
        (None, True, b'old'),
    ],
)
def test_timings_that_would_be_refused_are_not_kept(caplog, written, answers, kept):
    errors = RecentErrors()
    config = TimingConfig(errors, b'bad', answers=answers)
    builder = SimpleNamespace(create_builder_config=lambda: config)
    used = None if written is None else SimpleNamespace(serialize=lambda: written)
    assert _timings_worth_keeping(builder, used, b'old', errors) == kept
    assert errors.take() == ''
    assert not caplog.records
