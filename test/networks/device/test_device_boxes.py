# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""DetectNet on a device, through the real kernels, against DetectNet on the CPU."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.engines.backend import EngineOptions
from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.errors import InferenceError
from ros_deep_learning.networks import DetectNet
from ros_deep_learning.networks.device.device_boxes import find_box_table
from ros_deep_learning.networks.reader import choose_reader
from ros_deep_learning.tasks.decoders.arrays import cell_count
from ros_deep_learning.tasks.decoders.registry import DECODERS
from ros_deep_learning.tasks.decoders.yolox import STRIDES
from ros_deep_learning.tasks.parts import TilingSettings
from ros_deep_learning.tasks.suppression import DetectionSettings
from ros_deep_learning.tasks.tracking.tracker import Tracker, TrackingSettings

BATCH = 3
CLASSES = 5
ROWS = cell_count((40, 20), STRIDES)
RECORD_BYTES = 32


def boxes_xyxy(rng, rows, size_wh=(1.0, 1.0)):
    corners = rng.uniform(0, 0.8, (BATCH, rows, 2))
    edges = np.concatenate([corners, corners + rng.uniform(0.02, 0.2, (BATCH, rows, 2))], axis=2)
    return edges * (size_wh * 2)


def scores_of(rng, rows, classes=CLASSES):
    # 65 levels, all exact in half precision: many equal scores, some just at a threshold.
    return rng.integers(0, 65, (BATCH, rows, classes)) / 64


def tables(rng):
    """Random outputs by decoder: arrays by role, with a batch axis."""
    rows, wh = 50, (40.0, 20.0)
    edges = boxes_xyxy(rng, rows, wh)
    centres = np.concatenate(
        [(edges[..., :2] + edges[..., 2:]) / 2, edges[..., 2:] - edges[..., :2]], axis=2
    )
    objectness = scores_of(rng, rows, 1)
    cells = np.concatenate(
        [rng.normal(0, 1, (BATCH, ROWS, 4)), scores_of(rng, ROWS, 1), scores_of(rng, ROWS)], axis=2
    )
    return {
        'ssd': {'boxes': boxes_xyxy(rng, rows), 'scores': scores_of(rng, rows)},
        'pytorch_ssd': {'boxes': boxes_xyxy(rng, rows), 'scores': scores_of(rng, rows)},
        'boxes_scores': {'boxes': edges, 'scores': scores_of(rng, rows)},
        'nanodet': {'boxes': edges, 'scores': scores_of(rng, rows)},
        'yolov8': {
            'predictions': np.concatenate([centres, scores_of(rng, rows)], axis=2).transpose(
                0, 2, 1
            )
        },
        'yolov5': {
            'predictions': np.concatenate([centres, objectness, scores_of(rng, rows)], axis=2)
        },
        'yolox': {'predictions': cells},
    }


WITH_TABLE = sorted(tables(np.random.default_rng(0)))


def frames(*sizes_wh):
    return [np.zeros((h, w, 3), np.uint8) for w, h in sizes_wh]


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / 'labels.txt'
    path.write_text('\n'.join(f'c{k}' for k in range(CLASSES)), encoding='utf-8')
    return path


@pytest.fixture
def open_pair(card, info, engine, fake_gpu, make_loader, labels):
    """Make the same detector on a device and on the CPU."""

    def make(decoder, outputs, *, table=True, **device):
        image = replace(info.inputs[0], shape=(-1, *info.inputs[0].shape[1:]))
        specs = [
            TensorSpec(role, (-1, *array.shape[1:]), array.dtype)
            for role, array in outputs.items()
        ]
        extra = TensorSpec('extra', (-1, 7), np.dtype('float32'))
        engine.info = replace(info, inputs=(image,), outputs=(*specs, extra))

        def run(inputs):
            count = len(inputs['image'])
            named = {role: array[:count] for role, array in outputs.items()}
            return {**named, 'extra': np.zeros((count, 7), np.float32)}

        engine.run = run
        changed = replace(
            card, decoder=decoder, outputs={role: role for role in outputs}, labels=labels
        )
        on_gpu = fake_gpu.engine(engine.info, run, **device)
        options = EngineOptions(max_batch=BATCH)
        nets = [
            DetectNet(changed, loader=make_loader(one), options=options)
            for one in (on_gpu, engine)
        ]
        assert (nets[0]._table is not None) == table
        assert nets[1]._table is None
        return nets

    return make


