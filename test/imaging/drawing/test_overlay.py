# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of drawn detections: what is painted, what stays unchanged, what is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ros_deep_learning.errors import ImageError, SettingsError
from ros_deep_learning.imaging.drawing.overlay import OverlayFlags, draw_detections
from ros_deep_learning.imaging.palettes import class_colors

LABELS = ('person', 'bicycle', 'car')
COLORS = class_colors(3)
RED = np.array([[200, 0, 0]], np.uint8)
FILL = OverlayFlags.parse('box')
LINES = OverlayFlags.parse('lines')
NAMES = OverlayFlags.parse('labels')


def grey(width: int = 200, height: int = 150) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 100, np.uint8)


def draw(
    image: NDArray[np.uint8],
    boxes: Any,
    scores: Any = None,
    class_ids: Any = None,
    **options: Any,
) -> NDArray[np.uint8]:
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    scores = np.full(len(boxes), 0.9) if scores is None else np.array(scores, np.float32)
    ids = np.zeros(len(boxes)) if class_ids is None else np.array(class_ids)
    given_options = {'labels': LABELS, 'colors_rgb': COLORS} | options
    draw_detections(image, boxes, scores, ids.astype(np.int32), **given_options)
    return image


@pytest.mark.parametrize(
    ('text', 'names'),
    [
        ('', ()),
        ('none', ()),
        ('box,labels,conf', ('box', 'labels', 'conf')),
        ('lines|label|confidence', ('lines', 'labels', 'conf')),
        (' Box , LINE ', ('box', 'lines')),
        ('track', ('tracking',)),
        ('default,tracking', ('box', 'lines', 'labels', 'conf', 'tracking')),
        ('none,box', ('box',)),
    ],
)
def test_flags(text: str, names: tuple[str, ...]) -> None:
    flags = OverlayFlags.parse(text)
    for name in ('box', 'lines', 'labels', 'conf', 'tracking'):
        assert getattr(flags, name) is (name in names)


def test_default_flags() -> None:
    assert OverlayFlags.parse('default') == OverlayFlags()


@pytest.mark.parametrize('text', ['boxes', 'box;labels', 'box labels'])
def test_unknown_flags_are_named_with_the_known_ones(text: str) -> None:
    with pytest.raises(SettingsError, match=f"'{text}' is unknown; known are .*box.*conf.*none"):
        OverlayFlags.parse(text)


def test_no_detections_and_no_flags_change_nothing() -> None:
    np.testing.assert_array_equal(draw(grey(), []), grey())
    box = [[10, 10, 100, 100]]
    np.testing.assert_array_equal(draw(grey(), box, flags=OverlayFlags.parse('none')), grey())


@pytest.mark.parametrize('alpha', [0, 1, 60, 120, 255])
def test_fill_blends_inside_the_box_alone(alpha: int) -> None:
    image = draw(grey(), [[20, 30, 80, 90]], flags=FILL, alpha=alpha, colors_rgb=RED)
    expected = grey()
    share = alpha / 255
    blend = np.array([100, 100, 100]) * (1 - share) + RED[0] * share
    assert np.abs(image[30:90, 20:80] - blend).max() <= 1
    expected[30:90, 20:80] = image[30:90, 20:80]
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize(
    ('size', 'line_px'), [((176, 144), 1), ((640, 480), 2), ((1920, 1080), 4)]
)
def test_lines_lie_inside_the_box_and_grow_with_the_image(
    size: tuple[int, int], line_px: int
) -> None:
    image = draw(grey(*size), [[20, 30, 80, 90]], flags=LINES, colors_rgb=RED)
    expected = grey(*size)
    expected[30:90, 20:80] = RED[0]
    expected[30 + line_px : 90 - line_px, 20 + line_px : 80 - line_px] = 100
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize(
    'box',
    [
        [np.nan, 10, 50, 50],
        [10, 10, np.nan, 50],
        [np.nan] * 4,
        [50, 50, 10, 10],
        [10, 10, 10, 50],
        [200, 10, 300, 50],
        [-50, -50, 0, 0],
        [np.inf, np.inf, np.inf, np.inf],
        [-np.inf, 0, -np.inf, 9],
    ],
)
def test_boxes_of_no_pixel_are_left_out(box: list[float]) -> None:
    np.testing.assert_array_equal(draw(grey(), [box]), grey())


