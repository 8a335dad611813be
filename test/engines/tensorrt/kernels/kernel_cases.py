# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Random cases for each kernel, held against NumPy and OpenCV; the device is the caller's."""

from __future__ import annotations

from dataclasses import replace

import cv2
import kernel_reference as reference
import numpy as np

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.tensorrt.kernels.arguments import (
    DeviceFrame,
    DeviceScores,
    palette_rgba,
)
from ros_deep_learning.engines.tensorrt.kernels.candidates import (
    CANDIDATE,
    DeviceBoxes,
    found_count,
    read_candidates,
)
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.tasks.score_grid import read_scores

OPENCV = {
    'nearest': cv2.INTER_NEAREST,
    'bilinear': cv2.INTER_LINEAR,
    'bicubic': cv2.INTER_CUBIC,
    'area': cv2.INTER_AREA,
}
SIZES = (1, 2, 3, 7, 8, 31, 32, 33, 64, 97)


def random_frame(rng, width, height):
    """A frame of random bytes whose rows have random padding: (rows as bytes, pixels)."""
    step = width * 3 + int(rng.choice([0, 0, 1, 5, 64]))
    rows = rng.integers(0, 256, (height, step), dtype=np.uint8)
    return rows, rows[:, : width * 3].reshape(height, width, 3)


def as_rgb(pixels, order):
    return pixels if order == 'rgb' else pixels[..., ::-1]


def random_spec(rng, width, height, **fixed):
    values = {
        'layout': str(rng.choice(['nchw', 'nhwc'])),
        'channels': str(rng.choice(['rgb', 'bgr'])),
        'resize': str(rng.choice(['stretch', 'letterbox', 'crop'])),
        'crop_fraction': float(rng.choice([1.0, 0.875, 0.3])),
        'interpolation': str(rng.choice(['nearest', 'bilinear', 'bicubic', 'area'])),
        'pad_value': tuple(rng.integers(0, 256, 3).tolist()),
        'scale': float(rng.choice([1.0, 1 / 255, 1 / 127.5])),
        'mean': tuple(rng.uniform(0, 1, 3).tolist()),
        'std': tuple(rng.uniform(0.2, 60, 3).tolist()),
    }
    return InputSpec(width=width, height=height, **{**values, **fixed})


def check_preprocess(device, rng, sizes=SIZES, **fixed):
    """One random frame through every output type, in whole levels and by the formula."""
    width, height, network_w, network_h = (int(rng.choice(sizes)) for _ in range(4))
    spec = random_spec(rng, network_w, network_h, **fixed)
    order = str(rng.choice(['rgb', 'bgr']))
    rows, pixels = random_frame(rng, width, height)
    frame_buffer = device.put(rows)
    frame = DeviceFrame(frame_buffer.pointer, width, height, rows.shape[1], order)
    placement = place(
        (width, height), (network_w, network_h), spec.resize, crop_fraction=spec.crop_fraction
    )
    shape = (3, network_h, network_w) if spec.layout == 'nchw' else (network_h, network_w, 3)

    def run(spec, dtype, slots=1, slot=0):
        out = device.room((slots, *shape), dtype)
        untouched = out.read()
        device.kernels.preprocess(frame, spec, placement, out.pointer, dtype, slot=slot)
        whole = out.read()
        for other in set(range(slots)) - {slot}:
            assert whole[other].tobytes() == untouched[other].tobytes()
        return whole[slot] if spec.layout == 'nhwc' else np.moveaxis(whole[slot], 0, -1)

    x1, y1, x2, y2 = placement.crop_xyxy
    crop = np.ascontiguousarray(as_rgb(pixels, order)[y1:y2, x1:x2])
    if spec.channels == 'bgr':
        crop = np.ascontiguousarray(crop[..., ::-1])
    px1, py1, px2, py2 = placement.paste_xyxy
    identity = replace(spec, scale=1.0, mean=(0.0,) * 3, std=(1.0,) * 3)
    canvas = run(identity, 'uint8')
    levels = canvas[py1:py2, px1:px2]
    check_levels(levels, crop, (px2 - px1, py2 - py1), spec.interpolation)
    border = np.ones(canvas.shape[:2], bool)
    border[py1:py2, px1:px2] = False
    assert (canvas[border] == spec.pad_value).all()

    expected = reference.network_values(
        levels, spec.pad_value, spec.scale, spec.mean, spec.std, placement
    )
    largest = max(255 * spec.scale, *spec.mean) / min(spec.std)
    slots = int(rng.integers(1, 4))
    slot = int(rng.integers(0, slots))
    values = run(spec, 'float32', slots, slot)
    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=4e-7 * largest)
    halves = run(spec, 'float16', slots, slot)
    np.testing.assert_array_equal(halves, values.astype(np.float16))
    whole = run(spec, 'uint8', slots, slot)
    np.testing.assert_array_equal(whole, np.clip(np.rint(values), 0, 255))


