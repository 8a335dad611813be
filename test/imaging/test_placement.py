# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Placement: regions inside, centred and of the right shape; boxes there and back."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.imaging.placement import Placement, ResizeMode, place

sides = st.integers(1, 4096)
sizes = st.tuples(sides, sides)
common_sizes = st.tuples(st.integers(64, 4096), st.integers(64, 4096))
modes = st.sampled_from(get_args(ResizeMode))
fractions = st.floats(0.05, 1.0)


def random_boxes(region: tuple[int, int, int, int], seed: int) -> NDArray[np.float32]:
    """Twenty boxes inside a region."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(region[:2], region[2:], (20, 2, 2))
    return np.hstack([corners.min(axis=1), corners.max(axis=1)]).astype(np.float32)


def boxes_to_network(placed: Placement, boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map boxes from source pixels to network pixels, the other way than the package does."""
    corner, scale = placed.crop_xyxy[:2] * 2, placed.scale_xy * 2
    moved = (boxes_xyxy.astype(np.float64) - corner) * scale + placed.paste_xyxy[:2] * 2
    return moved.astype(np.float32)


@given(sizes, sizes, modes, fractions)
def test_regions_are_inside_and_not_empty(
    source: tuple[int, int], network: tuple[int, int], mode: ResizeMode, fraction: float
) -> None:
    placed = place(source, network, mode, crop_fraction=fraction)
    for (x1, y1, x2, y2), (w, h) in ((placed.crop_xyxy, source), (placed.paste_xyxy, network)):
        assert 0 <= x1 < x2 <= w
        assert 0 <= y1 < y2 <= h


@given(sizes, sizes, modes, fractions)
def test_regions_are_centred_to_half_a_pixel(
    source: tuple[int, int], network: tuple[int, int], mode: ResizeMode, fraction: float
) -> None:
    placed = place(source, network, mode, crop_fraction=fraction)
    for (x1, y1, x2, y2), (w, h) in ((placed.crop_xyxy, source), (placed.paste_xyxy, network)):
        assert 0 <= (w - x2) - x1 <= 1
        assert 0 <= (h - y2) - y1 <= 1


@given(sizes, sizes)
def test_stretch_uses_and_fills_everything(
    source: tuple[int, int], network: tuple[int, int]
) -> None:
    placed = place(source, network, 'stretch')
    assert placed.crop_xyxy == (0, 0, *source)
    assert placed.paste_xyxy == (0, 0, *network)


@given(sizes, sizes)
def test_letterbox_uses_all_and_touches_two_sides(
    source: tuple[int, int], network: tuple[int, int]
) -> None:
    placed = place(source, network, 'letterbox')
    x1, y1, x2, y2 = placed.paste_xyxy
    assert placed.crop_xyxy == (0, 0, *source)
    assert x2 - x1 == network[0] or y2 - y1 == network[1]


@given(sizes, sizes)
def test_crop_fills_all_and_touches_two_sides(
    source: tuple[int, int], network: tuple[int, int]
) -> None:
    placed = place(source, network, 'crop')
    x1, y1, x2, y2 = placed.crop_xyxy
    assert placed.paste_xyxy == (0, 0, *network)
    assert x2 - x1 == source[0] or y2 - y1 == source[1]


@given(common_sizes, common_sizes)
def test_letterbox_and_crop_keep_the_shape_to_a_pixel(
    source: tuple[int, int], network: tuple[int, int]
) -> None:
    letterbox = place(source, network, 'letterbox')
    x1, y1, x2, y2 = letterbox.paste_xyxy
    ideal = min(network[0] / source[0], network[1] / source[1])
    assert abs((x2 - x1) - max(1, source[0] * ideal)) <= 0.5 + 1e-6
    assert abs((y2 - y1) - max(1, source[1] * ideal)) <= 0.5 + 1e-6
    crop = place(source, network, 'crop')
    x1, y1, x2, y2 = crop.crop_xyxy
    ideal = max(network[0] / source[0], network[1] / source[1])
    assert abs((x2 - x1) - max(1, network[0] / ideal)) <= 0.5 + 1e-6
    assert abs((y2 - y1) - max(1, network[1] / ideal)) <= 0.5 + 1e-6


