# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The runtime on a real GPU: sharing, memory, threads, CUDA graphs, failures, exit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pytest
from onnx import helper

from ros_deep_learning.cards.box_table import BoxTable
from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.base import PixelsEngine
from ros_deep_learning.engines.on_device import (
    GathersOnDevice,
    MaskSpec,
    ScoreGrid,
    SegmentsOnDevice,
)
from ros_deep_learning.errors import (
    DeviceError,
    EngineError,
    InferenceError,
    PlanError,
    SettingsError,
)
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.placement import place

pytestmark = pytest.mark.gpu
CYCLES = 200
FLAT_BYTES = 8 << 20


def image(batch=1, size=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (batch, 3, size, size)).astype(np.float32)


@pytest.fixture
def open_batch(save, conv_model):
    return save(conv_model(batch='n'))


@pytest.fixture
def free_bytes(gpu):
    from pycuda import driver

    from ros_deep_learning.engines.tensorrt.runtime.cuda import gpu_context

    def ask():
        with gpu_context(0).current():
            return driver.mem_get_info()[0]

    return ask


def test_says_what_was_loaded(load, open_batch):
    info = load(open_batch, 'fp32', max_batch=4).info
    assert info.backend in ('tensorrt', 'tensorrt_rtx')
    assert info.precision == 'fp32'
    assert info.device
    assert [(t.name, t.shape, t.dtype.name) for t in info.inputs] == [
        ('x', (-1, 3, 8, 8), 'float32')
    ]
    assert [(t.name, t.shape) for t in info.outputs] == [('y', (-1, 4, 8, 8))]


def test_batches_up_to_the_largest(load, open_batch, conv_model, run_model):
    engine = load(open_batch, 'fp32', max_batch=4).handle(lambda: None)
    model = conv_model(batch='n')
    for batch in (1, 4, 2, 2, 2, 1, 4, 4):
        x = image(batch, seed=batch)
        (wanted,) = run_model(model, {'x': x})
        np.testing.assert_allclose(engine.run({'x': x})['y'], wanted, rtol=0, atol=1e-5)
    with pytest.raises(InferenceError, match='shapes up to 4x3x8x8, not 5x3x8x8'):
        engine.run({'x': image(5)})
    assert engine.run({'x': image(1)})['y'].shape == (1, 4, 8, 8)


def test_takes_the_size_of_its_card(load, save, conv_model, run_model):
    model = conv_model(size='side')
    card = InputSpec(width=16, height=16)
    engine = load(save(model), 'fp32', spec=card).handle(lambda: None)
    x = image(size=16)
    (wanted,) = run_model(model, {'x': x})
    np.testing.assert_allclose(engine.run({'x': x})['y'], wanted, rtol=0, atol=1e-5)
    with pytest.raises(InferenceError):
        engine.run({'x': image(size=8)})


def test_arrays_need_not_be_contiguous_and_results_are_new(load, open_batch):
    engine = load(open_batch, 'fp32').handle(lambda: None)
    x = image()
    first = engine.run({'x': x})['y']
    kept = first.copy()
    again = engine.run({'x': np.asfortranarray(x)})['y']
    np.testing.assert_array_equal(first, again)
    engine.run({'x': image(seed=1)})
    np.testing.assert_array_equal(first, kept)
    first[...] = 0


def test_wrong_tensors_are_refused_and_the_engine_goes_on(load, open_batch):
    engine = load(open_batch, 'fp32').handle(lambda: None)
    for wrong in ({}, {'z': image()}, {'x': image().astype(np.float64)}, {'x': image(size=9)}):
        with pytest.raises(InferenceError):
            engine.run(wrong)
    assert engine.run({'x': image()})['y'].shape == (1, 4, 8, 8)


