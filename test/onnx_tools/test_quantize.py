# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of static quantisation: compared with the float network, and built with RTX."""

from __future__ import annotations

import os

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.engines.tensorrt.build.plan_source import obtain_plan
from ros_deep_learning.errors import BuildError, SettingsError
from ros_deep_learning.onnx_tools.facts import read_facts
from ros_deep_learning.onnx_tools.mixed import Goal, harm, quantised_layers
from ros_deep_learning.onnx_tools.qdq import fit_qdq
from ros_deep_learning.onnx_tools.quantize import OPERATORS, quantize, run_exactly


@pytest.fixture
def network(make_model):
    """Two convolutions with a ReLU between them, and a matrix product at the end."""
    rng = np.random.default_rng(0)

    def normal(*shape):
        return rng.normal(0, 0.3, shape).astype(np.float32)

    nodes = [
        helper.make_node('Conv', ['x', 'w1', 'b1'], ['c1'], 'conv1', pads=[1, 1, 1, 1]),
        helper.make_node('Relu', ['c1'], ['r'], 'relu'),
        helper.make_node('Conv', ['r', 'w2', 'b2'], ['c2'], 'conv2'),
        helper.make_node('GlobalAveragePool', ['c2'], ['p'], 'pool'),
        helper.make_node('Flatten', ['p'], ['f'], 'flatten'),
        helper.make_node('Gemm', ['f', 'w3', 'b3'], ['y'], 'gemm'),
    ]
    constants = [
        ('w1', normal(8, 3, 3, 3)),
        ('b1', normal(8)),
        ('w2', normal(6, 8, 3, 3)),
        ('b2', normal(6)),
        ('w3', normal(6, 5)),
        ('b3', normal(5)),
    ]
    return make_model(nodes, [('x', [1, 3, 8, 8])], [('y', [1, 5])], constants)


@pytest.fixture
def feeds():
    rng = np.random.default_rng(1)
    return [{'x': rng.normal(0, 1, (1, 3, 8, 8)).astype(np.float32)} for _ in range(12)]


@pytest.mark.parametrize('method', ['entropy', 'minmax'])
def test_makes_symmetric_int8_that_stays_close(save, network, feeds, tmp_path, method):
    path, output = save(network), tmp_path / 'out' / 'int8.onnx'
    quantize(path, output, feeds, method=method)
    assert read_facts(output).precision == 'int8'
    made = onnx.load(str(output))
    values = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer}
    pairs = [n for n in made.graph.node if n.op_type in ('QuantizeLinear', 'DequantizeLinear')]
    assert pairs
    for node in pairs:
        zero = values[node.input[2]]
        assert zero.dtype == np.int8
        assert not zero.any()
    by_channel = [n for n in pairs if values[n.input[1]].ndim]
    assert sorted(values[n.input[1]].size for n in by_channel) == [5, 6, 8]
    floats = np.concatenate([o['y'] for o in run_exactly(path, feeds)])
    ints = np.concatenate([o['y'] for o in run_exactly(output, feeds)])
    spread = floats.max() - floats.min()
    assert 0 < np.abs(floats - ints).mean() < 0.05 * spread
    assert list(output.parent.iterdir()) == [output]


def test_an_older_network_is_brought_forward(save, make_model, tmp_path):
    weights = np.random.default_rng(0).normal(0, 1, (4, 2)).astype(np.float32)
    node = helper.make_node('MatMul', ['x', 'w'], ['y'], 'product')
    model = make_model([node], [('x', [1, 4])], [('y', [1, 2])], [('w', weights)], opset=11)
    feeds = [{'x': weights[:, i % 2][None]} for i in range(4)]
    quantize(save(model), tmp_path / 'int8.onnx', feeds, method='minmax')
    assert read_facts(tmp_path / 'int8.onnx').precision == 'int8'