@pytest.mark.parametrize('box', [[-np.inf, -np.inf, np.inf, np.inf], [-9e30, -5, 9e30, 900]])
def test_boxes_are_clipped_to_the_image(box: list[float]) -> None:
    image = draw(grey(), [box], flags=LINES, colors_rgb=RED)
    assert (image[[0, -1]] == RED[0]).all()
    assert (image[:, [0, -1]] == RED[0]).all()
    assert (image[5:-5, 5:-5] == 100).all()


@pytest.mark.parametrize('box', [[10.2, 10.2, 10.4, 10.4], [199.7, 149.7, 250, 250]])
def test_a_box_thinner_than_a_pixel_is_one_pixel(box: list[float]) -> None:
    image = draw(grey(), [box], flags=LINES, colors_rgb=RED)
    assert (image != 100).any(axis=2).sum() == 1


def test_each_class_has_its_colour_again_after_the_last() -> None:
    boxes = [[10, 10, 30, 30], [50, 10, 70, 30], [90, 10, 110, 30]]
    image = draw(grey(), boxes, class_ids=[1, 2, 4], flags=LINES)
    assert [tuple(image[10, x]) for x in (10, 50, 90)] == [tuple(COLORS[k]) for k in (1, 2, 1)]


@pytest.mark.parametrize('scores', [[0.9, 0.6], [0.9, np.nan]])
def test_the_best_score_is_on_top(scores: list[float]) -> None:
    box = [10, 10, 30, 30]
    image = draw(grey(), [box, box], scores, [0, 1], flags=LINES)
    assert tuple(image[10, 10]) == tuple(COLORS[0])


@pytest.mark.parametrize('size', [(176, 144), (640, 480), (1920, 1080), (3840, 2160)])
def test_a_plate_in_the_class_colour_stands_on_the_box(size: tuple[int, int]) -> None:
    width, height = size
    box = [width // 4, height // 2, width // 2, height - 1]
    image = draw(grey(*size), [box], flags=NAMES)
    painted = (image != 100).any(axis=2)
    rows, columns = np.flatnonzero(painted.any(axis=1)), np.flatnonzero(painted.any(axis=0))
    assert rows[-1] == box[1] - 1
    assert columns[0] == box[0]
    assert len(rows) >= 9
    assert 0.012 * height < len(rows) < 0.12 * height
    plate = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert tuple(plate[0, 0]) == tuple(COLORS[0])
    assert (plate.astype(int).sum(axis=2) < 90).sum() > 20


@pytest.mark.parametrize(
    ('color', 'ink'),
    [((255, 255, 0), 0), ((0, 0, 128), 255), ((255, 255, 255), 0), ((0, 0, 0), 255)],
)
def test_letters_are_black_or_white_whichever_is_readable(
    color: tuple[int, int, int], ink: int
) -> None:
    colors = np.array([color], np.uint8)
    image = draw(grey(1280, 720), [[100, 100, 400, 400]], flags=NAMES, colors_rgb=colors)
    assert (image == ink).all(axis=2).sum() > 20
    assert tuple(image[99, 100]) == color


@pytest.mark.parametrize(
    'box', [[0, 0, 20, 20], [180, 0, 200, 20], [0, 130, 20, 150], [180, 130, 200, 150]]
)
def test_plates_in_the_corners_are_whole(box: list[int]) -> None:
    middle = draw(grey(), [[60, 60, 150, 150]], flags=NAMES)
    corner = draw(grey(), [box], flags=NAMES)
    painted = [(image != 100).any(axis=2).sum() for image in (middle, corner)]
    assert painted[0] == painted[1]


def plate_width(**options: Any) -> int:
    image = draw(grey(640, 480), [[20, 100, 60, 140]], **options)
    return int((image != 100).any(axis=2).any(axis=0).sum())


def test_name_track_and_score_are_written_as_asked() -> None:
    def width(flags: str, **options: Any) -> int:
        return plate_width(flags=OverlayFlags.parse(flags), **options)

    track = np.array([12])
    assert 0 < width('conf') < width('labels') < width('labels,conf')
    assert width('labels,tracking') == width('labels')
    assert width('labels,tracking', track_ids=np.array([-1])) == width('labels')
    assert width('labels,tracking', track_ids=track) > width('labels')
    assert width('labels', track_ids=track) == width('labels')
    assert width('labels,conf', scores=[np.nan]) == width('labels')
    assert width('conf', scores=[70.0]) == width('conf', scores=[1.0])
    assert width('conf', scores=[-np.inf]) == width('conf', scores=[0.0])


@pytest.mark.parametrize('labels', [(), ('',), ('自転車',), ('\n',)])
def test_a_class_without_a_readable_name_is_called_by_its_number(labels: tuple[str, ...]) -> None:
    assert plate_width(flags=NAMES, labels=labels) == plate_width(flags=NAMES, labels=('class 0',))
    negative = plate_width(flags=NAMES, class_ids=[-1])
    assert negative == plate_width(flags=NAMES, labels=('class -1',))


def test_bgr_images_take_bgr_colours() -> None:
    rgb = draw(grey(), [[60, 60, 150, 140]])
    bgr = draw(grey(), [[60, 60, 150, 140]], colors_rgb=COLORS[:, ::-1])
    assert (rgb[60, 60] == bgr[60, 60, ::-1]).all()


def read_only() -> NDArray[np.uint8]:
    image = grey()
    image.flags.writeable = False
    return image


@pytest.mark.parametrize(
    ('image', 'fault'),
    [
        (read_only(), 'read-only'),
        (grey()[:, ::2], 'not C-contiguous'),
        (grey()[..., ::-1], 'not C-contiguous'),
        (grey()[..., 0], r'\(150, 200\)'),
        (grey().astype(np.float32), 'float32'),
        (np.zeros((5, 5, 4), np.uint8), r'\(5, 5, 4\)'),
        (np.zeros((0, 5, 3), np.uint8), r'\(0, 5, 3\)'),
    ],
)
def test_images_that_cannot_be_drawn_on(image: NDArray[Any], fault: str) -> None:
    before = image.copy()
    with pytest.raises(ImageError, match=fault):
        draw(image, [[0, 0, 3, 3]])
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    ('options', 'fault'),
    [
        ({'scores': [0.5, 0.5]}, r'\(1, 4\), \(2,\)'),
        ({'class_ids': [1, 2]}, r'\(2,\)'),
        ({'track_ids': np.array([1, 2])}, r'\(1,\), \(2,\)'),
        ({'colors_rgb': np.zeros((0, 3), np.uint8)}, r'\(0, 3\)'),
        ({'colors_rgb': np.zeros((3, 3), float)}, 'float64'),
        ({'alpha': 256}, 'alpha: expected 0..255, got 256'),
        ({'alpha': -1}, 'alpha: expected 0..255, got -1'),
    ],
)
def test_other_wrong_arguments(options: dict[str, Any], fault: str) -> None:
    image = grey()
    with pytest.raises(SettingsError, match=fault):
        draw(image, [[10, 10, 50, 50]], **options)
    np.testing.assert_array_equal(image, grey())


