# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Networks on a real Triton, from a model repository of ``rdl models export-server``."""

from __future__ import annotations

import json
import shutil
import threading
import time
import urllib.request
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
from fake_gpu import PrimaryContext
from onnx import TensorProto, helper, numpy_helper, save
from triton_server import Triton

from ros_deep_learning import EngineOptions, ImageNet, RemoteOptions, SegNet
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.cli import models
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.engines.remote import backend, cuda_region
from ros_deep_learning.engines.remote.model_repository import ServingOptions, write_model
from ros_deep_learning.errors import ServerError
from ros_deep_learning.imaging.compressed import encode_jpeg

pytestmark = [pytest.mark.slow, pytest.mark.servers]
NETWORKS = {'selfie': SegNet, 'efficientnet-lite0': ImageNet}
X = np.random.default_rng(1).normal(size=(2, 3, 8, 8)).astype(np.float32)


@pytest.fixture(scope='module')
def open_network(tmp_path_factory, conv_model):
    """The path of a network whose batch is open, and its card."""
    path = tmp_path_factory.mktemp('network') / 'net.onnx'
    path.write_bytes(conv_model(batch='n').SerializeToString())
    card = find_card('selfie')
    return path, replace(card, name='net', input=replace(card.input, width=8, height=8))


@pytest.fixture(scope='module')
def triton(tmp_path_factory, open_network):
    folder = tmp_path_factory.mktemp('triton')
    repository = folder / 'repository'
    for name in NETWORKS:
        command = ['export-server', name, str(repository), '--platform', 'python', '--offline']
        assert models.main(command) == 0
    card = find_card('selfie')
    path = ModelStore(offline=True).onnx_path(card)
    pixels = ServingOptions('python', pixels=True)
    write_model(replace(card, name='selfie-pixels'), path, repository, pixels)
    jpeg = ServingOptions('python', jpeg=True)
    write_model(replace(card, name='selfie-jpeg'), path, repository, jpeg)
    path, card = open_network
    options = ServingOptions('python', max_batch=4, delay_us=50_000)
    write_model(card, path, repository, options)
    server = Triton(folder, repository)
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=['grpc', 'http'])
def url(request, triton):
    return f'{request.param}://127.0.0.1:{getattr(triton, request.param)}'


@pytest.mark.parametrize('name', NETWORKS)
def test_it_gives_the_results_of_this_machine(url, name, astronaut):
    kind = NETWORKS[name]
    remote = RemoteOptions(url, deadline_s=20)
    with (
        kind(name, options=EngineOptions(remote=remote)) as far,
        kind(name, backend='onnxruntime') as near,
    ):
        assert far.info.version == 'triton 2.51.0'
        found, expected = far.run_device(astronaut), near.run_device(astronaut)
        for key, array in expected.items():
            np.testing.assert_allclose(found[key], array, rtol=0, atol=1e-5)


def test_pixels_are_a_quarter_of_the_bytes(url, astronaut):
    remote = RemoteOptions(url, model='selfie-pixels', deadline_s=20, shared_memory=False)
    with (
        SegNet('selfie', options=EngineOptions(remote=remote)) as far,
        SegNet('selfie', backend='onnxruntime') as near,
    ):
        found, expected = far.run_device(astronaut), near.run_device(astronaut)
        np.testing.assert_allclose(found['mask'], expected['mask'], rtol=0, atol=1e-5)
        assert far.info.sent_bytes == 256 * 256 * 3


def test_jpeg_files_are_decoded_there(url, opened, astronaut):
    remote = RemoteOptions(url, model='selfie-jpeg', deadline_s=20)
    with (
        SegNet('selfie', options=EngineOptions(remote=remote)) as far,
        SegNet('selfie', backend='onnxruntime') as near,
    ):
        found, expected = (net.run_device(astronaut)['mask'] for net in (far, near))
        assert far.info.sent_bytes < 256 * 256 * 3 / 7
        # What the network makes of the loss.
        assert 0 < np.abs(found - expected).mean() < 0.005
        # Of an image that is as large as the input, the network has no more to do than to decode.
        small = cv2.resize(astronaut, (256, 256))
        content = np.frombuffer(encode_jpeg(small, 90), np.uint8)
        lost = cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1]
        found, expected = far.run_device(small)['mask'], near.run_device(lost)['mask']
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_it_batches_what_comes_together(url, triton, opened, open_network):
    path, _ = open_network
    engine = opened(url, deadline_s=20)
    assert engine.info.max_batch == 4
    before = statistics(triton)
    waits = [engine.start({'x': X[:1] + k}) for k in range(4)]
    session = onnxruntime.InferenceSession(str(path))
    for k, wait in enumerate(waits):
        (expected,) = session.run(None, {'x': X[:1] + k})
        np.testing.assert_allclose(wait()['y'], expected, rtol=0, atol=1e-5)
    frames, runs = statistics(triton) - before
    assert frames == 4 > runs