def test_outputs_of_products_are_left_for_fusion(save, network, feeds, tmp_path):
    quantize(save(network), tmp_path / 'int8.onnx', feeds, method='minmax')
    made = onnx.load(str(tmp_path / 'int8.onnx'))
    makers = {name: node.op_type for node in made.graph.node for name in node.output}
    quantised = [makers.get(n.input[0]) for n in made.graph.node if n.op_type == 'QuantizeLinear']
    assert not set(quantised) & set(OPERATORS)


def test_the_real_builder_takes_it(save, network, feeds, tmp_path, ask, cache):
    quantize(save(network), tmp_path / 'int8.onnx', feeds, method='minmax')
    request = ask(tmp_path / 'int8.onnx')
    assert request.precision == 'int8'
    assert obtain_plan(request, cache).data.startswith(b'vtrt')


def test_fitting_changes_no_value(save, network, feeds, tmp_path):
    quantize(save(network), tmp_path / 'int8.onnx', feeds, method='minmax')
    fitted, changes = fit_qdq(onnx.load(str(tmp_path / 'int8.onnx')))
    onnx.save(fitted, str(tmp_path / 'fitted.onnx'))
    assert changes.activations == changes.biases == 0
    before, after = (run_exactly(tmp_path / f'{n}.onnx', feeds) for n in ('int8', 'fitted'))
    for a, b in zip(before, after, strict=True):
        np.testing.assert_allclose(a['y'], b['y'], rtol=0, atol=1e-5)


def test_says_how_far_it_is(save, network, feeds, tmp_path):
    told = []
    quantize(
        save(network),
        tmp_path / 'int8.onnx',
        feeds,
        method='minmax',
        progress=lambda stage, share: told.append((stage, share)),
    )
    shares = [share for stage, share in told if stage == 'calibrating']
    assert shares == [i / len(feeds) for i in range(len(feeds))]


@pytest.mark.parametrize('kind', [KeyboardInterrupt, RuntimeError])
def test_giving_up_leaves_nothing(save, network, feeds, tmp_path, kind):
    def give_up(stage, share):
        if share:
            raise kind(stage)

    output = tmp_path / 'out' / 'int8.onnx'
    with pytest.raises(kind, match='calibrating'):
        quantize(save(network), output, feeds, progress=give_up)
    assert list(output.parent.iterdir()) == []


def test_without_frames_there_is_nothing_to_learn_from(save, network, tmp_path):
    with pytest.raises(SettingsError, match='no calibration frames'):
        quantize(save(network), tmp_path / 'int8.onnx', [])


def test_refuses_another_method(save, network, feeds, tmp_path):
    with pytest.raises(SettingsError, match="expected one of entropy, minmax, got 'best'"):
        quantize(save(network), tmp_path / 'int8.onnx', feeds, method='best')


def test_refuses_a_network_that_is_quantised_already(save, network, feeds, tmp_path):
    quantize(save(network), tmp_path / 'int8.onnx', feeds, method='minmax')
    with pytest.raises(BuildError, match='is a network in int8; only float32'):
        quantize(tmp_path / 'int8.onnx', tmp_path / 'again.onnx', feeds)


def test_says_what_onnxruntime_said(save, network, tmp_path):
    wrong = [{'other': np.zeros((1, 3, 8, 8), np.float32)}]
    with pytest.raises(BuildError, match=r'cannot quantise .*net\.onnx'):
        quantize(save(network), tmp_path / 'int8.onnx', wrong)
    assert not (tmp_path / 'int8.onnx').exists()


def closeness(floats, ints):
    """Return 1 - the largest relative error."""
    return 1 - max(harm([a], [b]) ** 0.5 for a, b in zip(floats, ints, strict=True))