@given(data=st.data(), width=st.integers(1, 90), height=st.integers(1, 90))
def test_any_boxes_on_any_image(data: st.DataObject, width: int, height: int) -> None:
    numbers = st.one_of(st.floats(width=32), st.floats(-20, 120, width=32))
    boxes = data.draw(st.lists(st.tuples(*[numbers] * 4), max_size=6))
    scores = data.draw(st.lists(numbers, min_size=len(boxes), max_size=len(boxes)))
    ids = data.draw(st.lists(st.integers(-5, 9), min_size=len(boxes), max_size=len(boxes)))
    # A frame around the image detects pixels painted beyond its edges.
    frame = np.full((height + 2, width, 3), 100, np.uint8)
    draw(frame[1:-1], boxes, scores, ids)
    assert (frame[[0, -1]] == 100).all()


def test_twenty_boxes_on_a_full_hd_frame_need_no_loop_over_pixels() -> None:
    rng = np.random.default_rng(0)
    corner, size = rng.uniform(0, (1600, 800), (20, 2)), rng.uniform(50, 400, (20, 2))
    boxes = np.hstack([corner, corner + size])
    lines = 0

    def count(frame: FrameType, event: str, argument: object) -> Callable[..., object]:
        nonlocal lines
        lines += event == 'line'
        return count

    traced = sys.gettrace()
    sys.settrace(count)
    try:
        draw(grey(1920, 1080), boxes, rng.uniform(0.5, 1, 20), rng.integers(0, 3, 20))
    finally:
        sys.settrace(traced)
    # Lines of Python that ran; a loop over the pixels would be some 100,000 a box.
    assert 0 < lines < 20_000
