# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every kept network on the GPU, compared with ONNX Runtime on the CPU.

Limits for fp32: 1e-4 from a float64 run of the same network, in the L2 norm of each output; and
for each value 1e-4 of the largest value, or twice the error of ONNX Runtime in float32, which is
up to 2.3e-4 for selfie (test_float64.py). Limits for fp16 and int8, on the results of the task:
the same best class; the same class for at least 99 % of the pixels; the same objects, each with
an IoU over 0.9 and a score that differs by at most 0.02 (fp16) or 0.1 (int8). An object of one
run counts as missing in the other only if its score there is below the threshold by more than
this difference: astronaut.png has an object with a score of 0.5016 in float32, and of 0.4998 and
0.5146 in two fp16 builds with different tactics.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest

from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.errors import FetchError

pytestmark = pytest.mark.gpu
KEPT = ('efficientnet-lite0', 'duckietown-lanes', 'selfie')
RELATIVE = 1e-4
SAME_PIXELS = 0.99
MIN_IOU = 0.9
SCORES_OFF = {'fp32': 1e-4, 'fp16': 0.02, 'int8': 0.1}


@pytest.fixture(scope='module')
def pictures():
    """Real pictures from the user's cache, so that the networks find objects."""
    cv2 = pytest.importorskip('cv2')
    from ros_deep_learning.downloads.media import media_path
    from ros_deep_learning.imaging.pixels import Pixels

    try:
        paths = [media_path(f'{name}.png') for name in ('astronaut', 'chelsea', 'coffee')]
    except FetchError as err:
        pytest.skip(f'the test pictures are not in the cache: {err}')
    return [Pixels(cv2.imread(str(path), cv2.IMREAD_COLOR), 'bgr') for path in paths]


@pytest.fixture(scope='module')
def ssd_path():
    from ros_deep_learning.downloads.store import ModelStore

    try:
        return ModelStore().onnx_path(find_card('ssd-mobilenet-v2'))
    except FetchError as err:
        pytest.skip(f'ssd-mobilenet-v2 is not in the cache: {err}')


@pytest.fixture(scope='module')
def feeds_of(pictures):
    from ros_deep_learning.tasks.preprocess import preprocess

    def feeds(card, name):
        return [{name: preprocess([picture], card.input)} for picture in pictures]

    return feeds


@pytest.fixture
def both(load, feeds_of):
    """Run a network on GPU and CPU; return the card, and both outputs for each picture."""
    from ros_deep_learning.onnx_tools.quantize import run_exactly

    def run(name, path, precision):
        card = find_card(name)
        network = load(path, precision, spec=card.input)
        assert network.info.precision == precision
        feeds = feeds_of(card, network.info.inputs[0].name)
        engine = network.handle(lambda: None)
        return card, [engine.run(feed) for feed in feeds], run_exactly(path, feeds)

    return run


@pytest.fixture
def assert_exact(run_double, feeds_of):
    """Compare float32 outputs with float64, unless ONNX Runtime's are close enough to imply it."""

    def check(card, path, got, others):
        feeds = feeds_of(card, onnx.load(path, load_external_data=False).graph.input[0].name)
        for feed, ours, theirs in zip(feeds, got, others, strict=True):
            assert set(ours) == set(theirs)
            if all(max(distances(ours[n], theirs[n])) <= RELATIVE / 2 for n in ours):
                continue
            truth = run_double(path, feed)
            for name, value in truth.items():
                (far, l2), (reference, _) = (distances(x[name], value) for x in (ours, theirs))
                print(f'{card.name} {name}: {far:.2e} off, L2 {l2:.2e}; CPU {reference:.2e}')
                assert l2 <= RELATIVE
                assert far <= max(RELATIVE, 2 * reference)

    return check


def distances(value, truth):
    """Return the largest difference relative to the largest value, and the relative L2 norm."""
    difference = value.astype(np.float64) - truth
    largest = np.abs(difference).max() / np.abs(truth).max()
    return float(largest), float(np.linalg.norm(difference) / np.linalg.norm(truth))