def test_the_layer_that_int8_harms_most_stays_float(save, network, feeds, tmp_path):
    """One weight per channel of conv2 is so large that int8 rounds the others to zero."""
    for tensor in network.graph.initializer:
        if tensor.name == 'w2':
            values = numpy_helper.to_array(tensor).copy()
            values[:, 0, 0, 0] = 200.0
            tensor.CopyFrom(numpy_helper.from_array(values, 'w2'))
    path, output = save(network), tmp_path / 'int8.onnx'
    whole = quantize(path, output, feeds, method='minmax')
    assert (whole.int8, whole.floats) == (3, ())
    floats = run_exactly(path, feeds)
    before = closeness(floats, run_exactly(output, feeds))
    goal = Goal(closeness, before + 0.2 * (1 - before))
    made = quantize(path, output, feeds, method='minmax', goal=goal)
    assert made.int8 + len(made.floats) == 3
    assert made.floats
    assert closeness(floats, run_exactly(output, feeds)) >= goal.share
    model = onnx.load(str(output))
    onnx.checker.check_model(model)
    assert not set(quantised_layers(model)) & set(made.floats)
    made_by = {name for node in model.graph.node for name in node.input}
    assert all(made_by & set(n.output) or n.output[0] == 'y' for n in model.graph.node)


def test_an_output_with_as_many_rows_as_a_suppression_left(save, make_model, tmp_path):
    """A layer in int8 may leave one box more or less."""
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node('Conv', ['x', 'w1'], ['c1'], 'conv1'),
        helper.make_node('Conv', ['c1', 'w2'], ['c2'], 'conv2'),
        helper.make_node('Reshape', ['c2', 'shape'], ['rows'], 'rows'),
        helper.make_node('Transpose', ['rows'], ['row'], 'row', perm=[0, 2, 1]),
        helper.make_node('ReduceMax', ['row'], ['scores'], 'max', axes=[1]),
        helper.make_node('NonMaxSuppression', ['rows', 'scores', 'n', 'iou', 't'], ['y'], 'nms'),
    ]
    constants = [
        ('w1', rng.normal(size=(4, 3, 3, 3)).astype(np.float32)),
        ('w2', rng.normal(size=(4, 4, 1, 1)).astype(np.float32)),
        ('shape', np.array([1, -1, 4])),
        ('n', np.array([50])),
        ('iou', np.float32(0.9)),
        ('t', np.float32(2)),
    ]
    model = make_model(nodes, [('x', [1, 3, 8, 8])], [], constants)
    model.graph.output.append(helper.make_tensor_value_info('y', TensorProto.INT64, ['n', 3]))
    path, output = save(model), tmp_path / 'int8.onnx'
    feeds = [{'x': rng.normal(size=(1, 3, 8, 8)).astype(np.float32)} for _ in range(4)]

    def same_count(floats, ints):
        return float(
            np.mean([len(a['y']) == len(b['y']) for a, b in zip(floats, ints, strict=True)])
        )

    made = quantize(path, output, feeds, method='minmax', goal=Goal(same_count, 0.8))
    assert harm([{'y': np.ones((3, 2))}], [{'y': np.ones((2, 2))}]) == 1
    assert (made.int8, len(made.floats)) == (1, 1)


def test_a_goal_out_of_reach_is_said(save, network, feeds, tmp_path):
    path, goal = save(network), Goal(closeness, 1.0)
    with pytest.raises(BuildError, match=r'no layer can be int8 with 100\.0% of the answers'):
        quantize(path, tmp_path / 'int8.onnx', feeds, method='minmax', goal=goal)
    assert not (tmp_path / 'int8.onnx').exists()


def test_frames_that_say_nothing_keep_nothing_float(save, network, feeds, tmp_path):
    goal = Goal(lambda floats, ints: float('nan'), 0.995)
    made = quantize(save(network), tmp_path / 'int8.onnx', feeds, method='minmax', goal=goal)
    assert made.floats == ()


