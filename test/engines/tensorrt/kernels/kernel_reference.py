# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the kernels compute, in NumPy, float64 or whole numbers, written for clarity."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np

UNLABELLED = 255


def exact_levels(image, size_wh, interpolation):
    """Resize without any rounding: the definition that the levels are near to.

    image (H, W, C) uint8 -> (h, w, C) float64.
    """
    height, width = image.shape[:2]
    rows = axis_weights(height, size_wh[1], width, size_wh[0], interpolation)
    columns = axis_weights(width, size_wh[0], height, size_wh[1], interpolation)
    return np.einsum('yi,xj,ijc->yxc', rows, columns, image.astype(np.float64), optimize=True)


def axis_weights(source, target, other_source, other_target, interpolation):
    """Weight of each source position (columns) in each target position (rows)."""
    weights = np.zeros((target, source))
    enlarges = target > source or other_target > other_source
    for i in range(target):
        low, high = i * source / target, (i + 1) * source / target
        if interpolation == 'nearest':
            weights[i, min(int(i * (1 / (target / source))), source - 1)] = 1
        elif interpolation == 'area' and not enlarges:
            edges = np.arange(source)
            overlap = np.minimum(edges + 1, high) - np.maximum(edges, low)
            weights[i] = np.maximum(overlap, 0) / (high - low)
        elif interpolation == 'area':
            first = min(int(np.floor(i * (1 / (target / source)))), source - 1)
            share = (i + 1) - (first + 1) * (target / source)
            share = share - np.floor(share) if share > 0 else 0.0
            weights[i, first] += 1 - share
            weights[i, min(first + 1, source - 1)] += share
        elif interpolation == 'bicubic':
            centre = (low + high) / 2 - 0.5
            for j in range(int(np.floor(centre)) - 1, int(np.floor(centre)) + 3):
                weights[i, min(max(j, 0), source - 1)] += _cubic(abs(j - centre))
        else:
            centre = min(max((low + high) / 2 - 0.5, 0), source - 1)
            first = int(centre)
            weights[i, first] += 1 - (centre - first)
            weights[i, min(first + 1, source - 1)] += centre - first
    return weights


