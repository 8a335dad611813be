# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the ONNX Runtime backend."""

from __future__ import annotations

import sys
import threading

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines import cpu_threads
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.cpu_threads import usable_cores
from ros_deep_learning.engines.onnxruntime import OnnxRuntimeBackend
from ros_deep_learning.errors import BackendUnavailableError, EngineError, InferenceError
from ros_deep_learning.progress import silent


def load(path, precision='auto', **options):
    return OnnxRuntimeBackend().load(
        path,
        input_spec=None,
        precision=precision,
        options=EngineOptions(**options),
        progress=silent,
    )


@pytest.fixture
def engine(affine_onnx):
    engine = load(affine_onnx()[0]).handle(lambda: None)
    yield engine
    engine.close()


def test_says_what_was_loaded(engine):
    info = engine.info
    assert (info.backend, info.device, info.precision) == ('onnxruntime', 'CPU', 'fp32')
    assert info.version == onnxruntime.__version__
    assert [(t.name, t.shape, t.dtype) for t in info.inputs] == [('x', (-1, 3), np.float32)]
    assert [(t.name, t.shape, t.dtype) for t in info.outputs] == [('y', (-1, 2), np.float32)]


def test_tells_the_files_metadata(affine_onnx):
    path, _, _ = affine_onnx()
    assert load(path).handle(lambda: None).info.metadata == {}
    said = {'task': 'detect', 'names': "{0: 'cat'}"}
    model = onnx.load(path)
    helper.set_model_props(model, said)
    onnx.save(model, path)
    assert load(path).handle(lambda: None).info.metadata == said


@pytest.mark.parametrize('rows', [0, 1, 5])
def test_equals_float64(affine_onnx, rows):
    path, w, b = affine_onnx()
    x = np.random.default_rng(1).normal(size=(rows, 3)).astype(np.float32)
    y = load(path).handle(lambda: None).run({'x': x})['y']
    np.testing.assert_allclose(y, x.astype(np.float64) @ w + b, rtol=1e-5, atol=1e-6)
    assert y.shape == (rows, 2)


def test_arrays_need_not_be_contiguous(engine):
    wide = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)
    strided = wide.T[::2]
    strided.flags.writeable = False
    whole = engine.run({'x': np.ascontiguousarray(strided)})['y']
    np.testing.assert_array_equal(engine.run({'x': strided})['y'], whole)


def test_every_run_answers_new_arrays(engine):
    x = np.ones((1, 3), np.float32)
    first = engine.run({'x': x})['y']
    kept = first.copy()
    second = engine.run({'x': 2 * x})['y']
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({}, r'expected the inputs \[x\], got \[\]'),
        ({'z': np.ones((1, 3), np.float32)}, r'expected the inputs \[x\], got \[z\]'),
        (
            {'x': np.ones((1, 3), np.float32), 'z': np.ones(1)},
            r'expected the inputs \[x\], got \[x, z\]',
        ),
        ({'x': np.ones((1, 3))}, r"'x': expected float32 \?x3, got float64 1x3"),
        ({'x': np.ones((1, 3), '>f4')}, r"'x': expected float32 \?x3, got >f4 1x3"),
        ({'x': np.ones((1, 4), np.float32)}, r"'x': expected float32 \?x3, got float32 1x4"),
        ({'x': np.ones(3, np.float32)}, r"'x': expected float32 \?x3, got float32 3"),
        ({'x': np.float32(1)}, r"'x': expected float32 \?x3, got float32 scalar"),
    ],
)
def test_inputs_that_do_not_fit(engine, inputs, message):
    with pytest.raises(InferenceError, match=message):
        engine.run(inputs)
    assert engine.run({'x': np.ones((1, 3), np.float32)})['y'].shape == (1, 2)


def test_failure_inside_the_runtime_leaves_the_engine_usable(affine_onnx):
    # The graph needs these two open dimensions to be equal.
    nodes = [
        helper.make_node('MatMul', ['x', 'x'], ['xx']),
        helper.make_node('MatMul', ['xx', 'w'], ['y']),
    ]
    engine = load(affine_onnx(shape=('n', 'm'), nodes=nodes)[0]).handle(lambda: None)
    with pytest.raises(InferenceError, match='onnxruntime failed on this frame: ') as caught:
        engine.run({'x': np.ones((2, 3), np.float32)})
    assert '\n' not in str(caught.value)
    assert engine.run({'x': np.ones((3, 3), np.float32)})['y'].shape == (3, 2)


def test_close_calls_back_once(affine_onnx):
    closed = []
    engine = load(affine_onnx()[0]).handle(lambda: closed.append(1))
    engine.close()
    engine.close()
    assert closed == [1]
    with pytest.raises(EngineError, match='closed'):
        engine.run({'x': np.ones((1, 3), np.float32)})