def test_sums_and_gates_read_what_was_not_rounded(save, make_model, feeds, tmp_path):
    weights = np.random.default_rng(0).normal(0, 1, (3, 3, 1, 1)).astype(np.float32)
    nodes = [
        helper.make_node('Conv', ['x', 'w'], ['c'], 'conv'),
        helper.make_node('Add', ['c', 'x'], ['y']),
    ]
    shape = [1, 3, 8, 8]
    model = make_model(nodes, [('x', shape)], [('y', shape)], [('w', weights)])
    quantize(save(model), tmp_path / 'int8.onnx', feeds, method='minmax')
    made = onnx.load(str(tmp_path / 'int8.onnx'))
    [add] = [node for node in made.graph.node if node.op_type == 'Add']
    assert 'x' in add.input


@pytest.mark.parametrize('is_turned', [0, 1])
def test_a_products_factors_are_kept(save, make_model, feeds, tmp_path, is_turned):
    """ONNX Runtime sets beta to 1, also where it leaves the bias as it is."""
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 0.3, (5, 192) if is_turned else (192, 5)).astype(np.float32)
    factors = {'alpha': 0.5, 'beta': 2.0, 'transB': is_turned}
    nodes = [
        helper.make_node('Flatten', ['x'], ['f']),
        helper.make_node('Gemm', ['f', 'w', 'b'], ['y'], 'gemm', **factors),
    ]
    constants = [('w', weights), ('b', np.full(5, 10, np.float32))]
    path = save(make_model(nodes, [('x', [1, 3, 8, 8])], [('y', [1, 5])], constants))
    assert quantize(path, tmp_path / 'int8.onnx', feeds, method='minmax').int8 == 1
    pairs = zip(run_exactly(path, feeds), run_exactly(tmp_path / 'int8.onnx', feeds), strict=True)
    for floats, ints in pairs:
        np.testing.assert_allclose(ints['y'], floats['y'], atol=0.5)


@pytest.mark.parametrize('goal', [None, Goal(lambda floats, ints: 1.0, 0.5)])
def test_bodies_of_control_flow_keep_their_constants(save, make_model, feeds, tmp_path, goal):
    weights = np.random.default_rng(0).normal(0, 0.3, (4, 3, 3, 3)).astype(np.float32)

    def body(op):
        out = helper.make_tensor_value_info(f'{op}_y', onnx.TensorProto.FLOAT, None)
        node = helper.make_node(op, ['c', 'factor'], [f'{op}_y'])
        return helper.make_graph([node], op, [], [out])

    nodes = [
        helper.make_node('Conv', ['x', 'w'], ['c'], 'conv'),
        helper.make_node('ReduceMean', ['c'], ['mean'], keepdims=0),
        helper.make_node('Greater', ['mean', 'least'], ['is_bright']),
        helper.make_node(
            'If', ['is_bright'], ['y'], then_branch=body('Mul'), else_branch=body('Add')
        ),
    ]
    constants = [('w', weights), ('factor', np.float32(3)), ('least', np.float32(0))]
    path = save(make_model(nodes, [('x', [1, 3, 8, 8])], [('y', [1, 4, 6, 6])], constants))
    quantize(path, tmp_path / 'int8.onnx', feeds, method='minmax', goal=goal)
    pairs = zip(run_exactly(path, feeds), run_exactly(tmp_path / 'int8.onnx', feeds), strict=True)
    for floats, ints in pairs:
        np.testing.assert_allclose(ints['y'], floats['y'], atol=0.05 * np.abs(floats['y']).max())


def test_a_full_disk_is_said_and_leaves_the_older_network(
    save, network, feeds, tmp_path, monkeypatch
):
    output = tmp_path / 'out' / 'int8.onnx'
    output.parent.mkdir()
    output.write_bytes(b'older')
    # What a killed process left.
    (output.parent / '.quantize-killed').mkdir()

    def full(handle):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(BuildError, match=r'cannot write .*int8\.onnx: no space left'):
        quantize(save(network), output, feeds[:1], method='minmax')
    assert output.read_bytes() == b'older'
    assert list(output.parent.iterdir()) == [output]
