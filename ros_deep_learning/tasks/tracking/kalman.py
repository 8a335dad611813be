# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A Kalman filter for boxes that move at constant velocity, for all tracks at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

POSITION_WEIGHT = 1 / 20
"""Standard deviation of a position as a share of the box's height (SORT, ByteTrack)."""

VELOCITY_WEIGHT = 1 / 160
"""Standard deviation of a velocity as a share of the box's height, a frame."""

LEAST_SIDE = 1e-3
"""Pixels; smaller heights, and smaller shapes, are taken for this."""

_HEIGHT = 3


@dataclass(frozen=True, slots=True)
class Motion:
    """Where boxes are, how they move, and how sure that is.

    The filter of SORT, DeepSORT and ByteTrack has eight dimensions, but all of its noise is
    diagonal, so that it falls into four filters of position and velocity: no matrix is needed.

    Attributes:
        position: Shape (N, 4), float64: centre x, centre y, width / height, height, in pixels.
        velocity: Shape (N, 4), float64: the same a frame.
        position_variance: Shape (N, 4), float64.
        covariance: Shape (N, 4), float64, of position and velocity.
        velocity_variance: Shape (N, 4), float64.
    """

    position: NDArray[np.float64]
    velocity: NDArray[np.float64]
    position_variance: NDArray[np.float64]
    covariance: NDArray[np.float64]
    velocity_variance: NDArray[np.float64]

    def boxes_xyxy(self) -> NDArray[np.float64]:
        """Return the boxes' edges, shape (N, 4)."""
        height = np.maximum(self.position[:, _HEIGHT:], LEAST_SIDE)
        width = np.maximum(self.position[:, 2:3], LEAST_SIDE) * height
        half, centre = np.concatenate([width, height], axis=1) / 2, self.position[:, :2]
        return np.concatenate([centre - half, centre + half], axis=1)

    def take(self, index: NDArray[Any]) -> Motion:
        """Take some of the boxes, in the order of an index array."""
        return Motion(*(array[index] for array in self._arrays()))

    def put(self, index: NDArray[Any], other: Motion) -> Motion:
        """Replace some of the boxes by others."""
        arrays = [array.copy() for array in self._arrays()]
        for array, new in zip(arrays, other._arrays(), strict=True):
            array[index] = new
        return Motion(*arrays)

    def join(self, other: Motion) -> Motion:
        """Add boxes at the end."""
        pairs = zip(self._arrays(), other._arrays(), strict=True)
        return Motion(*(np.concatenate(pair) for pair in pairs))

    def _arrays(self) -> tuple[NDArray[np.float64], ...]:
        return (
            self.position,
            self.velocity,
            self.position_variance,
            self.covariance,
            self.velocity_variance,
        )


def initiate(boxes_xyxy: NDArray[Any]) -> Motion:
    """Start from boxes seen for the first time, shape (N, 4): they are taken to be at rest."""
    position = _measure(boxes_xyxy)
    place, speed = _deviations(position)
    place[:, 2] /= 2
    speed[:, 2] /= 10
    zeros = np.zeros_like(position)
    return Motion(position, zeros, (2 * place) ** 2, zeros, (10 * speed) ** 2)


def predict(motion: Motion, frames: float, lost: NDArray[np.bool_]) -> Motion:
    """Move boxes on by a number of frames, which need not be whole.

    So many single steps of the published filter add up to the same, as long as the noise, which
    goes by the height, stays as it is at the start.

    Args:
        motion: N boxes.
        frames: 0 or more.
        lost: Shape (N,), boxes not seen in the last frame: their height stays as it is.
    """
    n = frames
    place, speed = (deviation**2 for deviation in _deviations(motion.position))
    velocity = motion.velocity.copy()
    velocity[lost, _HEIGHT] = 0
    return Motion(
        motion.position + n * velocity,
        velocity,
        motion.position_variance
        + 2 * n * motion.covariance
        + n**2 * motion.velocity_variance
        + n * place
        + n * (n - 1) * (2 * n - 1) / 6 * speed,
        motion.covariance + n * motion.velocity_variance + n * (n - 1) / 2 * speed,
        motion.velocity_variance + n * speed,
    )


def update(motion: Motion, boxes_xyxy: NDArray[Any]) -> Motion:
    """Correct N boxes by what was seen of them, shape (N, 4)."""
    noise, _ = _deviations(motion.position)
    noise[:, 2] = 1e-1
    total = motion.position_variance + noise**2
    gain, velocity_gain = motion.position_variance / total, motion.covariance / total
    error = _measure(boxes_xyxy) - motion.position
    return replace(
        motion,
        position=motion.position + gain * error,
        velocity=motion.velocity + velocity_gain * error,
        position_variance=(1 - gain) * motion.position_variance,
        covariance=(1 - gain) * motion.covariance,
        velocity_variance=motion.velocity_variance - velocity_gain * motion.covariance,
    )


def _measure(boxes_xyxy: NDArray[Any]) -> NDArray[np.float64]:
    boxes = boxes_xyxy.astype(np.float64)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], LEAST_SIDE)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([centre, sides[:, :1] / sides[:, 1:], sides[:, 1:]], axis=1)


def _deviations(
    position: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the standard deviations of a step's noise in position and in velocity."""
    height = np.maximum(position[:, _HEIGHT:], LEAST_SIDE)
    place = np.repeat(POSITION_WEIGHT * height, 4, axis=1)
    speed = np.repeat(VELOCITY_WEIGHT * height, 4, axis=1)
    place[:, 2], speed[:, 2] = 1e-2, 1e-5
    return place, speed