def test_handles_run_side_by_side(affine_onnx):
    path, w, b = affine_onnx()
    network = load(path, threads=1)
    wrong = []

    def work(seed):
        engine = network.handle(lambda: None)
        rng = np.random.default_rng(seed)
        for _ in range(50):
            x = rng.normal(size=(4, 3)).astype(np.float32)
            if not np.allclose(engine.run({'x': x})['y'], x @ w + b, atol=1e-5):
                wrong.append(seed)
        engine.close()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize('content', [b'', b'garbage', b'\x00' * 4096])
def test_corrupt_file(tmp_path, content):
    path = tmp_path / 'corrupt.onnx'
    path.write_bytes(content)
    with pytest.raises(EngineError, match=r'cannot load .*corrupt\.onnx: ') as caught:
        load(path)
    assert '\n' not in str(caught.value)


def test_torn_file(affine_onnx):
    path = affine_onnx()[0]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(EngineError, match=r'cannot load .*affine\.onnx: '):
        load(path)


def test_missing_file(tmp_path):
    with pytest.raises(EngineError, match=r'none\.onnx'):
        load(tmp_path / 'none.onnx')


def test_a_ready_made_engine(tmp_path):
    """``auto`` comes to it on a machine whose TensorRT cannot run."""
    (tmp_path / 'net.engine').write_bytes(b'ftrt')
    with pytest.raises(
        EngineError, match=r'net\.engine is a ready-made .* to fix: backend tensorrt'
    ):
        load(tmp_path / 'net.engine')


@pytest.mark.parametrize('domain', ['', 'TRT'])
def test_a_plugin_of_tensorrt(tmp_path, domain):
    inputs = {'boxes': (1, 9, 4), 'scores': (1, 9, 2)}
    outputs = {'best': (1, 5)}
    graph = helper.make_graph(
        [
            helper.make_node(
                'EfficientNMS_TRT', list(inputs), ['count', 'found', 'best', 'labels'],
                domain=domain, plugin_version='1', background_class=-1, box_coding=0,
                score_activation=0, score_threshold=0.2, iou_threshold=0.5, max_output_boxes=5,
            )
        ],
        'plugin',
        *(
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in each]
            for each in (inputs.items(), outputs.items())
        ),
    )  # fmt: skip
    opsets = [helper.make_opsetid('', 13)] + [helper.make_opsetid(domain, 1)] * bool(domain)
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), tmp_path / 'p.onnx')
    with pytest.raises(EngineError, match=r'EfficientNMS_TRT is a plugin .* to fix: backend'):
        load(tmp_path / 'p.onnx')


def test_opset_from_the_future(affine_onnx):
    with pytest.raises(EngineError, match=r'cannot load .*opset') as caught:
        load(affine_onnx(opset=999)[0])
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('kind', 'dtype'), [(TensorProto.DOUBLE, 'float64'), (TensorProto.FLOAT16, 'float16')]
)
def test_dtypes_come_from_the_network(affine_onnx, kind, dtype):
    engine = load(affine_onnx(kind=kind)[0]).handle(lambda: None)
    assert engine.info.inputs[0].dtype == dtype
    assert engine.run({'x': np.ones((1, 3), dtype)})['y'].dtype == dtype


def test_types_that_numpy_lacks_are_refused(affine_onnx):
    nodes = [
        helper.make_node('Cast', ['x'], ['f'], to=TensorProto.FLOAT),
        helper.make_node('Cast', ['f'], ['y'], to=TensorProto.STRING),
    ]
    path = affine_onnx(kind=TensorProto.STRING, nodes=nodes)[0]
    with pytest.raises(EngineError, match=r"'x' has the type tensor\(string\)"):
        load(path)


def test_precision_is_honoured_or_refused(affine_onnx):
    path = affine_onnx()[0]
    assert load(path, 'fp32').handle(lambda: None).info.precision == 'fp32'
    for precision in ('fp16', 'int8'):
        with pytest.raises(EngineError, match=f'cannot run it in {precision}; to fix'):
            load(path, precision)
    half = affine_onnx('half.onnx', kind=TensorProto.FLOAT16)[0]
    assert load(half, 'fp16').handle(lambda: None).info.precision == 'fp16'


def test_provider_that_is_not_installed(affine_onnx):
    with pytest.raises(BackendUnavailableError) as caught:
        load(affine_onnx()[0], providers=('NoneExecutionProvider', 'CPUExecutionProvider'))
    assert 'no NoneExecutionProvider, only ' in str(caught.value)
    assert 'CPUExecutionProvider' in str(caught.value)