def check_grey(device, rng, sizes=SIZES, **fixed):
    """One random frame in grey: OpenCV's grey of the kernel's own colours, then the formula."""
    width, height, network_w, network_h = (int(rng.choice(sizes)) for _ in range(4))
    spec = random_spec(rng, network_w, network_h, **fixed)
    order = str(rng.choice(['rgb', 'bgr']))
    rows, _ = random_frame(rng, width, height)
    frame_buffer = device.put(rows)
    frame = DeviceFrame(frame_buffer.pointer, width, height, rows.shape[1], order)
    placement = place(
        (width, height), (network_w, network_h), spec.resize, crop_fraction=spec.crop_fraction
    )

    def run(spec, dtype, depth):
        out = device.room((3, network_h, network_w, depth), dtype)
        untouched = out.read()
        device.kernels.preprocess(frame, spec, placement, out.pointer, dtype, slot=1)
        whole = out.read()
        for other in (0, 2):
            assert whole[other].tobytes() == untouched[other].tobytes()
        return whole[1]

    plain = {'scale': 1.0, 'mean': (0.0,) * 3, 'std': (1.0,) * 3}
    colour = run(replace(spec, channels='rgb', layout='nhwc', **plain), 'uint8', 3)
    expected = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    grey = replace(spec, channels='grey')
    levels = run(replace(grey, **plain), 'uint8', 1)[..., 0]
    np.testing.assert_array_equal(levels, expected)
    values = (expected * spec.scale - spec.mean[0]) / spec.std[0]
    largest = max(255 * spec.scale, spec.mean[0]) / spec.std[0]
    tensor = run(grey, 'float32', 1)[..., 0]
    np.testing.assert_allclose(tensor, values, rtol=1e-6, atol=4e-7 * largest)
    np.testing.assert_array_equal(run(grey, 'float16', 1)[..., 0], tensor.astype(np.float16))


def check_levels(levels, crop, size_wh, interpolation):
    """Levels follow the stated rule, are near the exact value, and within one of OpenCV's."""
    exact = reference.exact_levels(crop, size_wh, interpolation)
    opencv = cv2.resize(crop, size_wh, interpolation=OPENCV[interpolation]).astype(int)
    apart = np.abs(levels.astype(int) - opencv).max()
    enlarges = size_wh[0] > crop.shape[1] or size_wh[1] > crop.shape[0]
    if interpolation == 'nearest':
        np.testing.assert_array_equal(levels, exact)
        assert apart == 0
    elif interpolation == 'area' and not enlarges:
        assert np.abs(levels - exact).max() <= 0.5 + 1e-4
        assert apart <= 1
    elif interpolation == 'bicubic':
        # Eight weights, each rounded to a 2048th, and half a level.
        assert np.abs(levels - np.clip(exact, 0, 255)).max() <= 0.5 + 8 * 255 / 4096
        assert apart <= 1
    else:
        rule = reference.opencv_linear_levels(crop, size_wh, enlarge_area=interpolation == 'area')
        np.testing.assert_array_equal(levels, rule)
        assert np.abs(levels - exact).max() < 1
        assert apart <= 1


def random_scores(rng, classes, height, width, dtype, *, logits):
    scores = rng.normal(0, 3, (classes, height, width))
    if not logits:
        scores = 1 / (1 + np.exp(-scores))
        if classes > 1:
            scores /= scores.sum(axis=0)
    return scores.astype(dtype)


def check_activate(device, rng, sizes=SIZES, **fixed):
    """Probabilities of one random score grid, against float64 and the CPU's own."""
    choice = {
        'planes': int(rng.choice([1, 2, 3, 21])),
        'dtype': str(rng.choice(['float32', 'float16'])),
        'layout': str(rng.choice(['nchw', 'nhwc'])),
        'logits': bool(rng.integers(2)),
        'kind': str(rng.choice(['logits', 'probabilities', 'scores'])),
        'hostile': bool(rng.integers(2)),
    } | fixed
    # At a width of 1, the CPU takes two planes for two columns of one plane.
    width, height = (max(2, min(int(rng.choice(sizes)), 64)) for _ in 'wh')
    planes, dtype = choice['planes'], choice['dtype']
    scores = random_scores(rng, planes, height, width, dtype, logits=choice['logits'])
    if choice['hostile']:
        flat = scores.reshape(-1)
        for value in (np.nan, np.inf, -np.inf, 6e4, -6e4):
            flat[rng.integers(0, flat.size)] = value
    buffer = device.put(scores if choice['layout'] == 'nchw' else np.moveaxis(scores, 0, -1))
    flag, out = device.room(1, np.uint32), device.room((max(2, planes), height, width), np.float32)
    grid = DeviceScores(buffer.pointer, width, height, planes, dtype, choice['layout'])
    scored = device.room(1, np.uint32)
    device.kernels.activate(
        grid, choice['kind'], flag.pointer, out.pointer, has_score=scored.pointer
    )
    got = out.read()
    wanted = read_scores(scores, choice['kind'], max(2, planes))
    np.testing.assert_allclose(got, wanted, rtol=2e-6, atol=1e-7)
    assert scored.read().item() == (got > 0).any()
    if not choice['hostile']:
        exact = reference.probabilities(scores.astype(np.float64), choice['kind'])
        np.testing.assert_allclose(got, exact, rtol=2e-6, atol=1e-7)