def statistics(triton, name='net'):
    url = f'http://127.0.0.1:{triton.http}/v2/models/{name}/stats'
    with urllib.request.urlopen(url) as answer:
        (facts,) = json.load(answer)['model_stats']
    return np.array([facts['inference_count'], facts['execution_count']])


def test_too_many_frames_in_a_request(url, opened):
    engine = opened(url, deadline_s=20)
    with pytest.raises(ServerError, match='batch-size must be <= 4'):
        engine.run({'x': np.zeros((5, 3, 8, 8), np.float32)})


SLOW_S = 1.0


@pytest.fixture
def slow(triton, open_network):
    """A model that takes its time, for one frame after the other."""
    path, card = open_network
    options = ServingOptions('python', max_batch=1, delay_us=0)
    folder = write_model(replace(card, name='slow'), path, triton.repository, options)
    script = folder / '1' / 'model.py'
    text = script.read_text().replace('import json\n', 'import json\nimport time\n')
    begin = '        groups ='
    assert begin in text
    script.write_text(text.replace(begin, f'        time.sleep({SLOW_S})\n{begin}'))
    triton.ask('repository/models/slow/load')
    yield
    triton.ask('repository/models/slow/unload')
    shutil.rmtree(folder)


def test_a_frame_whose_deadline_is_over_is_not_run(url, triton, opened, slow):
    before = statistics(triton, 'slow')
    engine = opened(url, model='slow', deadline_s=0.3)
    waits = [engine.start({'x': X[:1]}) for _ in range(3)]
    for wait in waits:
        with pytest.raises(ServerError):
            wait()
    # Longer than all of them would take.
    time.sleep(4 * SLOW_S)
    assert (statistics(triton, 'slow') - before)[0] == 1


def until_it_fails(engine):
    """Run, with results of the right shape, until there is none; return what is said then."""
    until_s = time.monotonic() + 60
    while time.monotonic() < until_s:
        try:
            assert engine.run({'x': X})['y'].shape == (2, 4, 8, 8)
        except ServerError as err:
            return str(err)
    return pytest.fail('it did not fail')


def test_a_model_that_is_unloaded_and_comes_back(url, triton, opened, back):
    engine = opened(url, deadline_s=20)
    engine.run({'x': X})
    triton.ask('repository/models/net/unload')
    try:
        assert f'{url} net: ' in until_it_fails(engine)
    finally:
        triton.ask('repository/models/net/load')
    assert back(engine, {'x': X})[0]['y'].shape == (2, 4, 8, 8)


def test_another_version_with_other_tensors_is_refused(
    url, triton, opened, back, conv_model, tmp_path
):
    engine = opened(url, deadline_s=20)
    engine.run({'x': X})
    folder = triton.repository / 'net'
    config = folder / 'config.pbtxt'
    shutil.copy(config, tmp_path)
    shutil.copytree(folder / '1', folder / '2')
    (folder / '2' / 'model.onnx').write_bytes(
        conv_model(batch='n', channels=5).SerializeToString()
    )
    config.write_text(config.read_text().replace('dims: [4, 8, 8]', 'dims: [5, 8, 8]'))
    try:
        triton.ask('repository/models/net/load')
        said = ''
        while 'version 2 of the model has the outputs y float32 ?x5x8x8' not in said:
            said = until_it_fails(engine)
    finally:
        shutil.rmtree(folder / '2')
        shutil.copy(tmp_path / 'config.pbtxt', config)
        triton.ask('repository/models/net/load')
    assert back(engine, {'x': X})[0]['y'].shape == (2, 4, 8, 8)


KILLS, CAMERAS = 20, 4


class Camera(threading.Thread):
    """Runs frames as fast as the server answers, and notes what became of each."""

    def __init__(self, engine, number):
        super().__init__()
        self.engine, self.x = engine, X[:1] + number
        self.ended = threading.Event()
        self.right = self.wrong = 0
        self.lost = []
        self.other = []

    def run(self):
        expected = self.engine.run({'x': self.x})['y']
        while not self.ended.is_set():
            started_s = time.monotonic()
            try:
                found = self.engine.run({'x': self.x})['y']
            except ServerError:
                self.lost.append((started_s, time.monotonic()))
                time.sleep(0.01)
            except Exception as err:  # noqa: BLE001  reported by the test
                self.other.append(err)
            else:
                self.right += bool(np.array_equal(found, expected))
                self.wrong += not np.array_equal(found, expected)


