# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Save annotated frames as a video file and a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .options import VideoOptions
from .pacing import PacedWriter
from .sinks import VideoSink, write_picture

COLUMNS, ROWS = 3, 4
TILE_SIDE = 480
KEEP_EVERY_NS = 500_000_000


class Album:
    """Writes ``annotated.mp4`` in real time, and ``contact_sheet.png`` of the best frames.

    Args:
        folder: Folder for the files; created if missing.
        rate_hz: Frame rate of the video. In place of a dropped frame the previous one is
            repeated, so that the video keeps the time of the stamps.
    """

    def __init__(self, folder: Path, rate_hz: float) -> None:
        self._folder = folder
        self._video = VideoSink(folder / 'annotated.mp4', VideoOptions(rate_hz=rate_hz))
        self._writer = PacedWriter(self._video, rate_hz)
        self._first_ns: int | None = None
        self._best: dict[int, tuple[float, NDArray[np.uint8]]] = {}
        self.paths: list[Path] = []

    def add(
        self, frame_bgr: NDArray[np.uint8], stamp_ns: int, found: Sequence[tuple[str, float]]
    ) -> None:
        """Add a frame.

        Args:
            frame_bgr: Shape (H, W, 3), uint8; the video has the size of the first.
            stamp_ns: Time of capture in nanoseconds.
            found: Label and score of each object in the frame.

        Raises:
            ImageError: The video cannot be written.
        """
        frame_bgr = np.ascontiguousarray(frame_bgr)
        if self._first_ns is None:
            self._first_ns = stamp_ns
        self._writer.write(frame_bgr, stamp_ns)
        # The best frame has the most different labels; among equals, the highest scores.
        worth = len({label for label, _ in found}) + sum(score for _, score in found) / 100
        window = (stamp_ns - self._first_ns) // KEEP_EVERY_NS
        if worth >= self._best.get(window, (0.0, frame_bgr))[0]:
            self._best[window] = (worth, frame_bgr.copy())
            if len(self._best) > COLUMNS * ROWS:
                # Of equal ones the later.
                del self._best[min(reversed(self._best), key=lambda one: self._best[one][0])]

    def close(self) -> None:
        """Finish the video and write the contact sheet; do nothing if no frame was added.

        Raises:
            ImageError: One of them cannot be written.
        """
        if not self._best or self.paths:
            return
        self._video.close()
        sheet = self._folder / 'contact_sheet.png'
        write_picture(sheet, self._sheet())
        self.paths = [*self._video.paths, sheet]

    def _sheet(self) -> NDArray[np.uint8]:
        chosen = sorted(self._best, key=lambda window: -self._best[window][0])[: COLUMNS * ROWS]
        tiles = [_fitted(self._best[window][1]) for window in sorted(chosen)]
        rows = [_row(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
        return np.vstack(rows)


def _fitted(frame_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Resize a frame so that its longer side is that of a tile."""
    height, width = frame_bgr.shape[:2]
    scale = TILE_SIDE / max(width, height)
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(frame_bgr, size_wh, interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False)


def _row(tiles: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Lay tiles side by side on black."""
    row = np.zeros((max(len(tile) for tile in tiles), COLUMNS * TILE_SIDE, 3), np.uint8)
    for column, tile in enumerate(tiles):
        height, width = tile.shape[:2]
        row[:height, column * TILE_SIDE : column * TILE_SIDE + width] = tile
    return row