def check_segment(device, rng, sizes=SIZES, **fixed):
    """One random score grid, its mask and confidences, against float64."""
    choice = {
        'classes': int(rng.choice([1, 2, 3, 21])),
        'dtype': str(rng.choice(['float32', 'float16'])),
        'layout': str(rng.choice(['nchw', 'nhwc'])),
        'linear': bool(rng.integers(2)),
        'ignored': rng.choice([None, 0, 1]),
        'min_confidence': rng.choice([None, 0.3, 0.6]),
        'resize': str(rng.choice(['stretch', 'letterbox', 'crop'])),
    } | fixed
    source_wh, mask_wh, cells = (tuple(int(rng.choice(sizes)) for _ in 'wh') for _ in range(3))
    grid_wh = min(cells[0], 32), min(cells[1], 32)
    network_wh = grid_wh[0] * int(rng.choice([1, 8])), grid_wh[1] * int(rng.choice([1, 8]))
    placement = place(source_wh, network_wh, choice['resize'], crop_fraction=0.8)
    scores = random_scores(
        rng, choice['classes'], grid_wh[1], grid_wh[0], choice['dtype'], logits=False
    )
    laid_out = scores if choice['layout'] == 'nchw' else np.moveaxis(scores, 0, -1)
    buffer = device.put(laid_out)
    handle = DeviceScores(
        buffer.pointer, *grid_wh, choice['classes'], choice['dtype'], choice['layout']
    )
    mask = device.room(mask_wh[::-1], np.uint8)
    masks = {}
    for dtype in ('float32', 'uint8'):
        confidences = device.room(mask_wh[::-1], dtype)
        device.kernels.segment(
            handle,
            placement,
            mask_wh,
            mask.pointer,
            linear=choice['linear'],
            ignored_class=choice['ignored'],
            min_confidence=choice['min_confidence'],
            confidences=confidences.pointer,
            confidences_dtype=dtype,
        )
        masks[dtype] = mask.read(), confidences.read()
    without = device.room(mask_wh[::-1], np.uint8)
    device.kernels.segment(handle, placement, mask_wh, without.pointer, linear=choice['linear'])
    assert (without.read() != 255).all() or choice['resize'] == 'crop'

    ids, confidence = masks['float32']
    np.testing.assert_array_equal(ids, masks['uint8'][0])
    np.testing.assert_array_equal(masks['uint8'][1], np.rint(confidence * np.float32(255)))
    check_mask(ids, confidence, scores, placement, mask_wh, choice)


def check_mask(ids, confidence, scores, placement, mask_wh, choice):
    """Every pixel's class has the best score to float32 precision, and its confidence fits."""
    spread, visible = reference.mask_scores(
        scores.astype(np.float64), placement, mask_wh, linear=choice['linear']
    )
    spread = reference.class_scores(spread)
    allowed = spread.copy()
    if choice['ignored'] is not None:
        allowed[choice['ignored']] = -np.inf
    best = allowed.max(axis=0)
    tolerance = 1e-5 * np.abs(spread).max()
    best_confidence = np.where(visible, np.take_along_axis(
        spread, allowed.argmax(axis=0)[None], axis=0)[0], 0)  # fmt: skip
    np.testing.assert_allclose(confidence, best_confidence, rtol=1e-5, atol=1e-5)

    labelled = ids != 255
    assert not labelled[~visible].any()
    least = choice['min_confidence']
    if least is None:
        np.testing.assert_array_equal(labelled, visible)
    else:
        unsure = np.abs(best_confidence - least) <= 1e-5
        np.testing.assert_array_equal(
            labelled[~unsure], (visible & (best_confidence >= least))[~unsure]
        )
    given = np.where(labelled, ids, 0)
    score = np.take_along_axis(allowed, given[None].astype(int), axis=0)[0]
    assert (score[labelled] >= best[labelled] - tolerance).all()
    if not choice['linear']:  # no arithmetic: ties go to the lowest class, exactly
        np.testing.assert_array_equal(ids[labelled], allowed.argmax(axis=0)[labelled])