def assert_same(ours, theirs):
    """The very same objects, in the same order."""
    for name in ('scores', 'class_ids', 'boxes_xyxy'):
        a, b = getattr(ours, name), getattr(theirs, name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert ours.source_wh == theirs.source_wh
    if theirs.track_ids is not None:
        np.testing.assert_array_equal(ours.track_ids, theirs.track_ids)


@pytest.mark.parametrize('decoder', WITH_TABLE)
def test_nothing_over_the_threshold(open_pair, decoder):
    outputs = {
        role: np.float32(a) * 0 for role, a in tables(np.random.default_rng(0))[decoder].items()
    }
    for net in open_pair(decoder, outputs):
        assert len(net.detect(frames((40, 20))[0])) == 0


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
@pytest.mark.parametrize('decoder', WITH_TABLE)
def test_finds_the_same_objects(open_pair, decoder, dtype):
    found = 0
    for seed in range(3):
        outputs = {
            role: array.astype(dtype)
            for role, array in tables(np.random.default_rng(seed))[decoder].items()
        }
        ours, theirs = open_pair(decoder, outputs)
        for threshold in (0.0, 0.3, 0.4, 0.5, 0.9, 1.0):
            for limit in (3, 1000):
                for net in (ours, theirs):
                    net.settings = DetectionSettings(threshold, candidate_limit=limit)
                image = frames((77, 33))[0]
                assert_same(ours.detect(image), theirs.detect(image))
                found += len(theirs.detect(image))
    assert found


def with_values(decoder, values):
    """Tables of a decoder, with values at random places."""
    rng = np.random.default_rng(3)
    outputs = {role: a.astype(np.float32, order='C') for role, a in tables(rng)[decoder].items()}
    for array in outputs.values():
        flat = array.reshape(-1)
        for value in values:
            flat[rng.integers(0, flat.size, flat.size // 40)] = value
    return outputs


@pytest.mark.parametrize('decoder', WITH_TABLE)
def test_scores_at_the_ends_of_their_range(open_pair, decoder):
    ours, theirs = open_pair(decoder, with_values(decoder, (0.0, 1.0)))
    for net in (ours, theirs):
        net.settings = DetectionSettings(0.2, max_detections=1000)
    for image in frames((40, 20), (20, 40)):
        assert_same(ours.detect(image), theirs.detect(image))


@pytest.mark.parametrize('values', [(np.nan,), (np.nan, np.inf, -np.inf, 3e38)])
@pytest.mark.parametrize('decoder', WITH_TABLE)
def test_nan_fails_the_image_as_on_the_cpu(open_pair, decoder, values):
    for net in open_pair(decoder, with_values(decoder, values)):
        net.settings = DetectionSettings(0.2, max_detections=1000)
        for image in frames((40, 20), (20, 40)):
            with pytest.raises(InferenceError, match='has NaN; to fix: try precision fp32'):
                net.detect(image)


@pytest.mark.parametrize('role', ['boxes', 'scores'])
def test_nan_fails_the_image_also_where_nothing_reaches_the_threshold(open_pair, role):
    outputs = {
        name: np.float32(a) * 0 for name, a in tables(np.random.default_rng(0))['ssd'].items()
    }
    outputs[role][0, 7, 0] = np.nan
    for net in open_pair('ssd', outputs):
        with pytest.raises(InferenceError, match='has NaN'):
            net.detect(frames((40, 20))[0])


@pytest.mark.parametrize('decoder', WITH_TABLE)
def test_nan_fails_its_own_image_of_a_batch(open_pair, decoder):
    rng = np.random.default_rng(0)
    outputs = {role: array.astype(np.float32) for role, array in tables(rng)[decoder].items()}
    next(iter(outputs.values()))[1, 2, 3] = np.nan
    before = []
    for net in open_pair(decoder, outputs):
        found = net.detect_each(frames((40, 20), (20, 40), (64, 64)))
        before.append(next(found))
        with pytest.raises(InferenceError, match='has NaN; to fix: try precision fp32'):
            next(found)
    assert_same(*before)


@pytest.mark.parametrize('decoder', WITH_TABLE)
def test_infinity_fails_an_image_where_it_is_a_box(open_pair, decoder):
    outputs = with_values(decoder, (np.inf, -np.inf))
    for threshold in (0.2, 1.0):
        answers = []
        for net in open_pair(decoder, outputs):
            net.settings = DetectionSettings(threshold, max_detections=1000)
            try:
                answers.append(net.detect(frames((40, 20))[0]))
            except InferenceError as err:
                answers.append(str(err))
        if isinstance(answers[1], str):
            assert answers[0] == answers[1]
        else:
            assert_same(*answers)


@pytest.mark.parametrize('integrated', [False, True])
@pytest.mark.parametrize('cuda_graph', [False, True])
@pytest.mark.parametrize('decoder', ['ssd', 'yolov8'])
def test_batches_tiles_and_tracks(open_pair, decoder, integrated, cuda_graph):
    outputs = {
        role: np.float32(a) for role, a in tables(np.random.default_rng(1))[decoder].items()
    }
    ours, theirs = open_pair(decoder, outputs, integrated=integrated, cuda_graph=cuda_graph)
    images = frames((40, 20), (64, 64), (10, 70), (33, 9))
    for _ in range(3):
        for a, b in zip(ours.detect_batch(images), theirs.detect_batch(images), strict=True):
            assert_same(a, b)
    for net in (ours, theirs):
        net.settings = DetectionSettings(
            region=(0.1, 0.2, 0.9, 1.0), tiling=TilingSettings(tile_wh=(40, 20))
        )
    for a, b in zip(ours.detect_batch(images), theirs.detect_batch(images), strict=True):
        assert_same(a, b)
    trackers = [Tracker(TrackingSettings()), Tracker(TrackingSettings())]
    for net in (ours, theirs):
        net.settings = DetectionSettings()
    for stamp_s in (0.0, 0.1, 0.2):
        tracked = [
            tracker.update(net.detect(images[0]), stamp_s)
            for tracker, net in zip(trackers, (ours, theirs), strict=True)
        ]
        assert_same(*tracked)


def test_the_rest_is_copied_where_more_are_found_than_were_guessed(open_pair, fake_gpu):
    rng = np.random.default_rng(0)
    scores = np.zeros((BATCH, 3000, CLASSES), np.float32)
    scores[0, :2000, 1] = rng.uniform(0.5, 1, 2000)
    scores[1, :9, 2] = 0.75
    outputs = {'boxes': np.float32(boxes_xyxy(rng, 3000)), 'scores': scores}
    ours, theirs = open_pair('ssd', outputs)
    images = frames((40, 20), (40, 20), (40, 20))
    both = ours.detect_batch(images), theirs.detect_batch(images)
    for a, b in zip(*both, strict=True):
        assert_same(a, b)
    first = (1 + 1024) * RECORD_BYTES
    assert fake_gpu.driver.downloaded == [first] * 3 + [(2000 - 1024) * RECORD_BYTES]
    assert [bool(len(found)) for found in both[0]] == [True, True, False]


def test_a_threshold_of_half_precision_is_numpys(open_pair):
    # 0.4 in half precision is 0.3999, which NumPy takes for the threshold.
    outputs = {
        'boxes': np.tile(np.float16([0.1, 0.1, 0.9, 0.9]), (BATCH, 1, 1)),
        'scores': np.full((BATCH, 1, CLASSES), 0.4, np.float16),
    }
    ours, theirs = open_pair('ssd', outputs)
    for net in (ours, theirs):
        net.settings = DetectionSettings(0.4)
    image = frames((40, 20))[0]
    assert len(theirs.detect(image)) == CLASSES
    assert_same(ours.detect(image), theirs.detect(image))


def test_other_decoders_have_their_outputs_copied_and_no_others(open_pair, fake_gpu):
    rng = np.random.default_rng(0)
    outputs = {
        'coverage': np.float32(rng.uniform(0, 1, (BATCH, CLASSES, 5, 10))),
        'boxes': np.float32(rng.uniform(0, 9, (BATCH, 4, 5, 10))),
    }
    ours, theirs = open_pair('detectnet', outputs, table=False)
    image = frames((40, 20))[0]
    assert_same(ours.detect(image), theirs.detect(image))
    assert sorted(fake_gpu.driver.downloaded) == [4 * 50 * 4, CLASSES * 50 * 4]


def test_the_image_is_refused_before_anything_is_run(open_pair):
    outputs = {role: np.float32(a) for role, a in tables(np.random.default_rng(0))['ssd'].items()}
    ours, theirs = open_pair('ssd', outputs, max_batch=2)
    with pytest.raises(InferenceError, match='shapes up to 2x3x20x40, not 3x3x20x40'):
        ours.detect_batch(frames((40, 20), (40, 20), (40, 20)))
    image = frames((40, 20))[0]
    assert_same(ours.detect(image), theirs.detect(image))


def test_decoders_with_a_table():
    assert sorted(name for name, decoder in DECODERS.items() if decoder.table) == WITH_TABLE


@pytest.mark.parametrize(
    ('decoder', 'shapes', 'dtype', 'max_batch', 'usable'),
    [
        ('ssd', {'boxes': (-1, 9, 4), 'scores': (-1, 9, 3)}, 'float32', 1, True),
        ('ssd', {'boxes': (1, 9, 4), 'scores': (1, 9, 3)}, 'float64', 1, False),
        ('ssd', {'boxes': (1, -1, 4), 'scores': (1, -1, 3)}, 'float32', 1, False),
        ('ssd', {'boxes': (1, 8, 4), 'scores': (1, 9, 3)}, 'float32', 1, False),
        ('ssd', {'boxes': (1, 9, 4), 'scores': (1, 9, 3, 1)}, 'float32', 1, False),
        ('ssd', {'boxes': (-1, 1 << 19, 4), 'scores': (-1, 1 << 19, 3)}, 'float32', 1, True),
        ('ssd', {'boxes': (-1, 1 << 19, 4), 'scores': (-1, 1 << 19, 3)}, 'float32', 2, False),
        ('yolox', {'predictions': (1, ROWS, 8)}, 'float16', 1, True),
        ('yolox', {'predictions': (1, ROWS + 1, 8)}, 'float16', 1, False),
        ('yolov8', {'predictions': (1, 7, 50)}, 'float32', 1, True),
        ('yolov8', {'predictions': (1, 84, 33_600)}, 'float32', 8, True),
    ],
)
def test_what_a_device_can_pick_from(card, info, decoder, shapes, dtype, max_batch, usable):
    changed = replace(card, decoder=decoder, outputs={role: role for role in shapes})
    outputs = tuple(TensorSpec(role, shape, np.dtype(dtype)) for role, shape in shapes.items())
    loaded = replace(info, outputs=outputs)
    reader = choose_reader(changed, loaded, ())
    assert (find_box_table(reader, loaded, max_batch) is not None) == usable
