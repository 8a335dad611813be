# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of preprocessing, against OpenCV's blobs and a float64 resampler."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.imaging.pixels import Pixels
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.preprocess import placement, preprocess

IMAGENET = {
    'scale': 1 / 255,
    'mean': (0.485, 0.456, 0.406),
    'std': (0.229, 0.224, 0.225),
}


def picture(width, height, seed=0):
    """Blurred noise: edges and slopes, as photographs have."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return np.ascontiguousarray(cv2.GaussianBlur(noise, (0, 0), 1.2))


def weights(source, target, interpolation):
    """How much of each source pixel goes into each target pixel, shape (target, source)."""
    table = np.zeros((target, source))
    ratio = source / target
    for t in range(target):
        if interpolation == 'nearest':
            table[t, min(int(t * ratio), source - 1)] = 1
        elif interpolation == 'bilinear':
            centre = (t + 0.5) * ratio - 0.5
            low = int(np.floor(centre))
            share = centre - low
            table[t, np.clip(low, 0, source - 1)] += 1 - share
            table[t, np.clip(low + 1, 0, source - 1)] += share
        elif interpolation == 'bicubic':
            centre = (t + 0.5) * ratio - 0.5
            for s in range(int(np.floor(centre)) - 1, int(np.floor(centre)) + 3):
                table[t, np.clip(s, 0, source - 1)] += keys(abs(s - centre))
        else:
            edges = np.arange(source + 1).clip(t * ratio, (t + 1) * ratio)
            table[t] = np.diff(edges) / ratio
    return table


def keys(distance, a=-0.75):
    """Keys' cubic convolution kernel, whose parameter is -0.75 in OpenCV."""
    if distance <= 1:
        return (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    return a * (distance**3 - 5 * distance**2 + 8 * distance - 4)


def reference(image_rgb, spec):
    """Write the card's words down in float64, one step after the other."""
    placed = place(
        image_rgb.shape[1::-1],
        (spec.width, spec.height),
        spec.resize,
        crop_fraction=spec.crop_fraction,
    )
    x1, y1, x2, y2 = placed.crop_xyxy
    left, top, right, bottom = placed.paste_xyxy
    rows = weights(y2 - y1, bottom - top, spec.interpolation)
    columns = weights(x2 - x1, right - left, spec.interpolation)
    # The padding is in the network's order.
    pad = np.broadcast_to(spec.pad_value, 3)[:: -1 if spec.channels == 'bgr' else 1]
    canvas = np.full((spec.height, spec.width, 3), pad, np.float64)
    region = image_rgb[y1:y2, x1:x2].astype(np.float64)
    canvas[top:bottom, left:right] = np.einsum(
        'tr,rcx,uc->tux', rows, region, columns, optimize=True
    ).clip(0, 255)
    if spec.channels == 'bgr':
        canvas = canvas[..., ::-1]
    if spec.dtype == 'float32':
        canvas = (canvas * spec.scale - np.array(spec.mean)) / np.array(spec.std)
    return canvas.transpose(2, 0, 1) if spec.layout == 'nchw' else canvas


@pytest.mark.parametrize(
    ('layout', 'dtype', 'shape'),
    [('nchw', 'float32', (0, 3, 6, 8)), ('nhwc', 'uint8', (0, 6, 8, 3))],
)
def test_no_image_makes_an_empty_batch(layout, dtype, shape):
    tensor = preprocess([], InputSpec(8, 6, layout=layout, dtype=dtype))
    assert tensor.shape == shape
    assert tensor.dtype == dtype


@pytest.mark.parametrize('source_wh', [(640, 480), (333, 251), (300, 300), (120, 90)])
@pytest.mark.parametrize('channels', ['rgb', 'bgr'])
def test_stretch_equals_opencv_blob(source_wh, channels):
    image_rgb = picture(*source_wh)
    spec = InputSpec(300, 300, channels=channels, scale=1 / 127.5, mean=(1.0, 0.9, 0.8))
    ordered = image_rgb if channels == 'rgb' else np.ascontiguousarray(image_rgb[..., ::-1])
    mean = tuple(np.array(spec.mean) * 127.5)
    blob = cv2.dnn.blobFromImage(ordered, 1 / 127.5, (300, 300), mean)
    np.testing.assert_allclose(preprocess([Pixels(image_rgb)], spec), blob, atol=2e-6)


@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'bicubic', 'area'])
@pytest.mark.parametrize('channels', ['rgb', 'bgr'])
@pytest.mark.parametrize('layout', ['nchw', 'nhwc'])
def test_equals_float64_reference(resize, interpolation, channels, layout):
    image_rgb = picture(157, 101)
    spec = InputSpec(
        48,
        40,
        layout=layout,
        channels=channels,
        resize=resize,
        interpolation=interpolation,
        crop_fraction=0.875,
        pad_value=(10, 114, 200),
        **IMAGENET,
    )
    tensor = preprocess([Pixels(image_rgb)], spec)
    reversed_order = Pixels(np.ascontiguousarray(image_rgb[..., ::-1]), 'bgr')
    np.testing.assert_array_equal(preprocess([reversed_order], spec), tensor)
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous
    # OpenCV resamples eight bits with a rounding of its own, at most one level off.
    level = spec.scale / min(spec.std)
    difference = np.abs(tensor[0] - reference(image_rgb, spec))
    assert difference.max() <= (1e-6 if interpolation == 'nearest' else 1.02 * level)
    assert difference.mean() < 0.35 * level