def test_cuda_graphs_change_no_value(load, weights):
    path = weights / 'mp_selfie_256.onnx'
    with_graph = load(path, 'fp16', cuda_graph=True)
    without = load(path, 'fp16', cuda_graph=False)
    name = with_graph.info.inputs[0].name
    a, b = (network.handle(lambda: None) for network in (with_graph, without))
    for seed in range(6):
        feed = {name: np.random.default_rng(seed).random((1, 3, 256, 256)).astype(np.float32)}
        ours, theirs = a.run(feed), b.run(feed)
        for output in ours:
            np.testing.assert_array_equal(ours[output], theirs[output])
    captured = [engine._lanes[0].execution.launcher.captured for engine in (a, b)]
    assert captured == [1, 0]


def test_several_threads_on_one_engine(load, weights):
    network = load(weights / 'mp_selfie_256.onnx', 'fp16')
    name = network.info.inputs[0].name
    feeds = [
        {name: np.random.default_rng(s).random((1, 3, 256, 256)).astype(np.float32)}
        for s in range(4)
    ]
    alone = network.handle(lambda: None)
    wanted = [alone.run(feed) for feed in feeds]
    wrong = []

    def work(index):
        engine = network.handle(lambda: None)
        for _ in range(50):
            got = engine.run(feeds[index])
            wrong.extend(key for key in got if not np.array_equal(got[key], wanted[index][key]))
        engine.close()

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_handle_made_in_one_thread_runs_and_closes_in_others(load, open_batch):
    engine = load(open_batch, 'fp32').handle(lambda: None)
    results = []
    for _ in range(3):
        thread = threading.Thread(target=lambda: results.append(engine.run({'x': image()})['y']))
        thread.start()
        thread.join()
    closer = threading.Thread(target=engine.close)
    closer.start()
    closer.join()
    assert len(results) == 3
    with pytest.raises(EngineError, match='closed'):
        engine.run({'x': image()})


def test_memory_is_flat_over_many_cycles(gpu, load, open_batch, free_bytes):
    free = []
    for cycle in range(CYCLES):
        network = load(open_batch, 'fp16', max_batch=4)
        closed: list[int] = []
        engines = [network.handle(partial(closed.append, 1)) for _ in range(2)]
        for engine in engines:
            for _ in range(3):
                engine.run({'x': image(4)})
            engine.close()
            engine.close()
        network.free()
        assert len(closed) == 2
        if cycle % 20 == 19:
            free.append(free_bytes())
    print(f'free GPU memory every 20 cycles: {free}')
    assert abs(free[-1] - free[1]) <= FLAT_BYTES


def test_out_of_memory_is_an_error_and_no_end(load, open_batch, weights):
    from pycuda import driver

    from ros_deep_learning.engines.tensorrt.runtime.cuda import gpu_context
    from ros_deep_learning.engines.tensorrt.runtime.memory import ExchangeBuffer

    network = load(weights / 'mp_selfie_256.onnx', 'fp16')
    with gpu_context(0).current():
        hoard = []
        for size in (1 << 30, 1 << 26, 1 << 22, 1 << 20):
            try:
                while True:
                    hoard.append(driver.mem_alloc(size))
            except driver.MemoryError:
                continue
        with pytest.raises(DeviceError, match='out of GPU memory'):
            ExchangeBuffer(64 << 20, shared=False)
    with pytest.raises(DeviceError):
        [network.handle(lambda: None) for _ in range(64)]
    with gpu_context(0).current():
        for block in hoard:
            block.free()
    engine = load(open_batch, 'fp32').handle(lambda: None)
    assert engine.run({'x': image()})['y'].shape == (1, 4, 8, 8)


