# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Labels and answers of a seed, to be judged by us and by others."""

from __future__ import annotations

import numpy as np

CLASSES = 6
PICTURES = 40


def boxes(seed: int = 3):
    """Return for each picture its true and found boxes, with crowds, all sizes and ties.

    Returns:
        Dictionaries with ``true_xyxy``, ``true_ids``, ``is_crowd``, ``found_xyxy``, ``scores``
        and ``found_ids``. Class 5 is never true, and some pictures have nothing.
    """
    rng = np.random.default_rng(seed)
    pictures = []
    for number in range(PICTURES):
        count = int(rng.integers(0, 7)) if number % 9 else 0
        corner = rng.uniform(0, 400, (count, 2))
        size = np.exp(rng.uniform(np.log(8), np.log(300), (count, 2)))
        true = np.round(np.hstack([corner, corner + size]), 2)
        true_ids = rng.integers(0, CLASSES - 1, count)
        repeats = rng.integers(0, 3, count)
        source = np.repeat(np.arange(count), repeats)
        moved = true[source] + rng.normal(0, 0.08, (len(source), 4)) * np.tile(size[source], 2)
        stray = rng.uniform(0, 300, (4, 2))
        found = np.vstack([moved, np.hstack([stray, stray + rng.uniform(10, 200, (4, 2))])])
        found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 1)
        ids = np.append(true_ids[source], rng.integers(0, CLASSES, 4))
        wrong = rng.random(len(ids)) < 0.15
        ids[wrong] = rng.integers(0, CLASSES, int(wrong.sum()))
        pictures.append(
            {
                'true_xyxy': true,
                'true_ids': true_ids,
                'is_crowd': rng.random(count) < 0.08,
                'found_xyxy': found,
                # Rounded, so that some are equal.
                'scores': np.round(rng.uniform(0.01, 1, len(ids)), 2),
                'found_ids': ids,
            }
        )
    return pictures


def probabilities(count: int = 200, classes: int = 8, seed: int = 5):
    """Return probabilities, shape (count, classes), float64, and the true classes."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, count)
    logits = rng.normal(0, 1, (count, classes))
    logits[np.arange(count), truth] += 1.2
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return shares, truth


def masks(count: int = 4, classes: int = 5, seed: int = 7):
    """Return true masks with 255 for no label, masks that are often right, and confidences."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes - 1, (count, 24, 32)).astype(np.uint8)
    answer = np.where(rng.random(truth.shape) < 0.7, truth, rng.integers(0, classes, truth.shape))
    truth[:, :, :3] = 255
    return truth, answer.astype(np.uint8), rng.uniform(0.2, 1, truth.shape)