@pytest.mark.parametrize('size_wh', [(1, 1), (1, 500), (500, 1), (2, 3)])
@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'bicubic', 'area'])
def test_smallest_images(size_wh, resize, interpolation):
    image = np.full((size_wh[1], size_wh[0], 3), 200, np.uint8)
    spec = InputSpec(32, 24, resize=resize, interpolation=interpolation, pad_value=7)
    values = set(np.unique(preprocess([Pixels(image)], spec)))
    assert 200.0 in values
    assert values <= ({200.0, 7.0} if resize == 'letterbox' else {200.0})


def test_formula_is_exact_at_every_level():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    spec = InputSpec(16, 16, layout='nhwc', **IMAGENET)
    mean, std = np.array(spec.mean), np.array(spec.std)
    wanted = ((levels * np.float64(spec.scale) - mean) / std).astype(np.float32)
    np.testing.assert_array_equal(preprocess([Pixels(levels)], spec)[0], wanted)


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
@pytest.mark.parametrize('channels', ['rgb', 'bgr'])
@pytest.mark.parametrize('dtype', ['uint8', 'float32'])
def test_channel_order(order, channels, dtype):
    red = (255, 0, 0) if order == 'rgb' else (0, 0, 255)
    image = np.full((9, 7, 3), red, np.uint8)
    tensor = preprocess([Pixels(image, order)], InputSpec(4, 5, channels=channels, dtype=dtype))
    wanted = (255, 0, 0) if channels == 'rgb' else (0, 0, 255)
    np.testing.assert_array_equal(tensor[0].min(axis=(1, 2)), wanted)
    np.testing.assert_array_equal(tensor[0].max(axis=(1, 2)), wanted)


def test_mean_and_std_go_with_the_networks_channels():
    image = np.full((4, 4, 3), (10, 20, 30), np.uint8)
    spec = InputSpec(4, 4, channels='bgr', mean=(30.0, 20.0, 10.0), std=(1.0, 2.0, 4.0))
    np.testing.assert_array_equal(preprocess([Pixels(image)], spec), np.zeros((1, 3, 4, 4)))
    image = np.full((4, 4, 3), (14, 22, 31), np.uint8)
    np.testing.assert_array_equal(preprocess([Pixels(image)], spec), np.ones((1, 3, 4, 4)))


@pytest.mark.parametrize('layout', ['nchw', 'nhwc'])
def test_uint8_inputs_get_the_pixels_themselves(layout):
    image = picture(20, 10)
    spec = InputSpec(20, 10, layout=layout, dtype='uint8', **IMAGENET)
    wanted = image.transpose(2, 0, 1) if layout == 'nchw' else image
    np.testing.assert_array_equal(preprocess([Pixels(image)], spec)[0], wanted)