def assert_agrees(card, pictures, got, wanted, precision):
    from ros_deep_learning.evaluation.agreement import agreement
    from ros_deep_learning.tasks.preprocess import placement

    places = [placement(picture.size_wh, card.input) for picture in pictures]
    result = agreement(card, places, wanted, got)
    print(f'{card.name}: {result}')
    if card.task == 'detection':
        rows = zip(places, got, wanted, strict=True)
        assert sum(count_same_objects(card, *row, SCORES_OFF[precision]) for row in rows)
    else:
        assert result.share >= (1.0 if card.task == 'classification' else SAME_PIXELS)


def count_same_objects(card, place, got, wanted, scores_off):
    """Check that each object of one result that reaches the threshold is in the other."""
    from ros_deep_learning.evaluation.agreement import detections_of
    from ros_deep_learning.tasks.boxes import iou_matrix
    from ros_deep_learning.tasks.suppression import DetectionSettings

    threshold = DetectionSettings().score_threshold
    lower = DetectionSettings(threshold - scores_off)
    ours, theirs = (detections_of(card, place, outputs, lower) for outputs in (got, wanted))
    for a, b in ((ours, theirs), (theirs, ours)):
        near = np.abs(a.scores[:, None] - b.scores[None]) <= scores_off
        same = near & (a.class_ids[:, None] == b.class_ids[None])
        same &= iou_matrix(a.boxes_xyxy, b.boxes_xyxy) > MIN_IOU
        missed = (a.scores >= threshold) & ~same.any(axis=1)
        assert not missed.any(), f'{ours}\n{theirs}'
    print(f'{ours.scores}\n{theirs.scores}')
    return int((theirs.scores >= threshold).sum())


@pytest.mark.parametrize('name', KEPT)
def test_fp32_is_exact(both, assert_exact, name):
    path = find_card(name).source.file
    card, got, wanted = both(name, path, 'fp32')
    assert_exact(card, path, got, wanted)


@pytest.mark.parametrize('name', KEPT)
def test_fp16_agrees(both, pictures, name):
    card, got, wanted = both(name, find_card(name).source.file, 'fp16')
    assert_agrees(card, pictures, got, wanted, 'fp16')


@pytest.mark.parametrize('precision', ['fp32', 'fp16'])
def test_the_detector(both, assert_exact, pictures, ssd_path, precision):
    card, got, wanted = both('ssd-mobilenet-v2', ssd_path, precision)
    if precision == 'fp32':
        assert_exact(card, ssd_path, got, wanted)
    assert_agrees(card, pictures, got, wanted, precision)


@pytest.mark.parametrize('name', [*KEPT, 'ssd-mobilenet-v2'])
def test_int8_agrees_with_the_same_int8_on_the_cpu(both, pictures, feeds_of, tmp_path, name):
    from ros_deep_learning.downloads.store import ModelStore
    from ros_deep_learning.evaluation.agreement import answers_kept
    from ros_deep_learning.onnx_tools.facts import read_facts
    from ros_deep_learning.onnx_tools.quantize import quantize
    from ros_deep_learning.tasks.preprocess import placement

    card = find_card(name)
    try:
        source = ModelStore().onnx_path(card)
    except FetchError as err:
        pytest.skip(f'{name} is not in the cache: {err}')
    # Stored beside the plans, so that a second run finds the plan for the same file.
    base = os.environ.get('ROS_DEEP_LEARNING_CACHE')
    path = (Path(base) if base else tmp_path) / f'{name}-int8.onnx'
    if not path.exists():
        feeds = feeds_of(card, next(iter(read_facts(source).inputs)))
        places = [placement(picture.size_wh, card.input) for picture in pictures]
        quantize(source, path, feeds, method='minmax', goal=answers_kept(card, places, 0.995))
    card, got, wanted = both(name, path, 'int8')
    assert_agrees(card, pictures, got, wanted, 'int8')


@pytest.mark.parametrize('name', KEPT)
def test_frames_prepared_on_the_gpu_give_the_same(load, pictures, name):
    from ros_deep_learning.tasks.preprocess import preprocess

    card = find_card(name)
    network = load(card.source.file, 'fp32', spec=card.input)
    engine = network.handle(lambda: None)
    got = [engine.start_pixels([picture], card.input)() for picture in pictures]
    tensor = network.info.inputs[0].name
    wanted = [engine.run({tensor: preprocess([p], card.input)}) for p in pictures]
    assert_agrees(card, pictures, got, wanted, 'fp32')