@given(sizes, sizes)
def test_letterbox_and_crop_mirror_each_other(
    source: tuple[int, int], network: tuple[int, int]
) -> None:
    assert (
        place(source, network, 'letterbox').paste_xyxy == place(network, source, 'crop').crop_xyxy
    )


@given(sizes, modes)
def test_an_image_of_the_networks_size_is_left_as_it_is(
    size: tuple[int, int], mode: ResizeMode
) -> None:
    placed = place(size, size, mode)
    assert placed.crop_xyxy == placed.paste_xyxy == (0, 0, *size)
    assert placed.scale_xy == (1.0, 1.0)


@given(common_sizes, common_sizes, modes, fractions, st.integers(0, 2**31))
def test_boxes_to_the_network_and_back(
    source: tuple[int, int],
    network: tuple[int, int],
    mode: ResizeMode,
    fraction: float,
    seed: int,
) -> None:
    placed = place(source, network, mode, crop_fraction=fraction)
    boxes = random_boxes((0, 0, *source), seed)
    back = placed.boxes_to_source(boxes_to_network(placed, boxes))
    assert back.dtype == np.float32
    # Float32 keeps 24 bits of the larger of the two coordinates.
    coarse = max(max(source), max(network) / min(placed.scale_xy)) * 2**-20
    np.testing.assert_allclose(back, boxes, atol=coarse)


@given(common_sizes, common_sizes, modes, fractions)
def test_the_regions_are_mapped_onto_each_other(
    source: tuple[int, int], network: tuple[int, int], mode: ResizeMode, fraction: float
) -> None:
    placed = place(source, network, mode, crop_fraction=fraction)
    crop = np.array([placed.crop_xyxy], np.float32)
    paste = np.array([placed.paste_xyxy], np.float32)
    np.testing.assert_allclose(boxes_to_network(placed, crop), paste, atol=1e-2)
    np.testing.assert_allclose(placed.boxes_to_source(paste), crop, atol=1e-2)


@given(common_sizes, common_sizes, modes)
def test_boxes_are_clipped_to_the_source(
    source: tuple[int, int], network: tuple[int, int], mode: ResizeMode
) -> None:
    wide = np.array([[-1e6, -1e6, 1e6, 1e6], [-9, -9, -5, -5]], np.float32)
    placed = place(source, network, mode)
    mapped = placed.clipped(placed.boxes_to_source(wide))
    np.testing.assert_array_equal(mapped[0], (0, 0, *source))
    assert (mapped >= 0).all()
    assert (mapped <= source * 2).all()


@given(common_sizes, common_sizes, modes, fractions, st.integers(0, 2**31))
def test_what_is_seen_of_boxes_is_inside_the_source(
    source: tuple[int, int],
    network: tuple[int, int],
    mode: ResizeMode,
    fraction: float,
    seed: int,
) -> None:
    placed = place(source, network, mode, crop_fraction=fraction)
    edges = np.random.default_rng(seed).uniform(-0.5, 1.5, (50, 4)) * (source * 2)
    boxes = edges.astype(np.float32)
    inside = np.clip(edges, 0, source * 2)
    seen = (inside[:, 2:] - inside[:, :2]).min(axis=1)
    # Boxes that end where the source does may be rounded to either side.
    coarse = max(max(source), max(network) / min(placed.scale_xy)) * 2**-20
    far = np.abs(edges[:, 2:] - edges[:, :2]).min(axis=1) > coarse
    far &= np.abs(np.concatenate([edges, edges - source * 2], axis=1)).min(axis=1) > coarse
    shown = placed.shows(boxes_to_network(placed, boxes))
    np.testing.assert_array_equal(shown[far], seen[far] > 0)


def test_a_letterboxed_full_hd_frame() -> None:
    placed = place((1920, 1080), (640, 640), 'letterbox')
    assert placed.paste_xyxy == (0, 140, 640, 500)
    box = np.array([[0, 140, 320, 320]], np.float32)
    np.testing.assert_allclose(placed.boxes_to_source(box), [[0, 0, 960, 540]])