def test_raw_frames_are_prepared_by_the_cards_formula(load, save, make_model):
    node = helper.make_node('Mul', ['x', 'one'], ['y'], 'same')
    model = make_model(
        [node], [('x', ['n', 3, 8, 12])], [('y', ['n', 3, 8, 12])], [('one', np.float32(1))]
    )
    spec = InputSpec(
        width=12,
        height=8,
        channels='rgb',
        scale=1 / 255,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    )
    engine = load(save(model), 'fp32', spec=spec, max_batch=2).handle(lambda: None)
    assert isinstance(engine, PixelsEngine)
    frames = np.random.default_rng(0).integers(0, 256, (2, 8, 12, 3), np.uint8)
    strided = np.zeros((8, 16, 3), np.uint8)
    strided[:, :12] = frames[1][..., ::-1]
    for _ in range(3):
        pixels = [Pixels(frames[0], 'rgb'), Pixels(strided[:, :12], 'bgr')]
        got = engine.start_pixels(pixels, spec)()['y']
        wanted = (frames / 255 - spec.mean) / spec.std
        np.testing.assert_allclose(got, wanted.transpose(0, 3, 1, 2), rtol=0, atol=1e-5)


@pytest.fixture
def six_planes(load, save, make_model):
    """An engine that returns the three planes of its frames twice, for batches up to 3."""
    nodes = [
        helper.make_node('Mul', ['x', 'one'], ['same'], 'same'),
        helper.make_node('Concat', ['same', 'x'], ['y'], 'both', axis=1),
    ]
    model = make_model(
        nodes, [('x', ['n', 3, 8, 12])], [('y', ['n', 6, 8, 12])], [('one', np.float32(1))]
    )
    spec = InputSpec(width=12, height=8, channels='rgb', scale=1 / 255)
    engine = load(save(model), 'fp32', spec=spec, max_batch=3).handle(lambda: None)
    return engine, spec


def test_masks_of_a_batch(six_planes):
    engine, spec = six_planes
    assert isinstance(engine, SegmentsOnDevice)
    grid = ScoreGrid('y', 'probabilities', 6)
    place_ = place((12, 8), (12, 8), 'stretch')
    masks = [MaskSpec(place_, linear=False, confidence='float32', counts=True)]
    for batch in (3, 1, 2, 3, 3, 1):
        frames = np.random.default_rng(batch).integers(1, 256, (batch, 8, 12, 3), np.uint8)
        pixels = [Pixels(frame, 'rgb') for frame in frames]
        found = engine.start_masks(pixels, spec, grid, [masks] * batch)()
        for frame, (mask,) in zip(frames, found, strict=True):
            np.testing.assert_array_equal(mask.class_ids, frame.argmax(axis=2))
            np.testing.assert_allclose(mask.confidences, frame.max(axis=2) / 255, rtol=1e-6)
            counts = np.bincount(mask.class_ids.ravel(), minlength=256)
            np.testing.assert_array_equal(mask.counts, counts)


def test_candidates_of_a_batch(six_planes):
    engine, spec = six_planes
    assert isinstance(engine, GathersOnDevice)
    table = BoxTable('y', 'y', fields_first=True, first_class=4, best_only=True)
    for batch in (3, 1, 2, 3, 3, 1):
        frames = np.random.default_rng(batch).integers(0, 256, (batch, 8, 12, 3), np.uint8)
        found = engine.start_candidates([Pixels(f, 'rgb') for f in frames], spec, table, 0.5)()
        for frame, candidates in zip(frames, found, strict=True):
            fields = np.concatenate([frame, frame], axis=2).reshape(96, 6) / 255
            rows = np.flatnonzero(fields[:, 4:].max(axis=1) >= 0.5)
            order = np.argsort(candidates.rows)
            np.testing.assert_array_equal(candidates.rows[order], rows)
            wanted = fields[candidates.rows]
            np.testing.assert_array_equal(candidates.class_ids, wanted[:, 4:].argmax(axis=1))
            np.testing.assert_allclose(candidates.scores, wanted[:, 4:].max(axis=1), rtol=1e-6)
            np.testing.assert_allclose(candidates.coordinates, wanted[:, :4], rtol=1e-6)
            assert (np.diff(candidates.scores) <= 0).all()