@pytest.mark.filterwarnings('ignore:Specified provider')
def test_provider_that_does_not_start_is_not_replaced(affine_onnx, monkeypatch):
    installed = ['CUDAExecutionProvider', 'CPUExecutionProvider']
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: installed)
    with pytest.raises(BackendUnavailableError, match='could not start CUDAExecutionProvider'):
        load(affine_onnx()[0], providers=('CUDAExecutionProvider',))


def test_options_reach_the_session(affine_onnx, monkeypatch):
    made = []
    real = onnxruntime.InferenceSession

    def session(path, settings, providers):
        made.append((settings.intra_op_num_threads, providers))
        return real(path, settings, providers=providers)

    monkeypatch.setattr(onnxruntime, 'InferenceSession', session)
    # On a busy machine one session is opened, and nothing is measured.
    monkeypatch.setattr(cpu_threads, '_times', lambda runs, rounds: None)
    path = affine_onnx()[0]
    load(path, threads=1)
    load(path)
    assert made == [
        (1, [('CPUExecutionProvider', {})]),
        (usable_cores(), [('CPUExecutionProvider', {})]),
    ]


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
@pytest.mark.parametrize('layout', ['nchw', 'nhwc'])
def test_the_threads_are_chosen_with_the_cards_image(affine_onnx, monkeypatch, layout, dtype):
    """The network leaves its sizes open; an image of 1x1 would say nothing of its speed."""
    seen = []

    def times(runs, rounds):
        seen.extend(run.args[1]['x'] for run in runs)
        return [1.0] * len(runs)

    monkeypatch.setattr(cpu_threads, '_times', times)
    monkeypatch.setattr(cpu_threads, 'usable_cores', lambda: 2)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    shape = ('n', 3, 'h', 3) if layout == 'nchw' else ('n', 'h', 'w', 3)
    path = affine_onnx(shape=shape, kind=kind)[0]
    spec = InputSpec(40, 30, layout=layout)
    network = OnnxRuntimeBackend().load(
        path, input_spec=spec, precision='auto', options=EngineOptions(), progress=silent
    )
    assert seen[0].shape == ((1, 3, 30, 3) if layout == 'nchw' else (1, 30, 40, 3))
    assert seen[0].dtype == dtype
    (said,) = network.handle(lambda: None).info.measured
    assert said.startswith('2 threads, spinning up to 100 us within a run; ')


@pytest.mark.parametrize('package', ['onnxruntime', 'onnx'])
def test_missing_package(monkeypatch, package):
    assert OnnxRuntimeBackend().unavailable_reason() is None
    monkeypatch.setitem(sys.modules, package, None)
    reason = OnnxRuntimeBackend().unavailable_reason()
    assert reason is not None
    assert f'pip install {package}' in reason


def test_progress_may_cancel(affine_onnx):
    def cancel(stage, share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        OnnxRuntimeBackend().load(
            affine_onnx()[0],
            input_spec=None,
            precision='auto',
            options=EngineOptions(),
            progress=cancel,
        )


@pytest.mark.parametrize('dtype', [np.int8, np.uint8])
def test_int8_products_do_not_overflow(tmp_path, dtype):
    """On an x86 CPU without VNNI they overflow unless an option of ONNX Runtime is set."""
    zero, channels = np.array(0 if dtype is np.int8 else 128, dtype), 64
    constants = {
        'scale': np.float32(1 / 127),
        'zero': zero,
        'weights': np.full((8, channels, 1, 1), 127, np.int8),
        'weights_zero': np.int8(0),
        'out_scale': np.float32(channels / 100),
    }
    nodes = [
        helper.make_node('QuantizeLinear', ['x', 'scale', 'zero'], ['xq']),
        helper.make_node('DequantizeLinear', ['xq', 'scale', 'zero'], ['xd']),
        helper.make_node('DequantizeLinear', ['weights', 'scale', 'weights_zero'], ['w']),
        helper.make_node('Conv', ['xd', 'w'], ['c']),
        helper.make_node('QuantizeLinear', ['c', 'out_scale', 'zero'], ['cq']),
        helper.make_node('DequantizeLinear', ['cq', 'out_scale', 'zero'], ['y']),
    ]
    graph = helper.make_graph(
        nodes,
        'q',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, channels, 8, 8])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1, 8, 8, 8])],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8)
    onnx.save(model, tmp_path / 'q.onnx')
    engine = load(tmp_path / 'q.onnx').handle(lambda: None)
    found = engine.run({'x': np.ones((1, channels, 8, 8), np.float32)})['y']
    # 64 products of 1 and 1.
    np.testing.assert_allclose(found, channels, rtol=0.01)
