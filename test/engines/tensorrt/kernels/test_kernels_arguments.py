# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import struct
from types import SimpleNamespace

import numpy as np
import pytest

from ros_deep_learning.engines.tensorrt.kernels.arguments import DeviceScores, palette_rgba
from ros_deep_learning.engines.tensorrt.kernels.grid_map import grid_maps
from ros_deep_learning.engines.tensorrt.kernels.launcher import Kernels
from ros_deep_learning.engines.tensorrt.kernels.shapes import (
    BLOCK_1D,
    BLOCK_2D,
    grid_1d,
    grid_2d,
    interpolation_code,
)
from ros_deep_learning.engines.tensorrt.kernels.source import SIGNATURES, read_source
from ros_deep_learning.imaging.placement import place

LETTERS = {'int': 'i', 'long long': 'q', 'float': 'f', 'double': 'd'}


def test_signatures_are_those_of_the_source():
    source = re.sub(r'//[^\n]*', '', read_source())
    found = {}
    for name, parameters in re.findall(r'__global__ void (\w+)\(([^)]*)\)', source):
        types = (re.sub(r'\s*\w+$', '', parameter.strip()) for parameter in parameters.split(','))
        found[name] = ''.join('P' if '*' in kind else LETTERS[kind] for kind in types)
    assert found == SIGNATURES


def test_half_conversion_of_the_shim_is_that_of_numpy(shim_module):
    bits = np.arange(65536, dtype=np.uint16)
    values = bits.view(np.float16).astype(np.float32)
    to_float = shim_module.library.shim_half_to_float
    got = np.array([to_float(int(number)) for number in bits], np.float32)
    np.testing.assert_array_equal(got, values)

    finite = np.sort(values[np.isfinite(values)])
    between = (finite[1:] + finite[:-1]) / 2  # the ties
    rng = np.random.default_rng(0)
    random = rng.standard_normal(5000) * 10.0 ** rng.integers(-9, 4, 5000)
    special = [0.0, -0.0, 65519.996, 65520.0, 1e30, np.inf, -np.inf, 2**-25, 2**-26]
    numbers = np.concatenate([finite, between, random, special]).astype(np.float32)
    to_half = shim_module.library.shim_float_to_half
    got = np.array([to_half(float(number)) for number in numbers], np.uint16)
    with np.errstate(over='ignore'):
        np.testing.assert_array_equal(got, numbers.astype(np.float16).view(np.uint16))


def test_more_scores_than_an_int_counts():
    """Of 65 classes at 8K, which take 4 GB in half precision."""
    launched = {}

    def function(name):
        def launch(grid, block, stream, *values):
            launched[name] = grid, struct.pack(SIGNATURES[name], *values)

        return SimpleNamespace(prepare=lambda letters: None, prepared_async_call=launch)

    scores = DeviceScores(1 << 40, 7680, 4320, 65, 'float16')
    Kernels(SimpleNamespace(get_function=function)).activate(scores, 'scores', 1 << 41, 1 << 42)
    (blocks, _), packed = launched['find_logits']
    _, _, count, *_ = struct.unpack(SIGNATURES['find_logits'], packed)
    assert count == 7680 * 4320 * 65 > 2**31
    assert (blocks - 1) * BLOCK_1D[0] < count <= blocks * BLOCK_1D[0] < 2**31 * BLOCK_1D[0]


@pytest.mark.parametrize('count', [0, 1, 255, 256, 257, 10**6])
def test_grid_covers_every_element_and_wastes_no_block(count):
    blocks, one = grid_1d(count)
    assert one == 1
    assert blocks * BLOCK_1D[0] >= count > (blocks - 1) * BLOCK_1D[0]


@pytest.mark.parametrize('size', [(1, 1), (32, 8), (33, 9), (1920, 1080), (31, 7)])
def test_grid_covers_every_pixel_and_wastes_no_block(size):
    for pixels, blocks, threads in zip(size, grid_2d(*size), BLOCK_2D, strict=False):
        assert blocks * threads >= pixels > (blocks - 1) * threads


def test_area_averages_only_where_nothing_is_enlarged():
    assert interpolation_code('area', (1.0, 2.0)) == 2
    assert interpolation_code('area', (0.99, 2.0)) == 3
    assert interpolation_code('nearest', (3.0, 3.0)) == 0
    assert interpolation_code('bilinear', (3.0, 3.0)) == 1
    assert interpolation_code('bicubic', (3.0, 3.0)) == 4


@pytest.mark.parametrize('mode', ['stretch', 'letterbox', 'crop'])
def test_grid_map_agrees_with_the_placement_of_boxes(mode):
    rng = np.random.default_rng(0)
    for _ in range(200):
        source, network, grid, mask = (tuple(rng.integers(1, 99, 2).tolist()) for _ in range(4))
        placement = place(source, network, mode, crop_fraction=0.9)
        maps = grid_maps(placement, grid, mask)
        for axis, along in enumerate(maps):
            centres = (np.arange(mask[axis]) + 0.5) * source[axis] / mask[axis]
            in_network = (centres - placement.crop_xyxy[axis]) * placement.scale_xy[
                axis
            ] + placement.paste_xyxy[axis]
            in_grid = (np.arange(mask[axis]) + 0.5) * along.factor + along.shift
            np.testing.assert_allclose(
                in_grid, in_network * (grid[axis] / network[axis]), atol=1e-3
            )
            low, high = placement.crop_xyxy[axis::2]
            seen = np.flatnonzero((centres >= low) & (centres < high)).tolist()
            assert list(range(along.begin, along.end)) == seen
            assert 0 <= along.first <= along.last < grid[axis]


def test_palette_leaves_unlabelled_pixels_alone():
    colors = np.arange(9, dtype=np.uint8).reshape(3, 3)
    table = palette_rgba(colors, 120)
    assert table[:3].tolist() == [[0, 1, 2, 120], [3, 4, 5, 120], [6, 7, 8, 120]]
    assert not table[3:].any()


def test_palette_keeps_a_class_s_own_opacity_and_no_color_for_255():
    table = palette_rgba(np.full((300, 4), 7, np.uint8), 120)
    assert (table[:255] == 7).all()
    assert not table[255].any()