def test_only_wanted_outputs_come_back(six_planes):
    engine, spec = six_planes
    frame = Pixels(np.full((8, 12, 3), 51, np.uint8), 'rgb')
    assert engine.start_pixels([frame], spec, ())() == {}
    got = engine.start_pixels([frame], spec, ('y', 'z'))()
    np.testing.assert_allclose(got['y'], 0.2, rtol=1e-6)


def test_a_plan_that_tensorrt_refuses_is_built_anew(load, open_batch, cache, make_record, caplog):
    from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend

    backend = TensorRtBackend(cache)
    load(open_batch, 'fp32', backend=backend)
    (entry,) = cache.entries()
    rubbish = b'not a plan at all' * 100
    cache.store(rubbish, make_record(rubbish, entry.record.key))
    engine = load(open_batch, 'fp32', backend=backend).handle(lambda: None)
    assert 'the cached engine of net.onnx cannot be used' in caplog.text
    assert engine.run({'x': image()})['y'].shape == (1, 4, 8, 8)
    (entry,) = cache.entries()
    assert 'refuses the plan' in entry.record.reason


def test_an_own_engine_file_is_run_when_trusted(load, open_batch, cache, tmp_path):
    from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend

    engine = load(open_batch, 'fp32', backend=TensorRtBackend(cache)).handle(lambda: None)
    wanted = engine.run({'x': image()})['y']
    (entry,) = cache.entries()
    own = tmp_path / 'own.engine'
    own.write_bytes((cache.folder() / f'{entry.digest}.plan').read_bytes())
    own.chmod(0o600)
    with pytest.raises(SettingsError, match='trust_engine_file'):
        load(own)
    engine = load(own, trust_engine_file=True).handle(lambda: None)
    np.testing.assert_array_equal(engine.run({'x': image()})['y'], wanted)
    own.write_bytes(own.read_bytes()[:100])
    with pytest.raises(PlanError, match=r'refuses the plan of own\.engine'):
        load(own, trust_engine_file=True)


LEAVES_OPEN = """
import sys, threading, numpy as np
from pathlib import Path
from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.tensorrt.backend import TensorRtBackend
network = TensorRtBackend().load(Path(sys.argv[1]), input_spec=None, precision='fp32',
    options=EngineOptions(optimization_level=1), progress=lambda s, d: None)
kept = []
def work():
    engine = network.handle(lambda: None)
    for _ in range(3):
        engine.run({'x': np.zeros((1, 3, 8, 8), np.float32)})
    kept.append(engine)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
FAILS = (
    LEAVES_OPEN
    + """
from ros_deep_learning.engines.tensorrt.runtime.cuda import gpu_context
from ros_deep_learning.errors import DeviceError
engine = kept[0]
with gpu_context(0).current():
    # A read of an address that no one has: the context does not survive it.
    engine._lanes[0].execution._context.set_tensor_address('x', 1 << 60)
    engine._lanes[0].execution.launcher.free()
for _ in range(3):
    try:
        engine.run({'x': np.zeros((1, 3, 8, 8), np.float32)})
    except DeviceError as err:
        print('device error:', err)
engine.close()
network.free()
print('closed')
"""
)


def run_program(program, path):
    return subprocess.run(
        [sys.executable, '-c', program, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
    )


def test_a_process_that_leaves_engines_open_ends_cleanly(gpu, load, open_batch):
    load(open_batch, 'fp32')
    done = run_program(LEAVES_OPEN, open_batch)
    assert done.returncode == 0, done.stderr
    assert 'context stack was not empty' not in done.stderr
    assert 'Traceback' not in done.stderr, done.stderr
    assert 'PyCUDA' not in done.stderr, done.stderr


def test_a_sticky_error_is_an_error_and_the_process_closes(gpu, load, open_batch):
    load(open_batch, 'fp32')
    done = run_program(FAILS, open_batch)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('device error:') == 3
    assert done.stdout.endswith('closed\n')
    assert 'context stack was not empty' not in done.stderr
