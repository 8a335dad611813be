# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import kernel_cases as cases
import numpy as np
import pytest

from ros_deep_learning.engines.tensorrt.kernels.arguments import DeviceScores
from ros_deep_learning.errors import InferenceError
from ros_deep_learning.imaging.placement import place


def segment(device, scores, mask_wh, network_wh=None, placement=None, **options):
    """Mask and confidences of scores (C, h, w) float32, stretched over the source by default."""
    classes, height, width = scores.shape
    network_wh = network_wh or (width, height)
    buffer = device.put(scores.astype(np.float32))
    mask = device.room(mask_wh[::-1], np.uint8)
    confidences = device.room(mask_wh[::-1], np.float32)
    device.kernels.segment(
        DeviceScores(buffer.pointer, width, height, classes),
        placement or place(mask_wh, network_wh, 'stretch'),
        mask_wh,
        mask.pointer,
        confidences=confidences.pointer,
        **options,
    )
    return mask.read(), confidences.read()


@pytest.mark.parametrize('linear', [False, True])
@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
def test_random_scores(device, resize, linear):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        cases.check_segment(device, rng, resize=resize, linear=linear)


@pytest.mark.parametrize('hostile', [False, True])
@pytest.mark.parametrize('kind', ['logits', 'probabilities', 'scores'])
def test_random_scores_become_probabilities(device, kind, hostile):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        cases.check_activate(device, rng, kind=kind, hostile=hostile)


@pytest.mark.parametrize('sizes', [(1,), (1, 257), (320, 200)])
def test_extreme_sizes(device, sizes):
    for seed in range(4):
        cases.check_segment(device, np.random.default_rng(seed), sizes)


def test_colors_overlay_and_histogram(device):
    for seed in range(40):
        cases.check_colors(device, np.random.default_rng(seed))


def test_histogram_of_many_blocks(device):
    ids = np.random.default_rng(0).integers(0, 256, 20_001, dtype=np.uint8)
    mask, counts = device.put(ids), device.room(256, np.uint32)
    device.kernels.count_classes(mask.pointer, ids.size, counts.pointer)
    np.testing.assert_array_equal(counts.read(), np.bincount(ids, minlength=256))


def test_histogram_of_nothing_is_zero(device):
    counts = device.room(256, np.uint32)
    device.kernels.count_classes(0, 0, counts.pointer)
    assert not counts.read().any()


def test_ignored_class_gives_way_to_the_runner_up(device):
    scores = np.array([0.1, 0.7, 0.2]).reshape(3, 1, 1)
    assert segment(device, scores, (1, 1))[0].item() == 1
    mask, confidence = segment(device, scores, (1, 1), ignored_class=1)
    assert mask.item() == 2
    assert confidence.item() == np.float32(0.2)


def test_tie_goes_to_the_lowest_class(device):
    assert segment(device, np.ones((4, 1, 1)), (1, 1))[0].item() == 0
    assert segment(device, np.full((1, 1, 1), 0.5), (1, 1))[0].item() == 0


@pytest.mark.parametrize(('score', 'class_id', 'confidence'), [(0.9, 1, 0.9), (0.2, 0, 0.8)])
def test_binary_network(device, score, class_id, confidence):
    mask, got = segment(device, np.full((1, 1, 1), score), (1, 1))
    assert mask.item() == class_id
    assert got.item() == pytest.approx(confidence, rel=1e-6)


def test_confidence_at_the_threshold_is_enough(device):
    scores = np.array([[[0.25, 0.5, 0.75]], [[0.25, 0.25, 0.25]]])
    mask, _ = segment(device, scores, (3, 1), min_confidence=0.5)
    assert mask.ravel().tolist() == [255, 0, 0]


def probabilities(device, logits):
    """Compute the class probabilities of one cell's logits with the kernel."""
    buffer = device.put(np.array(logits, np.float32))
    flag, out = device.room(1, np.uint32), device.room(max(2, len(logits)), np.float32)
    scores = DeviceScores(buffer.pointer, 1, 1, len(logits))
    device.kernels.activate(scores, 'logits', flag.pointer, out.pointer)
    return out.read()


def test_whether_any_class_has_a_score(device):
    for scores, wanted in (([0, 1], 1), ([0, 0], 0), ([np.nan, np.inf], 0), ([np.nan, 0.1], 1)):
        buffer = device.put(np.array(scores, np.float32))
        found, out = device.room(1, np.uint32), device.room(2, np.float32)
        grid = DeviceScores(buffer.pointer, 1, 1, 2)
        device.kernels.activate(grid, 'probabilities', 0, out.pointer, has_score=found.pointer)
        assert found.read().item() == wanted


@pytest.mark.parametrize('logit', [2.0, -2.0])
def test_logit_of_a_binary_network(device, logit):
    positive = 1 / (1 + np.exp(-logit))
    assert probabilities(device, [logit]) == pytest.approx([1 - positive, positive], rel=1e-6)


def test_large_logits_do_not_overflow(device):
    assert probabilities(device, [-3e4, 3e4, 2.9e4]).tolist() == [0, 1, 0]


def test_nan_among_logits_leaves_its_cell_without_a_class(device):
    assert not probabilities(device, [np.nan, 0.1, 0.3]).any()


def test_nan_never_wins(device):
    scores = np.array([np.nan, 0.1, 0.3]).reshape(3, 1, 1)
    assert segment(device, scores, (1, 1))[0].item() == 2
    mask, confidence = segment(device, np.full((3, 1, 1), np.nan), (1, 1))
    assert mask.item() == 255
    assert confidence.item() == 0


def test_linear_mixes_scores_and_never_class_numbers(device):
    scores = np.zeros((3, 1, 2))
    scores[0, 0, 0] = scores[2, 0, 1] = 1.0
    mask, confidence = segment(device, scores, (100, 1), linear=True)
    assert mask.ravel().tolist() == [0] * 50 + [2] * 50
    assert confidence.ravel()[49] == pytest.approx(0.51, abs=1e-6)


@pytest.mark.parametrize('linear', [False, True])
def test_letterbox_border_is_never_mixed_in(device, linear):
    placement = place((200, 100), (64, 64), 'letterbox')
    scores = np.zeros((2, 8, 8))
    scores[1, :2], scores[1, 6:] = 9.0, 9.0  # the border's cells
    scores[0, 2:6] = 1.0
    mask, _ = segment(device, scores, (200, 100), (64, 64), placement, linear=linear)
    assert (mask == 0).all()


def test_what_a_crop_left_out_is_unlabelled(device):
    placement = place((200, 100), (64, 64), 'crop')
    mask, confidence = segment(device, np.ones((1, 8, 8)), (100, 50), (64, 64), placement)
    assert (mask[:, 25:75] == 1).all()
    assert (mask[:, :25] == 255).all()
    assert (mask[:, 75:] == 255).all()
    assert not confidence[:, :25].any()


@pytest.mark.parametrize(('classes', 'width'), [(0, 4), (256, 4), (3, 0)])
def test_grid_that_fits_no_mask_is_refused(classes, width):
    with pytest.raises(InferenceError, match=f'{classes} classes'):
        DeviceScores(0, width, 4, classes)


def test_scores_of_another_type_are_refused():
    with pytest.raises(InferenceError, match='uint8'):
        DeviceScores(0, 4, 4, 3, 'uint8')
