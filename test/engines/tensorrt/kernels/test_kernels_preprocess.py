# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import kernel_cases as cases
import numpy as np
import pytest

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.tensorrt.kernels.arguments import DeviceFrame
from ros_deep_learning.errors import InferenceError
from ros_deep_learning.imaging.placement import place


@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'bicubic', 'area'])
@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
def test_random_frames(device, resize, interpolation):
    for seed in range(25):
        rng = np.random.default_rng(seed)
        cases.check_preprocess(device, rng, resize=resize, interpolation=interpolation)


@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
def test_grey(device, resize):
    for seed in range(25):
        cases.check_grey(device, np.random.default_rng(seed), resize=resize)


@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'bicubic', 'area'])
@pytest.mark.parametrize('sizes', [(1,), (1, 2), (1, 640), (480, 640, 641), (224, 640)])
def test_extreme_sizes(device, sizes, interpolation):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        cases.check_preprocess(device, rng, sizes, interpolation=interpolation)


@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'bicubic', 'area'])
def test_equal_size_copies_pixels(device, interpolation):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (17, 23, 3), dtype=np.uint8)
    frame = device.put(image)
    out = device.room((17, 23, 3), np.uint8)
    spec = InputSpec(width=23, height=17, layout='nhwc', interpolation=interpolation)
    device.kernels.preprocess(
        DeviceFrame(frame.pointer, 23, 17, 69),
        spec,
        place((23, 17), (23, 17), 'stretch'),
        out.pointer,
        'uint8',
    )
    np.testing.assert_array_equal(out.read(), image)


def test_formula_with_numbers_by_hand(device):
    frame = device.put(np.array([[10, 20, 30]], np.uint8))
    out = device.room((3, 1, 1), np.float32)
    spec = InputSpec(
        width=1, height=1, channels='bgr', scale=0.5, mean=(1.0, 2.0, 3.0), std=(2.0, 4.0, 0.5)
    )
    device.kernels.preprocess(
        DeviceFrame(frame.pointer, 1, 1, 3, 'rgb'),
        spec,
        place((1, 1), (1, 1), 'stretch'),
        out.pointer,
        'float32',
    )
    assert out.read().ravel().tolist() == [(15 - 1) / 2, (10 - 2) / 4, (5 - 3) / 0.5]


def test_uint8_output_saturates(device):
    frame = device.put(np.array([[0, 100, 255]], np.uint8))
    out = device.room((3, 1, 1), np.uint8)
    spec = InputSpec(width=1, height=1, scale=3.0, mean=(5.0, 5.0, 5.0))
    device.kernels.preprocess(
        DeviceFrame(frame.pointer, 1, 1, 3),
        spec,
        place((1, 1), (1, 1), 'stretch'),
        out.pointer,
        'uint8',
    )
    assert out.read().ravel().tolist() == [0, 255, 255]


@pytest.mark.parametrize(
    ('width', 'height', 'step'), [(4, 4, 11), (0, 4, 12), (4, 0, 12), (4, 4, -12)]
)
def test_contradicting_frame_is_refused(width, height, step):
    with pytest.raises(InferenceError, match=f'{width}x{height}'):
        DeviceFrame(0, width, height, step)


def test_frame_of_another_size_than_placed_is_refused(device):
    spec = InputSpec(width=2, height=2)
    with pytest.raises(InferenceError, match='3x2'):
        device.kernels.preprocess(
            DeviceFrame(0, 3, 2, 9), spec, place((2, 2), (2, 2), 'stretch'), 0, 'float32'
        )