def test_letterbox_border_is_the_pad_value_through_the_formula():
    spec = InputSpec(40, 40, resize='letterbox', pad_value=114, **IMAGENET)
    tensor = preprocess([Pixels(picture(80, 40))], spec)[0]
    border = (114 * spec.scale - np.array(spec.mean)) / np.array(spec.std)
    for rows in (tensor[:, :10], tensor[:, 30:]):
        np.testing.assert_allclose(rows, np.broadcast_to(border[:, None, None], rows.shape), 1e-6)


@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
def test_rows_with_padding_read_only(resize):
    padded = np.full((30, 50, 3), 255, np.uint8)
    padded[:, :41] = picture(41, 30)
    padded.flags.writeable = False
    view = padded[:, :41]
    spec = InputSpec(24, 16, resize=resize)
    alone = preprocess([Pixels(view.copy())], spec)
    np.testing.assert_array_equal(preprocess([Pixels(view)], spec), alone)


@given(
    sizes_wh=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=2, max_size=4),
    resize=st.sampled_from(['stretch', 'letterbox', 'crop']),
    interpolation=st.sampled_from(['nearest', 'bilinear', 'bicubic', 'area']),
)
def test_a_batch_is_its_images(sizes_wh, resize, interpolation):
    images = [Pixels(picture(w, h, seed), 'bgr') for seed, (w, h) in enumerate(sizes_wh)]
    spec = InputSpec(17, 23, resize=resize, interpolation=interpolation, **IMAGENET)
    batch = preprocess(images, spec)
    assert batch.shape == (len(images), 3, 23, 17)
    for entry, image in zip(batch, images, strict=True):
        np.testing.assert_array_equal(entry, preprocess([image], spec)[0])


def test_result_is_the_callers_own():
    image = Pixels(picture(8, 8))
    spec = InputSpec(8, 8, layout='nhwc', dtype='uint8')
    first = preprocess([image], spec)
    assert not np.shares_memory(first, image.array)
    first[...] = 0
    np.testing.assert_array_equal(preprocess([image], spec)[0], image.array)


def test_placement_is_the_cards():
    spec = InputSpec(300, 200, resize='crop', crop_fraction=0.5)
    assert placement((600, 600), spec) == place((600, 600), (300, 200), 'crop', crop_fraction=0.5)


@pytest.mark.parametrize('layout', ['nchw', 'nhwc'])
@pytest.mark.parametrize('order', ['rgb', 'bgr'])
def test_grey_is_opencvs(layout, order):
    image = picture(60, 40)
    spec = InputSpec(
        30, 20, layout=layout, channels='grey', scale=0.5, mean=(3.0, 9.0, 9.0), std=(2.0,) * 3
    )
    tensor = preprocess([Pixels(image, order)], spec)
    small = cv2.resize(image, (30, 20))
    code = cv2.COLOR_RGB2GRAY if order == 'rgb' else cv2.COLOR_BGR2GRAY
    expected = (cv2.cvtColor(small, code).astype(np.float64) * 0.5 - 3) / 2
    assert tensor.shape == ((1, 1, 20, 30) if layout == 'nchw' else (1, 20, 30, 1))
    np.testing.assert_allclose(tensor.reshape(20, 30), expected, atol=1e-6)


def test_half_precision_is_rounded_once():
    image = picture(32, 32)
    half = preprocess([Pixels(image)], InputSpec(32, 32, dtype='float16', **IMAGENET))
    single = preprocess([Pixels(image)], InputSpec(32, 32, **IMAGENET))
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, single.astype(np.float16))


def test_padding_is_right_and_below_if_aligned_to_the_top_left():
    spec = InputSpec(64, 64, resize='letterbox', align='top_left', pad_value=114)
    tensor = preprocess([Pixels(np.zeros((30, 60, 3), np.uint8))], spec)
    assert (tensor[0, :, :32] == 0).all()
    assert (tensor[0, :, 32:] == 114).all()
