# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the way of images through an engine."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest

from ros_deep_learning.engines.base import TensorSpec
from ros_deep_learning.errors import CardError, ImageError
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.networks import StageTimes
from ros_deep_learning.networks.image_runner import ImageRunner

IMAGE = np.zeros((9, 7, 3), np.uint8)
OTHER = np.zeros((4, 5, 3), np.uint8)


def test_no_images_are_no_run(engine, card):
    runner = ImageRunner(engine, card, 4)
    assert list(runner.run_each([], runner.run)) == []
    assert runner.run_parts([], runner.run) == []
    assert (runner.stats, runner.batch_stats) == (StageTimes(), [])
    assert engine.inputs == []


def test_a_card_for_another_input(engine, card):
    other = replace(card, input=replace(card.input, width=41))
    with pytest.raises(CardError, match='41'):
        ImageRunner(engine, other, 1)


def test_a_fixed_batch_is_one(engine, card):
    assert ImageRunner(engine, card, 4).max_batch == 1


def test_an_open_batch_is_as_allowed(engine, card):
    tensor = replace(engine.info.inputs[0], shape=(-1, 3, 20, 40))
    engine.info = replace(engine.info, inputs=(tensor,))
    assert ImageRunner(engine, card, 4).max_batch == 4


def test_outputs_come_without_their_batch_axis(engine, card, outputs):
    (found,) = ImageRunner(engine, card, 1).run([Pixels(IMAGE)])
    assert {name: array.shape for name, array in found.items()} == {
        name: array.shape[1:] for name, array in outputs.items()
    }


def test_frames_go_to_an_engine_that_prepares_them(pixels_engine, card):
    runner = ImageRunner(pixels_engine, card, 1)
    runner.run([Pixels(IMAGE)])
    assert runner.stats.preprocess_ms == 0 < runner.stats.inference_ms
    ((frames, spec),) = pixels_engine.inputs
    assert frames[0].array is IMAGE
    assert spec is card.input


def test_a_network_that_asks_for_sizes_takes_no_frames(pixels_engine, card):
    sizes = TensorSpec('orig_target_sizes', (1, 2), np.dtype(np.int64))
    pixels_engine.info = replace(pixels_engine.info, inputs=(*pixels_engine.info.inputs, sizes))
    runner = ImageRunner(pixels_engine, card, 1)
    assert not runner.takes_frames
    runner.run([Pixels(IMAGE)])
    (inputs,) = pixels_engine.inputs
    assert inputs['orig_target_sizes'].tolist() == [[40, 20]]
    assert inputs['orig_target_sizes'].dtype == np.int64


def test_each_image_comes_with_what_was_found_in_a_part_of_it(engine, card):
    runner = ImageRunner(engine, card, 1)
    seen = []

    def sizes(pixels):
        seen.extend(one.size_wh for one in pixels)
        return [one.size_wh for one in pixels]

    pairs = runner.run_each([IMAGE, OTHER], sizes, lambda pixels: Pixels(pixels.array[:2, :3]))
    assert [(pixels.size_wh, found) for pixels, found in pairs] == [
        ((7, 9), (3, 2)),
        ((5, 4), (3, 2)),
    ]
    assert seen == [(3, 2), (3, 2)]


def test_what_is_no_image_is_told_when_its_turn_comes(engine, card):
    runner = ImageRunner(engine, card, 1)
    pairs = runner.run_each([IMAGE, IMAGE[0]], runner.run)
    assert next(pairs)[0].size_wh == (7, 9)
    with pytest.raises(ImageError):
        next(pairs)
    assert len(runner.batch_stats) == 1


def test_times_are_of_all_parts_and_of_each_image(engine, card):
    runner = ImageRunner(engine, card, 1)

    def run(pixels):
        runner.stats = StageTimes(2.0, 3.0)
        return list(pixels)

    runner.run_parts([Pixels(IMAGE)] * 3, run)
    assert runner.stats == StageTimes(6.0, 9.0)
    for k, _ in enumerate(runner.run_each([IMAGE, OTHER], run)):
        runner.stats = replace(runner.stats, postprocess_ms=float(k + 1))
    assert runner.batch_stats == [StageTimes(2.0, 3.0, 1.0), StageTimes(2.0, 3.0, 2.0)]
    runner.forget()
    assert (runner.stats, runner.batch_stats) == (StageTimes(), [])


def test_postprocessing_is_added_to_what_was_counted(engine, card):
    runner = ImageRunner(engine, card, 1)
    assert runner.on_device([Pixels(IMAGE)], lambda: ['found']) == ['found']
    inference_ms = runner.stats.inference_ms
    runner.count_postprocessing(perf_counter() - 0.25)
    assert runner.stats.inference_ms == inference_ms > 0
    assert 250 <= runner.stats.postprocess_ms < 10_000
