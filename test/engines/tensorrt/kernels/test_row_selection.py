# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The kernel on the rows that it is said to read gives the bits that it gives on all of them."""

from __future__ import annotations

import kernel_cases as cases
import numpy as np
import pytest

from ros_deep_learning.engines.tensorrt.kernels.arguments import DeviceFrame
from ros_deep_learning.engines.tensorrt.kernels.row_selection import sampled_rows
from ros_deep_learning.imaging.placement import place

SIZES = (1, 2, 3, 8, 31, 33, 64, 97, 240, 331)


@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'bicubic', 'area'])
@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
def test_no_other_row_is_read(device, resize, interpolation):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        width, height, network_w, network_h = (int(rng.choice(SIZES)) for _ in range(4))
        spec = cases.random_spec(
            rng, network_w, network_h, resize=resize, interpolation=interpolation, layout='nhwc'
        )
        placement = place(
            (width, height), (network_w, network_h), resize, crop_fraction=spec.crop_fraction
        )
        image = rng.integers(0, 256, (height, width, 3), np.uint8)
        rows = sampled_rows(placement, interpolation)
        _, top, _, bottom = placement.crop_xyxy
        places = np.zeros(bottom - top, np.int32)
        places[rows] = np.arange(len(rows))
        whole, part, table = (device.put(a) for a in (image, image[top + rows], places))

        def run(buffer, rows_pointer, spec=spec, placement=placement):
            out = device.room((spec.height, spec.width, 3), np.float32)
            width, height = placement.source_wh
            frame = DeviceFrame(buffer.pointer, width, height, 3 * width)
            device.kernels.preprocess(
                frame, spec, placement, out.pointer, 'float32', rows=rows_pointer
            )
            return out.read()

        np.testing.assert_array_equal(run(part, table.pointer), run(whole, 0))


@pytest.mark.parametrize(
    ('interpolation', 'share'),
    [('nearest', 0.21), ('bilinear', 0.42), ('bicubic', 0.84), ('area', 1)],
)
def test_of_a_large_frame_a_small_network_reads_few_rows(interpolation, share):
    rows = sampled_rows(place((1920, 1080), (224, 224), 'stretch'), interpolation)
    assert len(rows) <= share * 1080
    assert (np.diff(rows) > 0).all()