def check_colors(device, rng, sizes=SIZES):
    """Colour mask, overlay and histogram of one random mask: exact, but for the last rounding."""
    width, height, mask_w, mask_h = (int(rng.choice(sizes)) for _ in range(4))
    classes = int(rng.choice([1, 5, 255]))
    ids = rng.integers(0, classes, (mask_h, mask_w), dtype=np.uint8)
    ids[rng.random(ids.shape) < 0.2] = 255
    colors = rng.integers(0, 256, (classes, int(rng.choice([3, 4]))), dtype=np.uint8)
    table = palette_rgba(colors, 150)
    mask, palette = device.put(ids), device.put(table)

    out = device.room((mask_h, mask_w, 3), np.uint8)
    device.kernels.colorize(mask.pointer, ids.size, palette.pointer, out.pointer)
    np.testing.assert_array_equal(out.read(), table[ids][..., :3])
    assert (out.read()[ids == 255] == 0).all()

    order = str(rng.choice(['rgb', 'bgr']))
    rows, pixels = random_frame(rng, width, height)
    frame_buffer = device.put(rows)
    frame = DeviceFrame(frame_buffer.pointer, width, height, rows.shape[1], order)
    out = device.room((height, width, 3), np.uint8)
    device.kernels.blend(frame, mask.pointer, (mask_w, mask_h), palette.pointer, out.pointer)
    expected = reference.blended(as_rgb(pixels, order), ids, table)
    assert np.abs(out.read() - expected).max() <= 0.5 + 1e-9

    counts = device.room(256, np.uint32)
    device.kernels.count_classes(mask.pointer, ids.size, counts.pointer)
    np.testing.assert_array_equal(counts.read(), np.bincount(ids.ravel(), minlength=256))


def check_candidates(device, rng, **fixed):
    """One random set of boxes in one of the usual layouts; the list is exact."""
    choice = {
        'count': int(rng.choice([0, 1, 5, 255, 256, 300])),
        'classes': int(rng.choice([1, 2, 7, 20])),
        'dtype': str(rng.choice(['float32', 'float16'])),
        'transposed': bool(rng.integers(2)),
        'with_objectness': bool(rng.integers(2)),
        'best_only': bool(rng.integers(2)),
        'skipped': rng.choice([None, 0]),
        'threshold': float(rng.choice([0.0, 0.5, 0.97, 1.1])),
    } | fixed
    count, classes = choice['count'], choice['classes']
    # 65 levels, all exact in half precision: many equal scores, some just at the threshold.
    scores = (rng.integers(0, 65, (count, classes)) / 64).astype(choice['dtype'])
    scores[rng.random(scores.shape) < 0.05] = np.nan
    boxes = rng.uniform(-5, 400, (count, 4)).astype(choice['dtype'])
    objectness = (rng.integers(0, 65, count) / 64).astype(choice['dtype'])
    if choice['transposed']:
        tensor = device.put(np.concatenate([boxes.T, objectness[None], scores.T]))
        size = scores.itemsize * count
        handle = DeviceBoxes(
            tensor.pointer + 5 * size, tensor.pointer, count, classes, (1, count), (1, count),
            choice['dtype'], choice['dtype'],
            tensor.pointer + 4 * size if choice['with_objectness'] else 0, 1,
        )  # fmt: skip
    else:
        tensors = [device.put(array) for array in (scores, boxes, objectness)]
        handle = DeviceBoxes(
            tensors[0].pointer, tensors[1].pointer, count, classes, (classes, 1), (4, 1),
            choice['dtype'], choice['dtype'],
            tensors[2].pointer if choice['with_objectness'] else 0, 1,
        )  # fmt: skip

    expected = reference.candidates(
        scores,
        boxes,
        choice['threshold'],
        objectness=objectness if choice['with_objectness'] else None,
        best_only=choice['best_only'],
        skipped=choice['skipped'],
    )
    known = {row[:2]: row for row in expected}
    for capacity in {len(expected) + 3, len(expected), len(expected) // 2}:
        records = device.room(1 + capacity, CANDIDATE)
        launch = device.kernels.gathering(
            handle,
            records.pointer,
            capacity,
            best_only=choice['best_only'],
            skipped_class=choice['skipped'],
        )
        launch(choice['threshold'], None)
        read = records.read()
        got, found = read_candidates(read), found_count(read)
        assert found == len(expected)
        assert len(got.scores) == min(capacity, len(expected))
        if found <= capacity:
            assert got.rows.tolist() == [row[0] for row in expected]
            assert got.class_ids.tolist() == [row[1] for row in expected]
        pairs = zip(got.rows.tolist(), got.class_ids.tolist(), strict=True)
        rows = [known[pair] for pair in pairs]
        assert got.scores.tolist() == [row[2] for row in rows]
        assert got.coordinates.tolist() == [row[3].tolist() for row in rows]
