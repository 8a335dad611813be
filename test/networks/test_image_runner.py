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
from ros_deep_learning.networks.image_runner import ImageRunner
from ros_deep_learning.tasks.preprocess import placement

IMAGE = np.zeros((9, 7, 3), np.uint8)
OTHER = np.zeros((4, 5, 3), np.uint8)


def test_no_images_are_no_run(engine, card):
    runner = ImageRunner(engine, card, 4)
    assert list(runner.run([])) == []
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
    (passed,) = ImageRunner(engine, card, 1).run([Pixels(IMAGE)])
    assert {name: array.shape for name, array in passed.found.items()} == {
        name: array.shape[1:] for name, array in outputs.items()
    }


def test_frames_go_to_an_engine_that_prepares_them(pixels_engine, card):
    runner = ImageRunner(pixels_engine, card, 1)
    (passed,) = runner.run([Pixels(IMAGE)])
    assert passed.preprocess_ms == 0 < passed.inference_ms
    ((frames, spec),) = pixels_engine.inputs
    assert frames[0].array is IMAGE
    assert spec is card.input


def test_a_network_that_asks_for_sizes_takes_no_frames(pixels_engine, card):
    sizes = TensorSpec('orig_target_sizes', (1, 2), np.dtype(np.int64))
    pixels_engine.info = replace(pixels_engine.info, inputs=(*pixels_engine.info.inputs, sizes))
    runner = ImageRunner(pixels_engine, card, 1)
    assert not runner.takes_frames
    list(runner.run([Pixels(IMAGE)]))
    (inputs,) = pixels_engine.inputs
    assert inputs['orig_target_sizes'].tolist() == [[40, 20]]
    assert inputs['orig_target_sizes'].dtype == np.int64


def test_an_image_comes_with_what_is_known_of_it(engine, card):
    first, second = ImageRunner(engine, card, 1).run([Pixels(IMAGE), Pixels(OTHER)])
    assert first.pixels.array is IMAGE
    assert second.pixels.array is OTHER
    for one in (first, second):
        assert one.placement == placement(one.pixels.size_wh, card.input)
        assert min(one.preprocess_ms, one.inference_ms) > 0


@pytest.mark.parametrize('rows', [0, 1, 7])
@pytest.mark.parametrize('count', [1, 2])
def test_an_output_that_is_not_read_may_have_no_batch_axis(engine, card, outputs, rows, count):
    """Such as anchors, or rows of what was found."""
    tensor = replace(engine.info.inputs[0], shape=(-1, 3, 20, 40))
    engine.info = replace(engine.info, inputs=(tensor,))
    engine.outputs = {name: np.repeat(array, count, axis=0) for name, array in outputs.items()}
    engine.outputs |= {'anchors': np.zeros((rows, 4), np.float32), 'scale': np.float32(1)}
    passed = list(ImageRunner(engine, card, 4).run([Pixels(IMAGE)] * count))
    assert [set(one.found) for one in passed] == [set(outputs)] * count


def test_images_are_taken_as_they_are_needed(engine, card):
    runner = ImageRunner(engine, card, 1)
    passed = runner.run(map(runner.pixels, [IMAGE, IMAGE[0]]))
    assert next(passed).pixels.size_wh == (7, 9)
    with pytest.raises(ImageError):
        next(passed)


def test_pixels_are_taken_as_they_are(engine, card):
    pixels = Pixels(IMAGE, 'bgr')
    assert ImageRunner(engine, card, 1).pixels(pixels) is pixels


def test_a_device_makes_the_results_and_its_time_is_the_inference(engine, card):
    seen = []

    def make(pixels, placements):
        seen.append((pixels, placements))
        until = perf_counter() + 0.02
        while perf_counter() < until:
            pass
        return lambda: ['made']

    first, second = ImageRunner(engine, card, 1).run([Pixels(IMAGE), Pixels(OTHER)], make)
    assert [first.found, second.found] == ['made', 'made']
    assert [len(pixels) for pixels, _ in seen] == [1, 1]
    assert seen[1][1] == [second.placement]
    assert first.preprocess_ms == 0
    assert 20 <= first.inference_ms < 10_000
    assert engine.inputs == []