def test_resize_256_crop_224() -> None:
    placed = place((640, 480), (224, 224), 'crop', crop_fraction=0.875)
    assert placed.crop_xyxy == (110, 30, 530, 450)


@pytest.mark.parametrize('mode', get_args(ResizeMode))
def test_no_boxes(mode: ResizeMode) -> None:
    placed = place((640, 480), (300, 300), mode)
    none = np.empty((0, 4), np.float32)
    for mapped in (placed.boxes_to_source(none), boxes_to_network(placed, none)):
        assert mapped.shape == (0, 4)
        assert mapped.dtype == np.float32


@pytest.mark.parametrize(
    'region', [(0, 0, 640, 480), (100, 50, 101, 51)], ids=['whole', 'one pixel']
)
def test_scale_is_network_pixels_a_source_pixel(region: tuple[int, int, int, int]) -> None:
    placed = Placement((640, 480), (320, 320), region, (0, 0, 320, 320))
    width, height = region[2] - region[0], region[3] - region[1]
    assert placed.scale_xy == (320 / width, 320 / height)


@pytest.mark.parametrize(
    ('source_wh', 'network_wh', 'mode', 'fraction'),
    [
        ((0, 4), (8, 8), 'letterbox', 1.0),
        ((4, 4), (8, 0), 'stretch', 1.0),
        ((4, 4), (8, 8), 'fill', 1.0),
        ((4, 4), (8, 8), 'crop', 0.0),
        ((4, 4), (8, 8), 'crop', 1.5),
        ((4, 4), (8, 8), 'crop', float('nan')),
    ],
)
def test_what_cannot_be_placed_is_refused(
    source_wh: Any, network_wh: Any, mode: Any, fraction: float
) -> None:
    with pytest.raises(SettingsError, match='cannot place'):
        place(source_wh, network_wh, mode, crop_fraction=fraction)


def ultralytics(source: tuple[int, int], network: tuple[int, int]) -> tuple[int, int, int, int]:
    """Place as ``LetterBox`` of Ultralytics 8.3 does (data/augment.py)."""
    ratio = min(network[1] / source[1], network[0] / source[0])
    w, h = round(source[0] * ratio), round(source[1] * ratio)
    dw, dh = (network[0] - w) / 2, (network[1] - h) / 2
    left, top = round(dw - 0.1), round(dh - 0.1)
    return left, top, left + w, top + h


def yolox(source: tuple[int, int], network: tuple[int, int]) -> tuple[int, int, int, int]:
    """Place as ``preproc`` of YOLOX 0.3 does (yolox/data/data_augment.py)."""
    ratio = min(network[1] / source[1], network[0] / source[0])
    return 0, 0, int(source[0] * ratio), int(source[1] * ratio)


def mmdetection(source: tuple[int, int], network: tuple[int, int]) -> tuple[int, int, int, int]:
    """Place as ``rescale_size`` of mmcv 2 does (mmcv/image/geometric.py), padded at the end."""
    (w, h), scale = source, network
    factor = min(max(scale) / max(h, w), min(scale) / min(h, w))
    return 0, 0, int(w * float(factor) + 0.5), int(h * float(factor) + 0.5)


@pytest.mark.parametrize('source', [(1920, 1080), (810, 1080), (500, 333), (1281, 721), (33, 77)])
@pytest.mark.parametrize('network', [(640, 640), (416, 416)])
def test_letterboxes_are_those_of_their_families(
    source: tuple[int, int], network: tuple[int, int]
) -> None:
    placed = place(source, network, 'letterbox')
    assert placed.paste_xyxy == ultralytics(source, network)
    placed = place(source, network, 'letterbox', align='top_left', rounding='down')
    assert placed.paste_xyxy == yolox(source, network)
    placed = place(source, network, 'letterbox', align='top_left', rounding='half_up')
    assert placed.paste_xyxy == mmdetection(source, network)
