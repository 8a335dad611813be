# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Measures of a picture: how sharp it is, and how much like another one."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

BLURRED = 0.01
"""Sharpness below which a picture is blurred: about a Gaussian of 2 pixels in 480."""
NEARLY_EQUAL = 6
"""Bits of 64 up to which two hashes are of nearly equal pictures."""
CHANGED = 0.02
"""Share of a picture whose change makes it another one."""
_SIDE = 480
_CHANGE_SIDE = 32
_CHANGED_LEVELS = 16


def sharpness(frame_bgr: NDArray[np.uint8]) -> float:
    """Return the variance of the Laplacian as a share of the variance of the grey levels.

    The variance of the Laplacian is the usual measure of focus (Pech-Pacheco et al., "Diatom
    autofocusing in brightfield microscopy", 2000). Divided, it does not depend on the contrast.

    Args:
        frame_bgr: Shape (H, W, 3), uint8; scaled so that its longer side has 480 pixels.

    Returns:
        0 or more; 1 for a picture of one grey, which is no blur.
    """
    grey = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY)
    scale = _SIDE / max(grey.shape)
    size = tuple(max(3, round(side * scale)) for side in grey.shape[::-1])
    scaled = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    spread = float(scaled.var(dtype=np.float64))
    if spread < 1:
        return 1.0
    return float(cv2.Laplacian(scaled, cv2.CV_64F).var()) / spread


def difference_hash(frame_bgr: NDArray[np.uint8]) -> int:
    """Return 64 bits that nearly equal pictures share.

    A bit says whether a cell of a grid of 9x8 is darker than the one on its right (N. Krawetz,
    "Kind of Like That", 2013).
    """
    grey = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY)
    cells = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    return int.from_bytes(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes(), 'big')


class HashIndex:
    """Finds the picture whose hash is nearest to another one."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._hashes = np.empty((64, 8), np.uint8)

    def add(self, name: str, hash_bits: int) -> None:
        """Add a picture."""
        if len(self._names) == len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.empty_like(self._hashes)])
        self._hashes[len(self._names)] = _as_bytes(hash_bits)
        self._names.append(name)

    def nearest(self, hash_bits: int, there: Iterable[str] | None = None) -> tuple[str, int]:
        """Return the nearest picture and the number of bits by which it differs.

        Args:
            hash_bits: The hash.
            there: Only these pictures; None is all.

        Returns:
            An empty name and 65 if there is no picture.
        """
        wanted = None if there is None else frozenset(there)
        rows = [k for k, name in enumerate(self._names) if wanted is None or name in wanted]
        if not rows:
            return '', 65
        differing = self._hashes[rows] ^ _as_bytes(hash_bits)
        distances = np.unpackbits(differing, axis=1).sum(axis=1)
        best = int(distances.argmin())
        return self._names[rows[best]], int(distances[best])


def changed_share(before_bgr: NDArray[np.uint8], now_bgr: NDArray[np.uint8]) -> float:
    """Return the share 0..1 of a picture that has changed, beyond noise and exposure.

    Cells of a grid of 32x32 are compared; a change that all of them have in common is that of the
    camera's exposure.

    Args:
        before_bgr: Shape (H, W, 3), uint8.
        now_bgr: Another picture; of another size it has changed wholly.
    """
    if before_bgr.shape != now_bgr.shape:
        return 1.0
    size = (_CHANGE_SIDE, _CHANGE_SIDE)
    grids = [
        cv2.resize(
            cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA
        ).astype(np.float64)
        for frame in (before_bgr, now_bgr)
    ]
    difference = grids[1] - grids[0]
    return float((np.abs(difference - np.median(difference)) > _CHANGED_LEVELS).mean())


def _as_bytes(hash_bits: int) -> NDArray[np.uint8]:
    return np.frombuffer(hash_bits.to_bytes(8, 'big'), np.uint8)
