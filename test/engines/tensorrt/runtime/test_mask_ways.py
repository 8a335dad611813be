# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Masks that are copied and those that are written through the bus are the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.base import EngineInfo, TensorSpec
from ros_deep_learning.engines.on_device import MaskSpec, ScoreGrid
from ros_deep_learning.engines.tensorrt.runtime.pinned import pinned_address
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.placement import place

INPUT = InputSpec(width=40, height=30, channels='rgb', scale=1 / 255)
GRID = ScoreGrid('out', 'probabilities', 3)
SIZE_WH = (400, 300)
WISH = MaskSpec(place(SIZE_WH, (40, 30), 'stretch'), linear=True, confidence='float32')
BYTES = 400 * 300 * 5


@pytest.fixture
def make_masks(fake_gpu):
    def make(choose, *, integrated=False):
        spec = TensorSpec('image', (-1, 3, 30, 40), np.dtype('float32'))
        info = EngineInfo('tensorrt', '8.6', 'fake', 'fp32', (spec,), (replace(spec, name='out'),))
        engine = fake_gpu.engine(
            info, lambda inputs: {'out': inputs['image']}, integrated=integrated
        )
        with engine._network.gpu.current():
            engine._lanes[0]._mask_maker()._choose = choose

        def masks(*wishes, seed=0):
            image = np.random.default_rng(seed).integers(0, 256, (300, 400, 3), np.uint8)
            return engine.start_masks([Pixels(image)], INPUT, GRID, [wishes])()[0]

        return masks

    return make


def test_both_ways_give_the_same(make_masks, fake_gpu):
    copied, direct = make_masks(lambda *_: True), make_masks(lambda *_: False)
    for seed in range(4):
        (one,), (other,) = copied(WISH, seed=seed), direct(WISH, seed=seed)
        np.testing.assert_array_equal(one.class_ids, other.class_ids)
        np.testing.assert_array_equal(one.confidences, other.confidences)
        assert pinned_address(other.class_ids)
        assert pinned_address(other.confidences)
    fake_gpu.driver.downloaded.clear()
    direct(WISH)
    assert fake_gpu.driver.downloaded == []
    copied(WISH)
    assert sum(fake_gpu.driver.downloaded) >= BYTES


def test_a_choice_is_made_once_for_a_size_and_spoils_no_result(make_masks):
    calls = []

    def choose(tries, _):
        calls.append([way for way, _ in tries])
        for _, run in tries * 3:
            run()
        return False

    masks, plain = make_masks(choose), make_masks(lambda *_: True)
    for seed in range(3):
        (one,), (other,) = masks(WISH, seed=seed), plain(WISH, seed=seed)
        np.testing.assert_array_equal(one.class_ids, other.class_ids)
        np.testing.assert_array_equal(one.confidences, other.confidences)
    assert calls == [[True, False]]
    masks(WISH, WISH)
    masks(replace(WISH, placement=place((800, 600), (40, 30), 'stretch')))
    assert len(calls) == 3


@pytest.mark.parametrize(
    'change',
    [
        {'counts': True},
        {'colors_rgb': np.zeros((3, 3), np.uint8)},
        {'overlay_rgba': np.zeros((3, 4), np.uint8)},
        {'on_grid': True},
    ],
    ids=['counted', 'coloured', 'laid over', 'small'],
)
def test_what_other_kernels_read_and_what_is_small_is_copied(make_masks, change):
    tried = []
    masks = make_masks(tried.append)
    masks(replace(WISH, **change))
    assert tried == []


def test_shared_memory_needs_no_choice(make_masks):
    tried = []
    make_masks(tried.append, integrated=True)(WISH)
    assert tried == []