def _cubic(distance, a=-0.75):
    """Keys' kernel, with the parameter of OpenCV."""
    if distance <= 1:
        return (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    return a * (distance**3 - 5 * distance**2 + 8 * distance - 4)


def opencv_linear_levels(image, size_wh, *, enlarge_area=False):
    """Resize in whole numbers: 11 bit weights, 4 and 16 bits dropped, 2 bits rounded."""
    height, width = image.shape[:2]
    x0, x1, a0, a1 = _linear_taps(width, size_wh[0], enlarge_area)
    y0, y1, b0, b1 = _linear_taps(height, size_wh[1], enlarge_area)
    pixels = image.astype(np.int64)
    rows = (pixels[:, x0] * a0[None, :, None] + pixels[:, x1] * a1[None, :, None]) >> 4
    top, low = rows[y0] * b0[:, None, None], rows[y1] * b1[:, None, None]
    return ((top >> 16) + (low >> 16) + 2) >> 2


def _linear_taps(source, target, enlarge_area):
    inverse = target / source
    scale = 1 / inverse
    at = np.arange(target)
    if enlarge_area:
        first = np.floor(at * scale).astype(np.int64)
        share = ((at + 1) - (first + 1) * inverse).astype(np.float32)
        share = np.where(share <= 0, np.float32(0), share - np.floor(share))
    else:
        centre = ((at + 0.5) * scale - 0.5).astype(np.float32)
        first = np.floor(centre).astype(np.int64)
        share = centre - np.floor(centre)
    weight0 = np.rint((np.float32(1) - share) * np.float32(2048)).astype(np.int64)
    weight1 = np.rint(share * np.float32(2048)).astype(np.int64)
    inside = np.clip(np.stack([first, first + 1]), 0, source - 1)
    return inside[0], inside[1], weight0, weight1


def network_values(levels, pad, scale, mean, std, placement):
    """Paste levels (h, w, 3), in the network's channel order, and apply the card's formula."""
    width, height = placement.network_wh
    canvas = np.full((height, width, 3), pad, np.float64)
    x1, y1, x2, y2 = placement.paste_xyxy
    canvas[y1:y2, x1:x2] = levels
    return (canvas * scale - np.array(mean)) / np.array(std)


def class_scores(scores):
    """Scores (C, h, w) as those of at least two classes: a binary network's plane is class 1."""
    scores = scores.astype(np.float64)
    if len(scores) > 1:
        return scores
    return np.concatenate([1 - scores, scores])


def mask_scores(scores, placement, mask_wh, *, linear):
    """Scores (C, h, w) at the pixels of a mask over the source: (C, H, W), and who is visible."""
    grid_h, grid_w = scores.shape[1:]
    axes = []
    for axis, cells in ((0, grid_w), (1, grid_h)):
        pixels, source = mask_wh[axis], placement.source_wh[axis]
        crop, paste = placement.crop_xyxy[axis::2], placement.paste_xyxy[axis::2]
        scale = Fraction(paste[1] - paste[0], crop[1] - crop[0])
        per_cell = Fraction(placement.network_wh[axis], cells)
        first, last = floor(paste[0] / per_cell), ceil(paste[1] / per_cell) - 1
        weights, visible = np.zeros((pixels, cells)), np.zeros(pixels, bool)
        for i in range(pixels):
            centre = Fraction((2 * i + 1) * source, 2 * pixels)
            visible[i] = crop[0] <= centre < crop[1]
            position = (paste[0] + (centre - crop[0]) * scale) / per_cell
            if linear:
                position -= Fraction(1, 2)
                low = floor(position)
                weights[i, min(max(low, first), last)] += 1 - (position - low)
                weights[i, min(max(low + 1, first), last)] += position - low
            else:
                weights[i, min(max(floor(position), first), last)] = 1
        axes.append((weights, visible))
    (columns, visible_x), (rows, visible_y) = axes
    at_pixels = np.einsum('yi,xj,cij->cyx', rows, columns, scores, optimize=True)
    return at_pixels, visible_y[:, None] & visible_x[None, :]


def blended(image_rgb, class_ids, palette):
    """Lay colours over an image; the mask is read at the nearest pixel centre."""
    height, width = image_rgb.shape[:2]
    mask_h, mask_w = class_ids.shape
    rows = [int((y + 0.5) * mask_h / height) for y in range(height)]
    columns = [int((x + 0.5) * mask_w / width) for x in range(width)]
    colors = palette[class_ids[rows][:, columns]].astype(np.float64)
    share = colors[..., 3:] / 255
    return share * colors[..., :3] + (1 - share) * image_rgb


def candidates(scores, boxes, threshold, *, objectness=None, best_only=False, skipped=None):
    """List (box, class, score, coordinates), best first, then by box and class.

    scores (N, C), boxes (N, 4), objectness (N,); products and comparisons in float32.
    """
    scores = scores.astype(np.float32)
    allowed = ~np.isnan(scores)
    if skipped is not None:
        allowed[:, skipped] = False
    if best_only:
        best = np.where(allowed, scores, -1).argmax(axis=1)
        looked_at = np.arange(scores.shape[1]) != (-1 if skipped is None else skipped)
        allowed[np.isnan(scores[:, looked_at]).any(axis=1)] = False
        allowed &= np.arange(scores.shape[1]) == best[:, None]
    if objectness is not None:
        scores = scores * objectness.astype(np.float32)[:, None]
    found = [
        (box, class_id, scores[box, class_id], boxes[box].astype(np.float32))
        for box, class_id in np.argwhere(allowed & (scores >= np.float32(threshold))).tolist()
    ]
    return sorted(found, key=lambda item: (-item[2], item[0], item[1]))


def probabilities(scores, kind):
    """Class probabilities of scores (C, h, w), finite float64; one plane is that of class 1."""
    within = scores.min() >= -1e-3 and scores.max() <= 1 + 1e-3
    if kind == 'logits' or (kind == 'scores' and not within):
        if len(scores) == 1:
            scores = 1 / (1 + np.exp(-scores))
        else:
            powers = np.exp(scores - scores.max(axis=0))
            scores = powers / powers.sum(axis=0)
    if len(scores) == 1:
        scores = np.concatenate([1 - scores, scores])
    return scores.clip(0, 1)
