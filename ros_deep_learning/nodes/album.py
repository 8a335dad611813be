# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Annotated frames as a video file and a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError

COLUMNS, ROWS = 3, 4
TILE_WIDTH = 480
KEEP_EVERY_NS = 500_000_000


class Album:
    """Writes ``annotated.mp4`` in real time, and ``contact_sheet.png`` of the best frames.

    Args:
        folder: Where the files go; made if missing.
        rate_hz: Frames a second of the video. A frame that the network dropped is shown as a
            repetition of the one before, so that the video keeps time.
    """

    def __init__(self, folder: Path, rate_hz: float) -> None:
        self._folder = folder
        self._rate_hz = rate_hz
        self._writer: cv2.VideoWriter | None = None
        self._first_ns = self._written = 0
        self._last: NDArray[np.uint8] | None = None
        self._best: dict[int, tuple[float, NDArray[np.uint8]]] = {}
        self.paths: list[Path] = []

    def add(
        self, frame_bgr: NDArray[np.uint8], stamp_ns: int, found: Sequence[tuple[str, float]]
    ) -> None:
        """Add a frame.

        Args:
            frame_bgr: Shape (H, W, 3), uint8; every frame of the same size.
            stamp_ns: When it was taken, in nanoseconds.
            found: Label and score of each object in it.

        Raises:
            ImageError: The video cannot be written.
        """
        frame_bgr = np.ascontiguousarray(frame_bgr)
        if self._writer is None:
            self._writer = self._open(frame_bgr.shape[1], frame_bgr.shape[0])
            self._first_ns = stamp_ns
        due = round((stamp_ns - self._first_ns) * 1e-9 * self._rate_hz) + 1
        while self._last is not None and self._written < due - 1:
            self._write(self._last)
        self._write(frame_bgr)
        self._last = frame_bgr
        # A frame is worth showing for how many kinds of things it has, then how sure they are.
        worth = len({label for label, _ in found}) + sum(score for _, score in found) / 100
        window = (stamp_ns - self._first_ns) // KEEP_EVERY_NS
        if worth >= self._best.get(window, (0.0, frame_bgr))[0]:
            self._best[window] = (worth, frame_bgr.copy())

    def close(self) -> None:
        """Finish the video and write the contact sheet; harmless when nothing was added."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        writer.release()
        sheet = self._folder / 'contact_sheet.png'
        cv2.imwrite(str(sheet), self._sheet())
        self.paths.append(sheet)

    def _open(self, width: int, height: int) -> cv2.VideoWriter:
        path = self._folder / 'annotated.mp4'
        self._folder.mkdir(parents=True, exist_ok=True)
        codec = cv2.VideoWriter.fourcc(*'mp4v')
        writer = cv2.VideoWriter(str(path), codec, self._rate_hz, (width, height))
        if not writer.isOpened():
            msg = f'cannot write the video {path}; is the folder writable?'
            raise ImageError(msg)
        self.paths.append(path)
        return writer

    def _write(self, frame_bgr: NDArray[np.uint8]) -> None:
        assert self._writer is not None
        self._writer.write(frame_bgr)
        self._written += 1

    def _sheet(self) -> NDArray[np.uint8]:
        chosen = sorted(self._best, key=lambda window: -self._best[window][0])[: COLUMNS * ROWS]
        tiles = []
        for window in sorted(chosen):
            frame = self._best[window][1]
            height = round(frame.shape[0] * TILE_WIDTH / frame.shape[1])
            tiles.append(cv2.resize(frame, (TILE_WIDTH, height), interpolation=cv2.INTER_AREA))
        while len(tiles) % COLUMNS:
            tiles.append(np.zeros_like(tiles[0]))
        rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
        return np.vstack(rows).astype(np.uint8, copy=False)