def test_it_is_killed_again_and_again_under_load(url, triton, opened):
    cameras = [Camera(opened(url, deadline_s=20), k) for k in range(CAMERAS)]
    threads = threading.active_count()
    for camera in cameras:
        camera.start()
    down = []
    for _ in range(KILLS):
        counts = [camera.right for camera in cameras]
        wait_until(lambda c=counts: all(n.right > k + 5 for n, k in zip(cameras, c, strict=True)))
        down.append([time.monotonic()])
        triton.kill()
        triton.start()
        down[-1].append(time.monotonic())
    counts = [camera.right for camera in cameras]
    wait_until(lambda: all(n.right > k + 5 for n, k in zip(cameras, counts, strict=True)))
    for camera in cameras:
        camera.ended.set()
    for camera in cameras:
        camera.join()
        assert camera.other == []
        assert camera.wrong == 0
        # Of the frames that were sent to a server that ran, those on their way were lost: one.
        for before_s, after_s in down:
            in_flight = [s for s, e in camera.lost if s < before_s <= e]
            assert len(in_flight) <= 1
            assert all(e - s < 1 for s, e in camera.lost if before_s <= s < after_s)
        up = [(-np.inf, down[0][0])]
        up += [(a[1] + BACK_S, b[0]) for a, b in pairwise(down)]
        assert not [s for s, e in camera.lost if any(a < s and e < b for a, b in up)]
    # Each has the threads of one connection, not of twenty.
    in_flight = RemoteOptions(url).in_flight
    wait_until(lambda: threading.active_count() <= threads + CAMERAS * in_flight)


BACK_S = 8.0
"""From the end of an outage: the longest pause, with its random part, and a connection."""


def wait_until(reached):
    until_s = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_tensors_in_shared_memory(url, opened, open_network, triton):
    known = regions(triton)
    before = set(Path('/dev/shm').glob('ros_deep_learning-*'))
    shared, sent = (opened(url, deadline_s=20, shared_memory=yes) for yes in (True, False))
    for count in (1, 2, 1):
        waits = [engine.start({'x': X[:count]}) for engine in (shared, shared, sent)]
        first, second, expected = (wait()['y'] for wait in waits)
        np.testing.assert_array_equal(first, expected)
        np.testing.assert_array_equal(second, expected)
    first[:] = 0
    np.testing.assert_array_equal(second, expected)
    assert shared.info.measured == ('tensors in shared memory',)
    assert sent.info.measured == ()
    assert regions(triton) - known == 4
    assert set(Path('/dev/shm').glob('ros_deep_learning-*')) == before
    shared.close()
    assert regions(triton) == known


@pytest.fixture
def rows(triton, open_network, tmp_path):
    """A model with a row for each value above 1, and the greatest value."""
    nodes = [
        helper.make_node('ReduceMax', ['x'], ['most'], keepdims=0),
        helper.make_node('Unsqueeze', ['most', 'first'], ['z']),
        helper.make_node('Greater', ['x', 'one'], ['above']),
        helper.make_node('NonZero', ['above'], ['places']),
        helper.make_node('Transpose', ['places'], ['y'], perm=[1, 0]),
    ]
    x, y, z = (
        helper.make_tensor_value_info(name, kind, shape)
        for name, kind, shape in (
            ('x', TensorProto.FLOAT, [1, 3, 8, 8]),
            ('y', TensorProto.INT64, ['n', 4]),
            ('z', TensorProto.FLOAT, [1]),
        )
    )
    constants = [
        numpy_helper.from_array(np.array(1, np.float32), 'one'),
        numpy_helper.from_array(np.array([0]), 'first'),
    ]
    network = helper.make_model(
        helper.make_graph(nodes, 'rows', [x], [y, z], constants),
        opset_imports=[helper.make_opsetid('', 17)],
    )
    network.ir_version = 8
    save(network, str(tmp_path / 'rows.onnx'))
    card = replace(open_network[1], name='rows')
    options = ServingOptions('python', batch_axis=False)
    folder = write_model(card, tmp_path / 'rows.onnx', triton.repository, options)
    triton.ask('repository/models/rows/load')
    yield
    triton.ask('repository/models/rows/unload')
    shutil.rmtree(folder)


def test_rows_that_are_counted_by_what_was_found(url, opened, rows):
    engine = opened(url, model='rows', deadline_s=20)
    for count in (1, 5, 0, 2):
        x = np.zeros((1, 3, 8, 8), np.float32)
        x.reshape(-1)[:count] = 1 + count
        found = engine.run({'x': x})
        np.testing.assert_array_equal(found['y'], np.transpose(np.nonzero(x > 1)))
        assert found['z'].tolist() == [x.max()]
    assert engine.info.measured == ('tensors in shared memory',)


def test_memory_of_a_gpu_that_the_server_cannot_open(
    url, opened, fake_driver, monkeypatch, caplog
):
    monkeypatch.setattr(backend, 'find_gpu', lambda index: None)
    monkeypatch.setattr(cuda_region, 'gpu_context', lambda index: PrimaryContext(None))
    shared, sent = opened(url, deadline_s=20, cuda_memory=True), opened(url, deadline_s=20)
    np.testing.assert_array_equal(shared.run({'x': X})['y'], sent.run({'x': X})['y'])
    assert shared.info.measured == ()
    # What it says of a handle that it read, but not of one that is none.
    assert 'failed to register' in caplog.text


def regions(triton):
    url = f'http://127.0.0.1:{triton.http}/v2/systemsharedmemory/status'
    with urllib.request.urlopen(url) as answer:
        return len(json.load(answer))
